// All passes after marking, over an opened image, for tests that look at the report and within.
#pragma once

#include <memory>

#include "cli/leak_report.h"
#include "support/anatomy.h"

namespace overhang::test {

class Analysis {
 public:
  // `anatomy` must outlive it. Throws std::runtime_error where the executable's DWARF is broken.
  explicit Analysis(Anatomy& anatomy);

  std::unique_ptr<Dwarf> dwarf;
  std::unique_ptr<TypeTable> types;
  std::unique_ptr<Views> views;  // in the certain state
  Findings possible, certain;
  LeakReport report;

  // The site's row, or nullptr.
  const SiteRow* site(std::string_view name) const;
};

}  // namespace overhang::test
