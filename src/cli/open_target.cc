#include "cli/open_target.h"

#include <charconv>
#include <filesystem>

#include "binary/build_info.h"
#include "cli/debug_file.h"
#include "cli/module_files.h"
#include "image/core.h"
#include "image/live.h"

namespace overhang {
namespace {

Result<std::unique_ptr<Image>> open_image(const TargetOptions& options, Diagnostics& diagnostics) {
  if (names_process(options.target)) {
    OVERHANG_TRY(auto pid, process_id(options.target));
    return snapshot_process(pid, {.without_fork = options.without_fork}, diagnostics);
  }
  std::error_code error;
  if (std::filesystem::is_directory(options.target, error))
    return fail(ErrorKind::BadInput, "{}: a directory, not a core file", options.target);
  return open_core(options.target, diagnostics);
}

// The file that the program's first instruction was mapped from (NT_FILE and AT_ENTRY).
Result<std::string> executable_of_core(const Image& image, const std::string& core) {
  auto* mapping = image.executable_mapping();
  if (!mapping)
    return fail(ErrorKind::NotFound,
                "{}: the core does not lead to its executable; give --exe BINARY", core);
  const auto& path = mapping->path;
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return fail(ErrorKind::NotFound, "{}: its executable {} is not there; give --exe BINARY", core,
                path);
  return path;
}

Result<std::string> executable_of(const TargetOptions& options, const Image& image) {
  if (!options.executable.empty()) return options.executable;
  if (!image.identity().live) return executable_of_core(image, options.target);
  if (image.identity().executable.empty())
    return fail(ErrorKind::NotFound,
                "process {}: its executable cannot be opened; give --exe BINARY",
                image.identity().pid);
  return image.identity().executable;
}

Result<std::unique_ptr<ElfFile>> open_executable(const TargetOptions& options, Image& image,
                                                 Diagnostics& diagnostics) {
  auto path = executable_of(options, image);
  auto file = path ? ElfFile::open(*path) : tl::unexpected(path.error());
  if (!options.executable.empty() || (file && read_build_info(**file))) return file;
  // A program of another language may have Go in a library.
  if (file)
    if (auto library = find_go_library(image, diagnostics)) return library;
  if (auto program = find_unpacked_program(image, path ? *path : options.target)) return program;
  return file;
}

// The program in `opened.image`: its executable, runtime and DWARF.
Status open_program(const TargetOptions& options, OpenedTarget& opened, Diagnostics& diagnostics) {
  OVERHANG_TRY(opened.file, open_executable(options, *opened.image, diagnostics));
  const auto& executable = opened.file->path();
  OVERHANG_TRY(opened.debug_file, open_debug_file(*opened.file, options.debug, diagnostics));
  auto runtime = Runtime::open(*opened.image, *opened.file, diagnostics, opened.debug_file.get());
  if (!runtime) {
    if (auto library = library_of_runtime(*opened.image, *opened.file); !library.empty())
      return fail(ErrorKind::Unsupported,
                  "{} was linked with -linkshared: its runtime is in {}, which overhang does not "
                  "read; build it without",
                  executable, library);
    return tl::unexpected(runtime.error());
  }
  opened.runtime = std::move(*runtime);
  const ElfFile& debug = opened.debug_file ? *opened.debug_file : *opened.file;
  if (debug.has_dwarf()) {
    OVERHANG_TRY(opened.dwarf, Dwarf::open(debug));
    opened.module_files = add_module_dwarf(*opened.runtime, *opened.dwarf, diagnostics);
  }
  return {};
}

}  // namespace

bool names_process(const std::string& target) {
  return !target.empty() && target.find_first_not_of("0123456789") == std::string::npos &&
         !std::filesystem::exists(target);
}

Result<std::uint32_t> process_id(const std::string& digits) {
  std::uint32_t pid = 0;
  auto error = std::from_chars(digits.data(), digits.data() + digits.size(), pid).ec;
  if (error != std::errc() || pid == 0)
    return fail(ErrorKind::NotFound, "process {}: there is no such process", digits);
  return pid;
}

Result<OpenedTarget> open_target(const TargetOptions& options, Diagnostics& diagnostics) {
  OpenedTarget opened;
  OVERHANG_TRY(opened.image, open_image(options, diagnostics));
  auto status = open_program(options, opened, diagnostics);
  if (status) return opened;
  // Whatever else the message supposes: what it misses may be among these.
  if (auto missing = opened.image->identity().missing_bytes; missing != 0)
    return fail(ErrorKind::Truncated, "{} was cut short, {} bytes are missing: {}", options.target,
                missing, status.error().message);
  return tl::unexpected(status.error());
}

}  // namespace overhang
