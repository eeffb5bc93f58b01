// `overhang fix`: remedies as a patch of the program's sources.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/sources.h"
#include "source/rewrite.h"

namespace overhang {

struct FixOptions {
  // None: at each site the one that frees most there, of those that are safe at the statement.
  std::optional<Remedy> remedy;
};

struct Fix {
  std::string diff;                 // unified, names relative to the sources' folder; "": none
  std::vector<std::string> advice;  // a line each: what the diff leaves to a person, and why
};

// `statements` are those of the report's first rows. Files are patched that lie in the sources' own
// folder. Fails where none was named and none is where the program was built.
Result<Fix> make_fix(Sources& sources, const std::vector<Statements>& statements,
                     const LeakReport& report, const FixOptions& options);

// How a module of the module cache that a file belongs to comes to be patched: it is copied, the
// copy named by --source, and built with in its place. "": the file is none of such a module (the
// standard library's, which the go command may keep there, is not).
std::string advice_for_dependency(const std::string& file);

// A site's remedies in the order in which they are tried, by what the report says they free. The
// first is the one that frees most, but for a cheaper one that frees nearly as much.
// `cleared_beside`: bytes that clearing frees at the other categories of the same site; to copy the
// slice frees those too.
std::vector<Remedy> best_remedies(const SiteRow& row, std::uint64_t cleared_beside = 0);

}  // namespace overhang
