// Growth between two images of a program: rows, and their renderers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/heap.h"
#include "report/model.h"
#include "report/render.h"

namespace overhang {

// A figure in the older image and in the newer one.
struct Change {
  std::uint64_t older = 0, newer = 0;
  std::int64_t growth() const { return static_cast<std::int64_t>(newer - older); }
};

// One site of `leaks`; all 0 on the side where it is not listed.
struct SiteChange {
  std::string site, kind, element_type, category;
  Change arrays, hidden_slots, hidden_bytes, retained_objects, retained_bytes;
  std::vector<SourceRow> sources;  // as the newer image has them
  // What leaks ranks a site by: what it retains or, where that is nothing, what of its arrays is
  // hidden.
  Change weight;
};

struct TypeChange {
  std::string type;
  Change objects, bytes, hidden_bytes, retained_bytes;
};

struct DiffReport : ReportHead {  // `target` is the newer image
  TargetRow older;
  Change live_objects, live_bytes, overhang_objects, overhang_bytes, spare_bytes, lost_bytes;
  std::vector<SiteChange> sites;  // most growth first, then what shrank, least first
  std::vector<TypeChange> types;  // by growth in bytes, alike
};

// Of sites: matched by name, kind, element type and category. Rows without a change are left out.
std::vector<SiteChange> changes_of(const std::vector<SiteRow>& older,
                                   const std::vector<SiteRow>& newer);

// Of types: matched by name; rows without a change in objects or bytes are left out.
std::vector<TypeChange> changes_of(const std::vector<HeapTypeRow>& older,
                                   const std::vector<HeapTypeRow>& newer);

// For a person; no line is wider than 100 columns.
std::string render_text(const DiffReport& report, const TextOptions& options);
// Schema "overhang.diff/1".
std::string render_json(const DiffReport& report, const Selection& selection = {});

}  // namespace overhang
