#include "graph/guess.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_set>

#include "base/checked.h"
#include "goruntime/size_classes.h"
#include "goruntime/type_names.h"
#include "heap/pointer_map.h"
#include "text/columns.h"

namespace overhang {
namespace {

// Of a hostile or unfortunate heap: more types are not tried in all.
constexpr std::uint64_t kMaxChecks = 20'000'000;
constexpr unsigned kPopulation = 8;          // objects of a type that were found by witnesses
constexpr std::uint64_t kShortestText = 32;  // bytes that are no text by chance
constexpr std::uint64_t kShortestPiece = 4;  // bytes of one that may be
constexpr std::uint64_t kMostText = 4096;    // bytes of a text that are looked at
constexpr std::uint64_t kMostFrame = 4096;   // bytes of a frame that has a slice
constexpr std::size_t kMostLocals = 256;     // ways to read one

}  // namespace

bool Guesser::is_function(Address pc) const {
  auto function = decoder_.runtime().find_function(pc);
  return function && function->entry == pc;
}

Reference Guesser::word(const Reference& unknown, bool scattered) {
  if (unknown.kind != Reference::Kind::Unknown || unknown.slot == 0) return unknown;
  auto object = heap_.find(unknown.target);
  if (!object) return unknown;
  if (auto found = interface_word(unknown)) return *found;
  if (!scattered)
    if (auto found = slice_word(unknown, *object)) return *found;
  // A func value: what it leads to starts with a function's entry, which is no pointer word.
  const HeapSpan& span = heap_.spans()[object->span];
  if (has_bitmap(span.layout) && object->offset == 0 && pointer_bits(*object, 0, 1) == 0 &&
      is_function(heap_.image().word(unknown.target).value_or(0))) {
    Reference out = unknown;
    out.kind = Reference::Kind::Func;
    return out;
  }
  return unknown;
}

Reference Guesser::word_in(const ObjectRef& object, std::uint64_t offset,
                           const Reference& unknown) {
  auto meaning = word(unknown);
  bool window = meaning.kind == Reference::Kind::Slice || meaning.kind == Reference::Kind::String;
  bool told = window && unknown.kind != meaning.kind;
  return told && denies_window(object, offset, unknown.target) ? unknown : meaning;
}

// {*abi.Type or *itab, data}.
TypeId Guesser::interface_type(Address slot, Address value, ScanStep::Kind* kind) {
  auto first = heap_.image().word(slot - 8);
  if (!first || *first == 0 || *first % 8 != 0) return kUnknownType;
  // Types stand in a module's read-only data, those that reflect made in the heap; itabs in
  // neither.
  auto& types = decoder_.types();
  auto dynamic = kUnknownType;
  bool made = heap_.contains(*first);
  if (made) dynamic = dynamic_type(*first);
  for (const Module& module : decoder_.runtime().modules())
    if (*first >= module.types && *first < module.etypes) dynamic = types.from_rtype(*first);
  *kind = ScanStep::Kind::EmptyInterface;
  if (dynamic == kUnknownType && !made) {
    dynamic = types.from_itab(*first);
    *kind = ScanStep::Kind::Interface;
  }
  if (dynamic == kUnknownType || types.info(dynamic).kind == TypeKind::Unknown ||
      !check_interface(dynamic, value))
    return kUnknownType;
  return dynamic;
}

TypeId Guesser::interface_type(Address slot, Address value) {
  ScanStep::Kind kind;
  return interface_type(slot, value, &kind);
}

std::optional<Reference> Guesser::interface_word(const Reference& unknown) {
  ScanStep step{.kind = ScanStep::Kind::EmptyInterface};
  if (interface_type(unknown.slot, unknown.target, &step.kind) == kUnknownType) return std::nullopt;
  auto both = heap_.image().bytes(unknown.slot - 8, 16);
  Reference out;
  if (!both ||
      !decoder_.decode_step({both->data(), both->size(), unknown.slot - 8, nullptr}, 0, step, &out))
    return std::nullopt;
  return out;
}

// {data, len, cap}: cap reaches exactly to where an allocation of this slot ends, or, of an array
// of references that makeslice made, is the len (s[:n:n]).
std::optional<Reference> Guesser::slice_word(const Reference& unknown, const ObjectRef& object) {
  const Image& image = heap_.image();
  auto len = image.read<std::int64_t>(unknown.slot + 8);
  auto cap = image.read<std::int64_t>(unknown.slot + 16);
  const HeapSpan& span = heap_.spans()[object.span];
  auto slot = span.span.elem_size, header = Heap::header_size(span);
  if (!len || *len < 0) return std::nullopt;
  bool pointers = span.layout != PointerLayout::None;
  Reference out = unknown;
  out.count = static_cast<std::uint64_t>(*len);
  // A pointer to one value with a count and a flag behind it (7, 0, 1) is no header.
  if (cap && *len <= *cap && *cap > 1 && object.offset >= header) {
    out.capacity = static_cast<std::uint64_t>(*cap);
    out.type = element_type(object, object.offset - header, out.capacity);
    if (out.type == kUnknownType && *len == *cap) {
      auto part = clipped_element(object, object.offset - header, out.capacity);
      out.type = part.type;
      if (part.type != kUnknownType)
        out.count = out.capacity = out.count * part.bytes / decoder_.facts(part.type).size;
    }
    if (out.type != kUnknownType) {
      out.kind = Reference::Kind::Slice;
      return out;
    }
  }
  // A string that fills its slot hides nothing; a part of it is one if it reads like one.
  if (pointers || *len == 0 || out.count > slot - object.offset) return std::nullopt;
  bool fills = object.offset == 0 && allocated_size(out.count, false) == slot;
  if (!fills && !is_piece_of_text(object, out.count)) return std::nullopt;
  out.kind = Reference::Kind::String;
  out.type = kUnknownType;
  out.capacity = out.count;
  return out;
}

std::vector<Guesser::LocalCandidate> Guesser::local_slices(
    const Reference& unknown, Address begin, Address end, const std::function<bool(Address)>& read,
    const std::function<bool(Address, Address)>& wanted, TypeId known) {
  auto object = heap_.find(unknown.target);
  auto frame = end - begin <= kMostFrame ? heap_.image().bytes(begin, end - begin) : std::nullopt;
  if (!object || !frame) return {};
  const HeapSpan& span = heap_.spans()[object->span];
  auto header = Heap::header_size(span);
  if (span.layout == PointerLayout::None || object->offset < header) return {};
  auto room = span.span.elem_size - object->offset;  // bytes
  std::vector<std::pair<Address, std::uint64_t>> numbers;
  for (std::uint64_t at = 0; at + 8 <= frame->size(); at += 8) {
    auto value = load_unchecked<std::uint64_t>(frame->data() + at);
    if (value <= room / 8 && read(begin + at)) numbers.emplace_back(begin + at, value);
  }
  auto before = object->offset - header;
  auto element = [&](std::uint64_t cap) {
    if (known == kUnknownType || !has_bitmap(span.layout))
      return element_type(*object, before, cap);
    return has_elements(*object, before, cap, known) ? known : kUnknownType;
  };
  std::vector<LocalCandidate> out;
  std::map<std::uint64_t, TypeId> elements;  // by cap
  std::optional<bool> one_value;
  // Elements as large as so many can be have to fill the slot; smaller ones fill it less.
  auto fills = [&](std::uint64_t cap) {
    auto largest = room / cap / 8 * 8;
    return largest != 0 && allocated_size(before + cap * largest, true) == span.span.elem_size;
  };
  for (auto [cap_at, cap] : numbers) {
    if (cap < 2 || !fills(cap)) continue;
    for (auto [len_at, len] : numbers) {
      if (len_at == cap_at || len > cap || (wanted && !wanted(len_at, cap_at))) continue;
      if (!one_value) one_value = has_bitmap(span.layout) && fits_one_value(*object);
      if (*one_value) return {};
      auto [at, fresh] = elements.try_emplace(cap);
      if (fresh) at->second = element(cap);
      auto elem = at->second;
      if (elem == kUnknownType) break;
      if (out.size() == kMostLocals) return out;
      LocalCandidate& found = out.emplace_back();
      found.slice = unknown;
      found.slice.kind = Reference::Kind::Slice;
      found.slice.type = elem;
      found.slice.count = len;
      found.slice.capacity = cap;
      found.len = len_at;
      found.cap = cap_at;
      found.room = room / std::max<std::uint64_t>(decoder_.facts(elem).size, 1);
    }
  }
  return out;
}

// Whether it points to where an element of an array has bytes, if anything allocates such arrays.
// Of the first, which an array of anything has there, that says nothing.
bool Guesser::is_text_of_an_element(const ObjectRef& object) {
  if (object.offset == 0) return false;
  index_types();
  auto slot = slot_size(object);
  return std::any_of(texts_.begin(), texts_.end(), [&](const Texts& texts) {
    auto size = texts.size;
    if (object.offset % size != texts.offset || !is_slot_of_several(slot, size)) return false;
    bool within = size < decoder_.types().info(texts.type).size;  // an array that is one value
    return within ? may_be_element(texts.type) : may_be_in_arrays(texts.type);
  });
}

// {data, len}: a pointer to a buffer or to numbers, with an int behind it, looks the same. So the
// bytes have to be text, which a short one may be by chance, and start where no value does: at no
// word's address, or in what no value, but an array made by its length alone, is as large as; and
// not where the elements of such an array have bytes.
bool Guesser::is_piece_of_text(const ObjectRef& pointee, std::uint64_t len) {
  auto slot = slot_size(pointee);
  // With DWARF, strings are known; what is left is behind an unsafe.Pointer, as seldom a string as
  // not.
  auto shortest = decoder_.types().has_dwarf() ? kShortestText : kShortestPiece;
  if (len < shortest || len > slot - pointee.offset || slot <= kTinySlot) return false;
  auto bytes =
      heap_.image().bytes(heap_.base(pointee.id) + pointee.offset, std::min(len, kMostText));
  if (!bytes) return false;
  std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  bool readable = len >= kShortestText  // of whatever encoding
                      ? std::none_of(text.begin(), text.end(),
                                     [](char letter) {
                                       auto c = static_cast<unsigned char>(letter);
                                       return c < 0x20 || c == 0x7F;
                                     })
                      : printable(text) == text;
  if (!readable || is_text_of_an_element(pointee)) return false;
  if (pointee.offset % 8 != 0) return true;
  return !pointer_free_slots_.contains(slot);
}

const std::vector<TypeId>& Guesser::types_called(const std::string& name) {
  auto [at, fresh] = called_.try_emplace(name);
  if (!fresh) return at->second;
  auto& types = decoder_.types();
  auto arguments = name.find("[...]");
  if (arguments == std::string::npos) {
    if (auto type = types.named(name); type != kUnknownType) at->second.push_back(type);
    return at->second;
  }
  auto generic = short_type_name(name.substr(0, arguments)) + "[";
  for (TypeId type : types.all())
    if (types.info(type).name.starts_with(generic)) at->second.push_back(type);
  return at->second;
}

TypeId Guesser::value(const Place& place, const std::vector<TypeId>& types) {
  if (types.size() == 1) return types.front();
  std::vector<Candidate> fitting;
  for (TypeId type : types) {
    if (exhausted()) return kUnknownType;
    const TypeFacts facts = decoder_.facts(type);
    if (facts.size != place.size) return kUnknownType;
    if (auto verdict = check_steps(facts.program, place, 0, kDepth))
      fitting.push_back({type, *verdict});
  }
  return clear_winner(std::move(fitting), 0, place.bytes);
}

TypeId Guesser::pointee(Address value, const std::vector<TypeId>& types) {
  std::vector<Candidate> fitting;
  for (TypeId type : types) {
    if (exhausted()) return kUnknownType;
    if (auto verdict = check_pointer(type, value, kDepth)) fitting.push_back({type, *verdict});
  }
  return clear_winner(std::move(fitting), 0);
}

TypeId Guesser::closure(const ObjectRef& object) {
  const HeapSpan& span = heap_.spans()[object.span];
  bool pointers = span.layout == PointerLayout::InlineBitmap;
  if (!pointers && span.layout != PointerLayout::None) return kUnknownType;
  auto pc = heap_.image().word(heap_.base(object.id)).value_or(0);
  if (object.offset != 0 || !is_function(pc)) return kUnknownType;
  index_types();
  const auto& structures =
      closure_structures(pc, shape_key(span.span.elem_size, pointers ? mask_of(object) : 0));
  auto structure = pointers ? best_of(structures, object, 0)
                            : (structures.size() == 1 ? structures.front() : kUnknownType);
  if (structure == kUnknownType) return kUnknownType;
  // Three words side by side may as well be an iterator's, if some closure captures such.
  for (TypeId other : structures)
    if (pointers_for_windows(other, structure, bytes_of(object)) != 0 &&
        check(other, object, kDepth))
      return kUnknownType;
  return decoder_.types().closure_like(pc, structure);
}

bool Guesser::denies_window(const ObjectRef& object, std::uint64_t offset, Address value) {
  const HeapSpan& span = heap_.spans()[object.span];
  if (!has_bitmap(span.layout)) return false;
  bool small = span.layout == PointerLayout::InlineBitmap;
  auto base = heap_.base(object.id);
  auto pc = heap_.image().word(base).value_or(0);
  const auto& types = small && is_function(pc)
                          ? closure_structures(pc, shape_key(span.span.elem_size, mask_of(object)))
                          : single_types(object);
  const ObjectRef whole{object.id, object.span, 0};
  bool one = std::any_of(types.begin(), types.end(), [&](TypeId type) {
    return has_pointer_to(type, offset, value) && check(type, whole, kDepth);
  });
  if (one) return true;
  const auto& elements = tiling_types(whole);
  auto end = small ? end_of_pointers(whole) : slot_size(whole);
  return std::any_of(elements.begin(), elements.end(), [&](TypeId type) {
    const auto size = decoder_.facts(type).size;
    return has_pointer_to(type, offset % size, value) && may_be_in_arrays(type) && !exhausted() &&
           check_values(type, whole, 0, small ? (end + size - 1) / size : end / size, kDepth);
  });
}

// The step of a value's word at byte `offset`; null: there is none.
const ScanStep* Guesser::step_at(TypeId type, std::uint64_t offset) {
  auto steps = decoder_.facts(type).program;
  for (std::size_t i = 0; i < steps.size();) {
    const ScanStep& step = steps[i];
    if (step.kind != ScanStep::Kind::Repeat) {
      if (step.offset == offset) return &step;
      i++;
      continue;
    }
    auto into = offset - step.offset;
    if (offset >= step.offset && step.stride != 0 && into / step.stride < step.count) {
      steps = steps.subspan(i + 1, step.steps);
      offset = into % step.stride;
      i = 0;
    } else {
      i += 1 + step.steps;
    }
  }
  return nullptr;
}

// Whether values of the type have a pointer alone at byte `offset`, which may lead to `value`.
bool Guesser::has_pointer_to(TypeId type, std::uint64_t offset, Address value) {
  const ScanStep* step = step_at(type, offset);
  if (!step) return false;
  if (step->kind == ScanStep::Kind::UnsafePointer) return may_be_element(type);
  return step->kind == ScanStep::Kind::Pointer && may_stand_at(step->target, value);
}

// Whether a value of the type may stand there, as one or as an array's element. Any data without
// pointers may be bytes, which says nothing of them.
bool Guesser::may_stand_at(TypeId type, Address value) {
  auto object = heap_.find(value);
  const TypeFacts facts = decoder_.facts(type);
  if (!object || heap_.spans()[object->span].layout != PointerLayout::None)
    return object.has_value();
  auto slot = slot_size(*object);
  if (facts.size <= 1 || facts.size > slot) return false;
  if (object->offset == 0 && facts.slot == slot) return true;
  return object->offset % facts.size == 0 && is_slot_of_several(slot, facts.size) &&
         may_be_in_arrays(type);
}

// How many slices and strings `type` has in the bytes at `value` where the other type has a pointer
// alone.
unsigned Guesser::pointers_for_windows(TypeId other, TypeId type, const std::byte* value) {
  if (other == type) return 0;
  unsigned found = 0;
  auto steps = decoder_.facts(type).program;
  std::vector<std::pair<std::size_t, std::uint64_t>> within;  // arrays: last step, begin in bytes
  for (std::size_t i = 0; i < steps.size(); i++) {
    while (!within.empty() && within.back().first < i) within.pop_back();
    auto offset = steps[i].offset + (within.empty() ? 0 : within.back().second);
    if (steps[i].kind == ScanStep::Kind::Repeat) {
      if (steps[i].count == 0)
        i += steps[i].steps;
      else
        within.emplace_back(i + steps[i].steps, offset);  // the first value tells
      continue;
    }
    bool window = steps[i].kind == ScanStep::Kind::Slice || steps[i].kind == ScanStep::Kind::String;
    auto word = window ? load_unchecked<std::uint64_t>(value + offset) : 0;
    if (word != 0 && has_pointer_to(other, offset, word)) found++;
  }
  return found;
}

// Of the function at `pc`, of that shape.
const std::vector<TypeId>& Guesser::closure_structures(Address pc, std::uint64_t shape) {
  auto [at, fresh] = closure_structures_.try_emplace({pc, shape});
  if (!fresh) return at->second;
  auto all = closures_by_shape_.find(shape);
  if (all == closures_by_shape_.end()) return at->second;
  for (TypeId type : all->second)
    if (decoder_.types().may_be_closure(pc, type)) at->second.push_back(type);
  return at->second;
}

Reference Guesser::object(const ObjectRef& object, bool by_population) {
  auto known = known_.find(object.id.value);
  if (known != known_.end()) return known->second;
  by_population_ = by_population;
  auto answer = guess(object);
  if (answer.kind != Reference::Kind::Unknown) known_.emplace(object.id.value, answer);
  return answer;
}

Reference Guesser::guess(const ObjectRef& object) {
  Reference out;
  out.target = heap_.base(object.id) + heap_.header_size(object.id);
  const HeapSpan& span = heap_.spans()[object.span];
  if (span.layout == PointerLayout::None && is_channel(object, out.target)) {
    out.kind = Reference::Kind::Chan;
    out.type = channel_of(out.target);
    return out;
  }
  if (!has_bitmap(span.layout) || !span.data) return out;
  index_types();
  bool first_pointer = pointer_bits(object, 0, 1) != 0;
  if (!pointers_from(object, 0)) return out;
  if (!first_pointer && is_function(heap_.image().word(out.target).value_or(0))) {
    out.kind = Reference::Kind::Func;
    return out;
  }
  bool small = span.layout == PointerLayout::InlineBitmap;
  auto shape = small ? shape_key(span.span.elem_size, mask_of(object)) : 0;
  auto looks_like = [&](TypeId type) {
    const TypeFacts facts = decoder_.facts(type);
    return small && type != kUnknownType && shape == shape_key(facts.slot, facts.mask);
  };
  if (looks_like(channel_header_) && is_channel(object, out.target)) {
    out.kind = Reference::Kind::Chan;
    out.type = channel_of(out.target);
    return out;
  }
  if (looks_like(map_header_))
    if (auto map = map_header(object, out.target); map.kind == Reference::Kind::Map) return map;
  // The executable has all types that anything was allocated with: if one alone fits a single
  // value of this size and these pointers, this is it. (A type that is an array of others says what
  // these would say side by side.)
  const auto& types = single_types(object);
  if (types.empty()) return out;
  bool arrays = std::all_of(types.begin(), types.end(), [&](TypeId type) {
    return decoder_.types().info(type).kind == TypeKind::Array;
  });
  // Nor does an array's type say more than what may as well stand side by side: makeslice's arrays
  // have no type of their own.
  const auto& side_by_side = tiling_types(object);
  bool told = std::all_of(side_by_side.begin(), side_by_side.end(), [&](TypeId type) {
    return arrays && innermost(type) == innermost(types.front());
  });
  auto type = best_of(types, object, told ? 0 : kEnough);
  if (type == kUnknownType || type == map_header_ || type == channel_header_) return out;
  out.kind = Reference::Kind::Value;
  out.type = type;
  return out;
}

bool Guesser::exhausted() {
  if (checks_++ < kMaxChecks) return false;
  decoder_.runtime().diagnostics().lose("objects whose type was not looked for: too many");
  return true;
}

TypeId Guesser::best_of(const std::vector<TypeId>& candidates, const ObjectRef& object,
                        unsigned least) {
  std::vector<Candidate> fitting;
  for (TypeId type : candidates) {
    if (exhausted()) return kUnknownType;
    if (auto verdict = check(type, object, kDepth)) fitting.push_back({type, *verdict});
  }
  return clear_winner(std::move(fitting), least, bytes_of(object));
}

// The runtime's own types for what the program has as maps and channels.
bool Guesser::is_runtime_header(TypeId type) {
  const TypeInfo& info = decoder_.types().info(type);
  return info.kind == TypeKind::Pointer && info.elem != kUnknownType &&
         (info.elem == map_header_ || info.elem == channel_header_);
}

// The type that most witnesses speak for, if no other has as many and means something else. Of
// objects with few words to tell by, those that look alike are of the type that such objects were
// always found to be. What a slice or a string may as well be, a pointer beside numbers, is no
// witness for it.
TypeId Guesser::clear_winner(std::vector<Candidate> fitting, unsigned least, const std::byte* value,
                             std::uint64_t values) {
  auto header = [&](const Candidate& c) { return is_runtime_header(c.type); };
  if (!std::all_of(fitting.begin(), fitting.end(), header)) std::erase_if(fitting, header);
  if (fitting.empty()) return kUnknownType;
  auto contested = [&, all = fitting](const Candidate& c) {
    return value && std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
             auto windows = pointers_for_windows(other.type, c.type, value);
             return windows != 0 && c.witnesses <= other.witnesses + windows * values * kEnough;
           });
  };
  auto rank = [](const Candidate& c) { return std::pair(c.witnesses, c.explained); };
  std::stable_sort(fitting.begin(), fitting.end(),
                   [&](const Candidate& a, const Candidate& b) { return rank(a) > rank(b); });
  std::erase_if(fitting,
                [&, most = rank(fitting.front())](const Candidate& c) { return rank(c) < most; });
  // Of a generic type and what its code is compiled with, the former: the dictionary has it.
  std::erase_if(fitting, [&, all = fitting](const Candidate& c) {
    const auto& name = decoder_.types().info(c.type).name;
    auto same = name.substr(0, name.find("go.shape."));
    return decoder_.facts(c.type).shape &&
           std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
             return !decoder_.facts(other.type).shape &&
                    decoder_.types().info(other.type).name.starts_with(same);
           });
  });
  auto best = fitting.front().type;
  bool clear = std::all_of(fitting.begin(), fitting.end(), [&](const Candidate& other) {
    return same_meaning(best, other.type, kSameDepth);
  });
  if (clear && fitting.front().witnesses >= least) {
    if (contested(fitting.front())) return kUnknownType;
    if (fitting.size() == 1) wins_[best]++;
    // Of what says the same, what is no array of one: the plain reading. Of bytes, []uint8 and
    // string.
    std::vector<TypeId> alike;
    for (const Candidate& other : fitting)
      if (decoder_.types().info(other.type).kind != TypeKind::Array) alike.push_back(other.type);
    for (TypeId type : alike)
      if (const auto& name = decoder_.types().info(type).name;
          name == "[]uint8" || name == "string")
        return type;
    if (auto told = told_interface(alike, value, values); told != kUnknownType) return told;
    return alike.empty() ? best : either(alike);
  }
  if (!by_population_) return kUnknownType;
  std::optional<Candidate> found;
  for (const Candidate& other : fitting) {
    auto wins = wins_.find(other.type);
    if (wins == wins_.end()) continue;
    if (found || wins->second < kPopulation) return kUnknownType;
    found = other;
  }
  return found && !contested(*found) ? found->type : kUnknownType;
}

// Interfaces with methods all look alike, and structs of one: by what the first of the values has
// its methods by, the interface that it is of.
TypeId Guesser::told_interface(const std::vector<TypeId>& types, const std::byte* value,
                               std::uint64_t values) {
  constexpr std::uint64_t kLooks = 64, kBytes = 16;
  auto has_methods = [&](TypeId type) {
    return decoder_.types().info(type).kind == TypeKind::Interface;
  };
  if (!value || !std::any_of(types.begin(), types.end(), has_methods)) return kUnknownType;
  for (std::uint64_t i = 0; i < std::min(values, kLooks); i++)
    if (auto itab = load_unchecked<std::uint64_t>(value + i * kBytes); itab != 0)
      return decoder_.types().interface_of_itab(itab);
  return kUnknownType;
}

// One of several types that say the same; of maps' groups, a map of one of theirs has them.
TypeId Guesser::either(const std::vector<TypeId>& types) {
  auto id = decoder_.types().either(types);
  std::vector<TypeId> maps;
  for (TypeId type : types)
    if (auto map = map_of_storage_.find(type); map != map_of_storage_.end())
      maps.push_back(map->second);
  if (maps.size() == types.size())
    map_of_storage_.try_emplace(id, decoder_.types().either(std::move(maps)));
  return id;
}

// runtime.hchan: its fields must fit each other and the object (chan.go: makechan).
bool Guesser::is_channel(const ObjectRef& object, Address base) {
  const Layout& layout = decoder_.runtime().layout();
  const Image& image = heap_.image();
  auto slot = slot_size(object);
  auto header = static_cast<std::uint64_t>(layout.hchan_size);
  if (slot < header) return false;
  auto at = [&](std::int64_t offset) { return base + static_cast<std::uint64_t>(offset); };
  auto elem = channel_elem(base);
  auto size = image.read<std::uint16_t>(at(layout.hchan_elemsize));
  auto queued = image.word(at(layout.hchan_qcount)), room = image.word(at(layout.hchan_dataqsiz));
  auto next = image.word(at(layout.hchan_recvx)), buffer = image.word(at(layout.hchan_buf));
  if (elem == kUnknownType || !size || !queued || !room || !next || !buffer) return false;
  const TypeInfo& info = decoder_.types().info(elem);
  if (info.size != *size || *queued > *room || (*room != 0 && *next >= *room)) return false;
  auto bytes = checked_mul(*room, std::uint64_t{*size});
  if (!bytes) return false;
  bool inside = heap_.spans()[object.span].layout == PointerLayout::None;
  if (inside)
    return !info.has_pointers && allocated_size(header + *bytes, false) == slot &&
           *buffer >= base && *buffer <= base + header;
  return *bytes == 0 || (heap_.find(*buffer) && image.at(*buffer, *bytes));
}

TypeId Guesser::channel_elem(Address base) {
  const Layout& layout = decoder_.runtime().layout();
  auto elem = heap_.image().word(base + static_cast<std::uint64_t>(layout.hchan_elemtype));
  return elem ? decoder_.types().from_rtype(*elem) : kUnknownType;
}

TypeId Guesser::channel_of(Address base) {
  index_types();
  auto found = channel_of_elem_.find(channel_elem(base));
  return found == channel_of_elem_.end() ? kUnknownType : found->second;
}

// Whether both types say the same of every word, and of what the words lead to, `depth` references
// far.
bool Guesser::same_meaning(TypeId a, TypeId b, unsigned depth) {
  if (a == b) return true;
  auto key = std::tuple(a.value, b.value, depth);
  if (auto known = same_.find(key); known != same_.end()) return known->second;
  return same_[key] = compare_meaning(a, b, depth);
}

bool Guesser::compare_meaning(TypeId a, TypeId b, unsigned depth) {
  auto& types = decoder_.types();
  const TypeFacts x = decoder_.facts(a), y = decoder_.facts(b);
  if (x.size != y.size || x.has_pointers != y.has_pointers) return false;
  if (!x.has_pointers) return true;
  if (types.pointer_mask(a) != types.pointer_mask(b)) return false;
  if (depth == 0) return true;
  return std::equal(x.program.begin(), x.program.end(), y.program.begin(), y.program.end(),
                    [&](const ScanStep& one, const ScanStep& other) {
                      // A map's node is the head of what its own type arguments say.
                      if (one.kind == ScanStep::Kind::SyncMapNode && one.target != other.target)
                        return false;
                      if (one.kind == other.kind &&
                          (one.kind == ScanStep::Kind::Map || one.kind == ScanStep::Kind::Chan))
                        return same_contents(one.target, other.target, depth - 1);
                      return one.kind == other.kind && one.offset == other.offset &&
                             one.count == other.count && one.stride == other.stride &&
                             same_meaning(one.target, other.target, depth - 1);
                    });
}

// Of two map or channel types: whether what they hold means the same.
bool Guesser::same_contents(TypeId a, TypeId b, unsigned depth) {
  const TypeInfo &x = decoder_.types().info(a), &y = decoder_.types().info(b);
  return x.kind == TypeKind::Map ? same_meaning(x.map_storage, y.map_storage, depth)
                                 : same_meaning(x.elem, y.elem, depth);
}

// Of the map whose header stands there, the first group or bucket; 0 where it has none.
Address Guesser::map_block(Address header) const {
  const Layout& layout = decoder_.runtime().layout();
  const Image& image = heap_.image();
  auto word = [&](Address base, std::int64_t offset) {
    return image.word(base + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  if (!layout.swiss_maps()) return word(header, layout.hmap_buckets);
  auto directory = word(header, layout.swissMap_dirPtr);
  if (directory == 0 || word(header, layout.swissMap_dirLen) == 0) return directory;
  auto table = word(directory, 0);
  return table == 0 ? 0 : word(table, layout.swissTable_groups_data);
}

// A map's header does not name the map's type; its groups' type, where the allocator recorded it or
// it is found out, does.
Reference Guesser::map_header(const ObjectRef& object, Address base) {
  Reference out;
  out.target = base;
  const Layout& layout = decoder_.runtime().layout();
  const Image& image = heap_.image();
  auto storage = kUnknownType;
  auto type_of = [&](Address at) {
    auto block = heap_.find(at);
    if (!block || block->id == object.id) return kUnknownType;
    if (auto known = allocated_type(*block); known != kUnknownType) return known;
    if (!layout.swiss_maps()) return bucket_type(base, *block);
    if (in_map_header_) return kUnknownType;  // not a map's header again
    in_map_header_ = true;
    auto type = guess(*block).type;
    in_map_header_ = false;
    return type;
  };
  if (layout.swiss_maps()) {
    auto directory = image.word(base + static_cast<std::uint64_t>(layout.swissMap_dirPtr));
    auto length = image.word(base + static_cast<std::uint64_t>(layout.swissMap_dirLen));
    if (!directory || !length || *directory == 0) return out;
    auto groups = *directory;
    if (*length != 0) {
      auto table = image.word(*directory).value_or(0);
      groups =
          image.word(table + static_cast<std::uint64_t>(layout.swissTable_groups_data)).value_or(0);
    }
    storage = type_of(groups);
  } else {
    storage =
        type_of(image.word(base + static_cast<std::uint64_t>(layout.hmap_buckets)).value_or(0));
  }
  auto map = map_of_storage_.find(storage);
  if (storage == kUnknownType || map == map_of_storage_.end()) return out;
  out.kind = Reference::Kind::Map;
  out.type = map->second;
  return out;
}

// Of a classic map, which of the program's bucket types its array is of.
TypeId Guesser::bucket_type(Address header, const ObjectRef& block) {
  index_types();
  std::vector<Candidate> fitting;
  unsigned most = 0;
  for (TypeId type : bucket_types_) {
    auto verdict = check_buckets(header, block, type, 1);
    if (!verdict) continue;
    fitting.push_back({type, *verdict});
    most = std::max(most, *verdict);
  }
  std::erase_if(fitting, [&](const Candidate& c) { return c.witnesses < most; });
  for (const Candidate& c : fitting)
    if (!same_meaning(fitting.front().type, c.type, kSameDepth)) return kUnknownType;
  return fitting.empty() ? kUnknownType : fitting.front().type;
}

}  // namespace overhang
