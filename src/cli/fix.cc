#include "cli/fix.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "report/advice.h"
#include "source/patch.h"
#include "text/units.h"

namespace overhang {
namespace {

namespace fs = std::filesystem;

// The nearest folder above a file that has a go.mod; "": none has.
fs::path module_folder(const std::string& file) {
  std::error_code error;
  for (auto folder = fs::path(file).parent_path();; folder = folder.parent_path()) {
    if (fs::is_regular_file(folder / "go.mod", error)) return folder;
    if (folder == folder.parent_path()) return {};
  }
}

// 21 of "1.21.3"; 0 where that is no version of Go 1.
int minor_version(std::string_view text) {
  int minor = 0;
  if (text.starts_with("1.")) std::from_chars(text.data() + 2, text.data() + text.size(), minor);
  return minor;
}

// The Go version of a module without a go directive (go help modules).
constexpr int kWithoutDirective = 16;

// What vendor/modules.txt says of the module that a package's folder, below vendor/, belongs to:
// the longest path that leads there. There is no go.mod in vendor/.
int vendored_version(const fs::path& modules, const std::string& package) {
  std::ifstream in(modules);
  int out = kWithoutDirective;
  std::size_t longest = 0;
  bool within = false;  // the module whose lines these are
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) {
      auto module = line.substr(2, line.find(' ', 2) - 2);
      within = (package + "/").starts_with(module + "/") && module.size() > longest;
      if (!within) continue;
      longest = module.size();
      out = kWithoutDirective;
    } else if (auto go = line.find("go 1.");
               within && line.starts_with("## ") && go != std::string::npos) {
      out = minor_version(std::string_view(line).substr(go + 3));
    }
  }
  return out;
}

// The Go version that the go.mod above a file names, or vendor/modules.txt; without either, that of
// what the program was built with.
int language_version(const std::string& file, int otherwise) {
  std::error_code error;
  auto module = module_folder(file);
  auto package = fs::path(file).parent_path();
  for (auto at = package; at != module && at != at.parent_path(); at = at.parent_path())
    if (at.filename() == "vendor" && fs::is_regular_file(at / "modules.txt", error))
      return vendored_version(at / "modules.txt", package.lexically_relative(at).string());
  if (module.empty())
    return file.find("/pkg/mod/") == std::string::npos ? otherwise : kWithoutDirective;
  std::ifstream in(module / "go.mod");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("go 1.")) return minor_version(std::string_view(line).substr(3));
  return kWithoutDirective;
}

// Where files are patched: --source, or the main package's module where it was built.
Result<fs::path> patched_folder(const Sources& sources) {
  if (!sources.directory().empty()) return fs::path(sources.directory());
  auto file = sources.main_file();
  auto folder = fs::path(file).is_absolute() ? module_folder(file) : fs::path();
  if (!folder.empty()) return folder;
  return tl::unexpected(Error{ErrorKind::NotFound,
                              "its sources are not where it was built; name them: --source DIR"});
}

std::string place_text(const source::Candidate& candidate) {
  auto at = source::describe(candidate);
  auto& path = candidate.flow.file->path;
  return fmt::format("{}:{}: {}", path.substr(path.rfind('/') + 1), at.line, at.text);
}

std::uint64_t frees(const SiteRow& row, Remedy remedy) {
  for (const RemedyRow& what_if : row.remedies)
    if (what_if.name == remedy_name(remedy) && !what_if.factor) return what_if.frees_bytes;
  return 0;
}

// An array full of pointers, with as much room again, frees three times what its objects of a word
// do: it weighs less than a quarter only where few slots are stale.
bool clearing_frees_much(const SiteRow& row) {
  std::uint64_t most = 0;
  for (Remedy remedy : {Remedy::NilWhenEmpty, Remedy::Copy})
    most = std::max(most, frees(row, remedy));
  return frees(row, Remedy::Clear) > 0 && frees(row, Remedy::Clear) >= most / 4;
}

std::uint64_t cleared_beside(const LeakReport& report, const SiteRow& row) {
  std::uint64_t out = 0;
  for (const SiteRow& other : report.sites)
    if (other.site == row.site && other.category != row.category)
      out += frees(other, Remedy::Clear);
  return out;
}

// go generate's convention (go help generate).
bool is_generated(const source::File& file) {
  for (const source::Node& comment : file.tree->comments()) {
    auto text = comment.text();
    if (text.starts_with("// Code generated ") && text.ends_with(" DO NOT EDIT.")) return true;
  }
  return false;
}

}  // namespace

std::string advice_for_dependency(const std::string& file) {
  constexpr std::string_view kCache = "/pkg/mod/";
  auto begin = file.find(kCache);
  auto version = begin == std::string::npos ? begin : file.find('@', begin);
  auto end = version == std::string::npos ? version : file.find('/', version);
  if (end == std::string::npos) return {};
  begin += kCache.size();
  // golang.org/x/mod/module.EscapePath: "!a" for "A".
  std::string module;
  for (auto at = begin; at < version; at++)
    module += file[at] == '!' && at + 1 < version
                  ? static_cast<char>(std::toupper(static_cast<unsigned char>(file[++at])))
                  : file[at];
  if (module == "golang.org/toolchain") return {};
  auto copy = module.substr(module.rfind('/') + 1) + "-patched";
  return fmt::format(
      "to patch the dependency {0}{1}: cp -r '{2}' ../{3} && chmod -R u+w ../{3}, then this "
      "command with "
      "--source ../{3}, and go mod edit -replace {0}=../{3}",
      module, file.substr(version, end - version), file.substr(0, end), copy);
}

std::vector<Remedy> best_remedies(const SiteRow& row, std::uint64_t cleared_beside) {
  // A copy in the place of a cut costs time and memory whenever the statement runs.
  std::vector<Remedy> out{Remedy::Clear, Remedy::Copy};
  if (frees(row, Remedy::NilWhenEmpty) > 0) out.insert(out.begin() + 1, Remedy::NilWhenEmpty);
  std::uint64_t most = 0;
  for (Remedy remedy : out) most = std::max(most, frees(row, remedy));
  // None frees what it keeps by itself: whatever lets go of it.
  if (most == 0 || row.retained_jointly) return out;
  auto nearly = [&](Remedy remedy) {
    auto beside = remedy == Remedy::Clear && frees(row, remedy) > 0 ? cleared_beside : 0;
    return frees(row, remedy) + beside >= most - most / 10;
  };
  std::stable_partition(out.begin(), out.end(), nearly);
  return out;
}

Result<Fix> make_fix(Sources& sources, const std::vector<Statements>& statements,
                     const LeakReport& report, const FixOptions& options) {
  OVERHANG_TRY(fs::path folder, patched_folder(sources));
  Fix out;
  source::Patch patch;
  auto root = fs::weakly_canonical(folder).string();
  std::string header;
  std::set<std::string> generated;                                 // files that it was said of
  std::map<const source::Function*, std::set<std::string>> names;  // that patches declare
  std::vector<std::string> dependencies;
  // Who else uses what is patched.
  sources.read_users();
  for (std::size_t i = 0; i < statements.size(); i++) {
    const SiteRow& row = report.sites[i];
    auto name = fmt::format("{} ({})", row.site, row.category);
    std::size_t rewritten = 0;
    const Statements& candidates = statements[i];
    for (const auto& candidate : candidates) {
      if (candidate.cleared || candidate.of_helper) continue;
      auto path = fs::weakly_canonical(candidate.flow.file->path).string();
      if (!path.starts_with(root + "/")) {
        out.advice.push_back(
            fmt::format("{}: not under {}: {}", name, folder.string(), place_text(candidate)));
        if (auto how = advice_for_dependency(path);
            !how.empty() && std::ranges::find(dependencies, how) == dependencies.end())
          dependencies.push_back(how);
        continue;
      }
      source::RewriteOptions how;
      how.remedies = options.remedy ? std::vector{*options.remedy}
                                    : best_remedies(row, cleared_beside(report, row));
      how.go_minor = language_version(path, sources.go_minor());
      how.clearing_frees_much = clearing_frees_much(row);
      how.plain_data = row.stale_slots == 0;
      how.taken_names = names[candidate.flow.function];
      auto rewrite = source::rewrite(sources.flows(), candidate, how);
      if (!rewrite.edits.empty() && patch.add(*candidate.flow.file, rewrite)) {
        rewritten++;
        names[candidate.flow.function].insert(rewrite.names.begin(), rewrite.names.end());
        if (is_generated(*candidate.flow.file) && generated.insert(path).second)
          out.advice.push_back(
              fmt::format("{}: the file is generated: change what generates it too: {}", name,
                          place_text(candidate)));
        continue;
      }
      out.advice.push_back(fmt::format(
          "{}: no safe rewrite is known: {}: {}", name,
          rewrite.obstacle.empty() ? "it is rewritten for another site" : rewrite.obstacle,
          place_text(candidate)));
    }
    if (rewritten > 0)
      header += fmt::format("# {}: {}\n", name,
                            row.retained_bytes > 0 ? format_bytes(row.retained_bytes) + " kept"
                                                   : format_bytes(row.hidden_bytes) + " hidden");
    else if (candidates.empty())
      out.advice.push_back(fmt::format("{}: the statement that hides it was not found", name));
    if (rewritten == 0) out.advice.push_back(fmt::format("{}: {}", name, advice_for(row)));
  }
  out.advice.insert(out.advice.end(), dependencies.begin(), dependencies.end());
  if (report.sites.size() > statements.size())
    out.advice.push_back(fmt::format("statements were searched for {} sites alone, of {}",
                                     statements.size(), report.sites.size()));
  // Files are named from that folder, as the caller gave it.
  auto given = folder.lexically_normal().string();
  if (given.size() > 1 && given.ends_with('/')) given.pop_back();
  if (!patch.empty()) out.diff = header + patch.diff(given);
  return out;
}

}  // namespace overhang
