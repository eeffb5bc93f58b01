#include "cli/remedies.h"

#include <algorithm>

#include "text/units.h"

namespace overhang {
namespace {

std::string note_on(const WhatIf& what_if, bool pointer_free) {
  if (what_if.remedy == Remedy::ThreeIndex)
    return "it keeps the array and hides its size, and the next append copies";
  if (what_if.remedy == Remedy::Clear)
    return pointer_free ? "the elements hold no pointers: clearing them frees nothing, copying does"
                        : "";
  if (what_if.slices == 0) return what_if.remedy == Remedy::NilWhenEmpty ? "none is empty now" : "";
  std::string kept;
  if (what_if.kept_arrays > 0)
    kept = "something else keeps " + format_number_of(what_if.kept_arrays, "array");
  if (what_if.allocates.bytes > what_if.frees.bytes)
    return "costs " + format_bytes(what_if.allocates.bytes - what_if.frees.bytes) +
           (kept.empty() ? "" : ", for " + kept);
  return kept;
}

std::uint64_t net(std::uint64_t frees, std::uint64_t allocates) {
  return frees - std::min(frees, allocates);
}

}  // namespace

std::vector<RemedyRow> remedy_rows(const std::vector<WhatIf>& what_ifs, bool pointer_free) {
  std::vector<RemedyRow> out;
  for (const WhatIf& what_if : what_ifs) {
    RemedyRow row;
    row.name = remedy_name(what_if.remedy);
    if (what_if.remedy == Remedy::CopyIfCapExceeds) row.factor = what_if.factor;
    row.frees_objects = net(what_if.frees.objects, what_if.allocates.objects);
    row.frees_bytes = net(what_if.frees.bytes, what_if.allocates.bytes);
    row.copies_bytes = what_if.copies_bytes;
    row.note = note_on(what_if, pointer_free);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace overhang
