// The report for a person: a headline, one block per site, and on request what the run says of
// itself. Every name of the target goes through printable().
#include <fmt/format.h>

#include <algorithm>

#include "report/advice.h"
#include "report/render.h"
#include "report/text_parts.h"
#include "text/columns.h"
#include "text/page.h"
#include "text/units.h"

namespace overhang {
namespace {

using Style = Page::Style;

std::string plural(std::uint64_t count, const char* noun) { return format_number_of(count, noun); }

void write_header(Page& page, const LeakReport& report) {
  auto& heap = report.heap;
  write_target(page, report.target,
               fmt::format("{} live in {}", format_bytes(heap.live_bytes),
                           plural(heap.live_objects, "object")));
  page.line(pause_of(report.target) + fmt::format("analysed in {}, {} of live bytes typed",
                                                  format_duration(report.elapsed_ms),
                                                  format_share(heap.typed_bytes, heap.live_bytes)));
  if (!report.target.dwarf)
    page.line(
        "no DWARF (stripped): types are inferred, few variables named, some locals in doubt; see "
        "--debug");
}

void write_headline(Page& page, const LeakReport& report) {
  auto& heap = report.heap;
  auto certain = heap.overhang_bytes;
  auto possible = std::max(heap.overhang_bytes_possible, certain);
  page.line();
  if (certain > 0) {
    page.line(fmt::format("  {} ({}) is kept alive only by slots that no slice can see",
                          format_bytes(certain), format_share(certain, heap.live_bytes)),
              Style::Alarm);
    page.line(fmt::format("  {} that the program keeps and cannot reach",
                          plural(heap.overhang_objects, "object")));
  } else if (possible > 0) {
    page.line("  No object is kept alive for certain by hidden slots alone", Style::Bold);
  } else if (report.sites.empty()) {
    page.line("  Nothing is hidden: the program can see every object that it keeps alive",
              Style::Bold);
  } else {
    page.line(
        "  The program can see every object that it keeps alive; some arrays are hidden in part",
        Style::Bold);
  }
  if (possible > certain)
    page.line(fmt::format("  up to {} is possible: references of unknown type may show it, or not",
                          format_bytes(possible)));
  if (heap.spare_bytes + heap.lost_bytes > 0)
    page.paragraph(fmt::format("{} more lies in arrays outside every slice: {} spare (past len), "
                               "{} lost (for good)",
                               format_bytes(heap.spare_bytes + heap.lost_bytes),
                               format_bytes(heap.spare_bytes), format_bytes(heap.lost_bytes)),
                   2);
}

// "  1  733.9 MB  main.pool.inUse   []*main.Conn                          tail"
void write_site_title(Page& page, const SiteRow& site, std::size_t rank) {
  auto number = fmt::format("{:>3}  {:>8}  ", rank, format_bytes(weight(site)));
  auto category = cut_middle(printable(site.category), 10);
  auto type = printable(site.element_type);
  if (site.category != "interior") type.insert(0, "[]");
  constexpr std::size_t kGap = 3;
  auto room = Page::kWidth - number.size() - display_width(category) - 2 * kGap;
  auto name = printable(site.site);
  // The name of the place matters more than the type's.
  auto type_room = std::max(room / 3, room - std::min(room, display_width(name)));
  type = cut_middle(type, type_room);
  name = cut_middle(name, room - display_width(type));
  auto middle = pad_right(name + std::string(kGap, ' ') + type, room + 2 * kGap);
  page.pieces({{number, Style::Bold},
               {name, Style::Bold},
               {middle.substr(name.size())},
               {category, Style::Alarm}});
}

void write_retained_types(Page& page, const SiteRow& site) {
  constexpr std::size_t kShown = 4;
  std::vector<std::string> items;
  std::uint64_t rest = site.retained_objects;
  for (auto& row : site.retained_types) {
    if (items.size() == kShown) break;
    items.push_back(format_count(row.objects) + " " + cut_middle(printable(row.type), 60));
    rest -= std::min(rest, row.objects);
  }
  if (items.empty() && rest > 0)
    items.push_back(plural(rest, "object"));
  else if (rest > 0)
    items.push_back(format_count(rest) + " more");
  page.labelled("keeps", items, " · ");
}

void write_jointly_kept(Page& page, const SiteRow& site) {
  if (site.joint_bytes > 0 && site.joint_bytes >= site.retained_bytes / 10)
    page.labelled(
        site.retained_bytes > 0 ? "jointly" : "keeps",
        fmt::format("{} in {} that hang on other sites' slots too: freed when all are "
                    "cleared, by none alone",
                    format_bytes(site.joint_bytes), plural(site.joint_objects, "object")));
  else if (site.retained_jointly)
    page.labelled("keeps", "nothing alone: what hangs on these slots hangs on other sites' too");
}

std::vector<std::string> remedy_items(const std::vector<RemedyRow>& remedies,
                                      std::string_view category) {
  std::vector<std::string> items;
  for (auto& remedy : remedies_to_show(remedies, category)) {
    auto item = printable(remedy_title(remedy)) + " " + format_bytes(remedy.frees_bytes);
    if (remedy.copies_bytes > 0)
      item += fmt::format(" (copies {})", format_bytes(remedy.copies_bytes));
    if (!remedy.note.empty()) item += ": " + printable(remedy.note);
    items.push_back(std::move(item));
  }
  return items;
}

void write_sources(Page& page, const SiteRow& site) {
  constexpr std::size_t kShown = 3;
  auto label = "made at";
  for (std::size_t i = 0; i < std::min(site.sources.size(), kShown); i++) {
    auto& source = site.sources[i];
    std::vector<std::string> items = {fmt::format("{}:{}", base_name(source.file), source.line)};
    if (!source.function.empty()) items.push_back(printable(source.function));
    if (!source.statement.empty()) items.push_back(printable(source.statement));
    page.labelled(label, items, "  ");
    label = "";
  }
}

std::vector<std::string> cleaned(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (auto& name : names) out.push_back(printable(name));
  return out;
}

void write_site(Page& page, const SiteRow& site, std::size_t rank) {
  page.line();
  write_site_title(page, site, rank);
  page.paragraph(describe_hidden(site), 5);
  write_retained_types(page, site);
  write_jointly_kept(page, site);
  if (site.hidden_bytes > 0 && site.retained_bytes > 0)
    page.labelled("hides", format_bytes(site.hidden_bytes) + " of the " +
                               (site.arrays == 1 ? "array itself" : "arrays themselves"));
  if (site.retained_bytes_possible > site.retained_bytes)
    page.labelled("doubt",
                  fmt::format("certain {}, possible {}{}{}", format_bytes(site.retained_bytes),
                              format_bytes(site.retained_bytes_possible),
                              site.doubt.empty() ? "" : ": ", printable(site.doubt)));
  page.labelled("alive", cleaned(site.path), " → ");
  if (!site.shared_with.empty()) page.labelled("shared", cleaned(site.shared_with), ", ");
  write_sources(page, site);
  page.labelled("frees", remedy_items(site.remedies, site.category), " · ");
  page.labelled("to do", advice_for(site));
}

void write_sites(Page& page, const LeakReport& report, const Selection& selection) {
  std::size_t rank = 0, left_out = 0;
  std::uint64_t left_out_bytes = 0;
  for (auto& site : report.sites) {
    if (rank < selection.top && weight(site) >= selection.min_bytes) {
      write_site(page, site, ++rank);
    } else {
      left_out++;
      left_out_bytes += weight(site);
    }
  }
  if (report.sites.size() > 1) {
    page.line();
    page.labelled("together", remedy_items(report.remedies, ""), " · ");
  }
  if (left_out == 0) return;
  page.line();
  page.line(fmt::format("  {} of {} in all (--top and --min choose what is shown)",
                        plural(left_out, "more site"), format_bytes(left_out_bytes)),
            Style::Dim);
}

void write_spare(Page& page, const LeakReport& report, bool list) {
  if (report.spare.empty()) return;
  std::uint64_t bytes = 0, arrays = 0;
  for (auto& row : report.spare) {
    bytes += row.spare_bytes;
    arrays += row.arrays;
  }
  page.line();
  page.paragraph(
      fmt::format("spare room of reused buffers: {} in {} (a habit, not a leak{})",
                  format_bytes(bytes), plural(arrays, "array"), list ? "" : "; --spare lists it"),
      2);
  if (!list) return;
  for (auto& row : report.spare) {
    auto number =
        fmt::format("{:>13}  {:>14}  ", format_bytes(row.spare_bytes), plural(row.arrays, "array"));
    auto type = cut_middle("[]" + printable(row.element_type), 30);
    auto room = Page::kWidth - number.size() - display_width(type) - 3;
    page.line(fmt::format("{}{}   {}", number, cut_middle(printable(row.site), room), type));
  }
}

void write_maps(Page& page, const LeakReport& report, bool list) {
  if (report.maps.empty()) return;
  std::uint64_t bytes = 0, maps = 0, shrunk = 0;
  for (auto& row : report.maps) {
    bytes += row.spare_bytes;
    maps += row.maps;
    shrunk += row.shrunk_maps;
  }
  constexpr std::uint64_t kNews = 32 << 10;  // bytes: every program has maps with a little room
  if (bytes < kNews && !list) return;
  page.line();
  auto why =
      shrunk == maps ? "that have shrunk" : "that have shrunk, or were made for more entries";
  page.paragraph(fmt::format("room in maps {}: {} in {} (a map keeps its room; a new map with the "
                             "same entries lets it go)",
                             why, format_bytes(bytes), plural(maps, "map")),
                 2);
  constexpr std::size_t kShown = 3;
  auto shown = list ? report.maps.size() : std::min(kShown, report.maps.size());
  for (std::size_t i = 0; i < shown; i++) {
    const MapRow& row = report.maps[i];
    auto number =
        fmt::format("{:>13}  {:>14}  ", format_bytes(row.spare_bytes), plural(row.maps, "map"));
    auto use = fmt::format("   {} of {} slots", format_count(row.entries), format_count(row.slots));
    auto type = cut_middle(printable(row.type), 30);
    auto room = Page::kWidth - number.size() - display_width(type) - use.size() - 3;
    page.line(fmt::format("{}{}   {}{}", number, cut_middle(printable(row.site), room), type, use));
  }
}

// "         12.5 MB  main.cache.raw   unsafe pointer"
// "                  3 references to 1,024 objects, and to 4.9 KB of arrays that show in part"
void write_doubts(Page& page, const LeakReport& report) {
  page.line();
  page.line("  doubts: references that make certain and possible differ", Style::Bold);
  if (report.doubts.empty()) page.line("    none");
  for (auto& row : report.doubts) {
    auto number = fmt::format("{:>17}  ", format_bytes(row.bytes));
    auto kind = "   " + cut_middle(printable(row.kind), 20);
    auto room = Page::kWidth - number.size() - display_width(kind);
    page.line(number + cut_middle(printable(row.reference), room) + kind);
    auto detail =
        plural(row.references, "reference") + " to " + plural(row.objects, "hidden object");
    if (row.array_bytes > 0)
      detail +=
          fmt::format(", and to {} of arrays that show in part", format_bytes(row.array_bytes));
    page.line(std::string(number.size(), ' ') + detail);
  }
  if (report.doubts_omitted > 0)
    page.line(fmt::format("    {} with less", plural(report.doubts_omitted, "more place")),
              Style::Dim);
}

void write_stats(Page& page, const LeakReport& report) {
  auto& heap = report.heap;
  auto row = [&](std::string_view name, const std::string& figure, const std::string& note = {}) {
    page.line(fmt::format("    {} {:>14}{}", pad_right(cut_middle(printable(name), 32), 32), figure,
                          note.empty() ? "" : "   " + note));
  };
  page.line();
  page.line("  phases", Style::Bold);
  for (auto& time : report.timings) row(time.phase, fmt::format("{:.1f} ms", time.ms));
  row("in all", fmt::format("{:.1f} ms", report.elapsed_ms));

  page.line();
  page.line("  conservation: each live byte stands in exactly one row", Style::Bold);
  auto part = [&](std::string_view name, std::uint64_t bytes) {
    row(name, format_count(bytes), format_share(bytes, heap.live_bytes));
  };
  part("visible", heap.visible_bytes);
  part("spare", heap.spare_bytes);
  part("lost", heap.lost_bytes);
  part("overhang", heap.overhang_bytes);
  part("allocator", heap.allocator_bytes);
  auto sum = heap.visible_bytes + heap.spare_bytes + heap.lost_bytes + heap.overhang_bytes +
             heap.allocator_bytes;
  row("sum", format_count(sum));
  row("live", format_count(heap.live_bytes), sum == heap.live_bytes ? "equal" : "NOT EQUAL");

  page.line();
  page.line("  coverage", Style::Bold);
  row("live bytes typed", format_share(heap.typed_bytes, heap.live_bytes));
  row("references of unknown type", format_count(heap.unknown_references));
  row("frames scanned conservatively", format_count(heap.conservative_frames));
  row("dead, freed by the next cycle", format_bytes(heap.garbage_bytes),
      plural(heap.garbage_objects, "object"));
  if (report.peak_anonymous_bytes)
    row("own peak anonymous memory", format_bytes(*report.peak_anonymous_bytes),
        format_share(*report.peak_anonymous_bytes, heap.live_bytes) + " of the live heap");
  write_doubts(page, report);
}

}  // namespace

std::uint64_t weight(const SiteRow& site) {
  auto kept = site.retained_bytes + site.joint_bytes;
  return kept > 0 ? kept : site.hidden_bytes;
}

std::string render_text(const LeakReport& report, const TextOptions& options) {
  Page page(options.colour);
  write_header(page, report);
  write_headline(page, report);
  write_sites(page, report, options.selection);
  write_spare(page, report, options.spare);
  write_maps(page, report, options.spare);
  write_warnings(page, report.warnings, options.stats);
  if (options.stats) write_stats(page, report);
  return page.take();
}

}  // namespace overhang
