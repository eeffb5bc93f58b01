// What a value refers to: a type's scan program run over bytes of the target.
//
// A Reference is one outgoing reference, decoded as Go code sees it: a pointer shows one value, a
// slice shows len values and could show cap, a string shows its bytes, a map, channel or func value
// stands for structures of the runtime that the traversals expand (expand.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "goruntime/types.h"

namespace overhang {

struct Reference {
  enum class Kind : std::uint8_t {
    Value,    // one value of `type` at `target`
    Slice,    // `count` values of `type` from `target` on, `capacity` of them by reslicing
    String,   // `count` bytes
    Storage,  // `count` values of `type` that the runtime owns: the whole allocation is in use
    Map,      // `target` is a map header, `type` the map type
    Chan,     // `target` is an hchan, `type` the channel type
    Func,     // `target` is a closure object
    Opaque,   // an object whose pointers are accounted for by other references
    Unknown,  // something of unknown type; of a slice whose len is not known, elements of `type`
  };
  Kind kind = Kind::Unknown;
  TypeId type;
  Address slot = 0;    // where the pointer word stands; 0: in a register or nowhere
  Address target = 0;  // not null
  std::uint64_t count = 1;
  std::uint64_t capacity = 1;
};

// What the hot loops need of a type, dense by TypeId.
struct TypeFacts {
  bool known = false;  // these facts are filled in
  bool has_pointers = false;
  bool direct_interface = false;
  bool mask_small = false;  // the pointer words fit mask
  bool closure = false;     // TypeTable::is_closure
  bool shape = false;       // made for generic code: what its type arguments are is told by others
  std::uint64_t size = 0;   // bytes
  std::uint64_t slot = 0;   // slot size of an allocation of one value
  std::uint64_t mask = 0;   // bit i: word i is a pointer (mask_small)
  Address rtype = 0;
  std::span<const ScanStep> program;
};

// Values of a type that stand in our memory, and where they stand in the target.
struct Place {
  const std::byte* bytes = nullptr;
  std::uint64_t size = 0;  // bytes that may be read
  Address address = 0;     // of bytes[0] in the target; 0 with `word_slots`
  // A variable in pieces: the target address of each word, 0 where it is in a register.
  const std::vector<Address>* word_slots = nullptr;
  Address slot(std::uint64_t offset) const {
    if (!word_slots) return address + offset;
    return offset / 8 < word_slots->size() ? (*word_slots)[offset / 8] : 0;
  }
};

class ReferenceDecoder {
 public:
  ReferenceDecoder(const Runtime& runtime, TypeTable& types) : runtime_(runtime), types_(types) {}

  const TypeFacts& facts(TypeId type) {
    if (type.value < facts_.size() && facts_[type.value].known) return facts_[type.value];
    return load_facts(type);
  }
  TypeTable& types() { return types_; }
  const Runtime& runtime() const { return runtime_; }

  // Calls emit(offset, reference) for each non-null pointer word of `count` values of `type` that
  // start at byte `begin` of the place. `offset` is the word's byte offset in the place; one word
  // gives one reference, but for interfaces whose value is stored in the word itself.
  template <class Emit>
  void decode(const Place& place, std::uint64_t begin, const TypeFacts& type, std::uint64_t count,
              Emit&& emit);
  template <class Emit>
  void decode(const Place& place, std::uint64_t begin, TypeId type, std::uint64_t count,
              Emit&& emit) {
    const TypeFacts known = facts(type);  // by value: decoding may add types
    decode(place, begin, known, count, emit);
  }

  // The reference of a single step whose value starts at `offset` of the place. Nothing for null.
  bool decode_step(const Place& place, std::uint64_t offset, const ScanStep& step, Reference* out);

 private:
  const TypeFacts& load_facts(TypeId type);
  bool decode_interface(const Place& place, std::uint64_t offset, TypeId dynamic, Reference* out);
  template <class Emit>
  void run(const Place& place, std::uint64_t base, std::span<const ScanStep> steps, unsigned depth,
           Emit& emit);

  static constexpr unsigned kMaxNesting = 64;
  const Runtime& runtime_;
  TypeTable& types_;
  std::vector<TypeFacts> facts_;
};

template <class Emit>
void ReferenceDecoder::decode(const Place& place, std::uint64_t begin, const TypeFacts& type,
                              std::uint64_t count, Emit&& emit) {
  if (!type.has_pointers || type.size == 0) return;
  for (std::uint64_t i = 0; i < count; i++) {
    auto base = begin + i * type.size;
    if (base > place.size || place.size - base < type.size) return;
    run(place, base, type.program, 0, emit);
  }
}

template <class Emit>
void ReferenceDecoder::run(const Place& place, std::uint64_t base, std::span<const ScanStep> steps,
                           unsigned depth, Emit& emit) {
  for (std::size_t i = 0; i < steps.size(); i++) {
    const ScanStep& step = steps[i];
    if (step.kind == ScanStep::Kind::Repeat) {
      if (depth >= kMaxNesting) return;
      auto body = steps.subspan(i + 1, step.steps);
      for (std::uint64_t k = 0; k < step.count; k++)
        run(place, base + step.offset + k * step.stride, body, depth + 1, emit);
      i += step.steps;
      continue;
    }
    Reference reference;
    auto offset = base + step.offset;
    if (step.kind == ScanStep::Kind::Pointer) {
      // Most steps; decode() has bounded the value, and the step lies within it.
      auto target = load_unchecked<Address>(place.bytes + offset);
      if (target == 0) continue;
      reference.kind = Reference::Kind::Value;
      reference.type = step.target;
      reference.slot = place.slot(offset);
      reference.target = target;
      emit(offset, reference);
      continue;
    }
    bool interface =
        step.kind == ScanStep::Kind::Interface || step.kind == ScanStep::Kind::EmptyInterface;
    // Of an interface's two words the collector follows the second.
    if (decode_step(place, offset, step, &reference))
      emit(interface ? offset + 8 : offset, reference);
  }
}

}  // namespace overhang
