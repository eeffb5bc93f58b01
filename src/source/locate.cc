#include "source/locate.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <system_error>

namespace overhang::source {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 2000;   // of a folder
constexpr std::size_t kMaxSuffixes = 32;  // of a recorded path that are tried

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Notes what is there and could not be read, the first alone.
class Unread {
 public:
  bool note(const fs::path& path, const std::error_code& error) {
    bool absent =
        error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
    if (error && !absent && text_.empty()) text_ = path.string() + ": " + error.message();
    return error.value() != 0;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Regular files alone: a recorded name may be anything.
bool is_file(const fs::path& path, Unread& unread) {
  std::error_code error;
  auto status = fs::status(path, error);
  return !unread.note(path, error) && fs::is_regular_file(status);
}

std::optional<std::string> read_file(const fs::path& path, Unread& unread) {
  if (!is_file(path, unread)) return std::nullopt;
  std::error_code error;
  auto size = fs::file_size(path, error);
  if (!error && size > kMaxFileBytes) error = std::make_error_code(std::errc::file_too_large);
  if (unread.note(path, error)) return std::nullopt;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  if (!in)
    unread.note(path, errno != 0 ? std::error_code(errno, std::generic_category())
                                 : std::make_error_code(std::errc::io_error));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

std::string base_of(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }
std::string folder_of(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// The folder of most of the package's files: code inlined from elsewhere bears other names.
std::string recorded_folder(const PackageRecord& record) {
  std::map<std::string, std::size_t> count;
  for (const auto& file : record.files)
    if (file.ends_with(".go") && !base_of(file).starts_with("_cgo")) count[folder_of(file)]++;
  std::string best;
  std::size_t most = 0;
  for (const auto& [folder, files] : count)
    if (files > most) {
      best = folder;
      most = files;
    }
  return best;
}

// module.EscapePath: an upper-case letter is written as ! and the lower-case one.
std::string escaped(std::string_view path) {
  std::string out;
  for (char c : path) {
    if (c >= 'A' && c <= 'Z') {
      out += '!';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

// How many of the recorded functions stand where the record says: all of those that are checked,
// and those that are right.
struct Agreement {
  std::size_t checked = 0, at_line = 0, anywhere = 0;
};

Agreement agreement(const PackageRecord& record, const std::string& recorded,
                    const fs::path& folder, Unread& unread) {
  constexpr std::size_t kMaxChecks = 24;
  Agreement out;
  std::map<std::string, std::vector<std::string>> lines_of;
  for (const auto& function : record.functions) {
    if (out.checked >= kMaxChecks) break;
    if (function.line == 0 || function.file >= record.files.size()) continue;
    // Assembly has no `func`, and a generated file's lines may be another's (//line parser.y:1).
    const auto& file = record.files[function.file];
    if (folder_of(file) != recorded || !file.ends_with(".go")) continue;
    auto [at, fresh] = lines_of.try_emplace(base_of(file));
    if (fresh) {
      auto text = read_file(folder / at->first, unread);
      if (text) {
        std::size_t begin = 0;
        while (begin <= text->size()) {
          auto end = std::min(text->find('\n', begin), text->size());
          at->second.push_back(text->substr(begin, end - begin));
          begin = end + 1;
        }
      }
    }
    out.checked++;
    auto declares = [&](const std::string& line) {
      return line.find("func") != std::string::npos &&
             line.find(function.name) != std::string::npos;
    };
    const auto& lines = at->second;
    std::size_t line = function.line;
    // The `func` that the line is of.
    if (function.within)
      while (line > 1 && line <= lines.size() && !lines[line - 1].starts_with("func")) line--;
    if (line <= lines.size() && declares(lines[line - 1])) out.at_line++;
    if (std::any_of(lines.begin(), lines.end(), declares)) out.anywhere++;
  }
  return out;
}

bool holds_all(const PackageRecord& record, const std::string& recorded, const fs::path& folder,
               Unread& unread) {
  bool any = false;
  for (const auto& file : record.files) {
    if (folder_of(file) != recorded || !file.ends_with(".go") || base_of(file).starts_with("_cgo"))
      continue;
    if (!is_file(folder / base_of(file), unread)) return false;
    any = true;
  }
  return any;
}

// The folder below vendor/ of one that -trimpath recorded, "example.com/m@v1.2.0/pool"; "" of
// others.
std::string in_vendor(const std::string& recorded) {
  auto at = recorded.find('@');
  if (recorded.starts_with('/') || at == std::string::npos) return {};
  auto rest = std::min(recorded.find('/', at), recorded.size());
  return "vendor/" + recorded.substr(0, at) + recorded.substr(rest);
}

struct CandidateFolder {
  fs::path path;
  bool may_be_edited = true;
};

// Where the recorded folder may stand here, the likeliest first.
std::vector<CandidateFolder> candidates(const std::string& recorded, const SourceRoots& roots) {
  std::vector<CandidateFolder> out;
  if (!roots.directory.empty()) {
    // The longest end of the recorded path that is there; at last the folder itself.
    std::vector<std::string> suffixes;
    std::string rest = recorded;
    for (std::size_t i = 0; i < kMaxSuffixes; i++) {
      suffixes.push_back(rest);
      auto slash = rest.find('/');
      if (slash == std::string::npos) break;
      rest.erase(0, slash + 1);
    }
    if (auto vendored = in_vendor(recorded); !vendored.empty()) suffixes.push_back(vendored);
    suffixes.emplace_back();
    for (const auto& suffix : suffixes) {
      auto relative = fs::path(suffix).relative_path();
      std::error_code error;
      auto folder =
          relative.empty() ? fs::path(roots.directory) : fs::path(roots.directory) / relative;
      if (fs::is_directory(folder, error)) out.push_back({folder});
    }
  }
  if (recorded.starts_with('/')) out.push_back({recorded});
  auto in_cache = recorded;
  if (auto at = recorded.find("/pkg/mod/"); at != std::string::npos)
    in_cache = recorded.substr(at + 9);
  if (!in_cache.starts_with('/') && in_cache.find('@') != std::string::npos)
    for (const auto& cache : roots.module_caches) {
      out.push_back({fs::path(cache) / in_cache});
      out.push_back({fs::path(cache) / escaped(in_cache)});
    }
  auto in_root = recorded;
  if (auto at = recorded.rfind("/src/"); at != std::string::npos) in_root = recorded.substr(at + 5);
  if (!in_root.starts_with('/') && !in_root.empty())
    for (const auto& root : roots.go_roots)
      out.push_back({fs::path(root) / "src" / in_root, false});
  return out;
}

}  // namespace

SourceRoots SourceRoots::from_environment(std::string directory) {
  SourceRoots out;
  out.directory = std::move(directory);
  auto add = [](std::vector<std::string>& list, const std::string& path, const char* below) {
    if (!path.empty()) list.push_back(path + below);
  };
  add(out.module_caches, environment("GOMODCACHE"), "");
  auto paths = environment("GOPATH");
  add(out.module_caches, paths.substr(0, paths.find(':')), "/pkg/mod");
  add(out.module_caches, environment("HOME"), "/go/pkg/mod");
  add(out.go_roots, environment("GOROOT"), "");
  out.go_roots.insert(out.go_roots.end(), {"/usr/local/go", "/usr/lib/go"});
  return out;
}

void SourceRoots::add_toolchain(std::string_view release) {
  auto version = std::string(release.substr(0, release.find(' ')));
  std::vector<std::string> fetched;
  for (const auto& cache : module_caches)
    for (const char* machine : {"amd64", "arm64"})
      fetched.push_back(cache + "/golang.org/toolchain@v0.0.1-" + version + ".linux-" + machine);
  go_roots.insert(go_roots.begin(), fetched.begin(), fetched.end());
}

LocatedPackage locate(const PackageRecord& record, const SourceRoots& roots,
                      const BuildTarget& target) {
  LocatedPackage out;
  auto recorded = recorded_folder(record);
  if (recorded.empty()) return out;
  fs::path edited;
  Unread unread;
  for (const auto& [folder, may_be_edited] : candidates(recorded, roots)) {
    if (!holds_all(record, recorded, folder, unread)) continue;
    auto agrees = agreement(record, recorded, folder, unread);
    if (agrees.checked == 0 || agrees.at_line * 10 >= agrees.checked * 8) {
      out.directory = folder.lexically_normal().string();
      break;
    }
    // The same functions in other lines: the sources were edited since.
    bool same_functions = agrees.anywhere * 10 >= agrees.checked * 7;
    if (may_be_edited && edited.empty() && same_functions) edited = folder;
  }
  if (out.directory.empty() && !edited.empty()) {
    out.directory = edited.lexically_normal().string();
    out.differs = true;
  }
  out.unread = unread.text();
  if (out.directory.empty()) return out;
  if (out.directory.size() > 1 && out.directory.ends_with('/')) out.directory.pop_back();

  std::set<std::string> known;
  for (const auto& file : record.files)
    if (folder_of(file) == recorded) known.insert(base_of(file));
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(out.directory, error), end; !error && at != end;
       at.increment(error)) {
    auto name = at->path().filename().string();
    if (name.ends_with(".go") && names.size() < kMaxFiles) names.push_back(std::move(name));
  }
  unread.note(out.directory, error);
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (name.ends_with("_test.go") && !known.contains(name)) continue;
    auto text = read_file(fs::path(out.directory) / name, unread);
    if (!text || (!known.contains(name) && !is_built(name, *text, target))) continue;
    out.files.push_back({out.directory + "/" + name, std::move(*text)});
  }
  out.unread = unread.text();
  return out;
}

}  // namespace overhang::source
