#include "model/remedies.h"

#include <algorithm>

namespace overhang::model {
namespace {

// The runtime's allocator of small pointer-free values (mallocgcTiny): of less than 16 bytes, they
// share blocks of 16, in the order in which they are asked for, each aligned as its size is.
class TinyBlocks {
 public:
  static constexpr std::uint64_t kBlock = 16;
  // Whether a value of that size needs a new block.
  bool add(std::uint64_t bytes) {
    std::uint64_t align = 8;
    while (bytes % align != 0) align /= 2;
    auto begin = (used_ + align - 1) / align * align;
    if (begin + bytes <= kBlock) {
      used_ = begin + bytes;
      return false;
    }
    used_ = std::min(used_, bytes);  // the block with more room left stays in use
    return true;
  }

 private:
  std::uint64_t used_ = kBlock;
};

// append([]T(nil), s...), or strings.Clone(s)
void copy_slice(Place holder, Memory& memory, TinyBlocks& tiny, Freed& freed) {
  const Ref slice = memory.at(holder);
  const Type* elem = memory[slice.object].elem;
  const Type* in = memory[holder.object].elem;
  bool string = reference_types(in)[holder.ref % in->refs]->kind == Kind::String;
  auto copy = string ? memory.allocate_array(elem, slice.len, slice.len)
                     : memory.append({}, elem, memory.read(slice), slice.len);
  freed.copied_bytes += slice.len * elem->size;
  if (!copy.nowhere()) {
    auto slot = memory[copy.object].slot_bytes;
    // append asks for all of the size class, a string for its own bytes.
    auto asked = string ? slice.len : slot;
    std::uint64_t objects = 1;
    if (!elem->pointers() && asked < TinyBlocks::kBlock) {
      objects = tiny.add(asked) ? 1 : 0;
      slot = TinyBlocks::kBlock;
      freed.tiny_copies++;
      freed.tiny_bytes += asked;
      freed.tiny_blocks += objects;
    }
    freed.new_objects += objects;
    freed.new_bytes += objects * slot;
  }
  memory.at(holder) = copy;
}

void clear(const std::vector<Region>& regions, Memory& memory) {
  for (const Region& region : regions)
    for (Place place : references(memory, region)) memory.at(place) = {};
}

void replace(const RemedyWithFactor& remedy, const std::vector<Place>& holders, Memory& memory,
             Freed& freed) {
  TinyBlocks tiny;
  for (Place holder : holders) {
    auto& slice = memory.at(holder);
    switch (remedy.kind) {
      case Remedy::Clear:
        break;
      case Remedy::NilWhenEmpty:
        if (slice.len == 0) slice = {};
        break;
      case Remedy::Copy:
        copy_slice(holder, memory, tiny, freed);
        break;
      case Remedy::CopyIfCapExceeds:
        if (slice.cap > remedy.factor * slice.len) copy_slice(holder, memory, tiny, freed);
        break;
      case Remedy::ThreeIndex:
        slice.cap = slice.len;
        break;
    }
  }
}

// What the collector frees once `before` has become `after`.
void count_died(const Memory& before, const Memory& after, Freed& freed) {
  auto died = live_objects(before);
  auto live = live_objects(after);
  for (std::size_t i = 0; i < died.size(); i++) died[i] = died[i] && !live[i];
  auto counted = count(before, died);
  freed.died_objects = counted.objects;
  freed.died_bytes = counted.bytes;
}

}  // namespace

const std::vector<RemedyWithFactor>& all_remedies() {
  static const std::vector<RemedyWithFactor> all = {{Remedy::Clear},
                                                    {Remedy::NilWhenEmpty},
                                                    {Remedy::Copy},
                                                    {Remedy::CopyIfCapExceeds, 2},
                                                    {Remedy::CopyIfCapExceeds, 4},
                                                    {Remedy::CopyIfCapExceeds, 8},
                                                    {Remedy::ThreeIndex}};
  return all;
}

Freed& Freed::operator+=(const Freed& other) {
  died_objects += other.died_objects;
  died_bytes += other.died_bytes;
  new_objects += other.new_objects;
  new_bytes += other.new_bytes;
  copied_bytes += other.copied_bytes;
  tiny_copies += other.tiny_copies;
  tiny_bytes += other.tiny_bytes;
  tiny_blocks += other.tiny_blocks;
  return *this;
}

void apply(const RemedyWithFactor& remedy, const Site& site, Memory& memory, Freed& freed) {
  if (remedy.kind == Remedy::Clear)
    clear(site.regions, memory);
  else
    replace(remedy, site.holders, memory, freed);
}

Freed try_remedy(const RemedyWithFactor& remedy, const Site& site, const Memory& memory) {
  Freed freed;
  auto changed = memory;
  apply(remedy, site, changed, freed);
  count_died(memory, changed, freed);
  return freed;
}

Freed try_remedy_everywhere(const RemedyWithFactor& remedy, const Findings& findings,
                            const Memory& memory) {
  Freed freed;
  auto changed = memory;
  if (remedy.kind == Remedy::Clear)
    clear(findings.regions, changed);
  else  // what lies in an array before the array is copied
    replace(remedy, {findings.holders.rbegin(), findings.holders.rend()}, changed, freed);
  count_died(memory, changed, freed);
  return freed;
}

}  // namespace overhang::model
