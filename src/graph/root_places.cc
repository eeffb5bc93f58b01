#include "graph/root_places.h"

#include <algorithm>

#include "base/checked.h"
#include "goruntime/frame_code.h"
#include "goruntime/stack_loads.h"

namespace overhang {
namespace {

// A local larger than this is no local (Go moves variables over 128 KiB... to the heap:
// cmd/compile ir.MaxStackVarSize is 128 KiB, 10 MiB before Go 1.23).
constexpr std::uint64_t kMaxLocalBytes = 16 << 20;

// Of a hostile image: words of globals that are held against types.
constexpr std::uint64_t kMostCompared = 1 << 26;
constexpr unsigned kMostEmbedded = 16;         // structs in one another
constexpr std::int32_t kMostArguments = 1024;  // bytes; with what registers' arguments spill to

// The address of a piece of a variable; 0 where it is not in memory.
Address address_of(const LocationPiece& piece, const StackFrame& frame, std::uint64_t bias) {
  switch (piece.where) {
    case LocationPiece::Where::CfaOffset:
      return frame.fp() + static_cast<std::uint64_t>(piece.value);
    case LocationPiece::Where::Memory:
      return static_cast<Address>(piece.value) + bias;
    default:
      return 0;
  }
}

bool same_window(const Reference& a, const Reference& b) {
  return a.count == b.count && a.capacity == b.capacity;
}

bool same_meaning(const Reference& a, const Reference& b) {
  return a.kind == b.kind && a.type == b.type && same_window(a, b);
}

// Of the ways to read a frame's words as a slice that where len and cap stand side by side, as the
// compiler orders them; nothing where there are several.
std::optional<Reference> likely_local(const std::vector<Guesser::LocalCandidate>& candidates) {
  std::optional<Reference> found;
  for (const Guesser::LocalCandidate& local : candidates) {
    if (local.cap != local.len + 8) continue;
    if (found && !same_window(*found, local.slice)) return std::nullopt;
    found = local.slice;
  }
  return found;
}

// Go 1.20 and 1.21 list the pointer of a slice that was cut (s := f(); s = s[:n]) twice, so that
// all behind it would be one piece too late.
void leave_out_repeated(std::vector<LocationPiece>& pieces, std::uint64_t size) {
  std::uint64_t sum = 0;
  for (const LocationPiece& piece : pieces) sum += piece.size;
  bool repeated = pieces.size() > 2 && sum == size + pieces[0].size && pieces[0].size != 0 &&
                  pieces[0].where != LocationPiece::Where::Missing &&
                  pieces[0].where == pieces[1].where && pieces[0].value == pieces[1].value;
  if (repeated) pieces.erase(pieces.begin());
}

// "conns.ptr", "conns.len": a part of a variable, which Go 1.27 lists beside the variable, at one
// place in all of the function, whatever stands there at a pc. (The names of the language have no
// dot; ".dict" is a variable.)
bool is_part(const DwarfVariable& variable) {
  auto dot = variable.name.find('.');
  return dot != std::string::npos && dot > 0;
}

// Behind what the function's code addresses by the stack pointer.
Address end_of_frame(const StackFrame& frame, const Function& function) {
  auto arguments = function.args_size;
  bool known = arguments > 0 && arguments <= kMostArguments;
  return frame.argp() + (known ? static_cast<std::uint32_t>(arguments) : 0);
}

bool in_registers(const DwarfVariable& variable) {
  return std::any_of(variable.pieces.begin(), variable.pieces.end(), [](const LocationPiece& p) {
    return p.where == LocationPiece::Where::Register;
  });
}

}  // namespace

RootPlaces::RootPlaces(const Heap& heap, const RootSet& roots, Follower& follower, Dwarf* dwarf)
    : heap_(heap),
      image_(heap.image()),
      roots_(roots),
      follower_(follower),
      decoder_(follower.decoder()),
      dwarf_(dwarf),
      words_(heap.runtime(), roots),
      stack_facts_([&runtime = heap.runtime()](Address pc) { return pc_facts(runtime, pc); }),
      prover_(heap.runtime()),
      code_(heap.runtime()),
      header_uses_(code_),
      pointer_reach_(code_) {}

Holder RootPlaces::add(const RootPlace& row) {
  if (rows_.size() == Holder::kMaxPlaces) {
    // More than 10 million goroutines have: the last row stands for the rest, without a type.
    heap_.runtime().diagnostics().lose("places of references beyond the last that has a number");
    rows_.back() = {.label = label("another place"), .type = {}, .parent = {}};
    return Holder::place(Holder::kMaxPlaces - 1);
  }
  rows_.push_back(row);
  return Holder::place(static_cast<ObjectIndex>(rows_.size() - 1));
}

std::uint32_t RootPlaces::label(std::string_view name, std::string_view function) {
  std::string key(name);
  if (!function.empty()) key.append("\n").append(function);
  if (auto known = labels_.find(key); known != labels_.end()) return known->second;
  auto number = static_cast<std::uint32_t>(names_.size());
  const Label& added =
      names_.emplace_back(Label{std::move(key), std::string(name), std::string(function)});
  labels_.emplace(added.key, number);
  return number;
}

std::string RootPlaces::name(const RootPlace& row) const {
  auto& name = names_[row.label].name;
  return row.by_address ? fmt::format("{} {:#x}", name, row.address) : name;
}

std::string RootPlaces::global_name(std::string_view what) {
  return what.empty() ? "a global at" : fmt::format("a global {} at", what);
}

RootPlace RootPlaces::nameless_global(Address address, std::string_view what) {
  RootPlace row;
  row.kind = RootPlace::Kind::Global;
  row.nameless = row.by_address = true;
  row.label = label(global_name(what));
  row.address = address;
  return row;
}

std::string_view RootPlaces::function(const RootPlace& row) const {
  if (const auto& inlined = names_[row.label].function; !inlined.empty()) return inlined;
  if (row.frame_pc == 0) return {};
  auto function = heap_.runtime().find_function(row.frame_pc);
  return function ? function->name : std::string_view();
}

void RootPlaces::show(const Emit& emit) {
  if (!dwarf_) return;
  // The work list takes what comes last first: a global tells better than a local why something
  // that both lead to is alive.
  show_locals(emit);
  show_globals(emit);
}

// Runs a place's type over its bytes. The row is added when a first word counts.
void RootPlaces::show_place(const Place& place, const RootPlace& row, std::uint64_t count,
                            const Emit& emit) {
  Holder holder;
  auto type = row.type;
  decoder_.decode(place, 0, type, count, [&](std::uint64_t offset, const Reference& reference) {
    if (!words_.claim(reference.slot) && !leads_to_known_words(reference)) return;
    if (holder.none()) holder = add(row);
    emit(reference, holder, offset);
  });
}

// A word that is no root but leads to a stack or static data tells the type of words there.
// (Channels stand in the heap.)
bool RootPlaces::leads_to_known_words(const Reference& reference) const {
  return reference.kind != Reference::Kind::Chan && words_.covers(reference.target) &&
         !heap_.contains(reference.target);
}

void RootPlaces::show_globals(const Emit& emit) {
  auto bias = heap_.runtime().load_bias();
  for (const DwarfGlobal& global : dwarf_->globals()) {
    auto address = global.address + bias;
    if (!heap_.runtime().module_of_data(address)) continue;
    auto type = decoder_.types().from_dwarf(global.type);
    const TypeFacts facts = decoder_.facts(type);
    if (!facts.has_pointers) continue;
    auto bytes = image_.bytes(address, facts.size);
    if (!bytes) continue;
    RootPlace row{.kind = RootPlace::Kind::Global,
                  .label = label(global.name),
                  .type = type,
                  .parent = {},
                  .address = address};
    show_place({bytes->data(), bytes->size(), address, nullptr}, row, 1, emit);
  }
}

const std::vector<RootPlaces::Local>& RootPlaces::locals_at(const StackFrame& frame) {
  auto [entry, fresh] = locals_by_pc_.try_emplace(frame.pc);
  if (!fresh) return entry->second;
  auto bias = heap_.runtime().load_bias();
  // What is in scope is what the call sees; where it stands is what the code after the call says:
  // a call clobbers all registers, so what lives across it stands on the stack from there on,
  // while the location list still names a register up to the call's end.
  auto variables = dwarf_->variables(frame.lookup_pc() - bias);
  if (frame.pc != frame.lookup_pc()) {
    auto after = dwarf_->variables(behind_nops(heap_.runtime(), frame.pc) - bias);
    for (DwarfVariable& variable : variables) {
      auto same = std::find_if(after.begin(), after.end(), [&](const DwarfVariable& v) {
        return v.name == variable.name && v.type == variable.type;
      });
      if (in_registers(variable)) variable.pieces.clear();
      if (variable.pieces.empty() && same != after.end() && !in_registers(*same))
        variable.pieces = std::move(same->pieces);
    }
  }
  for (DwarfVariable& variable : variables) {
    if (variable.pieces.empty() || is_part(variable)) continue;
    auto type = decoder_.types().from_dwarf(variable.type);
    bool escaped = variable.pieces.front().where == LocationPiece::Where::Indirect;
    const TypeFacts facts = decoder_.facts(type);
    if (!escaped && !facts.has_pointers) continue;
    leave_out_repeated(variable.pieces, facts.size);
    // "&conns" is the pointer to a variable that escaped.
    std::string_view name = variable.name;
    if (name.starts_with('&')) name.remove_prefix(1);
    entry->second.push_back({label(name, variable.inlined_from), type, std::move(variable.pieces)});
  }
  return entry->second;
}

void RootPlaces::show_locals(const Emit& emit) {
  for (const Goroutine& goroutine : roots_.goroutines) {
    for (const StackFrame& frame : goroutine.frames) {
      if (frame.continpc == 0 || frame.conservative) continue;
      for (const Local& local : locals_at(frame)) show_local(local, frame, emit);
      show_spilled(frame, emit);
    }
  }
}

void RootPlaces::show_local(const Local& local, const StackFrame& frame, const Emit& emit) {
  auto bias = heap_.runtime().load_bias();
  const auto size = decoder_.facts(local.type).size;
  if (size > kMaxLocalBytes) return;
  RootPlace row{.kind = RootPlace::Kind::Local,
                .label = local.label,
                .type = local.type,
                .parent = {},
                .frame_pc = frame.pc};
  const LocationPiece& first = local.pieces.front();
  if (first.where == LocationPiece::Where::Indirect) {
    show_escaped(local, frame, row, emit);
    return;
  }
  if (local.pieces.size() == 1 && (first.size == 0 || first.size >= size)) {
    auto address = address_of(first, frame, bias);
    auto bytes = address ? image_.bytes(address, size) : std::nullopt;
    if (!bytes) return;
    row.address = address;
    Place place{bytes->data(), bytes->size(), address, nullptr};
    // A single word may be kept for others too.
    if (size <= 8)
      spill(place, row);
    else
      show_place(place, row, 1, emit);
    return;
  }
  // In pieces: put together the words that stand in memory; a slice without its len is unknown.
  std::vector<std::byte> bytes(size);
  std::vector<Address> slots((size + 7) / 8);
  std::vector<bool> present((size + 7) / 8);
  std::uint64_t at = 0;
  for (const LocationPiece& piece : local.pieces) {
    auto length = std::min(piece.size == 0 ? size - at : piece.size, size - at);
    auto address = address_of(piece, frame, bias);
    auto source = address ? image_.at(address, length) : nullptr;
    if (piece.where == LocationPiece::Where::Constant && length <= 8) {
      std::memcpy(bytes.data() + at, &piece.value, length);
      if (at % 8 == 0) present[at / 8] = true;
    } else if (source) {
      std::memcpy(bytes.data() + at, source, length);
      for (auto word = at / 8; word < (at + length) / 8; word++) {
        slots[word] = address + (word * 8 - at);
        present[word] = true;
      }
    }
    at += length;
    if (at >= size) break;
  }
  // A missing len or cap must not look like an empty slice: a negative one makes the header
  // unknown (ReferenceDecoder::decode_step).
  for (std::size_t word = 0; word + 1 < present.size(); word++)
    if (slots[word] && !present[word + 1] && (word + 1) * 8 + 8 <= size)
      std::memset(bytes.data() + (word + 1) * 8, 0xFF, 8);
  for (std::size_t word = 0; word + 2 < present.size(); word++)
    if (slots[word] && present[word + 1] && !present[word + 2] && (word + 2) * 8 + 8 <= size)
      std::memcpy(bytes.data() + (word + 2) * 8, bytes.data() + (word + 1) * 8, 8);
  spill({bytes.data(), bytes.size(), 0, &slots}, row);
}

void RootPlaces::spill(const Place& place, const RootPlace& row) {
  auto local = static_cast<std::uint32_t>(spilled_rows_.size());
  spilled_rows_.push_back({row, {}});
  decoder_.decode(place, 0, row.type, 1, [&](std::uint64_t offset, const Reference& reference) {
    SpilledWord word{.reference = reference, .offset = offset, .local = local};
    bool slice = reference.kind == Reference::Kind::Slice;
    if (slice || reference.kind == Reference::Kind::String) word.len = place.slot(offset + 8);
    if (slice && reference.capacity > reference.count) word.cap = place.slot(offset + 16);
    spilled_.push_back(word);
  });
}

// Of a slice or string; 0 of others.
std::uint64_t RootPlaces::shown_bytes(const Reference& reference) {
  if (reference.kind == Reference::Kind::String) return reference.count;
  if (reference.kind != Reference::Kind::Slice) return 0;
  return checked_mul(reference.count, decoder_.facts(reference.type).size)
      .value_or(~std::uint64_t{0});
}

// Whether nothing that begins at the word's pointer shows more of its array.
bool RootPlaces::shows_all(const SpilledWord& word, const StackFrame& frame) {
  const Reference& reference = word.reference;
  bool string = reference.kind == Reference::Kind::String;
  if (!string && reference.kind != Reference::Kind::Slice) return true;
  auto object = heap_.find(reference.target);
  auto size = string ? 1 : decoder_.facts(reference.type).size;
  if (!object || size == 0) return true;
  auto room = (heap_.slot_size(object->id) - object->offset) / size;
  if (reference.count >= room) return true;
  // Elsewhere than at a call registers are in use.
  auto function = heap_.runtime().find_function(frame.pc);
  if (!function || !frame.within_call || frame.continpc != frame.pc) return false;
  auto end = end_of_frame(frame, *function);
  auto bytes = frame.sp < end ? image_.bytes(frame.sp, end - frame.sp) : std::nullopt;
  auto within = [&](Address at) { return at >= frame.sp && at < end; };
  if (!bytes || !within(reference.slot) || !within(word.len)) return false;
  auto offset = [&](Address at) { return static_cast<std::int32_t>(at - frame.sp); };
  LocalSlice slice{offset(reference.slot), offset(word.len),
                   within(word.cap) ? offset(word.cap) : -1, size};
  return prover_.is_only(frame.pc, *bytes, slice, room);
}

// Where it is not sure that a word's variables show all of what is read by it, it stays unclaimed
// as well: as one of unknown type it shows the whole array in the end.
void RootPlaces::show_spilled(const StackFrame& frame, const Emit& emit) {
  std::vector<SpilledWord*> by_slot;
  for (SpilledWord& word : spilled_) by_slot.push_back(&word);
  auto slot_of = [](const SpilledWord* word) { return word->reference.slot; };
  std::ranges::stable_sort(by_slot, {}, slot_of);
  for (auto first = by_slot.begin(); first != by_slot.end();) {
    auto slot = slot_of(*first);
    auto last =
        std::find_if(first, by_slot.end(), [&](auto* word) { return slot_of(word) != slot; });
    // Of those that begin there the longest shows what the others do.
    auto longest = std::max_element(first, last, [&](auto* a, auto* b) {
      return shown_bytes(a->reference) < shown_bytes(b->reference);
    });
    bool sure = shows_all(**longest, frame);
    bool root = sure ? words_.claim(slot) : !words_.claimed(slot);
    for (auto at = first; at != last; ++at) {
      bool again = std::any_of(first, at, [&](const SpilledWord* other) {
        return other->shown && same_meaning(other->reference, (*at)->reference);
      });
      (*at)->shown = root ? !again : leads_to_known_words((*at)->reference);
    }
    first = last;
  }
  for (const SpilledWord& word : spilled_) {
    if (!word.shown) continue;
    auto& [row, holder] = spilled_rows_[word.local];
    if (holder.none()) holder = add(row);
    emit(word.reference, holder, word.offset);
  }
  spilled_.clear();
  spilled_rows_.clear();
}

// A variable that stands in the heap: the frame holds its address (Go 1.25+ says so in DWARF).
void RootPlaces::show_escaped(const Local& local, const StackFrame& frame, RootPlace row,
                              const Emit& emit) {
  row.address = frame.fp() + static_cast<std::uint64_t>(local.pieces.front().value);
  row.type = kUnknownType;  // of the word in the frame: a pointer that has no name
  auto target = image_.word(row.address);
  if (!target || !words_.claim(row.address)) return;
  Reference reference;
  reference.kind = Reference::Kind::Value;
  reference.type = local.type;
  reference.slot = row.address;
  reference.target = *target;
  show_word(row, reference, emit);
}

void RootPlaces::show_static(const Reference& reference, Holder holder, std::uint64_t offset,
                             const Emit& emit) {
  const TypeFacts facts = decoder_.facts(reference.type);
  if (!facts.has_pointers) return;
  auto size = checked_mul(reference.count, facts.size);
  // The runtime casts pointers to arrays of any length ((*[1 << 16]scase)(p)): such a type says
  // nothing of what stands there.
  if (!size || !words_.covers(reference.target, *size)) return;
  auto bytes = size ? image_.bytes(reference.target, *size) : std::nullopt;
  if (!bytes || bytes->empty()) return;
  // Once for each start and type.
  if (!static_seen_.insert(reference.target ^ (std::uint64_t{reference.type.value} << 48)).second)
    return;
  RootPlace row{.kind = RootPlace::Kind::Static,
                .type = reference.type,
                .parent = holder,
                .address = reference.target,
                .parent_offset = offset};
  show_place({bytes->data(), bytes->size(), reference.target, nullptr}, row, reference.count, emit);
}

std::optional<Address> RootPlaces::stack_object(const StackFrame& frame, Address slot) {
  if (frame.continpc == 0) return std::nullopt;
  const Runtime& runtime = heap_.runtime();
  const PcFacts& facts = stack_facts_.at(frame.continpc);
  auto record_size = static_cast<std::size_t>(runtime.layout().stackObjectRecord_size_of);
  for (std::size_t i = 0; i < facts.maps.objects.size() / record_size; i++) {
    auto record = read_stack_object(runtime.layout(), facts.maps.objects, i);
    auto base = (record.offset < 0 ? frame.varp() : frame.argp()) +
                static_cast<std::uint64_t>(std::int64_t{record.offset});
    if (slot - base < static_cast<std::uint64_t>(std::max(record.size, 0))) return base;
  }
  return std::nullopt;
}

bool RootPlaces::may_be_header(Address slot, const StackFrame* frame, Address object) {
  if (!frame) return header_uses_.may_be_slice(slot);
  return header_uses_.may_be_slice(frame->pc, static_cast<std::int64_t>(object - frame->sp),
                                   static_cast<std::int64_t>(slot - frame->sp));
}

// A global that leads into an array, and by which code comes to one element alone.
void RootPlaces::guess_pointer(Guesser& guesser, Address address, Address value, const Emit& emit) {
  auto object = heap_.find(value);
  auto header = object ? heap_.header_size(object->id) : 0;
  if (!object || object->offset < header) return;
  auto elem = guesser.allocated_type(*object);
  bool recorded = elem != kUnknownType;
  if (!recorded) elem = guesser.array_element(*object);
  const TypeFacts facts = decoder_.facts(elem);
  if (elem == kUnknownType || facts.size == 0 || facts.slot == heap_.slot_size(object->id)) return;
  auto within = (object->offset - header) % facts.size;
  if (within != 0 && !recorded) return;
  auto reach = pointer_reach_.of(address);
  if (!reach || within + *reach > facts.size || !words_.claim(address)) return;
  Reference pointer;
  pointer.kind = Reference::Kind::Value;
  pointer.type = elem;
  pointer.slot = address;
  pointer.target = value - within;
  const auto& name = decoder_.types().info(elem).name;
  auto what = within == 0 ? "*" + name : "pointer into " + name;
  emit(pointer, add(nameless_global(address, what)), 0);
}

void RootPlaces::guess_word(Guesser& guesser, RootPlace row, Address value, const StackFrame* frame,
                            const Emit& emit) {
  Reference word;
  word.slot = row.address;
  word.target = value;
  auto object = frame ? stack_object(*frame, row.address) : std::nullopt;
  auto meaning = guesser.word(word, frame && !object);
  if (meaning.kind == Reference::Kind::Unknown) {
    if (!frame) guess_pointer(guesser, row.address, value, emit);
    return;
  }
  bool slice = meaning.kind == Reference::Kind::Slice;
  if (slice && !may_be_header(row.address, frame, object.value_or(0))) return;
  if (!words_.claim(row.address)) return;
  std::string what;
  if (slice)
    what = decoder_.types().slice_name(meaning.type);
  else if (meaning.kind == Reference::Kind::String)
    what = "string";
  else if (auto held = guesser.interface_type(row.address, value); held != kUnknownType)
    what = "interface holding " + decoder_.types().info(held).name;
  if (frame) {
    row.label = label(what.empty() ? "a local" : "a local " + what);
    row.nameless = true;
  } else {
    row = nameless_global(row.address, what);
  }
  emit(meaning, add(row), 0);
}

// Whether a variable of that type at `address` has the pointer words that the collector sees there.
bool RootPlaces::has_pointers_of(Address address, TypeId type) {
  const Runtime& runtime = heap_.runtime();
  const Module* module = runtime.module_of_data(address);
  const auto size = decoder_.facts(type).size;
  if (!module || size > kMaxLocalBytes || !words_.covers(address, size)) return false;
  if (compared_words_ + size / 8 > kMostCompared) {
    runtime.diagnostics().lose("globals whose type was not compared with their words: too many");
    return false;
  }
  compared_words_ += size / 8;
  return runtime.has_root_words(*module, address, decoder_.types().pointer_mask(type), size / 8);
}

// Globals that the code calls methods on. Of such that stand in one another the outermost tells
// most.
void RootPlaces::show_receivers(Guesser& guesser, const Emit& emit) {
  struct Found {
    Address address;
    TypeId type;
    std::uint64_t size;
  };
  std::vector<Found> found;
  std::vector<Receiver> pointers;
  for (const Receiver& receiver : receivers_in_data(heap_.runtime())) {
    if (receiver.pointer) {
      pointers.push_back(receiver);
      continue;
    }
    std::vector<TypeId> types;
    for (TypeId type : guesser.types_called(receiver.type))
      if (decoder_.facts(type).has_pointers && has_pointers_of(receiver.address, type))
        types.push_back(type);
    if (types.empty()) continue;
    const auto size = decoder_.facts(types.front()).size;
    auto bytes = image_.bytes(receiver.address, size);
    if (!bytes) continue;
    auto type = guesser.value({bytes->data(), bytes->size(), receiver.address, nullptr}, types);
    if (type != kUnknownType) found.push_back({receiver.address, type, size});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.size > b.size; });
  for (const Found& global : found) {
    auto bytes = image_.bytes(global.address, global.size);
    auto row = nameless_global(global.address, decoder_.types().info(global.type).name);
    row.type = global.type;
    show_place({bytes->data(), bytes->size(), global.address, nullptr}, row, 1, emit);
  }
  for (auto first = pointers.begin(); first != pointers.end();) {
    auto last = std::find_if(first, pointers.end(), [&](const Receiver& receiver) {
      return receiver.address != first->address;
    });
    show_pointer({first, last}, guesser, emit);
    first = last;
  }
}

// Whether values of the type begin with one of the other: itself, or embedded.
bool RootPlaces::begins_with(TypeId type, TypeId other) {
  for (unsigned depth = 0; depth < kMostEmbedded; depth++) {
    if (type == other) return true;
    auto& fields = decoder_.types().info(type).fields;
    if (fields.empty() || fields.front().offset != 0) return false;
    type = fields.front().type;
  }
  return false;
}

// Whether the word is a slice's whose first element the code calls methods on (queue[0].run()).
bool RootPlaces::is_slice_of_values(Guesser& guesser, Address address, Address value) {
  Reference word;
  word.slot = address;
  word.target = value;
  return guesser.word(word).kind == Reference::Kind::Slice && header_uses_.is_slice(address);
}

// A pointer that the code calls methods on, of types that embed each other.
void RootPlaces::show_pointer(std::span<const Receiver> receivers, Guesser& guesser,
                              const Emit& emit) {
  const auto address = receivers.front().address;
  const Module* module = heap_.runtime().module_of_data(address);
  auto value = image_.word(address).value_or(0);
  if (!module || !heap_.contains(value) || words_.claimed(address) ||
      !heap_.runtime().is_root_word(*module, address) ||
      guesser.interface_type(address, value) != kUnknownType)
    return;
  TypeId type = kUnknownType;
  for (const Receiver& receiver : receivers) {
    auto other = guesser.pointee(value, guesser.types_called(receiver.type));
    if (other == kUnknownType) return;
    if (type == kUnknownType || begins_with(other, type))
      type = other;
    else if (!begins_with(type, other))
      return;
  }
  if (is_slice_of_values(guesser, address, value) || !words_.claim(address)) return;
  auto row = nameless_global(address, "*" + decoder_.types().info(type).name);
  Reference pointer;
  pointer.kind = Reference::Kind::Value;
  pointer.type = type;
  pointer.slot = address;
  pointer.target = value;
  emit(pointer, add(row), 0);
}

// runtime2.go: allm, allp; proc.go: allgs. Every goroutine, thread and processor is in them.
void RootPlaces::show_runtime_variables(const Emit& emit) {
  struct Variable {
    const char* name;
    Address address;
    const char* type;  // what it leads to
    bool slice;
  };
  const RuntimeVariables& variables = heap_.runtime().variables();
  for (const Variable& variable : {Variable{"runtime.allgs", variables.allgs, "*runtime.g", true},
                                   Variable{"runtime.allp", variables.allp, "*runtime.p", true},
                                   Variable{"runtime.allm", variables.allm, "runtime.m", false}}) {
    Reference value;
    value.type = decoder_.types().named(variable.type);
    value.slot = variable.address;
    auto words = image_.bytes(variable.address, variable.slice ? 24 : 8);
    if (value.type == kUnknownType || variable.address == 0 || !words) continue;
    auto word = [&](std::size_t i) { return load_unchecked<std::uint64_t>(words->data() + i * 8); };
    value.kind = variable.slice ? Reference::Kind::Slice : Reference::Kind::Value;
    value.target = word(0);
    if (variable.slice) {
      value.count = word(1);
      value.capacity = word(2);
      if (value.count > value.capacity) continue;
    }
    if (!words_.claim(variable.address)) continue;
    RootPlace row;
    row.kind = RootPlace::Kind::Global;
    row.label = label(variable.name);
    row.address = variable.address;
    emit(value, add(row), 0);
  }
}

void RootPlaces::show_guessed(Guesser& guesser, const Emit& emit) {
  show_runtime_variables(emit);
  show_receivers(guesser, emit);
  words_.for_each_unclaimed(
      [&](const Root& root) {
        if (root.kind != RootKind::Data) return;
        RootPlace row;
        row.address = root.slot;
        guess_word(guesser, row, root.value, nullptr, emit);
      },
      [&](const Goroutine& goroutine, const StackRoot& root) {
        if (root.slot == 0 || root.frame < 0 ||
            static_cast<std::size_t>(root.frame) >= goroutine.frames.size())
          return;
        const StackFrame& frame = goroutine.frames[static_cast<std::size_t>(root.frame)];
        if (frame.conservative) return;
        RootPlace row;
        row.kind = RootPlace::Kind::Local;
        row.frame_pc = frame.pc;
        row.address = root.slot;
        guess_word(guesser, row, root.value, &frame, emit);
        if (!words_.claimed(root.slot) && !stack_object(frame, root.slot))
          guess_local(guesser, row, root.value, goroutine, frame, emit);
      });
}

// Shows what a local slice likely shows. Where the function's code leaves no doubt, that is what
// the word means. Else it stays unclaimed: as one of unknown type it shows the whole array in the
// end, so that what the slice hides is possibly hidden, and never certainly.
void RootPlaces::guess_local(Guesser& guesser, RootPlace row, Address value,
                             const Goroutine& goroutine, const StackFrame& frame,
                             const Emit& emit) {
  Reference word;
  word.slot = row.address;
  word.target = value;
  auto function = heap_.runtime().find_function(frame.pc);
  if (!function) return;
  auto end = end_of_frame(frame, *function);
  if (frame.sp >= end || words_.claimed(row.address)) return;
  auto [known, fresh] = stack_loads_.try_emplace(function->entry);
  if (fresh) known->second = stack_loads(heap_.runtime(), *function);
  const auto& loads = known->second;
  auto& elem = local_elements_[{frame.pc, row.address - frame.sp}];
  auto offset = [&](Address at) { return static_cast<std::int32_t>(at - frame.sp); };
  auto& ways = local_ways_[{frame.pc, row.address - frame.sp}];
  auto candidates = guesser.local_slices(
      word, frame.sp, end,
      [&](Address at) { return std::binary_search(loads.begin(), loads.end(), at - frame.sp); },
      [&](Address len, Address cap) {
        // What is likely, or may be certain.
        auto words = (end - frame.sp) / 8;
        auto [way, fresh_way] =
            ways.try_emplace((len - frame.sp) / 8 * words + (cap - frame.sp) / 8, true);
        if (fresh_way)
          way.value() =
              cap == len + 8 ||
              prover_.may_be_slice(frame.pc, {offset(row.address), offset(len), offset(cap)});
        return way->second;
      },
      elem);
  auto meaning = certain_local(candidates, goroutine, frame, end);
  bool alike = std::all_of(candidates.begin(), candidates.end(), [&](const auto& candidate) {
    return candidate.slice.type == candidates.front().slice.type;
  });
  if (!candidates.empty() && alike) elem = candidates.front().slice.type;
  if (meaning) {
    words_.claim(row.address);
  } else {
    meaning = likely_local(candidates);
  }
  if (!meaning) return;
  row.label = label("a local " + decoder_.types().slice_name(meaning->type));
  row.nameless = true;
  emit(*meaning, add(row), 0);
}

// The slice that the frame's words are, if nothing else in the frame shows more of the array.
std::optional<Reference> RootPlaces::certain_local(
    const std::vector<Guesser::LocalCandidate>& candidates, const Goroutine& goroutine,
    const StackFrame& frame, Address end) {
  // Elsewhere than at a call registers are in use.
  if (candidates.empty() || !frame.within_call || frame.continpc != frame.pc) return std::nullopt;
  const Reference& word = candidates.front().slice;
  auto array = heap_.find(word.target);
  auto bytes = image_.bytes(frame.sp, end - frame.sp);
  if (!array || !bytes) return std::nullopt;
  auto root = std::lower_bound(goroutine.roots.begin(), goroutine.roots.end(), frame.sp,
                               [](const StackRoot& r, Address at) { return r.slot < at; });
  for (; root != goroutine.roots.end() && root->slot < end; ++root) {
    auto other = root->slot != word.slot ? heap_.find(root->value) : std::nullopt;
    if (other && other->id == array->id) return std::nullopt;
  }
  auto offset = [&](Address at) { return static_cast<std::int32_t>(at - frame.sp); };
  std::optional<Reference> found;
  for (const Guesser::LocalCandidate& local : candidates) {
    LocalSlice slice{offset(word.slot), offset(local.len), offset(local.cap),
                     decoder_.facts(local.slice.type).size};
    // A parameter's words stand side by side: with another len it is another slice, and the
    // parameter perhaps still one.
    bool parameter = word.slot >= frame.argp();
    if (parameter && (local.len != word.slot + 8 || local.cap != word.slot + 16)) continue;
    if (!prover_.is_slice(frame.pc, *bytes, slice, local.room)) continue;
    if (found && !same_window(*found, local.slice)) return std::nullopt;
    found = local.slice;
  }
  return found;
}

// The contents of an object with a finalizer are roots; the object itself is not.
void RootPlaces::show_finalizer_object(const Root& root, const Emit& emit) {
  auto object = heap_.find(root.value);
  if (!object) return;
  auto holder = add({.kind = RootPlace::Kind::Finalizer,
                     .label = label("finalizer"),
                     .type = {},
                     .parent = {},
                     .address = root.value});
  const HeapSpan& span = heap_.spans()[object->span];
  follower_.whole(*object, record_type(root),
                  [&](std::uint64_t offset, const Reference& reference) {
                    if (!finalizer_skips(span, object->id, offset, reference.target))
                      emit(reference, holder, offset);
                  });
}

// A root word by itself.
void RootPlaces::show_word(const RootPlace& row, const Reference& reference, const Emit& emit) {
  if (heap_.contains(reference.target)) emit(reference, add(row), 0);
}

Reference RootPlaces::meaning(const Root& root) {
  Reference out;
  out.slot = root.slot;
  out.target = root.value;
  out.type = record_type(root);
  switch (root.kind) {
    case RootKind::FinalizerFn:
    case RootKind::CleanupFn:
      out.kind = Reference::Kind::Func;
      out.type = kUnknownType;
      break;
    case RootKind::CleanupArg:
      out.type = decoder_.types().cleanup_argument(root.call);
      if (out.type != kUnknownType) out.kind = Reference::Kind::Value;
      break;
    case RootKind::WeakHandle:
      // mheap.go: specialWeakHandle.handle is a *atomic.Uintptr.
      out.kind = Reference::Kind::Value;
      out.type = decoder_.types().named("uintptr");
      break;
    case RootKind::Data:
    case RootKind::FinalizerObject:
      out.type = kUnknownType;
      break;
    case RootKind::QueuedFinalizer:
    case RootKind::QueuedCleanup:
    case RootKind::Other:
      // Words without a type are func values, or look like none.
      out.kind = out.type == kUnknownType ? Reference::Kind::Func : Reference::Kind::Value;
      break;
  }
  return out;
}

void RootPlaces::show_root(const Root& root, const Emit& emit) {
  if (root.kind == RootKind::FinalizerObject) {
    show_finalizer_object(root, emit);
    return;
  }
  RootPlace record{.kind = RootPlace::Kind::Finalizer,
                   .label = label(root.kind == RootKind::WeakHandle ? "weak pointer" : "finalizer"),
                   .type = {},
                   .parent = {},
                   .address = root.slot};
  if (root.kind == RootKind::Data) {
    record = nameless_global(root.slot, "");
    if (dwarf_) {
      record.kind = RootPlace::Kind::Unknown;
      record.label = label("static word");
    }
  }
  show_word(record, meaning(root), emit);
}

void RootPlaces::show_owned(std::span<const Root> roots, const Emit& emit) {
  for (const Root& root : roots) show_root(root, emit);
}

// An object that a function of the runtime keeps in a word for which it has no variable: mgc.go:
// gcBgMarkWorker, whose node is padded to 512 bytes.
TypeId RootPlaces::runtime_object(std::string_view function, Address value) {
  if (function != "runtime.gcBgMarkWorker") return kUnknownType;
  auto type = decoder_.types().named("runtime.gcBgMarkWorkerNodePadded");
  auto object = heap_.find(value);
  bool is_it = type != kUnknownType && object && object->offset == 0 &&
               decoder_.facts(type).slot == heap_.slot_size(object->id);
  return is_it ? type : kUnknownType;
}

void RootPlaces::show_unclaimed(const Owners& owners, const Emit& emit) {
  words_.for_each_unclaimed(
      [&](const Root& root) {
        if (!owners.owned(root)) show_root(root, emit);
      },
      [&](const Goroutine& goroutine, const StackRoot& root) {
        RootPlace row{.conservative = root.conservative,
                      .by_address = root.slot != 0,
                      .label = label(root.slot != 0 ? "stack word" : "register"),
                      .type = {},
                      .parent = {},
                      .address = root.slot};
        if (root.frame >= 0 && static_cast<std::size_t>(root.frame) < goroutine.frames.size())
          row.frame_pc = goroutine.frames[static_cast<std::size_t>(root.frame)].pc;
        Reference reference;
        reference.type = runtime_object(function(row), root.value);
        if (reference.type != kUnknownType) reference.kind = Reference::Kind::Value;
        reference.slot = root.slot;
        reference.target = root.value;
        show_word(row, reference, emit);
      });
}

}  // namespace overhang
