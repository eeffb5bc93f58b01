#include "cli/path_command.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "cli/analysis.h"
#include "cli/leak_report.h"
#include "report/path.h"
#include "retain/access_steps.h"
#include "retain/heap_types.h"
#include "retain/root_paths.h"

namespace overhang {
namespace {

constexpr std::size_t kShown = 5;

// "0xc000123000", or decimal.
std::optional<Address> parse_address(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  Address out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

class PathFinder {
 public:
  explicit PathFinder(Analysis& analysis)
      : analysis_(analysis),
        views_(analysis.views()),
        heap_(analysis.heap()),
        namer_(views_),
        steps_(views_),
        paths_(heap_, analysis.roots()) {
    index_places();
  }

  Result<void> to_address(Address address, std::size_t most, PathReport& report) {
    auto object = heap_.find(address);
    if (!object || !paths_.reached(object->id))
      return fail(ErrorKind::NotFound, "no live object is at {:#x}: {}", address,
                  what_is_at(address, object));
    report.offset = address - heap_.base(object->id);
    describe(object->id, report);
    auto label = [this](ObjectId from) { return type_key(from); };
    for (const RootPath& path : paths_.distinct(object->id, most, label))
      report.paths.push_back(row_of(path));
    return {};
  }

  // To the nearest object of the type; and to the nearest of those that objects of another type
  // refer to, and of those that are overhang.
  Result<void> to_type(const std::string& name, std::size_t most, PathReport& report) {
    report.by_type = true;
    auto keys = keys_named(name);
    struct Best {
      ObjectId id;
      std::uint32_t depth = 0;
      std::uint64_t objects = 0;
    };
    std::map<std::pair<std::uint64_t, bool>, Best> by_referrer;
    each_live([&](ObjectId id) {
      if (!keys.contains(type_key(id))) return;
      report.objects++;
      auto parent = paths_.parent(id);
      auto& best = by_referrer[{parent == id ? kByRoot : type_key(parent), views_.touched(id)}];
      if (best.objects++ == 0 || paths_.depth(id) < best.depth)
        best = {id, paths_.depth(id), best.objects};
    });
    if (by_referrer.empty())
      return fail(ErrorKind::NotFound, "no live object is of type {}{}", name, like(name));
    std::vector<Best> nearest;
    for (auto& [key, best] : by_referrer) nearest.push_back(best);
    std::ranges::stable_sort(nearest, {}, &Best::depth);
    describe(nearest.front().id, report);
    if (nearest.size() > most) nearest.resize(most);
    for (const Best& best : nearest) {
      RootPath path = paths_.shortest(best.id);
      path.similar = best.objects - 1;
      report.paths.push_back(row_of(path));
    }
    return {};
  }

 private:
  static constexpr std::uint64_t kByRoot = ~std::uint64_t{0};

  template <class Visit>
  void each_live(Visit&& visit) const {
    for (const HeapSpan& span : heap_.spans())
      for (std::uint32_t slot = 0; slot < span.span.slots; slot++)
        if (ObjectId id(span.first.value + slot); paths_.reached(id)) visit(id);
  }

  std::uint64_t type_key(ObjectId id) const {
    const ObjectInfo& info = views_.info(id);
    return std::uint64_t{info.type().value} << 1 | info.array();
  }
  std::string type_of(ObjectId id) {
    return contents_name(views_.types(), views_.info(id).type(), views_.info(id).array());
  }
  std::map<std::uint64_t, std::string> live_types() {
    std::map<std::uint64_t, std::string> out;
    each_live([&](ObjectId id) {
      if (auto [at, fresh] = out.try_emplace(type_key(id)); fresh) at->second = type_of(id);
    });
    return out;
  }
  std::set<std::uint64_t> keys_named(const std::string& name) {
    std::set<std::uint64_t> out;
    for (auto& [key, type] : live_types())
      if (type == name) out.insert(key);
    return out;
  }
  // "; did you mean main.Conn?"
  std::string like(const std::string& name) {
    std::string out;
    auto bare = name.starts_with('*') ? name.substr(1) : name;
    for (auto& [key, type] : live_types())
      if (type.find(bare) != std::string::npos && (out.empty() || type.size() < out.size()))
        out = type;
    return out.empty() ? "; overhang heap lists the types" : "; did you mean " + out + "?";
  }

  // What an address leads to where that is no live object.
  std::string what_is_at(Address address, const std::optional<ObjectRef>& object) const {
    if (object) return "an object is there that the next collection frees";
    if (heap_.contains(address)) return "a free slot of the heap";
    for (const Goroutine& goroutine : analysis_.roots().goroutines)
      if (address >= goroutine.stack_lo && address < goroutine.stack_hi)
        return fmt::format("the stack of goroutine {}", goroutine.id);
    if (analysis_.runtime().module_of_data(address)) return "static data";
    if (analysis_.runtime().module_of_pc(address)) return "code";
    return heap_.image().bytes(address, 1) ? "memory that is not the Go heap's" : "nothing";
  }

  void describe(ObjectId id, PathReport& report) {
    report.address = heap_.base(id);
    report.type = type_of(id);
    report.bytes = heap_.slot_size(id);
    report.overhang = !views_.touched(id);
  }

  // Variables by address, to name root words by.
  void index_places() {
    for (ObjectIndex i = 0; i < views_.places().size(); i++) {
      auto holder = Holder::place(i);
      const RootPlace& row = views_.places().row(holder);
      if (row.address == 0 || row.type == kUnknownType) continue;
      variables_.try_emplace(row.address, holder);
    }
  }
  std::optional<std::pair<Holder, std::uint64_t>> variable_at(Address slot) {
    auto after = variables_.upper_bound(slot);
    if (slot == 0 || after == variables_.begin()) return std::nullopt;
    auto [address, holder] = *std::prev(after);
    const auto size = views_.decoder().facts(views_.places().row(holder).type).size;
    if (slot - address >= size) return std::nullopt;
    return std::pair(holder, slot - address);
  }

  void name_root(const RootWord& word, PathRow& row) {
    const RootSet& roots = analysis_.roots();
    bool of_stack = word.goroutine != RootWord::kNoGoroutine;
    Address slot = of_stack ? roots.goroutines[word.goroutine].roots[word.index].slot
                            : roots.roots[word.index].slot;
    if (of_stack) return name_stack_word(roots.goroutines[word.goroutine], word.index, slot, row);
    const Root& root = roots.roots[word.index];
    switch (root.kind) {
      case RootKind::Data: {
        row.kind = "global";
        auto variable = variable_at(slot);
        row.root = variable ? namer_.name(variable->first, variable->second).text
                            : fmt::format("static word at {:#x}", slot);
        return;
      }
      case RootKind::FinalizerFn:
      case RootKind::QueuedFinalizer:
      case RootKind::FinalizerObject:
        row.kind = "finalizer";
        row.root = root.kind == RootKind::FinalizerObject
                       ? fmt::format("finalizer of {:#x}", root.value)
                       : "finalizer";
        return;
      case RootKind::CleanupFn:
      case RootKind::CleanupArg:
      case RootKind::QueuedCleanup:
        row.kind = "finalizer";
        row.root = "cleanup (runtime.AddCleanup)";
        return;
      case RootKind::WeakHandle:
      case RootKind::Other:
        break;
    }
    row.kind = "other";
    row.root = root.kind == RootKind::WeakHandle ? "weak handle" : "allocator";
  }

  void name_stack_word(const Goroutine& goroutine, std::uint32_t index, Address slot,
                       PathRow& row) {
    row.kind = "stack";
    if (auto variable = variable_at(slot)) {
      row.kind = "local";
      row.root = fmt::format("{} (goroutine {})",
                             namer_.name(variable->first, variable->second).text, goroutine.id);
      return;
    }
    const StackRoot& word = goroutine.roots[index];
    std::string function;
    if (word.frame >= 0 && static_cast<std::size_t>(word.frame) < goroutine.frames.size())
      if (auto found = analysis_.runtime().find_function(
              goroutine.frames[static_cast<std::size_t>(word.frame)].pc))
        function = fmt::format(" in {}", found->name);
    row.root = fmt::format("{}{} (goroutine {})", slot ? "stack word" : "register", function,
                           goroutine.id);
  }

  // The word of `from` that leads to `to`: one that the program sees, where there is one.
  struct Link {
    std::uint64_t offset = 0;
    bool hidden = false;
  };
  Link link(ObjectId from, ObjectId to) {
    auto begin = heap_.base(to), end = begin + heap_.slot_size(to);
    std::optional<Link> first;
    bool done = false;
    heap_.for_each_pointer(from, 0, heap_.slot_size(from),
                           [&](std::uint64_t offset, Address value) {
                             if (done || value < begin || value >= end) return;
                             Link at{offset, hides(from, offset)};
                             if (!first || !at.hidden) first = at;
                             done = !at.hidden;
                           });
    return first.value_or(Link{});
  }
  // Whether a word of an object that the program sees is one that it does not see.
  bool hides(ObjectId id, std::uint64_t offset) const {
    if (!views_.touched(id) || views_.full(id)) return false;
    const Intervals* parts = views_.visible_parts(id);
    return !parts || !parts->covers(offset);
  }
  std::string category_at(ObjectId id, std::uint64_t offset) const {
    const HiddenMemory& hidden = analysis_.certain().hidden;
    for (const HiddenRegion& region : hidden.regions)
      if (hidden.arrays[region.array].object == id && offset >= region.begin && offset < region.end)
        return category_name(region.category);
    return {};
  }

  std::string reference(ObjectId from, std::uint64_t offset) {
    const ObjectInfo& info = views_.info(from);
    auto header = heap_.header_size(from);
    if (offset < header) return {};
    auto& words = steps_.words_of(info.type(), info.array());
    bool in_map = steps_.is_map_storage(info.type());
    auto text = steps_.text(steps_.at(words, offset - header, in_map));
    // An element's index says more than that it is one.
    if (info.array() && words.size > 0 && !in_map && text.starts_with("[]"))
      text = fmt::format("[{}]{}", (offset - header) / words.size, text.substr(2));
    return text;
  }

  PathRow row_of(const RootPath& path) {
    PathRow row;
    name_root(path.root, row);
    row.similar = path.similar;
    auto count = path.objects.size();
    for (std::size_t i = 0; i < count; i++) {
      bool left_out = i >= kPathEnds && i + kPathEnds < count;
      if (left_out) {
        row.omitted_steps++;
        row.hidden |= !views_.touched(path.objects[i]);
        continue;
      }
      ObjectId id = path.objects[i];
      PathStep step;
      if (i > 0) {
        auto before = path.objects[i - 1];
        auto at = link(before, id);
        step.reference = reference(before, at.offset);
        step.hidden = at.hidden;
        if (at.hidden) step.category = category_at(before, at.offset);
      }
      step.address = heap_.base(id);
      step.type = type_of(id);
      step.bytes = heap_.slot_size(id);
      row.hidden |= step.hidden || !views_.touched(id);
      row.steps.push_back(std::move(step));
    }
    return row;
  }

  Analysis& analysis_;
  Views& views_;
  const Heap& heap_;
  Namer namer_;
  AccessSteps steps_;
  RootPaths paths_;
  std::map<Address, Holder> variables_;
};

}  // namespace

Result<Outcome> run_path(const Run& run) {
  const Options& options = run.options;
  OVERHANG_TRY(auto analysis, analyse(options.analysis, run.diagnostics));
  PathReport report;
  report.target = describe_target(analysis->target());
  report.asked = options.object;
  {
    Phase timer(run.diagnostics, "paths");
    PathFinder finder(*analysis);
    auto most = std::max<std::size_t>(options.top.value_or(kShown), 1);
    auto address = parse_address(options.object);
    OVERHANG_CHECK(address ? finder.to_address(*address, most, report)
                           : finder.to_type(options.object, most, report));
  }
  finish(run, report);
  if (options.format == Format::Json) return Outcome{render_json(report), kExitDone, {}};
  return Outcome{render_text(report, {.colour = colour_wanted(options)}), kExitDone, {}};
}

}  // namespace overhang
