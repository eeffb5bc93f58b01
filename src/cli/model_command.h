// overhang model FILE: a script of slice operations, run on the slice machine and told step by
// step.
#pragma once

#include <string>

#include "base/result.h"

namespace overhang {

struct ModelOptions {
  std::string script;      // the file's path, or "-" for standard input
  unsigned go_minor = 26;  // of the release whose growth rules apply: 1.26
  bool colour = false;
};

// The story, for standard output. Errors: NotFound, NotPermitted; BadInput, "FILE:LINE:COLUMN: what
// is wrong".
Result<std::string> run_model(const ModelOptions& options);

// "1.22", "go1.22", "go1.22.12": 22. Errors: Usage.
Result<unsigned> parse_go_release(std::string_view text);

}  // namespace overhang
