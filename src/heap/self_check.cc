#include "heap/self_check.h"

#include <algorithm>
#include <bit>

#include "goruntime/rtype.h"
#include "heap/pointer_map.h"

namespace overhang {
namespace {

constexpr std::uint64_t kSampledWords = 1 << 16;  // that are looked at
constexpr std::uint64_t kPerSpan = 4;             // objects that are looked at in a span

// What a program that runs may have in flux: one in a hundred, and two more.
bool too_many(std::uint64_t bad, std::uint64_t all) { return bad > all / 100 + 2; }

// mspan.allocCount by the bits: slots below freeindex, and those beyond that have their bit.
std::optional<std::uint64_t> allocated_slots(const Image& image, const Span& span) {
  auto* bits = image.at(span.alloc_bits, (span.slots + 7) / 8);
  if (!bits) return std::nullopt;
  std::uint64_t count = span.free_index;
  for (auto i = span.free_index; i < span.slots; i++)
    count += std::to_integer<unsigned>(bits[i / 8]) >> (i % 8) & 1;
  return count;
}

class SelfCheck {
 public:
  SelfCheck(const Heap& heap, const HeapSpans& spans) : heap_(heap), spans_(spans) {}

  Status pages() const;
  Status allocated() const;
  Status objects() const;

 private:
  bool any_pointer_word(ObjectId id) const;

  const Heap& heap_;
  const HeapSpans& spans_;
};

Status SelfCheck::pages() const {
  std::uint64_t pages = 0;
  for (auto& span : spans_.spans) pages += span.npages;
  auto all = spans_.spans.size();
  if (all == 0 || too_many(spans_.rejected, all))
    return fail(ErrorKind::Unsupported, "{} of {} heap spans make no sense", spans_.rejected,
                all + spans_.rejected);
  auto told = spans_.pages_in_use;
  if (too_many(std::max(pages, told) - std::min(pages, told), pages))
    return fail(ErrorKind::Unsupported,
                "its spans have {} pages, but it counts {} (mheap_.pagesInUse)", pages, told);
  return {};
}

Status SelfCheck::allocated() const {
  std::uint64_t bad = 0;
  for (auto& span : spans_.spans) {
    if (spans_.sweepgen - span.sweepgen == 1) continue;  // being swept
    auto count = allocated_slots(heap_.image(), span);
    if (!count || *count != span.alloc_count) bad++;
  }
  if (too_many(bad, spans_.spans.size()))
    return fail(ErrorKind::Unsupported,
                "{} of {} heap spans count other objects than their bits tell (mspan.allocCount)",
                bad, spans_.spans.size());
  return {};
}

bool SelfCheck::any_pointer_word(ObjectId id) const {
  for (std::uint64_t at = 0; at < heap_.slot_size(id); at += 8)
    if (heap_.is_pointer_word(id, at)) return true;
  return false;
}

// The types that malloc headers name are types, what the pointer maps call pointers lead somewhere,
// and an object in a span that is not "noscan" has some.
Status SelfCheck::objects() const {
  auto& runtime = heap_.runtime();
  auto& image = heap_.image();
  RtypeReader types(image, runtime.modules(), runtime.layout().minor,
                    runtime.layout().swiss_maps());
  std::uint64_t typed = 0, bad_types = 0, words = 0, bad_words = 0, mapped = 0, empty = 0;
  for (auto& span : heap_.spans()) {
    if (span.layout == PointerLayout::None || !span.data) continue;
    if (words + mapped * 8 >= kSampledWords) break;
    std::uint64_t looked_at = 0;
    for (std::uint32_t i = 0; i < span.span.slots && looked_at < kPerSpan; i++) {
      ObjectId id(span.first.value + i);
      if (!heap_.allocated(id)) continue;
      looked_at++;
      // Large ones may have a dummy that mallocgc made of a GC program (1.22, 1.23).
      auto type = span.layout == PointerLayout::Header ? heap_.allocation_type(id) : 0;
      if (type != 0) {
        typed++;
        bad_types += !types.plausible(type);
      }
      if (span.span.size_class() != 0) {
        mapped++;
        empty += !any_pointer_word(id);
      }
      heap_.for_each_pointer(span, i, 0, pointer_map::kMaskBytes,
                             [&](std::uint64_t, Address value) {
                               words++;
                               bad_words += image.at(value, 1) == nullptr;
                             });
    }
  }
  if (too_many(bad_types, typed))
    return fail(ErrorKind::Unsupported, "{} of {} objects name a type that is none", bad_types,
                typed);
  if (too_many(empty, mapped))
    return fail(ErrorKind::Unsupported, "{} of {} objects with pointers have no pointer map", empty,
                mapped);
  if (too_many(bad_words, words))
    return fail(ErrorKind::Unsupported, "{} of {} pointers in its heap lead nowhere", bad_words,
                words);
  return {};
}

}  // namespace

Status self_check(const Heap& heap, const HeapSpans& spans,
                  const std::vector<Goroutine>& goroutines) {
  SelfCheck check(heap, spans);
  OVERHANG_CHECK(check.pages());
  OVERHANG_CHECK(check.allocated());
  OVERHANG_CHECK(check.objects());
  // Those that run are unwound from registers, which may stand in the midst of anything, as are
  // system stacks.
  std::uint64_t stopped = 0, truncated = 0;
  for (auto& goroutine : goroutines) {
    constexpr std::uint32_t kRunning = 2;  // runtime._Grunning
    if (goroutine.status == kRunning || goroutine.system_stack) continue;
    stopped++;
    truncated += goroutine.truncated;
  }
  bool none = std::ranges::all_of(goroutines, &Goroutine::system_stack);
  if (none || truncated > stopped / 100)
    return fail(ErrorKind::Unsupported, "{} of {} goroutines' stacks cannot be unwound", truncated,
                stopped);
  return {};
}

}  // namespace overhang
