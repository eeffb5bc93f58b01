// Comments behind the code of a line, which gofmt aligns in consecutive lines.
#pragma once

#include <vector>

#include "source/rewrite.h"
#include "source/syntax.h"

namespace overhang::source {

// `edits` (of the tree's text, not overlapping) and further ones, after which comments near them
// are aligned as gofmt would (go/printer by text/tabwriter: a space behind the longest line of a
// run). Comments that were not aligned so before are left as they are.
std::vector<Edit> with_aligned_comments(const SyntaxTree& tree, std::vector<Edit> edits);

// The same where an edit breaks up the body of a one-line function: gofmt aligns the bodies of such
// functions in consecutive lines.
std::vector<Edit> with_aligned_bodies(const SyntaxTree& tree, const std::vector<Edit>& edits);

}  // namespace overhang::source
