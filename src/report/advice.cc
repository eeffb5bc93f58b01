#include "report/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/units.h"

namespace overhang {
namespace {

struct Category {
  std::string_view name;
  std::string_view where;  // follows "… slots"
  std::string_view advice;
  // Where the hidden slots hold no reference, so that clearing them frees nothing.
  std::string_view without_references = advice;
};

constexpr std::array<Category, 6> kCategories = {{
    {"tail", "past len",
     "clear(s[n:]) before s = s[:n]; or s = nil where it becomes empty; or copy what stays: "
     "s = slices.Clone(s[:n])",
     "copy what stays: s = slices.Clone(s[:n]); or s = nil where it becomes empty"},
    {"head", "before every slice",
     "s[0] = nil (or the zero value) before s = s[1:]; or copy the rest now and then: "
     "s = slices.Clone(s)",
     "copy the rest now and then: s = slices.Clone(s)"},
    {"clipped", "past every slice's cap",
     "copy instead of s[:n:n], which keeps the whole array: s = slices.Clone(s[:n]); s = nil where "
     "s = s[1:] leaves nothing"},
    {"gap", "between the slices", "copy the parts in use, so that the array around them can go"},
    {"window", "outside every slice and string",
     "copy the small part that is used: strings.Clone, bytes.Clone or slices.Clone"},
    {"interior", "outside what the pointer shows",
     "keep a copy of the element or field, or its index, instead of a pointer into the array"},
}};

const Category* find_category(std::string_view name) {
  auto* found = std::ranges::find(kCategories, name, &Category::name);
  return found == kCategories.end() ? nullptr : found;
}

}  // namespace

std::string describe_hidden(const SiteRow& site) {
  auto* category = find_category(site.category);
  auto where = category ? category->where : "hidden";
  if (site.category == "window" || site.category == "interior") {
    auto shown = site.array_bytes - std::min(site.array_bytes, site.hidden_bytes);
    return fmt::format("{} in use keeps {} alive in {}: {} {}", format_bytes(shown),
                       format_bytes(site.array_bytes), format_number_of(site.arrays, "array"),
                       format_bytes(site.hidden_bytes), where);
  }
  auto stale = site.stale_slots;
  if (site.category == "tail" && site.arrays == 1 && site.cap > 0) {
    auto window = fmt::format("len {} of cap {}: ", format_count(site.len), format_count(site.cap));
    if (stale == 0) return window + format_number_of(site.hidden_slots, "slot") + " past len";
    return window + fmt::format("{} past len still {} references", format_number_of(stale, "slot"),
                                stale == 1 ? "holds" : "hold");
  }
  auto out = site.arrays == 1 ? std::string() : format_number_of(site.arrays, "array") + ": ";
  out += fmt::format("{} of {} {}", format_count(site.hidden_slots),
                     format_number_of(site.slots, "slot"), where);
  if (stale > 0)
    out += stale == site.hidden_slots
               ? std::string(", all still holding references")
               : fmt::format(", {} still holding references", format_count(stale));
  return out;
}

std::string_view advice_for(const SiteRow& site) {
  auto* found = find_category(site.category);
  if (!found) return {};
  return site.stale_slots > 0 ? found->advice : found->without_references;
}

std::vector<RemedyRow> remedies_to_show(const std::vector<RemedyRow>& remedies,
                                        std::string_view category) {
  std::vector<RemedyRow> out;
  auto add = [&](std::string_view name, bool even_nothing) {
    auto row = std::ranges::find(remedies, name, &RemedyRow::name);
    if (row != remedies.end() && (row->frees_bytes > 0 || even_nothing)) out.push_back(*row);
  };
  add("clear", false);
  add("copy", true);
  // The threshold that copies least says it for those that free as much.
  for (std::size_t i = 0; i < remedies.size(); i++) {
    const RemedyRow& row = remedies[i];
    bool same_as_next = i + 1 < remedies.size() && remedies[i + 1].name == row.name &&
                        remedies[i + 1].frees_bytes == row.frees_bytes;
    if (row.name != "copy_if_cap_exceeds" || same_as_next || row.frees_bytes == 0) continue;
    out.push_back(row);
    if (out.size() > 1 && row.copies_bytes == out[out.size() - 2].copies_bytes)
      out.back().copies_bytes = 0;  // said already
  }
  add("nil_when_empty", category == "tail");
  add("three_index", category == "tail" || category == "clipped");
  return out;
}

std::string remedy_title(const RemedyRow& remedy) {
  if (remedy.name == "nil_when_empty") return "nil when empty";
  if (remedy.name == "three_index") return "s[:n:n]";
  if (remedy.name == "copy_if_cap_exceeds")
    return fmt::format("copy if cap > {}*len", remedy.factor.value_or(0));
  return remedy.name;
}

}  // namespace overhang
