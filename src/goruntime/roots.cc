#include "goruntime/roots.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "goruntime/span_marks.h"
#include "goruntime/specials.h"

namespace overhang {
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::uint64_t kRootBlock = 256 << 10;  // bytes; mgcmark.go: rootBlockBytes
// Sizes of finBlock and cleanupBlock: persistentalloc'd in these units in every release.
constexpr std::uint64_t kFinBlockSize = 4096;
constexpr std::uint64_t kCleanupBlockSize = 512;
constexpr std::uint64_t kMaxProcessors = 1 << 20;

class RootReader {
 public:
  RootReader(const Runtime& runtime, std::vector<Root>& roots)
      : runtime_(runtime), image_(runtime.image()), layout_(runtime.layout()), roots_(roots) {}

  void read_globals();
  void read_specials(const HeapSpans& heap);
  void read_queued_finalizers();
  void read_queued_cleanups();
  void read_tiny_blocks();

 private:
  void read_masked(Address start, Address end, Address mask, std::uint64_t mask_bits);
  void read_block(Address start, std::uint64_t words, Address mask);
  void read_special(const HeapSpans& heap, const Span& span, const Special& special);
  void read_finalizer(const Span& span, const Special& special, bool dead);
  void read_cleanup(const Special& special);
  void add_cleanup_fn(Address cleanup, RootKind function);
  void add(RootKind kind, Address slot, Address type = 0);
  Address field(Address base, std::int64_t offset) const {
    return base + static_cast<std::uint64_t>(offset);
  }
  // abi.PtrType.Elem; 0 of a null type.
  Address pointed_to(Address pointer_type) const {
    if (pointer_type == 0) return 0;
    return image_.word(field(pointer_type, layout_.abiPtrType_elem)).value_or(0);
  }
  // Whether a block of a linked list was not met yet.
  bool is_new(Address block, const char* what) {
    if (seen_.insert(block).second) return true;
    runtime_.diagnostics().lose(what, fmt::format("{:#x}", block));
    return false;
  }

  const Runtime& runtime_;
  const Image& image_;
  const Layout& layout_;
  std::vector<Root>& roots_;
  std::unordered_set<Address> seen_;
};

void RootReader::add(RootKind kind, Address slot, Address type) {
  auto value = image_.word(slot);
  if (!value)
    runtime_.diagnostics().lose("root record unreadable", fmt::format("{:#x}", slot));
  else if (*value != 0)
    roots_.push_back({kind, slot, *value, type, 0, 0});
}

// markroot's data and bss cases.
void RootReader::read_globals() {
  for (auto& module : runtime_.modules()) {
    read_masked(module.data, module.edata, module.data_mask, module.data_mask_bits);
    read_masked(module.bss, module.ebss, module.bss_mask, module.bss_mask_bits);
  }
}

void RootReader::read_masked(Address start, Address end, Address mask, std::uint64_t mask_bits) {
  if (end <= start) return;
  auto words = std::min((end - start) / kWord, mask_bits);
  constexpr auto kBlockWords = kRootBlock / kWord;
  for (std::uint64_t first = 0; first < words; first += kBlockWords)
    read_block(start + first * kWord, std::min(words - first, kBlockWords), mask + first / 8);
}

void RootReader::read_block(Address start, std::uint64_t words, Address mask) {
  auto memory = image_.bytes(start, words * kWord);
  auto bits = image_.bytes(mask, (words + 7) / 8);
  if (!memory || !bits) {
    runtime_.diagnostics().lose("globals missing from the image", fmt::format("{:#x}", start));
    return;
  }
  for (std::uint64_t first = 0; first < words; first += 64) {
    // The mask's bytes may end within these 64 words, and its bits within the last byte.
    std::uint64_t set = 0;
    auto count = std::min<std::uint64_t>(words - first, 64);
    std::memcpy(&set, bits->data() + first / 8, (count + 7) / 8);
    if (count < 64) set &= (std::uint64_t{1} << count) - 1;
    for (; set != 0; set &= set - 1) {
      auto offset = (first + static_cast<std::uint64_t>(std::countr_zero(set))) * kWord;
      auto value = load_unchecked<std::uint64_t>(memory->data() + offset);
      if (value != 0) roots_.push_back({RootKind::Data, start + offset, value, 0, 0, 0});
    }
  }
}

// markrootSpans. An object that the last cycle found dead is swept before the next one begins, and
// loses its weak handle then. Other kinds keep nothing alive: they describe an object (profile, pin
// counter, tiny block, bubble, …) and hold no pointers that the collector follows.
void RootReader::read_specials(const HeapSpans& heap) {
  for_each_special(runtime_, heap, [&](const Span& span, const Special& special) {
    auto first = roots_.size();
    read_special(heap, span, special);
    auto inner = span.elem_size == 0 ? 0 : special.offset % span.elem_size;
    for (auto i = first; i < roots_.size(); i++)
      if (roots_[i].kind != RootKind::QueuedFinalizer)
        roots_[i].owner = span.base + special.offset - inner;
  });
}

void RootReader::read_special(const HeapSpans& heap, const Span& span, const Special& special) {
  bool dead = span.elem_size != 0 && sweep_state(span, heap.sweepgen) == SweepState::Unswept &&
              !SpanMarks(image_, span)
                   .test(static_cast<std::uint32_t>(
                       std::min(special.offset / span.elem_size, std::uint64_t{span.slots} - 1)));
  if (special.kind == layout_.kindSpecialFinalizer)
    read_finalizer(span, special, dead);
  else if (special.kind == layout_.kindSpecialWeakHandle && !dead)
    add(RootKind::WeakHandle, field(special.address, layout_.specialWeakHandle_handle));
  else if (special.kind == layout_.kindSpecialCleanup)
    read_cleanup(special);
}

// gcScanFinalizer. Of an object that the last cycle found `dead` sweeping will queue the finalizer
// (mgcsweep.go: sweepLocked.sweep), which then refers to the object itself.
void RootReader::read_finalizer(const Span& span, const Special& special, bool dead) {
  add(RootKind::FinalizerFn, field(special.address, layout_.specialfinalizer_fn));
  if (span.elem_size == 0) return;
  // Set for an inner byte where several tiny values share a slot: then its type is not the slot's.
  auto inner = special.offset % span.elem_size;
  bool tiny = span.noscan() && inner != 0;
  auto type = image_.word(field(special.address, layout_.specialfinalizer_ot)).value_or(0);
  roots_.push_back({RootKind::FinalizerObject, 0, span.base + special.offset - inner,
                    tiny ? 0 : pointed_to(type), 0, 0});
  if (dead)
    roots_.push_back({RootKind::QueuedFinalizer, special.address, span.base + special.offset,
                      pointed_to(type), 0, 0});
}

// gcScanCleanup: the func value (1.24, 1.25), or the adapter, function and argument (1.26).
void RootReader::read_cleanup(const Special& special) {
  if (!layout_.has(layout_.specialCleanup_cleanup))
    return add(RootKind::CleanupFn, field(special.address, layout_.specialCleanup_fn));
  add_cleanup_fn(field(special.address, layout_.specialCleanup_cleanup), RootKind::CleanupFn);
}

// A runtime.cleanupFn (1.26+).
void RootReader::add_cleanup_fn(Address cleanup, RootKind function) {
  add(function, field(cleanup, layout_.cleanupFn_call));
  add(function, field(cleanup, layout_.cleanupFn_fn));
  auto before = roots_.size();
  add(RootKind::CleanupArg, field(cleanup, layout_.cleanupFn_arg));
  if (roots_.size() > before)
    roots_.back().call = image_.word(field(cleanup, layout_.cleanupFn_call)).value_or(0);
}

// markroot's fixedRootFinalizers, with finptrmask: all words but nret. Up to 1.24 queued cleanups
// are here too, with fn alone.
void RootReader::read_queued_finalizers() {
  auto size = static_cast<std::uint64_t>(layout_.finalizer_size);
  auto most = (kFinBlockSize - static_cast<std::uint64_t>(layout_.finBlock_fin)) / size;
  auto block = image_.word(runtime_.variables().allfin).value_or(0);
  while (block != 0 && is_new(block, "list of finalizer blocks broken")) {
    auto count = image_.read<std::uint32_t>(field(block, layout_.finBlock_cnt));
    if (!count || *count > most) {
      runtime_.diagnostics().lose("block of finalizers unreadable", fmt::format("{:#x}", block));
      return;
    }
    for (std::uint64_t i = 0; i < *count; i++) {
      auto finalizer = field(block, layout_.finBlock_fin) + i * size;
      auto type = image_.word(field(finalizer, layout_.finalizer_ot)).value_or(0);
      add(RootKind::QueuedFinalizer, field(finalizer, layout_.finalizer_fn));
      add(RootKind::QueuedFinalizer, field(finalizer, layout_.finalizer_arg), pointed_to(type));
      // queuefinalizer counts a record before it writes it, ot after fint. Until then fint is what
      // the record's last use left, which nothing need have kept.
      if (type != 0) add(RootKind::QueuedFinalizer, field(finalizer, layout_.finalizer_fint));
      add(RootKind::QueuedFinalizer, field(finalizer, layout_.finalizer_ot));
    }
    block = image_.word(field(block, layout_.finBlock_alllink)).value_or(0);
  }
}

// markroot's fixedRootCleanups (1.25+): blocks of func values, or of cleanupFn (1.26), all words.
void RootReader::read_queued_cleanups() {
  if (!layout_.has(layout_.cleanupQueue_all)) return;
  bool with_argument = layout_.has(layout_.cleanupFn_size);
  auto size = with_argument ? static_cast<std::uint64_t>(layout_.cleanupFn_size) : kWord;
  auto most =
      (kCleanupBlockSize - static_cast<std::uint64_t>(layout_.cleanupBlock_cleanups)) / size;
  auto block =
      image_.word(field(runtime_.variables().gc_cleanups, layout_.cleanupQueue_all)).value_or(0);
  while (block != 0 && is_new(block, "list of cleanup blocks broken")) {
    auto count = image_.read<std::uint32_t>(field(block, layout_.cleanupBlock_n));
    if (!count || *count > most) {
      runtime_.diagnostics().lose("block of cleanups unreadable", fmt::format("{:#x}", block));
      return;
    }
    auto first = field(block, layout_.cleanupBlock_cleanups);
    for (std::uint64_t i = 0; i < *count; i++) {
      if (with_argument)
        add_cleanup_fn(first + i * size, RootKind::QueuedCleanup);
      else
        add(RootKind::QueuedCleanup, first + i * size);
    }
    block = image_.word(field(block, layout_.cleanupBlock_alllink)).value_or(0);
  }
}

// gcMarkTinyAllocs.
void RootReader::read_tiny_blocks() {
  auto processors = read_slice(image_, runtime_.variables().allp);
  if (!processors || processors->len > kMaxProcessors) {
    runtime_.diagnostics().lose("list of processors unreadable");
    return;
  }
  for (std::uint64_t i = 0; i < processors->len; i++) {
    auto processor = image_.word(processors->data + i * kWord).value_or(0);
    auto cache = processor ? image_.word(field(processor, layout_.p_mcache)).value_or(0) : 0;
    if (cache != 0) add(RootKind::Other, field(cache, layout_.mcache_tiny));
  }
}

}  // namespace

std::vector<Root> read_roots(const Runtime& runtime, const HeapSpans& heap) {
  std::vector<Root> roots;
  RootReader reader(runtime, roots);
  reader.read_globals();
  auto by_slot = [](const Root& a, const Root& b) { return a.slot < b.slot; };
  std::stable_sort(roots.begin(), roots.end(), by_slot);
  auto records = static_cast<std::ptrdiff_t>(roots.size());
  reader.read_specials(heap);
  reader.read_queued_finalizers();
  reader.read_queued_cleanups();
  reader.read_tiny_blocks();
  std::stable_sort(roots.begin() + records, roots.end(), by_slot);
  return roots;
}

}  // namespace overhang
