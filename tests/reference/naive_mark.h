// Marking as the words of mbitmap.go and mgcmark.go define it, one word at a time on one thread,
// with none of the heap layer's tables. What it says is slow and meant to be obvious.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "goruntime/spans.h"
#include "graph/mark.h"

namespace overhang::test {

class NaiveHeap {
 public:
  NaiveHeap(const Runtime& runtime, const HeapSpans& heap) : runtime_(runtime), heap_(heap) {}

  struct Slot {
    const Span* span = nullptr;
    std::uint64_t index = 0;
    Address base() const { return span->base + index * span->elem_size; }
  };
  // The allocated slot that holds an address.
  std::optional<Slot> slot_of(Address address) const;
  bool allocated(const Slot& slot) const;
  // Whether the word at byte `offset` of the slot is a pointer.
  bool is_pointer(const Slot& slot, std::uint64_t offset) const;
  // The values of the slot's pointer words, null ones left out.
  std::vector<Address> pointers(const Slot& slot) const;
  // Each with its offset in the slot.
  std::vector<std::pair<std::uint64_t, Address>> pointers_at(const Slot& slot) const;

 private:
  // To Go 1.21: the bits of the word at an address in heapArena.bitmap, the pointer bit lowest; and
  // whether the collector, having looked at the word, looks at no later one of the object
  // (mgcmark.go: scanobject; mbitmap.go: heapBitsForAddr).
  unsigned arena_bits(Address at) const;
  bool last_with_pointers(Address at) const;
  // What heapArena.`field` has at bit `i`, of the arena of an address.
  bool arena_bit(Address at, std::int64_t field, std::uint64_t i) const;
  // Whether the word at `offset` of a value of an abi.Type is a pointer.
  bool type_has_pointer(Address type, std::uint64_t offset) const;
  std::uint64_t word(Address at) const { return runtime_.image().word(at).value_or(0); }
  bool bit(Address bits, std::uint64_t i) const {
    return runtime_.image().read<std::uint8_t>(bits + i / 8).value_or(0) >> (i % 8) & 1;
  }
  const Runtime& runtime_;
  const HeapSpans& heap_;
};

inline std::optional<NaiveHeap::Slot> NaiveHeap::slot_of(Address address) const {
  for (auto& span : heap_.spans) {
    if (address < span.base || address >= span.limit) continue;
    Slot slot{&span, (address - span.base) / span.elem_size};
    if (slot.index < span.slots && allocated(slot)) return slot;
    return std::nullopt;
  }
  return std::nullopt;
}

inline bool NaiveHeap::allocated(const Slot& slot) const {
  return slot.index < slot.span->free_index_for_scan || bit(slot.span->alloc_bits, slot.index);
}

inline bool NaiveHeap::is_pointer(const Slot& slot, std::uint64_t offset) const {
  auto& span = *slot.span;
  if (span.noscan()) return false;
  if (!runtime_.layout().malloc_headers()) return arena_bits(slot.base() + offset) & 1;
  if (span.elem_size <= 512) {
    auto bitmap = span.base + span.bytes() - span.bytes() / 64 - (span.inline_marks ? 128 : 0);
    return bit(bitmap, (slot.base() - span.base + offset) / 8);
  }
  if (span.size_class() == 0) return type_has_pointer(span.large_type, offset);
  return offset >= 8 && type_has_pointer(word(slot.base()), offset - 8);
}

inline bool NaiveHeap::arena_bit(Address at, std::int64_t field, std::uint64_t i) const {
  auto& layout = runtime_.layout();
  auto index = (at - static_cast<std::uint64_t>(layout.arenaBaseOffset)) >> 26;
  auto table = word(runtime_.variables().mheap + static_cast<std::uint64_t>(layout.mheap_arenas));
  return bit(word(table + index * 8) + static_cast<std::uint64_t>(field), i);
}

inline unsigned NaiveHeap::arena_bits(Address at) const {
  auto& layout = runtime_.layout();
  auto i = at / 8 % (std::uint64_t{1} << 23);
  if (layout.minor > 19) return arena_bit(at, layout.heapArena_bitmap, i);
  auto pair = i / 4 * 8 + i % 4;  // four words a byte: four pointer bits, then four scan bits
  return arena_bit(at, layout.heapArena_bitmap, pair) |
         unsigned{arena_bit(at, layout.heapArena_bitmap, pair + 4)} << 1;
}

inline bool NaiveHeap::last_with_pointers(Address at) const {
  auto& layout = runtime_.layout();
  if (layout.malloc_headers()) return false;
  if (layout.minor <= 19) return !(arena_bits(at) & 2);
  auto i = at / 8 % (std::uint64_t{1} << 23);
  return i % 64 == 63 && arena_bit(at, layout.heapArena_noMorePtrs, i / 64);
}

inline bool NaiveHeap::type_has_pointer(Address type, std::uint64_t offset) const {
  if (type == 0) return false;
  auto& layout = runtime_.layout();
  auto field = [&](std::int64_t at) { return word(type + static_cast<std::uint64_t>(at)); };
  auto size = field(layout.abiType_size);
  if (size == 0) return false;
  offset %= size;
  if (offset >= field(layout.abiType_ptrBytes)) return false;
  auto mask = field(layout.abiType_gcdata);
  auto tflag = field(layout.abiType_tflag) & 0xFF;
  if (layout.tflagGCMaskOnDemand > 0 && (tflag & layout.tflagGCMaskOnDemand)) {
    mask = word(mask);
    auto& module = runtime_.modules().at(0);
    if (mask == 0 || (mask >= module.noptrbss && mask < module.enoptrbss)) {
      auto kind = field(layout.abiType_kind) & 31;
      if (kind == static_cast<std::uint64_t>(layout.kindArray))
        return type_has_pointer(field(layout.abiArrayType_elem), offset);
      auto fields = field(layout.abiStructType_fields);
      auto count = field(layout.abiStructType_fields + 8);
      for (std::uint64_t i = 0; i < count; i++) {
        auto at = fields + i * static_cast<std::uint64_t>(layout.abiStructField_size);
        auto inner = word(at + static_cast<std::uint64_t>(layout.abiStructField_typ));
        auto begin = word(at + static_cast<std::uint64_t>(layout.abiStructField_offset));
        if (offset >= begin && offset - begin < word(inner))
          return type_has_pointer(inner, offset - begin);
      }
      return false;
    }
  }
  return bit(mask, offset / 8);
}

inline std::vector<Address> NaiveHeap::pointers(const Slot& slot) const {
  std::vector<Address> out;
  for (auto [offset, value] : pointers_at(slot)) out.push_back(value);
  return out;
}

inline std::vector<std::pair<std::uint64_t, Address>> NaiveHeap::pointers_at(
    const Slot& slot) const {
  std::vector<std::pair<std::uint64_t, Address>> out;
  for (std::uint64_t offset = 0; offset < slot.span->elem_size; offset += 8) {
    if (is_pointer(slot, offset))
      if (auto value = word(slot.base() + offset)) out.emplace_back(offset, value);
    if (!slot.span->noscan() && last_with_pointers(slot.base() + offset)) break;
  }
  return out;
}

// The bases of the slots that `roots` reach.
inline std::set<Address> naive_mark(const NaiveHeap& heap, const RootSet& roots) {
  std::set<Address> live;
  std::vector<Address> grey;
  auto mark = [&](Address value) {
    auto slot = heap.slot_of(value);
    if (slot && live.insert(slot->base()).second) grey.push_back(slot->base());
  };
  for (auto& root : roots.roots) {
    if (root.kind != RootKind::FinalizerObject) {
      mark(root.value);
    } else if (auto slot = heap.slot_of(root.value)) {
      // scanObject: "filter out … pointers back to the current object".
      constexpr std::uint64_t kOblet = 128 << 10;
      auto base = slot->base(), size = slot->span->elem_size;
      for (auto [offset, value] : heap.pointers_at(*slot)) {
        auto begin = base, end = base + size;
        if (size > kOblet) {
          begin = base + offset - offset % kOblet;
          end = std::min(begin + kOblet, end);
        }
        if (value < begin || value >= end) mark(value);
      }
    }
  }
  for (auto& goroutine : roots.goroutines)
    for (auto& root : goroutine.roots) mark(root.value);
  while (!grey.empty()) {
    auto slot = *heap.slot_of(grey.back());
    grey.pop_back();
    for (auto value : heap.pointers(slot)) mark(value);
  }
  return live;
}

}  // namespace overhang::test
