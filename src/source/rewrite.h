// A remedy at a statement: the edits of the source that carry it out, or why there are none.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "source/search.h"

namespace overhang::source {

// Bytes [begin, end) of a file become `text`.
struct Edit {
  std::uint32_t begin = 0, end = 0;
  std::string text;
};

struct Rewrite {
  std::vector<Edit> edits;           // of the candidate's file; empty: nothing is known to be safe
  std::vector<std::string> imports;  // packages that they need
  std::vector<std::string> names;    // of variables that they declare
  std::string obstacle;              // why there are none
};

struct RewriteOptions {
  // The first of them that is safe is carried out. Where there are several, one that would change
  // nothing at this statement is passed over. ThreeIndex lets go of nothing and is none.
  std::vector<Remedy> remedies{Remedy::Clear, Remedy::Copy};
  int go_minor = 0;                   // the language version of the file's module (go.mod)
  std::set<std::string> taken_names;  // that rewrites before have declared in the same function
  // What a reused array's slots keep weighs enough to clear them and leave the array.
  bool clearing_frees_much = false;
  bool plain_data = false;  // the hidden slots hold no references: clearing them frees nothing
};

Rewrite rewrite(const Flows& flows, const Candidate& candidate, const RewriteOptions& options);

}  // namespace overhang::source
