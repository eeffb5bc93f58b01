#include "cli/debug_file.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace overhang {
namespace {

namespace fs = std::filesystem;

bool has_what_is_missing(const ElfFile& debug) {
  return debug.has_dwarf() || debug.symbol("runtime.firstmoduledata");
}

enum class Match { Same, Other, CannotTell };

Match compare_builds(const ElfFile& executable, const ElfFile& debug) {
  if (executable.architecture() != debug.architecture()) return Match::Other;
  auto compare = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? Match::CannotTell : a == b ? Match::Same : Match::Other;
  };
  auto gnu = compare(executable.gnu_build_id(), debug.gnu_build_id());
  return gnu != Match::CannotTell ? gnu : compare(executable.go_build_id(), debug.go_build_id());
}

// .gnu_debuglink: a file's name, and its CRC-32, which build ids make unnecessary.
std::optional<std::string> debug_link(const ElfFile& file) {
  const auto* section = file.section(".gnu_debuglink");
  if (!section) return std::nullopt;
  auto text = as_text(section->bytes);
  auto end = text.find('\0');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  // A name, not a path: an executable does not choose which folders are read.
  if (text.substr(0, end).find('/') != std::string_view::npos) return std::nullopt;
  return std::string(text.substr(0, end));
}

std::vector<std::string> candidates(const ElfFile& executable, const std::string& debug_folder) {
  std::vector<std::string> out;
  const auto& id = executable.gnu_build_id();
  if (id.size() > 2)
    out.push_back(
        fmt::format("{}/.build-id/{}/{}.debug", debug_folder, id.substr(0, 2), id.substr(2)));
  auto link = debug_link(executable);
  if (!link) return out;
  std::error_code error;
  auto real = fs::canonical(executable.path(), error);  // /proc/PID/exe leads on
  auto folder = (error ? fs::path(executable.path()) : real).parent_path();
  out.push_back(folder / *link);
  out.push_back(folder / ".debug" / *link);
  out.push_back(fs::path(debug_folder + folder.string()) / *link);
  return out;
}

Result<std::unique_ptr<ElfFile>> open_named(const ElfFile& executable, const std::string& path) {
  OVERHANG_TRY(auto debug, ElfFile::open(path));
  auto id = [](const ElfFile& file) {
    return file.gnu_build_id().empty() ? file.go_build_id() : file.gnu_build_id();
  };
  switch (compare_builds(executable, *debug)) {
    case Match::Same:
      break;
    case Match::Other:
      return fail(ErrorKind::BadInput,
                  "{} is of another build (build id {}) than {} (build id {}); give the debug file "
                  "that was split off this executable",
                  path, id(*debug), executable.path(), id(executable));
    case Match::CannotTell:
      return fail(ErrorKind::BadInput,
                  "{} and {} have no build id in common that says whether they belong together",
                  path, executable.path());
  }
  if (!has_what_is_missing(*debug))
    return fail(ErrorKind::BadInput, "{} has neither DWARF nor Go's symbols", path);
  return debug;
}

}  // namespace

Result<std::unique_ptr<ElfFile>> open_debug_file(const ElfFile& executable, const std::string& path,
                                                 Diagnostics& diagnostics,
                                                 const std::string& debug_folder) {
  if (!path.empty()) return open_named(executable, path);
  if (executable.has_dwarf()) return nullptr;
  for (const auto& candidate : candidates(executable, debug_folder)) {
    std::error_code error;
    if (!fs::is_regular_file(candidate, error) ||
        fs::equivalent(candidate, executable.path(), error))
      continue;
    auto debug = ElfFile::open(candidate);
    if (!debug) continue;
    if (compare_builds(executable, **debug) != Match::Same) {
      diagnostics.warn(fmt::format("{} does not belong to {}: its build id differs", candidate,
                                   executable.path()));
      continue;
    }
    if (has_what_is_missing(**debug)) return debug;
  }
  return nullptr;
}

}  // namespace overhang
