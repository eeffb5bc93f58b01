// `overhang fix`: remedies as a patch of the program's sources.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/sources.h"
#include "source/rewrite.h"

namespace overhang {

struct FixOptions {
  std::optional<Remedy> remedy = source::kBest;
};

struct Fix {
  std::string diff;                 // unified, names relative to the sources' folder; "": none
  std::vector<std::string> advice;  // a line each: what the diff leaves to a person, and why
};

Fix make_fix(Sources& sources, const std::vector<SlicePlace>& places, const LeakReport& report,
             const FixOptions& options);

}  // namespace overhang
