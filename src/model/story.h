// A script's run told step by step: what each statement does to the arrays, and in the end what
// each remedy would free.
#pragma once

#include <string>
#include <vector>

#include "model/machine.h"

namespace overhang::model {

struct StoryOptions {
  bool colour = false;
  // The script's lines as they are to be shown: at most 94 columns, nothing but printable
  // characters.
  std::vector<std::string> lines;
};

// For a person; no line is wider than 100 columns, names of any length aside. Errors: as
// Machine::run().
Result<std::string> tell(const Script& script, Allocator allocator, const StoryOptions& options);

}  // namespace overhang::model
