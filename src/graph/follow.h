// From an object to what it refers to: typed, and word for word what the collector follows.
//
// A type says what words mean, the object's own pointer map says which words are pointers. Where
// both agree (nearly always) the type's scan program is run as it is. Where they do not (an object
// seen through a cast), words that only the type takes for pointers are skipped, and words that
// only the collector takes for pointers become references of unknown type.
#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
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
  Follower(const Heap& heap, TypeTable& types) : heap_(heap), decoder_(heap.runtime(), types) {}

  ReferenceDecoder& decoder() { return decoder_; }

  // Follows bytes [begin, begin + count·size) of an object's slot as values of `type`; the range
  // lies within the slot. emit(offset in the slot, reference). An ObjectRef's own offset plays no
  // part here.
  template <class Emit>
  void values(const ObjectRef& object, std::uint64_t begin, TypeId type, std::uint64_t count,
              Emit&& emit);
  // Follows the words in bytes [begin, end) of the slot, none of which has a meaning.
  template <class Emit>
  void words(const ObjectRef& object, std::uint64_t begin, std::uint64_t end, Emit&& emit);
  // Follows every word: values of `type` one after the other from the start of the data (as the
  // collector tiles), or, with kUnknownType, words without a meaning.
  template <class Emit>
  void whole(const ObjectRef& object, TypeId type, Emit&& emit);
  // The type of the object's elements as the allocator recorded it; kUnknownType where it did not.
  TypeId allocation_type(const ObjectRef& object) {
    auto layout = heap_.spans()[object.span].layout;
    if (layout == PointerLayout::None || layout == PointerLayout::InlineBitmap) return kUnknownType;
    auto rtype = heap_.allocation_type(object.id);
    return rtype ? decoder_.types().from_rtype(rtype) : kUnknownType;
  }
  // The structures behind a map or channel, but for the header that `reference` leads to:
  // emit(reference). The references stand in the header or in structures that it leads to.
  template <class Emit>
  void expand(const Reference& reference, Emit&& emit);

 private:
  bool agrees(const ObjectRef& object, std::uint64_t begin, TypeId type, const TypeFacts& facts,
              std::uint64_t count);
  bool same_pointers(TypeId type, Address rtype);
  // Where goroutines that wait at the channel keep what they send, or want received: on their
  // stacks, mostly (chan.go: waitq, sudog.elem).
  std::vector<Address> waiting_elements(const ChannelStorage& channel);

  const Heap& heap_;
  ReferenceDecoder decoder_;
  std::vector<MapBlock> blocks_;
  // (type, abi.Type) pairs whose pointer words were compared.
  tsl::robin_map<std::uint64_t, bool> same_;
};

template <class Emit>
void Follower::values(const ObjectRef& object, std::uint64_t begin, TypeId type,
                      std::uint64_t count, Emit&& emit) {
  const HeapSpan& span = heap_.spans()[object.span];
  if (span.layout == PointerLayout::None || !span.data || count == 0) return;
  const TypeFacts facts = decoder_.facts(type);
  auto slot = span.slot_of(object.id) * span.span.elem_size;
  Place place{span.data + slot, span.span.elem_size, span.span.base + slot, nullptr};
  if (agrees(object, begin, type, facts, count)) {
    decoder_.decode(place, begin, facts, count, emit);
    return;
  }
  // Word for word. What the type says of a word is looked up in the order of its program.
  std::vector<std::pair<std::uint64_t, Reference>> typed;
  decoder_.decode(place, begin, facts, count,
                  [&](std::uint64_t offset, const Reference& r) { typed.emplace_back(offset, r); });
  std::size_t next = 0;
  words(object, begin, begin + count * facts.size,
        [&](std::uint64_t offset, const Reference& unknown) {
          while (next < typed.size() && typed[next].first < offset) next++;
          bool known = next < typed.size() && typed[next].first == offset;
          emit(offset, known ? typed[next].second : unknown);
        });
}

template <class Emit>
void Follower::words(const ObjectRef& object, std::uint64_t begin, std::uint64_t end, Emit&& emit) {
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.slot_of(object.id);
  auto base = span.span.base + slot * span.span.elem_size;
  heap_.for_each_pointer(span, slot, begin, std::min(end, span.span.elem_size),
                         [&](std::uint64_t offset, Address value) {
                           Reference unknown;
                           unknown.slot = base + offset;
                           unknown.target = value;
                           emit(offset, unknown);
                         });
}

template <class Emit>
void Follower::whole(const ObjectRef& object, TypeId type, Emit&& emit) {
  const HeapSpan& span = heap_.spans()[object.span];
  if (span.layout == PointerLayout::None) return;
  auto header = Heap::header_size(span);
  auto end = span.span.elem_size;
  const auto size = type == kUnknownType ? 0 : decoder_.facts(type).size;
  std::uint64_t count = size == 0 ? 0 : (end - header) / size;
  if (count > 0) values(object, header, type, count, emit);
  if (header + count * size < end) words(object, header + count * size, end, emit);
}

template <class Emit>
void Follower::expand(const Reference& reference, Emit&& emit) {
  auto part = [&](Reference::Kind kind, TypeId type, Address target, std::uint64_t count) {
    Reference out;
    out.kind = kind;
    out.type = type;
    out.target = target;
    out.count = out.capacity = count;
    emit(out);
  };
  if (reference.kind == Reference::Kind::Map) {
    map_storage(heap_.runtime(), decoder_.types(), reference.target, reference.type, blocks_);
    for (const MapBlock& block : blocks_) {
      if (block.kind == MapBlock::Kind::Header || block.address == 0) continue;
      auto kind = block.holds_entries() ? Reference::Kind::Storage : Reference::Kind::Opaque;
      part(kind, block.type, block.address, block.count);
    }
    return;
  }
  // makechan makes them on the heap: elsewhere, what is left of another value in a local's place.
  if (!heap_.contains(reference.target)) return;
  auto channel = channel_storage(heap_.runtime(), decoder_.types(), reference.target);
  if (!channel) {
    // No channel, whatever the reference's type says: words of unknown type.
    if (auto object = heap_.find(reference.target))
      words(*object, 0, heap_.spans()[object->span].span.elem_size,
            [&](std::uint64_t, const Reference& word) { emit(word); });
    return;
  }
  if (channel->buffer != 0 && !channel->buffer_with_header)
    part(Reference::Kind::Storage, channel->elem, channel->buffer, channel->capacity);
  // The header's own pointers: goroutines that wait, a timer.
  auto header = heap_.find(reference.target);
  if (header && channel->header_type != kUnknownType &&
      channel->header_size <= heap_.spans()[header->span].span.elem_size - header->offset)
    values(*header, header->offset, channel->header_type, 1,
           [&](std::uint64_t, const Reference& word) {
             if (word.target != channel->buffer) emit(word);
           });
  for (Address element : waiting_elements(*channel))
    if (channel->elem != kUnknownType) part(Reference::Kind::Value, channel->elem, element, 1);
}

}  // namespace overhang
