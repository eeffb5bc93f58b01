// What memory without a type looks like: what unsafe.Pointer alone leads to, and, in programs
// without DWARF, what globals, locals and captured variables lead to.
//
// Two questions are answered. Of a pointer word: is it part of an interface, a slice's header or a
// string? An interface's first word is a type or an itab, which nothing else is; a slice's cap
// gives exactly the slot that its array has, with the element type that the allocator recorded. Of
// an object: which type of the executable is it? Only types of its size and pointer words come into
// question; each is held against the words: pointers must lead to objects of the pointee's size
// and pointer words, slices and strings must fit their arrays, interfaces must name types. One such
// word is a witness; a type is accepted if several (or strong ones) speak for it and for no other.
//
// An answer decides what the words *in* an object mean, never whether the object itself is visible;
// without one they stay of unknown type, which hides nothing.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/references.h"
#include "heap/heap.h"

namespace overhang {

class Guesser {
 public:
  // Both must outlive the guesser. Nothing is done before the first question.
  Guesser(const Heap& heap, ReferenceDecoder& decoder) : heap_(heap), decoder_(decoder) {}

  // The meaning of the pointer word `unknown`, whose neighbours in the target's memory at
  // `unknown.slot` are its neighbours in the program; Kind::Unknown where it has none.
  // `scattered`: the neighbours may be other variables' words (a slice's parts stand anywhere in a
  // frame), so that three words side by side are no header.
  Reference word(const Reference& unknown, bool scattered = false);
  // The same of a word at byte `offset` of the slot of an object of unknown type: no slice where a
  // type that fits the object has a pointer alone.
  Reference word_in(const ObjectRef& object, std::uint64_t offset, const Reference& unknown);
  // Slices of a local variable, whose pointer word is `unknown` and whose len and cap are two of
  // the frame's words [begin, end) that the code reads: `read(address)`. All that fit the array and
  // are asked for (`wanted(len's address, cap's)`; all, if empty), of elements of type `known`
  // where that is known.
  struct LocalCandidate {
    Reference slice;
    Address len = 0, cap = 0;  // the words
    std::uint64_t room = 0;    // elements of the array from the pointer on, at most
  };
  std::vector<LocalCandidate> local_slices(const Reference& unknown, Address begin, Address end,
                                           const std::function<bool(Address)>& read,
                                           const std::function<bool(Address, Address)>& wanted = {},
                                           TypeId known = kUnknownType);
  // A reference to the object as what it is (a value, a map, a channel, a closure); Kind::Unknown
  // where that is not clear.
  // With `by_population`, what does not tell itself is judged by objects that look alike and did.
  Reference object(const ObjectRef& object, bool by_population);
  // Types of that name as the function table writes it; "main.Ring[...]" is any main.Ring's.
  const std::vector<TypeId>& types_called(const std::string& name);
  // The type that the words of a value say it is of, given that it is of one of these;
  // kUnknownType where they say the same of several that differ.
  TypeId value(const Place& place, const std::vector<TypeId>& types);
  // The one of these types that `value`, a pointer to one of them, leads to; kUnknownType where it
  // may be several that differ, or none.
  TypeId pointee(Address value, const std::vector<TypeId>& types);
  // Of an interface whose data word, at `slot`, holds `value`: the type of what it holds;
  // kUnknownType where the word before says that it is none.
  TypeId interface_type(Address slot, Address value);
  // The type of the object's elements as the allocator recorded it; kUnknownType where it did not.
  TypeId allocated_type(const ObjectRef& object);
  // Whether the object, whose elements the allocator did not record, is an array of such: its
  // pointer words and contents are theirs, and neither one value's nor larger elements'.
  bool is_array_of(const ObjectRef& object, TypeId elem);
  // The one type that it is an array of so; kUnknownType where there is none.
  TypeId array_element(const ObjectRef& object);
  // Whether the words at `base`, the start of the object, can be a channel's.
  bool is_channel(const ObjectRef& object, Address base);
  // The closure object's type, given that it is one; kUnknownType where that is not clear.
  TypeId closure(const ObjectRef& object);

 private:
  struct Candidate {
    TypeId type;
    unsigned witnesses;
    unsigned explained = 0;  // words that it gives a meaning: decides where witnesses do not
  };
  // Types that look alike to the allocator.
  struct Shape {
    std::uint64_t size, mask;  // bytes; pointer words, of types of at most 512 bytes
    std::vector<TypeId> types;
  };
  using ByShape = std::unordered_map<std::uint64_t, std::vector<TypeId>>;
  TypeId interface_type(Address slot, Address value, ScanStep::Kind* kind);
  std::optional<Reference> interface_word(const Reference& unknown);
  std::optional<Reference> slice_word(const Reference& unknown, const ObjectRef& object);
  Reference guess(const ObjectRef& object);
  Reference map_header(const ObjectRef& object, Address base);
  bool denies_window(const ObjectRef& object, std::uint64_t offset, Address value);
  const ScanStep* step_at(TypeId type, std::uint64_t offset);
  bool has_pointer_to(TypeId type, std::uint64_t offset, Address value);
  bool may_stand_at(TypeId type, Address value);
  unsigned pointers_for_windows(TypeId other, TypeId type, const std::byte* value);
  const std::vector<TypeId>& closure_structures(Address pc, std::uint64_t shape);
  TypeId bucket_type(Address header, const ObjectRef& block);
  TypeId channel_elem(Address base);
  TypeId channel_of(Address base);
  TypeId best_of(const std::vector<TypeId>& types, const ObjectRef& object, unsigned least);
  TypeId either(const std::vector<TypeId>& types);
  bool is_runtime_header(TypeId type);
  bool is_map_header(const ObjectRef& object);
  // `value`: the bytes that the candidates were held against, the first of `values` in a row.
  TypeId clear_winner(std::vector<Candidate> fitting, unsigned least,
                      const std::byte* value = nullptr, std::uint64_t values = 1);
  bool is_text_of_an_element(const ObjectRef& object);
  // Whether the `len` bytes from the pointer's on read like a string that is a part of a larger
  // one.
  bool is_piece_of_text(const ObjectRef& pointee, std::uint64_t len);
  TypeId told_interface(const std::vector<TypeId>& types, const std::byte* value,
                        std::uint64_t values);
  static constexpr unsigned kSameDepth = 4;  // references
  bool same_meaning(TypeId a, TypeId b, unsigned depth);
  bool compare_meaning(TypeId a, TypeId b, unsigned depth);
  bool same_contents(TypeId a, TypeId b, unsigned depth);
  bool exhausted();  // counts a check
  std::uint64_t slot_size(const ObjectRef& object) const {
    return heap_.spans()[object.span].span.elem_size;
  }
  bool is_function(Address pc) const;
  // Of the object's slot, in a span whose bytes are there.
  const std::byte* bytes_of(const ObjectRef& object) const {
    const HeapSpan& span = heap_.spans()[object.span];
    return span.data ? span.data + span.slot_of(object.id) * span.span.elem_size : nullptr;
  }

  // --- guess_shape.cc ---
  void index_types();
  void index_texts(TypeId type);
  bool begins_with_bytes(TypeId type);
  // Types by their abi.Type in the heap.
  const std::map<Address, TypeId>& made();
  // Of an interface without methods, by its first word.
  TypeId dynamic_type(Address rtype);
  static std::uint64_t shape_key(std::uint64_t slot, std::uint64_t mask);
  // The slot that an allocation of so many bytes gets.
  std::uint64_t allocated_size(std::uint64_t bytes, bool pointers) const;
  // Whether an array of several values of that size, without pointers, gets such a slot.
  bool is_slot_of_several(std::uint64_t slot, std::uint64_t size) const {
    return slot / size >= 2 && allocated_size(slot / size * size, false) == slot;
  }
  // Of an object of at most 512 bytes in a span with a bitmap.
  std::uint64_t mask_of(const ObjectRef& object) const;
  std::uint64_t pointer_bits(const ObjectRef& object, std::uint64_t word,
                             std::uint64_t count) const;
  // Whether any word of the object from byte `begin` on is a pointer.
  bool pointers_from(const ObjectRef& object, std::uint64_t begin) const;
  // Whether the pointer words from byte `begin` of the slot on are those of `count` values of
  // `size` bytes with the pointer words `mask`.
  bool tiled_with(const ObjectRef& object, std::uint64_t begin, std::uint64_t size,
                  std::span<const std::uint64_t> mask, std::uint64_t count) const;
  bool has_pointers_of(const ObjectRef& object, std::uint64_t begin, TypeId type,
                       std::uint64_t count);
  bool large_mask_allowed(TypeId type);
  TypeId unrolled_type(const ObjectRef& object, Address dummy);
  // Types of which one value would give the object its size and pointer words.
  const std::vector<TypeId>& single_types(const ObjectRef& object);
  // Types of which several values would.
  const std::vector<TypeId>& tiling_types(const ObjectRef& object);
  unsigned explained_words(TypeId type);
  // The elements of an array that a header with this cap shows from byte `before` of its data on.
  TypeId element_type(const ObjectRef& object, std::uint64_t before, std::uint64_t cap);
  TypeId element_by_shape(const ObjectRef& object, std::uint64_t before, std::uint64_t cap);
  TypeId element_by_size(const ObjectRef& object, std::uint64_t before, std::uint64_t cap);
  // The elements of an array of which a header's cap shows a part.
  struct Part {
    TypeId type;
    std::uint64_t bytes = 0;  // that are shown for each element, at most
  };
  Part clipped_element(const ObjectRef& object, std::uint64_t before, std::uint64_t cap);
  Part clipped_by_shape(const ObjectRef& object, std::uint64_t before, std::uint64_t cap);
  bool may_be_clipped(TypeId elem);
  bool is_untold_array(const ObjectRef& object) const;
  bool fits_one_value(const ObjectRef& object);
  bool has_elements(const ObjectRef& object, std::uint64_t before, std::uint64_t cap, TypeId elem);
  std::uint64_t tiling_values(const ObjectRef& object, std::uint64_t end, std::uint64_t size,
                              TypeId type);
  // Of an array's type, its elements', however deep.
  TypeId innermost(TypeId type);
  // Whether code names it, which may have allocated anything of it; and an array.
  bool may_be_element(TypeId type);
  bool may_be_in_arrays(TypeId type);
  std::uint64_t end_of_pointers(const ObjectRef& object) const;

  // --- guess_check.cc: how many witnesses speak for a meaning; nothing: one speaks against it ---
  using Verdict = std::optional<unsigned>;
  static constexpr unsigned kDepth = 2;   // of pointees that are checked too
  static constexpr unsigned kEnough = 3;  // witnesses
  Verdict check(TypeId type, const ObjectRef& object, unsigned depth);
  // `count` values one after the other, from byte `begin` of the slot on.
  Verdict check_values(TypeId type, const ObjectRef& object, std::uint64_t begin,
                       std::uint64_t count, unsigned depth);
  Verdict check_steps(std::span<const ScanStep> steps, const Place& place, std::uint64_t base,
                      unsigned depth);
  Verdict check_step(const ScanStep& step, const Place& place, std::uint64_t offset,
                     unsigned depth);
  Verdict check_pointer(TypeId target, Address value, unsigned depth);
  bool has_part(TypeId type, std::uint64_t at, TypeId other);
  Verdict check_string(Address data, std::int64_t len);
  Verdict check_slice(TypeId elem, Address data, std::int64_t len, std::int64_t cap,
                      unsigned depth);
  Verdict check_interface(TypeId dynamic, Address data);
  bool is_part(TypeId type, const ObjectRef& object);
  Verdict check_func(Address value);
  Verdict check_map_storage(Address header, TypeId storage, unsigned depth);
  Verdict check_buckets(Address header, const ObjectRef& block, TypeId type, unsigned depth);
  std::uint64_t used_cells(Address array, std::uint64_t bucket, std::uint64_t buckets) const;
  Address map_block(Address header) const;
  Verdict outside_heap(Address value) const;
  Verdict check_outside(TypeId target, Address value, unsigned depth);

  const Heap& heap_;
  ReferenceDecoder& decoder_;
  bool indexed_ = false;
  std::optional<std::map<Address, TypeId>> made_;
  TypeId map_header_, channel_header_;
  // Types with pointers by slot size and pointer words, those in the span's bitmap alone.
  ByShape by_shape_;
  ByShape closures_by_shape_;  // struct { F uintptr; X0 … }
  std::map<std::pair<Address, std::uint64_t>, std::vector<TypeId>> closure_structures_;
  std::vector<Shape> shapes_;    // of elements with pointers, by size
  std::vector<TypeId> by_size_;  // one type without pointers of each size
  // Bytes that values of a type without pointers begin with, or a field of theirs, as elements of
  // an array: they may be text.
  struct Texts {
    TypeId type;  // that an array may be allocated of
    std::uint64_t size, offset;
  };
  std::vector<Texts> texts_;
  std::unordered_set<std::uint64_t> pointer_free_slots_;  // that a value of some type gets
  std::unordered_map<TypeId, TypeId> map_of_storage_;     // swiss: group type -> map type
  std::vector<TypeId> bucket_types_;                      // classic: the keys of map_of_storage_
  std::unordered_map<TypeId, TypeId> channel_of_elem_;
  std::vector<TypeId> large_;  // with pointers, of over 512 bytes, by size
  std::unordered_map<ObjectIndex, std::vector<TypeId>> single_types_;  // by object, large ones
  struct Elements {
    TypeId type;
    unsigned tries = 0;
  };
  std::unordered_map<ObjectIndex, Elements> elements_;        // by object, large ones
  std::unordered_map<ObjectIndex, Part> clipped_;             // by object, what was found
  std::optional<std::unordered_set<TypeId>> elements_named_;  // see may_be_element
  std::unordered_set<TypeId> never_elements_;                 // of these
  bool any_element_ = false;                                  // it cannot be told
  bool masks_left_out_ = false;
  std::unordered_map<TypeId, bool> large_mask_allowed_;
  std::uint64_t mask_bytes_ = 0;
  std::unordered_map<Address, TypeId> unrolled_;  // by the dummy type
  // By shape; large ones by object.
  std::unordered_map<std::uint64_t, std::vector<TypeId>> tiling_types_;
  std::unordered_map<TypeId, std::uint64_t> wins_;  // objects that were clearly of the type
  bool by_population_ = false;
  tsl::robin_map<ObjectIndex, Reference> known_;  // by object
  std::map<std::tuple<std::uint32_t, std::uint32_t, unsigned>, bool> same_;
  std::unordered_map<std::string, std::vector<TypeId>> called_;
  bool in_map_header_ = false;
  unsigned in_buckets_ = 0;  // of classic maps, whose values are being checked
  std::uint64_t checks_ = 0, steps_ = 0;
};

}  // namespace overhang
