// From an object to what it refers to: typed, and word for word what the collector follows.
//
// A type says what words mean, the object's own pointer map says which words are pointers. Where
// both agree (nearly always) the type's scan program is run as it is. Where they do not (an object
// seen through a cast), words that only the type takes for pointers are skipped, and words that
// only the collector takes for pointers become references of unknown type.
#pragma once

#include <tsl/robin_map.h>

#include <utility>
#include <vector>

#include "goruntime/channels.h"
#include "goruntime/maps.h"
#include "graph/references.h"
#include "heap/heap.h"
#include "heap/pointer_map.h"

namespace overhang {

class Follower {
 public:
  Follower(const Heap& heap, TypeTable& types)
      : heap_(heap), decoder_(heap.runtime(), types) {}

  ReferenceDecoder& decoder() { return decoder_; }

  // Follows bytes [begin, begin + count·size) of an object's slot as values of `type`.
  // emit(offset in the slot, reference).
  template <class Emit>
  void values(ObjectId id, std::uint64_t begin, TypeId type, std::uint64_t count, Emit&& emit);
  // Follows every word: values of `type` one after the other from the start of the data (as the
  // collector tiles), or, with kUnknownType, words without a meaning.
  template <class Emit>
  void whole(ObjectId id, TypeId type, Emit&& emit);
  // The type of the object's elements as the allocator recorded it; kUnknownType where it did not.
  TypeId allocation_type(ObjectId id) {
    auto rtype = heap_.allocation_type(id);
    return rtype ? decoder_.types().from_rtype(rtype) : kUnknownType;
  }
  // The structures behind a map or channel: emit(holder, reference), where holder is the address
  // of the structure that holds the reference, 0 for what the map's or channel's own word leads to.
  template <class Emit>
  void expand(const Reference& reference, Emit&& emit);

 private:
  bool agrees(ObjectId id, const HeapSpan& span, std::uint64_t begin, TypeId type,
              std::uint64_t count);
  bool same_pointers(TypeId type, Address rtype);
  bool bitmap_agrees(ObjectId id, const HeapSpan& span, std::uint64_t begin,
                     const TypeFacts& facts, std::uint64_t count) const;

  const Heap& heap_;
  ReferenceDecoder decoder_;
  std::vector<MapBlock> blocks_;
  // (type, abi.Type) pairs whose pointer words were compared.
  tsl::robin_map<std::uint64_t, bool> same_;
};

template <class Emit>
void Follower::values(ObjectId id, std::uint64_t begin, TypeId type, std::uint64_t count,
                      Emit&& emit) {
  const HeapSpan& span = heap_.span_of(id);
  if (span.layout == PointerLayout::None || !span.data) return;
  const TypeFacts facts = decoder_.facts(type);
  auto base = heap_.base(id);
  Place place{span.data + (base - span.span.base), span.span.elem_size, base, nullptr};

  if (type != kUnknownType && agrees(id, span, begin, type, count)) {
    decoder_.decode(place, begin, type, count, emit);
    return;
  }
  auto end = begin + count * facts.size;  // bounded by the caller
  // Word for word. What the type says of a word is looked up in the order of its program.
  std::vector<std::pair<std::uint64_t, Reference>> typed;
  if (type != kUnknownType)
    decoder_.decode(place, begin, type, count, [&](std::uint64_t offset, const Reference& r) {
      typed.emplace_back(offset, r);
    });
  std::size_t next = 0;
  heap_.for_each_pointer(id, begin, std::min(end, span.span.elem_size),
                         [&](std::uint64_t offset, Address value) {
    while (next < typed.size() && typed[next].first < offset) next++;
    if (next < typed.size() && typed[next].first == offset) {
      emit(offset, typed[next].second);
      return;
    }
    Reference unknown;
    unknown.slot = base + offset;
    unknown.target = value;
    emit(offset, unknown);
  });
}

template <class Emit>
void Follower::whole(ObjectId id, TypeId type, Emit&& emit) {
  const HeapSpan& span = heap_.span_of(id);
  if (span.layout == PointerLayout::None || !span.data) return;
  auto header = heap_.header_size(id);
  auto data = span.span.elem_size - header;
  const auto size = decoder_.facts(type).size;
  std::uint64_t count = type == kUnknownType || size == 0 ? 0 : data / size;
  auto typed_end = header + count * size;
  if (count > 0) values(id, header, type, count, emit);
  if (typed_end == span.span.elem_size) return;
  auto base = heap_.base(id);
  heap_.for_each_pointer(id, typed_end, span.span.elem_size,
                         [&](std::uint64_t offset, Address value) {
    Reference unknown;
    unknown.slot = base + offset;
    unknown.target = value;
    emit(offset, unknown);
  });
}

template <class Emit>
void Follower::expand(const Reference& reference, Emit&& emit) {
  auto header = reference.target;
  auto part = [&](Reference::Kind kind, TypeId type, Address target, std::uint64_t count) {
    Reference out;
    out.kind = kind;
    out.type = type;
    out.target = target;
    out.count = out.capacity = count;
    emit(header, out);
  };
  if (reference.kind == Reference::Kind::Map) {
    map_storage(heap_.runtime(), decoder_.types(), header, reference.type, blocks_);
    for (const MapBlock& block : blocks_) {
      if (block.kind == MapBlock::Kind::Header || block.address == 0) continue;
      // Blocks of which only the size is known lead to other blocks alone.
      auto kind = block.type == kUnknownType ? Reference::Kind::Opaque : Reference::Kind::Storage;
      part(kind, block.type, block.address, block.count);
    }
    return;
  }
  auto channel = channel_storage(heap_.runtime(), decoder_.types(), header);
  if (!channel) return;
  if (channel->buffer != 0 && !channel->buffer_with_header)
    part(Reference::Kind::Storage, channel->elem, channel->buffer, channel->capacity);
  // The header's own pointers: goroutines that wait, a timer.
  auto ref = heap_.find(header);
  if (ref && channel->header_type != kUnknownType && channel->header_size <= heap_.slot_size(ref->id))
    values(ref->id, ref->offset, channel->header_type, 1,
           [&](std::uint64_t, const Reference& word) {
             if (word.target != channel->buffer) emit(header, word);
           });
}

}  // namespace overhang
