#include "cli/goroutines_command.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cli/analysis.h"
#include "cli/leak_report.h"
#include "goruntime/goroutine_position.h"
#include "goruntime/traceback.h"
#include "retain/dominators.h"

namespace overhang {
namespace {

FrameRow to_row(const TracebackFrame& frame) {
  return {printed_function(frame.function), std::string(frame.place.file), frame.place.line,
          frame.inlined};
}

// What waits are counted to.
struct Clock {
  std::optional<std::int64_t> now_ns;
  std::string name;
};
Clock clock_of(const Runtime& runtime, const std::vector<Goroutine>& goroutines) {
  std::int64_t newest = 0;
  for (auto& goroutine : goroutines) newest = std::max(newest, goroutine.wait_since);
  if (newest <= 0) return {};
  if (auto now = runtime.image().identity().clock_ns; now && *now >= newest)
    return {now, "monotonic"};
  return {newest, "newest wait"};
}

class Description {
 public:
  Description(const Runtime& runtime, const std::vector<Goroutine>& goroutines)
      : goroutines_(goroutines),
        tracebacks_(runtime),
        reasons_(runtime),
        clock_(clock_of(runtime, goroutines)) {}

  GoroutinesReport make(const std::vector<std::uint64_t>& retained_bytes) {
    for (std::size_t i = 0; i < goroutines_.size(); i++) {
      if (goroutines_[i].system_stack) continue;
      auto row = member(goroutines_[i]);
      if (i < retained_bytes.size()) row.retained_bytes = retained_bytes[i];
      auto& stack = stack_of(goroutines_[i]);
      report_.goroutines++;
      report_.system_goroutines += stack.system;
      stack.retained_bytes += row.retained_bytes;
      stack.members.push_back(std::move(row));
    }
    report_.clock = clock_.name;
    add_creators();
    sort();
    return std::move(report_);
  }

 private:
  GoroutineRow member(const Goroutine& goroutine) const {
    GoroutineRow row;
    row.id = goroutine.id;
    row.state = status_text(goroutine.status);
    auto status = static_cast<GoroutineStatus>(goroutine.status);
    if (status == GoroutineStatus::Waiting || status == GoroutineStatus::Leaked)
      row.wait_reason = reasons_.text(goroutine.wait_reason);
    // goroutineheader
    bool waits = status == GoroutineStatus::Waiting || status == GoroutineStatus::Syscall;
    if (waits && goroutine.wait_since > 0 && clock_.now_ns)
      row.waited_ms =
          static_cast<double>(std::max<std::int64_t>(0, *clock_.now_ns - goroutine.wait_since)) /
          1e6;
    row.stack_bytes = goroutine.stack_hi - goroutine.stack_lo;
    row.truncated = goroutine.truncated;
    return row;
  }

  // The row of its stack, which is added where it is the first.
  StackRow& stack_of(const Goroutine& goroutine) {
    auto key = tracebacks_.identity(goroutine.frames);
    // A finalizer's goroutine is told by its frames, any other by its start.
    key.push_back(tracebacks_.is_system(goroutine));
    auto [place, unknown] = by_stack_.try_emplace(std::move(key), report_.stacks.size());
    if (unknown) {
      StackRow stack;
      stack.system = place->first.back() != 0;
      auto traceback = tracebacks_.of(goroutine.frames);
      for (auto& frame : traceback.frames) stack.frames.push_back(to_row(frame));
      stack.frames_elided = traceback.elided;
      report_.stacks.push_back(std::move(stack));
      creators_.emplace_back();
    }
    creators_[place->second][goroutine.go_pc].push_back(&goroutine);
    return report_.stacks[place->second];
  }

  void add_creators() {
    for (std::size_t i = 0; i < creators_.size(); i++) {
      auto& rows = report_.stacks[i].creators;
      for (auto& [pc, created] : creators_[i])
        if (auto creator = tracebacks_.created_by(*created.front()))
          rows.push_back({to_row(*creator), created.size()});
      std::ranges::stable_sort(rows, std::greater<>(), &CreatorRow::count);
    }
  }

  void sort() {
    for (auto& stack : report_.stacks)
      std::ranges::stable_sort(stack.members, [](const GoroutineRow& a, const GoroutineRow& b) {
        return std::pair(b.retained_bytes, a.id) < std::pair(a.retained_bytes, b.id);
      });
    std::ranges::stable_sort(report_.stacks, [](const StackRow& a, const StackRow& b) {
      return std::tuple(a.system, b.members.size(), b.retained_bytes) <
             std::tuple(b.system, a.members.size(), a.retained_bytes);
    });
  }

  const std::vector<Goroutine>& goroutines_;
  Tracebacks tracebacks_;
  WaitReasons reasons_;
  Clock clock_;
  GoroutinesReport report_;
  std::map<std::vector<Address>, std::size_t> by_stack_;
  // Beside the report's stacks: their goroutines, by the go statement's pc.
  std::vector<std::map<Address, std::vector<const Goroutine*>>> creators_;
};

// Of each goroutine, as they stand in `roots`.
Result<std::vector<std::uint64_t>> retained_bytes(const OpenedHeap& opened) {
  auto groups = root_groups(*opened.target.runtime, opened.roots, opened.target.dwarf.get());
  OVERHANG_TRY(auto dominators, Dominators::find(opened.heap, opened.roots, groups));
  std::vector<std::uint64_t> out(opened.roots.goroutines.size());
  for (std::size_t i = 0; i < groups.size(); i++)
    if (groups[i].kind == RootGroup::Kind::Goroutine && groups[i].first < out.size())
      out[groups[i].first] = dominators.retained_bytes(dominators.group(i));
  return out;
}

std::string render(const GoroutinesReport& report, const Options& options) {
  if (options.format == Format::Json) return render_json(report, selection_of(options));
  if (options.format == Format::Folded) return render_folded(report, selection_of(options));
  return render_text(report, text_options_of(options));
}

}  // namespace

GoroutinesReport describe_goroutines(const Runtime& runtime,
                                     const std::vector<Goroutine>& goroutines,
                                     const std::vector<std::uint64_t>& retained_bytes) {
  return Description(runtime, goroutines).make(retained_bytes);
}

Result<Outcome> run_goroutines(const Run& run) {
  OVERHANG_TRY(auto opened, open_heap(run.options.analysis, run.diagnostics));
  OVERHANG_TRY(auto retained, [&] {
    Phase timer(run.diagnostics, "dominators");
    return retained_bytes(*opened);
  }());
  GoroutinesReport report;
  {
    Phase timer(run.diagnostics, "report");
    report = describe_goroutines(*opened->target.runtime, opened->roots.goroutines, retained);
    report.target = describe_target(opened->target);
  }
  finish(run, report);
  return Outcome{render(report, run.options), kExitDone, {}};
}

}  // namespace overhang
