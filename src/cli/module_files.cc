#include "cli/module_files.h"

#include <filesystem>
#include <optional>
#include <set>

#include "binary/build_info.h"
#include "cli/debug_file.h"

namespace overhang {
namespace {

bool is_of(const ElfFile& file, std::uint64_t bias, Address address) {
  for (auto& segment : file.segments())
    if (address - bias - segment.address < segment.memory_size) return true;
  return false;
}

const FileMapping* mapping_of(const Image& image, Address address) {
  for (auto& mapping : image.file_mappings())
    if (address >= mapping.start && address < mapping.end) return &mapping;
  return nullptr;
}

// The path from here: by way of the process's root directory (containers), or of the mapping itself
// where the file has been deleted (which takes privileges), or as it stands.
std::string path_from_here(const Image& image, const FileMapping& mapping) {
  if (!image.identity().live) return mapping.path;
  auto process = fmt::format("/proc/{}", image.identity().pid);
  std::error_code error;
  for (auto path : {fmt::format("{}/root{}", process, mapping.path),
                    fmt::format("{}/map_files/{:x}-{:x}", process, mapping.start, mapping.end)})
    if (std::filesystem::exists(path, error)) return path;
  return mapping.path;
}

// Opens each file that is mapped, until visit(path as mapped, file) says that it has seen enough.
template <class Visit>
void each_mapped_file(const Image& image, Visit&& visit) {
  std::set<std::string> seen;
  for (auto& mapping : image.file_mappings()) {
    if (!seen.insert(mapping.path).second) continue;
    auto file = ElfFile::open(path_from_here(image, mapping));
    if (file && visit(mapping.path, *file)) return;
  }
}

}  // namespace

std::vector<std::unique_ptr<ElfFile>> add_module_dwarf(const Runtime& runtime, Dwarf& dwarf,
                                                       Diagnostics& diagnostics) {
  std::vector<std::unique_ptr<ElfFile>> files;
  const Image& image = runtime.image();
  for (auto& module : runtime.modules()) {
    if (is_of(runtime.file(), runtime.load_bias(), module.text)) continue;
    auto* mapping = mapping_of(image, module.text);
    if (!mapping) continue;
    auto unknown = [&](std::string_view why) {
      diagnostics.warn(
          fmt::format("module {}: its variables are not known: {}", mapping->path, why));
    };
    auto file = ElfFile::open(path_from_here(image, *mapping));
    if (!file) {
      unknown(file.error().message);
      continue;
    }
    auto bias = bias_of(**file, *mapping, module.text);
    if (!bias || !same_build(image, **file, *bias)) {
      unknown("the file is not the one that was loaded");
      continue;
    }
    auto debug = open_debug_file(**file, "", diagnostics);
    files.push_back(std::move(*file));
    if (debug && *debug) files.push_back(std::move(*debug));
    if (!files.back()->has_dwarf()) continue;
    auto opened = Dwarf::open(*files.back(), &diagnostics);
    if (!opened) {
      unknown(opened.error().message);
      continue;
    }
    auto executable = runtime.load_bias();
    dwarf.add_module(std::move(*opened), module.text - executable, module.etext - executable,
                     *bias - executable);
  }
  return files;
}

std::unique_ptr<ElfFile> find_go_library(const Image& image, Diagnostics& diagnostics) {
  std::unique_ptr<ElfFile> found;
  std::string others;
  each_mapped_file(image, [&](const std::string& path, std::unique_ptr<ElfFile>& file) {
    // An emulator has its program mapped as well.
    if (file->architecture() != image.architecture() || !read_build_info(*file)) return false;
    if (found)
      others += (others.empty() ? "" : ", ") + path;
    else
      found = std::move(file);
    return false;
  });
  if (!others.empty())
    diagnostics.warn(
        fmt::format("the process has several Go libraries: this is about {}; --exe "
                    "chooses another: {}",
                    found->path(), others));
  return found;
}

std::unique_ptr<ElfFile> find_unpacked_program(const Image& image, const std::string& path) {
  for (Address start : elf_headers(image)) {
    auto file = ElfFile::in_memory(image, start, path);
    if (file && (*file)->architecture() == image.architecture() && read_build_info(**file))
      return std::move(*file);
  }
  return nullptr;
}

std::string library_of_runtime(const Image& image, const ElfFile& executable) {
  constexpr const char* kRuntime = "runtime.firstmoduledata";
  if (!read_build_info(executable) || !executable.has_symbols() || executable.symbol(kRuntime))
    return {};
  std::string found;
  each_mapped_file(image, [&](const std::string& path, const std::unique_ptr<ElfFile>& file) {
    if (file->symbol(kRuntime)) found = path;
    return !found.empty();
  });
  return found;
}

}  // namespace overhang
