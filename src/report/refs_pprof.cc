#include "report/pprof.h"
#include "report/refs_report.h"

namespace overhang {
namespace {

PprofWriter::Line line_of(const RefsReport& report, std::size_t row, bool hidden_slots) {
  if (auto code = report.code_of[row]; code != RefsReport::kNone)
    return {report.code[code].file, report.code[code].line, 0};
  auto site = report.site[row];
  if (!hidden_slots || report.sites[site].sources.empty()) return {};
  const SourceRow& source = report.sites[site].sources.front();
  return {source.file, static_cast<std::int64_t>(source.line), 0};
}

}  // namespace

std::string render_refs_pprof(const RefsReport& report) {
  const TreeRows& tree = report.tree;
  PprofWriter out({{"hidden_space", "bytes"}, {"inuse_space", "bytes"}, {"inuse_objects", "count"}},
                  "inuse_space");
  out.mapping(report.target.exe);
  std::vector<std::uint64_t> locations, stack;
  for (std::size_t row = 0; row < tree.size(); row++) {
    auto parent = tree.parent[row];
    // The frame of the hidden slots is the first one below something visible.
    bool hidden = report.site[row] != RefsReport::kNone;
    bool slots = hidden && (parent == TreeRows::kRoot ||
                            report.site[static_cast<std::size_t>(parent)] == RefsReport::kNone);
    locations.push_back(out.location(tree.names[tree.name[row]], line_of(report, row, slots)));
    if (tree.bytes[row] == 0 && tree.objects[row] == 0) continue;
    stack.clear();
    for (auto at = static_cast<std::int64_t>(row); at != TreeRows::kRoot;
         at = tree.parent[static_cast<std::size_t>(at)])
      stack.push_back(locations[static_cast<std::size_t>(at)]);
    std::vector<PprofWriter::Label> labels;
    if (hidden) {
      const RefsReport::Site& site = report.sites[report.site[row]];
      labels = {{"category", site.category}, {"site", site.site}};
    }
    out.sample(stack, {tree.hidden_bytes[row], tree.bytes[row], tree.objects[row]}, labels);
  }
  return out.take();
}

}  // namespace overhang
