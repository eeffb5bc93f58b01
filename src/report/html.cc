#include "report/html.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "report/advice.h"
#include "report/documents.h"
#include "report/page_template.h"

#ifndef OVERHANG_VERSION
#define OVERHANG_VERSION "unknown"
#endif

namespace overhang {
namespace {

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Inside a script element only "<" can end the data (as "</script" or by way of "<!--"), and in
// JSON it stands in strings alone, where it may be written as an escape.
void append_embedded(std::string& out, std::string_view json) {
  for (std::size_t at = 0; at < json.size();) {
    auto next = std::min(json.find('<', at), json.size());
    out.append(json.substr(at, next - at));
    if (next < json.size()) out += "\\u003c";
    at = next + 1;
  }
}

// The page's words for remedies and sites are those of the text report.
Json titled(const std::vector<RemedyRow>& remedies) {
  return array_of(remedies, [](const RemedyRow& row) {
    return Json{{"name", row.name},
                {"title", remedy_title(row)},
                {"factor", or_null(row.factor)},
                {"frees_objects", row.frees_objects},
                {"frees_bytes", row.frees_bytes},
                {"copies_bytes", row.copies_bytes},
                {"note", row.note}};
  });
}

Json page_leaks(const LeakReport& report, const Selection& selection, const PageParts& parts) {
  Json leaks = leaks_document(report, selection);
  std::size_t at = 0;
  for (std::size_t i = 0; i < report.sites.size(); i++) {
    const SiteRow& site = report.sites[i];
    if (!shown(site, at, selection)) continue;
    Json& row = leaks["sites"][at++];
    row["summary"] = describe_hidden(site);
    row["advice"] = advice_for(site);
    row["reference_rows"] = i < parts.site_rows.size() ? Json(parts.site_rows[i]) : Json::array();
    row["remedies"] = titled(remedies_to_show(site.remedies, site.category));
  }
  leaks["remedies"] = titled(remedies_to_show(report.remedies, ""));
  return leaks;
}

// Trees may have hundreds of thousands of rows: their columns are written as they stand, without a
// JSON value for each number.
template <class Values>
void append_column(std::string& out, std::string_view name, const Values& values) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[{}]", name, fmt::join(values, ","));
}

std::string tree_json(const TreeRows* tree) {
  if (!tree) return "null";
  std::string out = "{\"names\":" + dumped(tree->names);
  append_column(out, "parent", tree->parent);
  append_column(out, "name", tree->name);
  append_column(out, "bytes", tree->bytes);
  append_column(out, "objects", tree->objects);
  append_column(out, "hidden_bytes", tree->hidden_bytes);
  append_column(out, "flags", tree->flags);
  fmt::format_to(std::back_inserter(out), ",\"total_bytes\":{},\"truncated_frames\":{}}}",
                 tree->total_bytes, tree->truncated_frames);
  return out;
}

std::string opened_page() {
  std::string out(kPageBeforeData);
  out += R"({"schema":"overhang.page/1","version":")" OVERHANG_VERSION R"(")";
  return out;
}

}  // namespace

std::string render_html(const LeakReport& report, const Selection& selection,
                        const PageParts& parts) {
  std::string out = opened_page();
  out += ",\"leaks\":";
  append_embedded(out, dumped(page_leaks(report, selection, parts)));
  out += ",\"references\":";
  append_embedded(out, tree_json(parts.references));
  out += ",\"dominators\":";
  append_embedded(out, tree_json(parts.dominators));
  out += ",\"types\":";
  append_embedded(
      out, dumped(array_of(parts.types, [](const HeapTypeRow& row) { return to_json(row); })));
  out += "}";
  out += kPageAfterData;
  return out;
}

std::string render_html(const HeapReport& report, const Selection& selection) {
  std::string out = opened_page();
  out += ",\"heap\":";
  append_embedded(out, dumped(heap_document(report, selection)));
  out += ",\"dominators\":";
  append_embedded(out, tree_json(report.dominators ? &*report.dominators : nullptr));
  out += "}";
  out += kPageAfterData;
  return out;
}

std::string render_html(const DiffReport& report, const Selection& selection) {
  std::string out = opened_page();
  out += ",\"diff\":";
  append_embedded(out, dumped(diff_document(report, selection)));
  out += "}";
  out += kPageAfterData;
  return out;
}

}  // namespace overhang
