#include "cli/fix.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>

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

// The Go version that the go.mod above a file names: 21 of "go 1.21.3". Without a go directive a
// module is of Go 1.16 (go help modules); without a go.mod, of what the program was built with.
int language_version(const std::string& file, int otherwise) {
  auto folder = module_folder(file);
  if (folder.empty()) return file.find("/pkg/mod/") == std::string::npos ? otherwise : 16;
  std::ifstream in(folder / "go.mod");
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("go 1.")) continue;
    int minor = 0;
    std::from_chars(line.data() + 5, line.data() + line.size(), minor);
    return minor;
  }
  return 16;
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

}  // namespace

std::vector<Remedy> best_remedies(const SiteRow& row) {
  // A copy in the place of a cut costs time and memory whenever the statement runs.
  std::vector<Remedy> out{Remedy::Clear, Remedy::Copy};
  if (frees(row, Remedy::NilWhenEmpty) > 0) out.insert(out.begin() + 1, Remedy::NilWhenEmpty);
  std::uint64_t most = 0;
  for (Remedy remedy : out) most = std::max(most, frees(row, remedy));
  // None frees what it keeps by itself: whatever lets go of it.
  if (most == 0 || row.retained_jointly) return out;
  auto nearly = [&](Remedy remedy) { return frees(row, remedy) >= most - most / 10; };
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
        continue;
      }
      source::RewriteOptions how;
      how.remedies = options.remedy ? std::vector{*options.remedy} : best_remedies(row);
      how.go_minor = language_version(path, sources.go_minor());
      how.plain_data = row.stale_slots == 0;
      auto rewrite = source::rewrite(sources.flows(), candidate, how);
      if (!rewrite.edits.empty() && patch.add(*candidate.flow.file, rewrite)) {
        rewritten++;
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
