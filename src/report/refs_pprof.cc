#include "report/pprof.h"
#include "report/refs_report.h"
#include "report/stacks.h"

namespace overhang {
namespace {

PprofWriter::Line line_of_row(const RefsReport& report, std::size_t row, bool hidden_slots) {
  if (auto code = report.code_of[row]; code != RefsReport::kNone)
    return {report.code[code].file, report.code[code].line, 0};
  return hidden_slots ? line_of(report.sites[report.site[row]].sources) : PprofWriter::Line{};
}

// Calls sample(row, stack) for each row with something of its own; `locations` by row.
template <class Sample>
void each_stack(const TreeRows& tree, const std::vector<std::uint64_t>& locations,
                Sample&& sample) {
  std::vector<std::uint64_t> stack;
  for (std::size_t row = 0; row < tree.size(); row++) {
    if (tree.bytes[row] == 0 && tree.objects[row] == 0) continue;
    stack.clear();
    for (auto at = static_cast<std::int64_t>(row); at != TreeRows::kRoot;
         at = tree.parent[static_cast<std::size_t>(at)])
      stack.push_back(locations[static_cast<std::size_t>(at)]);
    sample(row, stack);
  }
}

// The frame of hidden slots: the first one below something visible.
bool is_hidden_slots(const RefsReport& report, std::size_t row) {
  auto parent = report.tree.parent[row];
  return report.site[row] != RefsReport::kNone &&
         (parent == TreeRows::kRoot ||
          report.site[static_cast<std::size_t>(parent)] == RefsReport::kNone);
}

void write_paths(const RefsReport& report, PprofWriter& out) {
  const TreeRows& tree = report.tree;
  std::vector<std::uint64_t> locations;
  for (std::size_t row = 0; row < tree.size(); row++)
    locations.push_back(out.location(tree.names[tree.name[row]],
                                     line_of_row(report, row, is_hidden_slots(report, row))));
  each_stack(tree, locations, [&](std::size_t row, const std::vector<std::uint64_t>& stack) {
    std::vector<PprofWriter::Label> labels;
    if (report.site[row] != RefsReport::kNone) {
      const RefsReport::Site& site = report.sites[report.site[row]];
      labels = {{"category", site.category}, {"site", site.site}};
    }
    out.sample(stack, {0, 0, tree.hidden_bytes[row], tree.bytes[row], tree.objects[row]}, labels);
  });
}

// Own bytes in the dominator tree: what pprof adds up below a frame is what that frame retains.
void write_dominators(const TreeRows& tree, PprofWriter& out) {
  std::vector<std::uint64_t> locations;
  for (std::size_t row = 0; row < tree.size(); row++)
    locations.push_back(out.location(tree.names[tree.name[row]], {}));
  each_stack(tree, locations, [&](std::size_t row, const std::vector<std::uint64_t>& stack) {
    out.sample(stack, {tree.bytes[row], tree.objects[row], 0, 0, 0}, {});
  });
}

}  // namespace

std::string render_refs_pprof(const RefsReport& report) {
  PprofWriter out({{"retained_space", "bytes"},
                   {"retained_objects", "count"},
                   {"hidden_space", "bytes"},
                   {"inuse_space", "bytes"},
                   {"inuse_objects", "count"}},
                  "inuse_space");
  out.mapping(report.target.exe);
  write_paths(report, out);
  if (report.dominators) write_dominators(*report.dominators, out);
  return out.take();
}

}  // namespace overhang
