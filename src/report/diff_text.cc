// The comparison for a person: totals, then sites and types by growth.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "report/diff.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/page.h"
#include "text/units.h"

namespace overhang {
namespace {

std::string signed_bytes(std::int64_t growth) {
  if (growth == 0) return "±0 B";
  auto size = static_cast<std::uint64_t>(std::abs(growth));
  return (growth > 0 ? "+" : "−") + format_bytes(size);
}

std::string from_to(const Change& bytes) {
  return format_bytes(bytes.older) + " → " + format_bytes(bytes.newer);
}

std::string place_of(const TargetRow& target) {
  return target.live ? fmt::format("pid {}", target.pid) : base_name(target.path);
}

void write_header(Page& page, const DiffReport& report) {
  write_target(page, report.target, place_of(report.older) + " → " + place_of(report.target));
  if (report.older.go_version != report.target.go_version)
    page.line(fmt::format("the older one is of {}", printable(report.older.go_version)));
  page.line();
  auto total = [&](const char* name, const Change& bytes, const std::string& more, bool alarm) {
    page.line(fmt::format("  {:<10}{}{}{}", name,
                          pad_right(std::string(),
                                    12 - std::min<std::size_t>(
                                             12, display_width(signed_bytes(bytes.growth())))) +
                              signed_bytes(bytes.growth()),
                          "   " + from_to(bytes), more),
              alarm && bytes.growth() > 0 ? TextStyle::Alarm : TextStyle::Plain);
  };
  auto objects = [](const Change& count) {
    return fmt::format("   {} → {} objects", format_count(count.older), format_count(count.newer));
  };
  total("live", report.live_bytes, objects(report.live_objects), false);
  total("overhang", report.overhang_bytes, objects(report.overhang_objects), true);
  total("spare", report.spare_bytes, "", false);
  total("lost", report.lost_bytes, "", false);
}

// "     +721.9 MB  12.0 MB → 733.9 MB   main.pool.inUse   []*main.Conn   tail"
void write_row(Page& page, const Change& bytes, const std::string& name, std::string detail) {
  auto growth = signed_bytes(bytes.growth());
  auto number = std::string(14 - std::min<std::size_t>(14, display_width(growth)), ' ') + growth;
  auto both = from_to(bytes);
  number += "  " + pad_right(both, 22) + "  ";
  detail = cut_middle(detail, 40);
  auto room = Page::kWidth - display_width(number) - display_width(detail) - 3;
  page.line(number + cut_middle(name, room) + "   " + detail);
}

template <class Rows, class Bytes, class Write>
void write_rows(Page& page, const char* title, const Rows& rows, const Selection& selection,
                Bytes bytes, Write write) {
  page.line();
  page.line(rows.empty() ? fmt::format("  {}: no change", title) : fmt::format("  {}", title),
            TextStyle::Bold);
  std::size_t shown = 0, left_out = 0;
  std::int64_t left_out_growth = 0;
  for (auto& row : rows) {
    auto growth = bytes(row).growth();
    if (shown < selection.top &&
        static_cast<std::uint64_t>(std::abs(growth)) >= selection.min_bytes) {
      write(row);
      shown++;
    } else {
      left_out++;
      left_out_growth += growth;
    }
  }
  if (left_out > 0)
    page.line(fmt::format("  {} of {} in all (--top and --min choose what is shown)",
                          format_number_of(left_out, "more row"), signed_bytes(left_out_growth)),
              TextStyle::Dim);
}

void write_site(Page& page, const SiteChange& site) {
  auto type = printable(site.element_type);
  if (site.category != "interior") type.insert(0, "[]");
  write_row(page, site.weight, printable(site.site), type + "   " + printable(site.category));
  for (std::size_t i = 0; i < std::min<std::size_t>(site.sources.size(), 1); i++) {
    const SourceRow& source = site.sources[i];
    page.line(cut_middle(fmt::format("{:>40}at {}:{}  {}", "", base_name(source.file), source.line,
                                     printable(source.statement)),
                         Page::kWidth),
              TextStyle::Dim);
  }
}

void write_type(Page& page, const TypeChange& type) {
  auto count =
      fmt::format("{} → {}", format_count(type.objects.older), format_count(type.objects.newer));
  write_row(page, type.bytes, printable(type.type), count);
}

}  // namespace

std::string render_text(const DiffReport& report, const TextOptions& options) {
  Page page(options.colour);
  write_header(page, report);
  write_rows(
      page, "sites", report.sites, options.selection,
      [](const SiteChange& site) { return site.weight; },
      [&](const SiteChange& site) { write_site(page, site); });
  write_rows(
      page, "types", report.types, options.selection,
      [](const TypeChange& type) { return type.bytes; },
      [&](const TypeChange& type) { write_type(page, type); });
  write_warnings(page, report.warnings, false);
  return page.take();
}

}  // namespace overhang
