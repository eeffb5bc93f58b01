#include "support/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace overhang::test {
namespace {

constexpr std::size_t kShown = 40;

// See Verdicts::died_in_unique_cleanup.
bool made_by_unique_cleanup(const Anatomy& anatomy, ObjectId id) {
  if (anatomy.runtime->version().minor != 24 || anatomy.heap->slot_size(id) != 24) return false;
  auto pc = anatomy.image->word(anatomy.heap->base(id)).value_or(0);
  auto function = anatomy.runtime->find_function(pc);
  if (!function || function->entry != pc) return false;
  return (function->name.starts_with("unique.addUniqueMap[") &&
          function->name.ends_with("].func1.1")) ||
         (function->name.starts_with("internal/sync.(*HashTrieMap[") &&
          function->name.ends_with("]).All.func1"));
}

// mheap.go: tinySpanClass.
constexpr std::uint8_t kTinySpanClass = 2 << 1 | 1;

std::uint64_t processors(const Anatomy& anatomy) {
  auto all = read_slice(*anatomy.image, anatomy.runtime->variables().allp);
  return all ? all->len : 0;
}

// Says where in the image's roots and stacks words point into an object.
class Finder {
 public:
  explicit Finder(const Anatomy& anatomy) : anatomy_(anatomy) {}

  std::string describe(ObjectId id) const {
    auto& heap = *anatomy_.heap;
    auto& span = heap.span_of(id);
    auto base = heap.base(id);
    auto size = heap.slot_size(id);
    auto text = fmt::format("{:#x}, {} bytes, span class {}", base, size, span.span.span_class);
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(size / 8, 4); i++)
      text += fmt::format("{}{:#x}", i == 0 ? " {" : " ",
                          anatomy_.image->word(base + 8 * i).value_or(0));
    text += "}";
    if (auto type = heap.allocation_type(id)) text += fmt::format(" type {:#x}", type);
    return text + holders(base, base + size);
  }

 private:
  std::string holders(Address begin, Address end) const {
    std::string text;
    for (auto& module : anatomy_.runtime->modules())
      for (auto [from, to] :
           {std::pair(module.noptrdata, module.edata), {module.bss, module.enoptrbss}})
        scan(from, to, begin, end, "global", text);
    for (auto& goroutine : anatomy_.roots.goroutines) {
      auto before = text.size();
      scan(goroutine.stack_lo, goroutine.stack_hi, begin, end, "stack word", text);
      if (text.size() == before) continue;
      text += fmt::format(" of goroutine {} status {}:", goroutine.id, goroutine.status);
      for (auto& frame : goroutine.frames)
        text += fmt::format(" {}[{:#x},{:#x})", anatomy_.function_of(frame), frame.sp, frame.fp());
    }
    return text;
  }

  void scan(Address from, Address to, Address begin, Address end, const char* what,
            std::string& text) const {
    auto bytes = anatomy_.image->bytes(from, to - from);
    if (!bytes) return;
    for (std::uint64_t at = 0; at + 8 <= bytes->size(); at += 8) {
      auto word = load_unchecked<std::uint64_t>(bytes->data() + at);
      if (word >= begin && word < end) text += fmt::format("; {} {:#x}", what, from + at);
    }
  }

  const Anatomy& anatomy_;
};

// Of a set of objects, those that no other of the set points to: where the difference begins.
std::vector<ObjectId> tops(const Heap& heap, const std::vector<ObjectId>& set) {
  std::unordered_set<std::uint32_t> members, pointed_to;
  for (auto id : set) members.insert(id.value);
  for (auto id : set)
    heap.for_each_pointer(id, 0, heap.slot_size(id), [&](std::uint64_t, Address value) {
      if (auto to = heap.find(value); to && to->id != id && members.contains(to->id.value))
        pointed_to.insert(to->id.value);
    });
  std::vector<ObjectId> out;
  for (auto id : set)
    if (!pointed_to.contains(id.value)) out.push_back(id);
  return out.empty() ? set : out;
}

}  // namespace

RootSet without_conservative_roots(const RootSet& all) {
  RootSet exact = all;
  for (auto& goroutine : exact.goroutines)
    std::erase_if(goroutine.roots, [](const StackRoot& root) { return root.conservative; });
  return exact;
}

std::string Verdicts::text() const {
  auto out = fmt::format(
      "collector {}, ours {}, since {}, conservative only {}, dead {}, tiny blocks {}, different "
      "{}\n",
      marked, ours, allocated_since, conservative_only, died_in_unique_cleanup,
      exchanged_tiny_blocks, different);
  for (auto& line : differences) out += line + "\n";
  return out;
}

Verdicts compare_with_collector(const Anatomy& anatomy) {
  auto& heap = *anatomy.heap;
  auto exact = anatomy.reach(without_conservative_roots(anatomy.roots));
  Verdicts out;
  std::vector<ObjectId> collectors, our_own;
  for (std::uint32_t i = 0; i < heap.object_count(); i++) {
    ObjectId id{i};
    bool marked = heap.marked_by_collector(id), ours = anatomy.live.live.test(i);
    out.marked += marked;
    out.ours += ours;
    if (marked == ours) continue;
    if (marked && made_by_unique_cleanup(anatomy, id))
      out.died_in_unique_cleanup++;
    else if (marked && heap.span_of(id).span.span_class == kTinySpanClass &&
             out.exchanged_tiny_blocks < processors(anatomy))
      out.exchanged_tiny_blocks++;
    else if (marked)
      collectors.push_back(id);
    else if (heap.allocated_since_cycle(id))
      out.allocated_since++;
    else if (!exact.live.test(i))
      out.conservative_only++;
    else
      our_own.push_back(id);
  }
  out.different = collectors.size() + our_own.size();
  Finder finder(anatomy);
  for (auto* side : {&collectors, &our_own})
    for (auto id : tops(heap, *side))
      if (out.differences.size() < kShown)
        out.differences.push_back((side == &collectors ? "collector only: " : "ours only: ") +
                                  finder.describe(id));
  return out;
}

}  // namespace overhang::test
