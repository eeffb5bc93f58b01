#include "support/busy.h"

#include <fmt/format.h>

#include "goruntime/span_marks.h"
#include "heap/pointer_map.h"
#include "support/verdicts.h"

namespace overhang::test {
namespace {

constexpr std::uint64_t kMagic = 0x5ca1ab1e0ddba11;
constexpr std::uint64_t kWitnessBytes = 64;
constexpr std::size_t kShown = 20;
const std::string kKit = "overhang.subjects/kit.";

Address symbol(const Anatomy& anatomy, const std::string& name) {
  auto found = anatomy.file->symbol(name);
  return found ? found->address + anatomy.runtime->load_bias() : 0;
}

// Losses that a program at work may cause, each with its reason:
bool legitimate(std::string_view cause) {
  // A slice header is three words, which the program writes one after another: an image may stand
  // between them, the array still the old one and the length the new.
  if (cause == "slices that end past their array") return true;
  // The kernel does not stop a thread that waits for a page, on a machine that is short of memory.
  return cause == "threads in uninterruptible sleep, whose registers are unknown";
}

// Calls visit(address) for each place of a table of kit/busy.go that holds a witness still.
template <class Visit>
void for_each_witness(const Anatomy& anatomy, const char* table, std::uint64_t count, Visit visit) {
  auto base = symbol(anatomy, kKit + table);
  auto& image = *anatomy.image;
  for (std::uint64_t i = 0; i < count; i++) {
    auto address = image.word(base + 16 * i).value_or(0);
    auto serial = image.word(base + 16 * i + 8).value_or(0);
    if (address == 0) continue;
    bool there = image.word(address) == kMagic && image.word(address + 8) == serial;
    visit(address, there);
  }
}

// What an object is, and the way to it from a root, backwards, by exact references if there are
// any.
std::string describe(const Anatomy& anatomy, ObjectId id) {
  auto& heap = *anatomy.heap;
  auto exact = anatomy.reach(without_conservative_roots(anatomy.roots));
  auto& live = exact.live.test(id.value) ? exact.live : anatomy.live.live;
  std::string text;
  for (int step = 0; step < 6; step++) {
    text += fmt::format(" {:#x}/{} {{", heap.base(id), heap.slot_size(id));
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(heap.slot_size(id) / 8, 3); i++)
      text += fmt::format("{:#x} ", anatomy.image->word(heap.base(id) + 8 * i).value_or(0));
    text += "} <-";
    auto points_here = [&](Address value) {
      auto to = heap.find(value);
      return to && to->id == id;
    };
    for (auto& root : anatomy.roots.roots)
      if (points_here(root.value))
        return text + fmt::format(" root {} {:#x}", int(root.kind), root.slot);
    for (auto& goroutine : anatomy.roots.goroutines)
      for (auto& root : goroutine.roots)
        if (points_here(root.value)) {
          text += fmt::format(" g {} status {} word {:#x}{} frames", goroutine.id, goroutine.status,
                              root.slot, root.conservative ? " conservative" : "");
          for (auto& frame : goroutine.frames)
            if (root.slot == 0 || (frame.fp() > root.slot && frame.sp <= root.slot))
              text += fmt::format(" {}", anatomy.function_of(frame));
          return text;
        }
    auto from = id;
    for (std::uint32_t i = 0; i < heap.object_count() && from == id; i++)
      if (live.test(i))
        heap.for_each_pointer(ObjectId{i}, 0, heap.slot_size(ObjectId{i}),
                              [&](std::uint64_t offset, Address value) {
                                if (ObjectId{i} == id || from != id || !points_here(value)) return;
                                from = ObjectId{i};
                                text += fmt::format(" +{} of", offset);
                              });
    if (from == id) break;
    id = from;
  }
  return text;
}

void check_witnesses(const Anatomy& anatomy, const Analysis& analysis, BusyTally& tally) {
  auto& heap = *anatomy.heap;
  for_each_witness(anatomy, "living", 1024, [&](Address address, bool there) {
    auto object = heap.find(address);
    if (!there || !object)
      tally.fault(fmt::format("witness {:#x} is not in the heap", address));
    else if (!anatomy.live.live.test(object->id.value))
      tally.fault(fmt::format("witness {:#x} is alive, not in the live set", address));
    else if (!analysis.views->full(object->id))
      tally.fault(fmt::format("witness {:#x} is in use, not visible", address));
    else
      tally.living++;
  });
  std::optional<LiveSet> exact;
  for_each_witness(anatomy, "dropped", 4096, [&](Address address, bool there) {
    // Its memory may have gone to a pointer-free object that nobody has written to yet.
    auto object = there ? heap.find(address) : std::nullopt;
    if (!object || object->offset != 0 || heap.slot_size(object->id) != kWitnessBytes) return;
    if (heap.span_of(object->id).span.noscan()) return;
    tally.dropped++;
    if (!anatomy.live.live.test(object->id.value)) return;
    if (!exact) exact = anatomy.reach(without_conservative_roots(anatomy.roots));
    if (exact->live.test(object->id.value))
      tally.fault(fmt::format("witness {:#x} is garbage, in the live set: {}", address,
                              describe(anatomy, object->id)));
    else
      tally.dropped_conservative++;
  });
}

// A slot that mallocgc has taken and not handed out yet (mspan.isFreeOrNewlyAllocated).
bool half_made(const Heap& heap, const PageTable::Hit& hit) {
  auto& span = heap.spans()[hit.span].span;
  return hit.slot >= span.free_index_for_scan && hit.slot < span.free_index &&
         sweep_state(span, heap.sweepgen()) == SweepState::Swept;
}

// No exact reference leads to a free slot: the collector would stop the program over it. But
// mallocgc's own frames, which it never meets, hold what they are making, and mcache.tiny names a
// new block a few instructions before its slot counts as allocated (malloc.go: mallocgcTiny).
void check_dangling(const Anatomy& anatomy, BusyTally& tally) {
  auto& heap = *anatomy.heap;
  auto exact = without_conservative_roots(anatomy.roots);
  auto check = [&](Address value, const std::string& where, bool allocating = false) {
    PageTable::Hit hit;
    if (heap.pages().find(value, hit) && !heap.allocated(ObjectId(hit.id)) &&
        !(allocating && half_made(heap, hit)))
      tally.fault(fmt::format("{} refers to a free slot at {:#x}, span {:#x} sweepgen {} of {}",
                              where, value, heap.spans()[hit.span].span.base,
                              heap.spans()[hit.span].span.sweepgen, heap.sweepgen()));
  };
  for (auto& root : exact.roots)
    if (root.kind != RootKind::FinalizerObject)
      check(root.value, fmt::format("root word {:#x}, kind {}", root.slot, int(root.kind)),
            root.kind == RootKind::Other);
  for (auto& goroutine : exact.goroutines)
    for (auto& root : goroutine.roots) {
      std::string function = "?";
      if (root.frame >= 0) function = anatomy.function_of(goroutine.frames[root.frame]);
      check(root.value, fmt::format("stack word {:#x} of {}", root.slot, function),
            function.starts_with("runtime.mallocgc"));
    }
  auto live = anatomy.reach(exact);
  for (std::uint32_t i = 0; i < heap.object_count(); i++) {
    if (!live.live.test(i)) continue;
    ObjectId id{i};
    heap.for_each_pointer(id, 0, heap.slot_size(id), [&](std::uint64_t offset, Address value) {
      check(value, fmt::format("object {:#x}+{}", heap.base(id), offset));
    });
  }
}

void count_stacks(const Anatomy& anatomy, BusyTally& tally) {
  for (auto& goroutine : anatomy.roots.goroutines) {
    tally.goroutines++;
    tally.running += goroutine.status == 2;
    tally.copying += goroutine.status == 8;
    tally.frames += goroutine.frames.size();
    for (auto& frame : goroutine.frames)
      if (frame.conservative) tally.conservative[anatomy.function_of(frame)]++;
    if (!goroutine.truncated) continue;
    std::string frames;
    for (auto& frame : goroutine.frames) frames += " " + anatomy.function_of(frame);
    tally.truncated[fmt::format("status {}:{}", goroutine.status, frames)]++;
  }
}

// What first showed an object, and what showed that.
std::string describe_holders(const Analysis& analysis, ObjectId id) {
  auto& views = *analysis.views;
  std::string text;
  for (int step = 0; step < 6; step++) {
    auto& info = views.info(id);
    text += fmt::format(" {:#x}/{} {}{}", views.heap().base(id), views.heap().slot_size(id),
                        info.array() ? "array of " : "", analysis.types->info(info.type()).name);
    auto holder = info.holder();
    if (holder.none()) return text + " <- nothing";
    if (holder.is_place()) {
      auto& place = views.places().row(holder);
      return text + fmt::format(" <- {}{} of {} at {:#x}", views.places().name(place),
                                place.conservative ? ", conservative," : "",
                                views.places().function(place), place.address);
    }
    text += " <-";
    id = holder.as_object();
  }
  return text;
}

// Which slots of the untouched tail keep nothing, and how their objects look.
std::string describe_tail(const Anatomy& anatomy, const Analysis& analysis) {
  auto& heap = *anatomy.heap;
  std::map<std::string, std::uint64_t> states;
  auto state_of = [&](Address value) -> std::string {
    PageTable::Hit hit;
    if (!heap.pages().find(value, hit)) return "not in the heap";
    auto& span = heap.spans()[hit.span].span;
    ObjectId id(hit.id);
    std::string text = !heap.allocated(id)                 ? "free"
                       : !anatomy.live.live.test(id.value) ? "dead"
                       : analysis.views->full(id)          ? "visible"
                       : analysis.views->touched(id)       ? "visible in part"
                                                           : "";
    if (!text.empty())
      text +=
          fmt::format(" in span {:#x}, sweepgen {} of {}, free index {} {}", span.base,
                      span.sweepgen, heap.sweepgen(), span.free_index, span.free_index_for_scan);
    return text;
  };
  auto header = read_slice(*anatomy.image, symbol(anatomy, kKit + "hidden"));
  if (!header) return " no header";
  std::string text;
  for (std::uint64_t i = 10; i < 1000; i++) {
    auto stale = anatomy.image->word(header->data + 8 * i).value_or(0);
    states["object " + state_of(stale)]++;
    states["text " + state_of(anatomy.image->word(stale).value_or(0))]++;
    auto object = heap.find(stale);
    if (object && analysis.views->full(object->id))
      text += fmt::format("\n      [{}]{}", i, describe_holders(analysis, object->id));
  }
  for (auto& [state, count] : states) text += fmt::format("; {} {}", count, state);
  if (auto array = heap.find(header->data)) {
    if (auto* parts = analysis.views->visible_parts(array->id))
      for (auto& [from, to] : parts->ranges()) text += fmt::format("; shown {} to {}", from, to);
    for (auto& window : analysis.views->windows())
      if (window.array == array->id)
        text += fmt::format("; window {} + {} held at {} + {}", window.begin, window.len,
                            window.holder.bits(), window.holder_offset);
  }
  return text;
}

// Whether the object is visible by a word of a conservative frame alone, or by one that is.
bool shown_conservatively(const Views& views, ObjectId id) {
  if (!views.touched(id)) return false;
  auto holder = views.info(id).holder();
  if (holder.is_object()) return shown_conservatively(views, holder.as_object());
  return holder.is_place() && views.places().row(holder).conservative;
}

// kit.hideTail: nobody touches it, so that its numbers are the same in every image. But a stack may
// stand where the collector had its work list, full of pointers to what it found; of a frame that
// is scanned conservatively the words not written yet may be such. What they lead to is visible; if
// it is the array itself, all of it is in the certain number.
void check_tail(const Anatomy& anatomy, const Analysis& analysis, BusyTally& tally) {
  auto* row = analysis.site(kKit + "hidden");
  if (!row) return tally.fault("the untouched tail has no site");
  constexpr std::uint64_t kSlots = 990, kBytes = kSlots * (256 + 64);
  std::uint64_t shown = 0, shown_bytes = 0;
  auto& heap = *anatomy.heap;
  auto count_shown = [&](Address address) {
    auto object = heap.find(address);
    if (!object || !shown_conservatively(*analysis.views, object->id)) return;
    shown++;
    shown_bytes += heap.slot_size(object->id);
  };
  auto header = read_slice(*anatomy.image, symbol(anatomy, kKit + "hidden"));
  for (std::uint64_t i = 10; header && i < 1000; i++) {
    auto stale = anatomy.image->word(header->data + 8 * i).value_or(0);
    count_shown(stale);
    count_shown(anatomy.image->word(stale).value_or(0));
  }
  tally.tail_objects_shown += shown;
  auto array = header ? heap.find(header->data) : std::nullopt;
  if (array && analysis.views->doubt_about(array->id)) {
    tally.doubts++;
    if (row->retained_bytes_possible != kBytes)
      tally.fault("the untouched tail, in doubt, changed");
    return;
  }
  if (row->stale_slots != kSlots || row->retained_objects + shown != 2 * kSlots ||
      row->retained_bytes + shown_bytes != kBytes || row->len != 10 || row->cap != 1000)
    tally.fault(fmt::format("the untouched tail: len {} cap {}, {} slots keep {} objects, {} bytes",
                            row->len, row->cap, row->stale_slots, row->retained_objects,
                            row->retained_bytes) +
                describe_tail(anatomy, analysis));
}

bool is_finalizable(const Anatomy& anatomy, Address base) {
  for (auto& root : anatomy.roots.roots)
    if (root.kind == RootKind::FinalizerObject && root.value == base) return true;
  return false;
}

// The roots that a write barrier guards. Stacks have none, nor have the runtime's own records: what
// only a cleanup's record leads to is gone if the cleanup is stopped before that is scanned.
RootSet globals_of(const RootSet& all) {
  RootSet out;
  std::ranges::copy_if(all.roots, std::back_inserter(out.roots),
                       [](auto& root) { return root.kind == RootKind::Data; });
  return out;
}

// What g.sched.ctxt of goroutines refers to, dead ones too.
RootSet scheduled_closures(const Anatomy& anatomy) {
  RootSet out;
  auto& image = *anatomy.image;
  auto list = read_slice(image, anatomy.runtime->variables().allgs);
  for (std::uint64_t i = 0; list && i < list->len; i++) {
    auto g = image.word(list->data + 8 * i).value_or(0);
    auto slot = g + static_cast<std::uint64_t>(anatomy.runtime->layout().g_sched_ctxt);
    if (auto closure = image.word(slot).value_or(0))
      out.roots.push_back({RootKind::Other, slot, closure, 0});
  }
  return out;
}

// Whether the collection that `collected` comes after marked what stood at the object's place.
bool marked_later(const Anatomy& image, const Anatomy& collected, ObjectId id) {
  auto& then = *image.heap;
  auto& now = *collected.heap;
  PageTable::Hit hit;
  auto base = then.base(id);
  if (!now.pages().find(base, hit)) return false;
  ObjectId same{hit.id};
  return now.base(same) == base && now.slot_size(same) == then.slot_size(id) &&
         now.marked_by_collector(same);
}

}  // namespace

std::uint64_t kit_word(const Anatomy& anatomy, const std::string& name) {
  return anatomy.image->word(symbol(anatomy, kKit + name)).value_or(0);
}

std::string collector_phase(const Anatomy& anatomy) {
  auto phase = anatomy.image->read<std::uint32_t>(symbol(anatomy, "runtime.gcphase"));
  if (phase == 1u) return "marking";
  if (phase == 2u) return "mark termination";
  auto sweepgen = anatomy.heap->sweepgen();
  for (auto& entry : anatomy.heap->spans()) {
    auto behind = sweepgen - entry.span.sweepgen;
    if (behind == 1 || behind == 2 || behind == 0xFFFFFFFFu) return "sweeping";
  }
  return "idle";
}

void check_image(Anatomy& anatomy, const Analysis& analysis, BusyTally& tally) {
  tally.images++;
  tally.phases[collector_phase(anatomy)]++;
  for (auto& warning : analysis.report.warnings) {
    auto cause = warning.substr(0, warning.find(':'));
    tally.warnings[cause]++;
    if (!legitimate(cause)) tally.fault(warning);
  }
  count_stacks(anatomy, tally);
  check_witnesses(anatomy, analysis, tally);
  check_dangling(anatomy, tally);
  check_tail(anatomy, analysis, tally);
}

void check_bounds(const Anatomy& image, const Anatomy& collected, BoundsTally& tally) {
  auto& heap = *image.heap;
  auto cycles = collected.heap->sweepgen() - heap.sweepgen();
  auto phase = image.image->read<std::uint32_t>(symbol(image, "runtime.gcphase"));
  auto fault = [&](std::string text, std::optional<ObjectId> id = {}) {
    if (tally.faults.size() < kShown)
      tally.faults.push_back(std::move(text) + (id ? describe(image, *id) : ""));
  };
  if (cycles == 0) {  // what exact references reach is not free: check_image has seen to that
    tally.after++;
    return;
  }
  if (cycles != 2) return fault(fmt::format("{} cycles came in between", cycles / 2));
  bool marking = phase != 0u;
  (marking ? tally.marking : tally.before)++;
  tally.live += image.live.objects;
  if (!marking)
    tally.steps += kit_word(collected, "steps") - kit_word(image, "steps") +
                   (kit_word(image, "workers") & 0xFFFFFFFF);
  auto exact = image.reach(without_conservative_roots(image.roots));
  auto global = image.reach(globals_of(image.roots));
  auto contexts = image.reach(scheduled_closures(image));
  for (std::uint32_t i = 0; i < heap.object_count(); i++) {
    ObjectId id{i};
    if (!heap.allocated(id)) continue;
    bool marked = marked_later(image, collected, id), ours = image.live.live.test(i);
    if (marked == ours) continue;
    if (marking) {
      if (marked) {
        tally.floating++;
      } else if (!exact.live.test(i)) {
        tally.marking_conservative++;
      } else if (!global.live.test(i) || contexts.live.test(i)) {
        tally.marking_unguarded++;
      } else {
        tally.unmarked++;
        fault("amidst marking, exact, never marked: ", id);
      }
    } else if (marked) {
      if (is_finalizable(image, heap.base(id))) {
        tally.revived++;
      } else {
        tally.missed++;
        fault("marked later, not live to us: ", id);
      }
    } else if (!exact.live.test(i)) {
      tally.gone_conservative++;
    } else {
      (global.live.test(i) ? tally.gone_heap : tally.gone_stack)++;
    }
  }
}

}  // namespace overhang::test
