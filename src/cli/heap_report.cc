#include "cli/heap_report.h"

#include <algorithm>
#include <limits>
#include <map>

#include "cli/leak_report.h"
#include "goruntime/traceback.h"
#include "retain/dominator_paths.h"
#include "retain/heap_types.h"
#include "retain/memory_use.h"

namespace overhang {
namespace {

struct RootName {
  std::string root;
  const char* kind;
  auto operator<=>(const RootName&) const = default;
};

// The function that a goroutine's go statement names; it may have started a wrapper that calls it.
std::string begun_with(const Goroutine& goroutine, const Runtime& runtime, Tracebacks& tracebacks) {
  if (goroutine.system_stack) return "runtime.mstart";
  auto start = runtime.find_function(goroutine.start_pc);
  if (!tracebacks.is_system(goroutine)) {
    auto frames = tracebacks.of(goroutine.frames).frames;
    if (!frames.empty()) return std::string(frames.back().function);
  }
  return start ? std::string(start->name) : fmt::format("{:#x}", goroutine.start_pc);
}

RootName name_of(const RootGroup& group, const OpenedHeap& opened, Tracebacks& tracebacks) {
  using Kind = RootGroup::Kind;
  switch (group.kind) {
    case Kind::Variable:
      return {std::string(group.name), "variable"};
    case Kind::Word:
      return {fmt::format("{:#x}", opened.roots.roots[group.first].slot), "static data"};
    case Kind::Goroutine:
      return {begun_with(opened.roots.goroutines[group.first], *opened.target.runtime, tracebacks),
              "goroutine"};
    case Kind::Finalizers:
      return {"finalizers", "finalizers"};
    case Kind::Cleanups:
      return {"cleanups", "cleanups"};
    case Kind::WeakHandles:
      return {"weak handles", "weak handles"};
    case Kind::Other:
      break;
  }
  return {"the allocator", "the allocator"};
}

// As a name stands at the top of the dominator tree.
std::string label(const RootName& name) {
  auto of_kind =
      name.kind == std::string_view("goroutine") || name.kind == std::string_view("static data");
  return of_kind ? fmt::format("{} {}", name.kind, name.root) : name.root;
}

// Live objects and bytes, and the hidden ones of them, are in one type each.
void check_sums(const std::vector<HeapTypeRow>& types, const Analysis& analysis,
                Diagnostics& diagnostics) {
  HeapTypeRow sum;
  for (const HeapTypeRow& row : types) {
    sum.objects += row.objects;
    sum.bytes += row.bytes;
    sum.hidden_bytes += row.hidden_bytes;
  }
  const LiveSet& live = analysis.live();
  const Findings& certain = analysis.certain();
  auto hidden =
      certain.overhang.total.bytes + certain.hidden.spare_bytes + certain.hidden.lost_bytes;
  if (sum.objects != live.objects || sum.bytes != live.bytes || sum.hidden_bytes != hidden)
    diagnostics.warn(fmt::format(
        "conservation: {} live objects, {} bytes, {} of them hidden, but by type {}, {} and {}",
        live.objects, live.bytes, hidden, sum.objects, sum.bytes, sum.hidden_bytes));
}

std::vector<HeapTypeRow> type_rows(Analysis& analysis, const Dominators& dominators,
                                   Diagnostics& diagnostics) {
  std::vector<HeapTypeRow> out;
  for (HeapType& type :
       find_heap_types(analysis.views(), dominators, analysis.certain().hidden, analysis.threads()))
    out.push_back(
        {std::move(type.name), type.objects, type.bytes, type.hidden_bytes, type.retained_bytes});
  std::sort(out.begin(), out.end(), [](const HeapTypeRow& a, const HeapTypeRow& b) {
    if (a.bytes != b.bytes) return a.bytes > b.bytes;
    return a.type < b.type;
  });
  check_sums(out, analysis, diagnostics);
  return out;
}

void describe_roots(const Analysis& analysis, const Dominators& dominators, HeapReport& report) {
  auto& groups = analysis.root_groups();
  Tracebacks tracebacks(analysis.runtime());
  std::map<RootName, HeapRootRow> rows;
  report.shared_bytes = dominators.retained_bytes(DominatorTree::kRoot);
  for (std::size_t i = 0; i < groups.size(); i++) {
    auto retained = dominators.retained_bytes(dominators.group(i));
    if (retained == 0) continue;
    auto name = name_of(groups[i], analysis.opened(), tracebacks);
    auto& row = rows[name];
    row.root = name.root;
    row.kind = name.kind;
    row.count++;
    row.retained_bytes += retained;
    report.shared_bytes -= retained;
  }
  for (auto& [name, row] : rows) report.roots.push_back(std::move(row));
  std::stable_sort(report.roots.begin(), report.roots.end(),
                   [](const HeapRootRow& a, const HeapRootRow& b) {
                     return a.retained_bytes > b.retained_bytes;
                   });
}

MemoryRow::Runtime row_of(const MemoryStats& of) {
  return {.heap_inuse = of.heap_inuse,
          .heap_idle = of.heap_free + of.heap_released,
          .heap_released = of.heap_released,
          .stack_inuse = of.stack_inuse,
          .stack_sys = of.stack_inuse + of.thread_stacks,
          .mspan_inuse = of.mspan_inuse,
          .mspan_sys = of.mspan_sys,
          .mcache_inuse = of.mcache_inuse,
          .mcache_sys = of.mcache_sys,
          .buck_hash_sys = of.buck_hash_sys,
          .gc_sys = of.gc_sys,
          .other_sys = of.other_sys,
          .sys = of.sys()};
}

MemoryRow describe_memory(const Analysis& analysis) {
  auto stats = read_memory_stats(analysis.runtime());
  auto use = find_memory_use(analysis.heap(), analysis.live(), stats ? &*stats : nullptr);
  MemoryRow row{.live = use.live,
                .garbage = use.garbage,
                .free = use.free,
                .overhead = use.overhead,
                .runtime = {},
                .program = use.program,
                .outside = use.outside};
  if (stats) row.runtime = row_of(*stats);
  return row;
}

// Rows that hold nothing and keep nothing are left out.
TreeRows tree_of(DominatorPaths paths, std::uint64_t live_bytes) {
  std::vector<bool> keeps(paths.rows.size());
  for (auto i = paths.rows.size(); i-- > 0;) {
    const auto& row = paths.rows[i];
    if (row.bytes > 0) keeps[i] = true;
    if (keeps[i] && row.parent != DominatorPaths::kNoParent) keeps[row.parent] = true;
  }
  TreeRows out;
  out.names = std::move(paths.names);
  out.total_bytes = live_bytes;
  std::vector<std::int64_t> row_of(paths.rows.size(), TreeRows::kRoot);
  for (std::size_t i = 0; i < paths.rows.size(); i++) {
    if (!keeps[i]) continue;
    const auto& row = paths.rows[i];
    row_of[i] = static_cast<std::int64_t>(out.size());
    out.parent.push_back(row.parent == DominatorPaths::kNoParent ? TreeRows::kRoot
                                                                 : row_of[row.parent]);
    out.name.push_back(row.name);
    out.bytes.push_back(row.bytes);
    out.objects.push_back(row.objects);
    out.hidden_bytes.push_back(row.hidden_bytes);
    out.flags.push_back(row.hidden ? TreeRows::kThroughHidden : std::uint8_t{0});
  }
  return out;
}

}  // namespace

std::vector<HeapTypeRow> describe_types(Analysis& analysis, const Dominators& dominators,
                                        Diagnostics& diagnostics) {
  Phase timer(diagnostics, "types");
  return type_rows(analysis, dominators, diagnostics);
}

HeapReport describe_heap(Analysis& analysis, const Dominators& dominators,
                         Diagnostics& diagnostics) {
  Phase timer(diagnostics, "types");
  const Findings& certain = analysis.certain();
  HeapReport report;
  report.target = describe_target(analysis.target());
  report.live_objects = analysis.live().objects;
  report.live_bytes = analysis.live().bytes;
  report.typed_bytes = analysis.views().typed_bytes();
  report.overhang_bytes = certain.overhang.total.bytes;
  report.spare_bytes = certain.hidden.spare_bytes;
  report.lost_bytes = certain.hidden.lost_bytes;
  report.types = type_rows(analysis, dominators, diagnostics);
  describe_roots(analysis, dominators, report);
  report.memory = describe_memory(analysis);
  return report;
}

TreeRows dominator_rows(Analysis& analysis, const Dominators& dominators, std::uint64_t min_bytes,
                        Diagnostics& diagnostics) {
  Phase timer(diagnostics, "paths");
  Tracebacks tracebacks(analysis.runtime());
  std::vector<std::string> names;
  auto& groups = analysis.root_groups();
  for (std::size_t i = 0; i < groups.size(); i++) {
    // Of very many goroutines most keep nothing alone, and get no row.
    bool keeps = dominators.retained_bytes(dominators.group(i)) > 0;
    names.push_back(keeps ? label(name_of(groups[i], analysis.opened(), tracebacks)) : "");
  }
  auto paths = find_dominator_paths(analysis.views(), dominators, analysis.certain().hidden, names);
  if (paths.cut_off)
    diagnostics.warn(
        "the dominator tree has more branches than are told apart: what is deepest in "
        "it counts as what holds it");

  return reduced(tree_of(std::move(paths), analysis.live().bytes),
                 std::numeric_limits<std::size_t>::max(), min_bytes)
      .tree;
}

}  // namespace overhang
