// Scan programs and pointer masks.
//
// A type is flattened with a stack of places still to visit: structs vanish into their fields,
// arrays become Repeat or, when short, are written out. What comes out must name exactly the words
// of the collector's mask; where both are there and differ, the mask is right and the program is
// made anew from its words.
#include <algorithm>

#include "base/checked.h"
#include "goruntime/type_table.h"

namespace overhang {
namespace {

using Kind = ScanStep::Kind;
using Mask = std::vector<std::uint64_t>;

constexpr std::uint64_t kUnrolled = 4;  // arrays of at most so many elements
constexpr unsigned kMaxRepeats = 32;    // nested Repeat
constexpr unsigned kMaxNesting = 512;   // structs and arrays by value
constexpr std::size_t kMaxSteps = 1 << 20;
constexpr std::uint64_t kMaxMaskBits = (1 << 30) / 8;
constexpr std::uint64_t kMaxCheckedBits = 1 << 20;  // larger masks are not compared

// Bytes from a step's offset to the word that the collector takes for a pointer. An interface's
// first word is none: itabs are not in the heap, and types made by reflect are kept by reflect
// (cmd/compile/internal/typebits: Set).
std::uint64_t pointer_word(Kind kind) {
  return kind == Kind::Interface || kind == Kind::EmptyInterface ? 8 : 0;
}

bool test(const Mask& mask, std::uint64_t bit) { return mask[bit / 64] >> (bit % 64) & 1; }
void set(Mask& mask, std::uint64_t bit) { mask[bit / 64] |= std::uint64_t{1} << (bit % 64); }

// Calls visit(step, offset) for every place of a program, loops unrolled. False where a place lies
// past `limit` bytes or there are more than limit / 8 of them. (The program is our own: its nesting
// is at most kMaxRepeats.)
template <class Visit>
bool for_each_place(std::span<const ScanStep> steps, std::uint64_t base, std::uint64_t limit,
                    Visit& visit) {
  for (std::size_t i = 0; i < steps.size(); i++) {
    const auto& step = steps[i];
    auto offset = base + step.offset;
    if (offset >= limit) return false;
    if (step.kind != Kind::Repeat) {
      visit(step, offset);
      continue;
    }
    auto body = steps.subspan(i + 1, step.steps);
    for (std::uint64_t k = 0; k < step.count; k++)
      if (!for_each_place(body, offset + k * step.stride, limit, visit)) return false;
    i += step.steps;
  }
  return true;
}

// The words that a program names, as a mask of `bits` bits; nothing where they do not fit.
std::optional<Mask> mask_of(std::span<const ScanStep> program, std::uint64_t bits) {
  Mask mask((bits + 63) / 64);
  bool fits = true;
  auto visit = [&](const ScanStep& step, std::uint64_t offset) {
    auto at = offset + pointer_word(step.kind);
    if (at % 8 != 0 || at / 8 >= bits)
      fits = false;
    else
      set(mask, at / 8);
  };
  if (!for_each_place(program, 0, bits * 8, visit) || !fits) return std::nullopt;
  return mask;
}

// One step a word: what `program` says where it and the mask agree, else UnsafePointer.
std::vector<ScanStep> program_from_mask(std::span<const ScanStep> program, const Mask& mask,
                                        std::uint64_t bits) {
  std::vector<ScanStep> flat;
  auto visit = [&](const ScanStep& step, std::uint64_t offset) {
    auto at = offset + pointer_word(step.kind);
    if (at % 8 != 0 || at / 8 >= bits || !test(mask, at / 8)) return;
    flat.push_back(step);
    flat.back().offset = offset;
  };
  for_each_place(program, 0, bits * 8, visit);
  std::vector<ScanStep> out;
  auto next = flat.begin();
  for (std::uint64_t bit = 0; bit < bits && out.size() < kMaxSteps; bit++) {
    if (!test(mask, bit)) continue;
    auto word = [&] { return (next->offset + pointer_word(next->kind)) / 8; };
    while (next != flat.end() && word() < bit) ++next;
    if (next != flat.end() && word() == bit)
      out.push_back(*next);
    else
      out.push_back({.kind = Kind::UnsafePointer, .offset = bit * 8});
  }
  return out;
}

}  // namespace

// The mask that GCData points to, where it is a plain one and all there.
std::optional<Mask> TypeTable::Impl::static_mask(const TypeRow& r) const {
  if (r.gc_data == 0 || r.pointer_bytes / 8 > kMaxMaskBits) return std::nullopt;
  auto bits = r.pointer_bytes / 8;
  auto bytes = runtime.image().bytes(r.gc_data, (bits + 7) / 8);
  if (!bytes) return std::nullopt;
  Mask mask((bits + 63) / 64);
  for (std::uint64_t i = 0; i < bits; i++)
    if (std::to_integer<unsigned>((*bytes)[i / 8]) >> (i % 8) & 1) set(mask, i);
  return mask;
}

// Flattens one type.
struct TypeTable::Impl::ProgramBuilder {
  // A place still to be visited, a finished step, or the end of a Repeat's body.
  struct Pending {
    TypeId type;
    std::uint64_t offset = 0;
    unsigned nesting = 0;
    unsigned repeats = 0;
    std::optional<ScanStep> step = std::nullopt;
    std::optional<std::size_t> repeat = std::nullopt;
  };

  Impl& table;
  std::vector<ScanStep> out{};
  std::vector<Pending> pending{};
  bool complete = true;

  void run(TypeId id) {
    pending.push_back({.type = id});
    while (!pending.empty()) {
      auto at = pending.back();
      pending.pop_back();
      if (at.repeat)
        out[*at.repeat].steps = static_cast<std::uint32_t>(out.size() - *at.repeat - 1);
      else if (at.step)
        out.push_back(*at.step);
      else if (out.size() >= kMaxSteps || at.nesting >= kMaxNesting)
        complete = false;
      else
        visit(at);
    }
  }

  void visit(const Pending& at) {
    const TypeRow& r = table.decoded(at.type);
    if (!r.info.has_pointers) return;
    switch (r.info.kind) {
      case TypeKind::Struct:
        return visit_struct(r, at);
      case TypeKind::Array:
        return visit_array(r, at);
      case TypeKind::Pointer:
        out.push_back(table.pointer_step(at.offset, at.type, r.info.elem));
        return;
      case TypeKind::Slice:
        return push(Kind::Slice, at, r.info.elem);
      case TypeKind::Map:
        return push(Kind::Map, at, at.type);
      case TypeKind::Chan:
        return push(Kind::Chan, at, at.type);
      case TypeKind::String:
        return push(Kind::String, at);
      case TypeKind::Interface:
        return push(Kind::Interface, at);
      case TypeKind::EmptyInterface:
        return push(Kind::EmptyInterface, at);
      case TypeKind::Func:
        return push(Kind::Func, at);
      case TypeKind::UnsafePointer:
        return push(Kind::UnsafePointer, at);
      case TypeKind::Scalar:
      case TypeKind::Unknown:
        return;
    }
  }

  void push(Kind kind, const Pending& at, TypeId target = kUnknownType) {
    out.push_back({.kind = kind, .offset = at.offset, .target = target});
  }

  void visit_struct(const TypeRow& r, const Pending& at) {
    // sync/poolqueue.go: poolDequeue.pushHead stores an any in an eface, whose first word is a
    // pointer for the collector too.
    if (r.special == SpecialStruct::PoolQueueSlot) {
      push(Kind::UnsafePointer, at);
      return push(Kind::EmptyInterface, at);
    }
    for (std::size_t i = r.info.fields.size(); i-- > 0;) {
      const auto& field = r.info.fields[i];
      Pending next{.type = field.type,
                   .offset = at.offset + field.offset,
                   .nesting = at.nesting + 1,
                   .repeats = at.repeats};
      if (r.special != SpecialStruct::None) next.step = table.special_step(at.type, i, next.offset);
      pending.push_back(next);
    }
  }

  void visit_array(const TypeRow& r, const Pending& at) {
    auto stride = table.decoded(r.info.elem).info.size;
    Pending element{
        .type = r.info.elem, .offset = at.offset, .nesting = at.nesting + 1, .repeats = at.repeats};
    if (r.info.count <= kUnrolled) {
      for (auto i = r.info.count; i-- > 0;) {
        element.offset = at.offset + i * stride;
        pending.push_back(element);
      }
      return;
    }
    if (at.repeats >= kMaxRepeats) {
      complete = false;
      return;
    }
    pending.push_back({.type = at.type, .repeat = out.size()});
    out.push_back(
        {.kind = Kind::Repeat, .offset = at.offset, .count = r.info.count, .stride = stride});
    element.offset = 0;
    element.repeats++;
    pending.push_back(element);
  }
};

const std::vector<ScanStep>& TypeTable::Impl::program(TypeId id) {
  TypeRow& r = decoded(id);
  if (r.compiled) return r.program;
  r.compiled = true;
  if (!r.info.has_pointers) return r.program;
  ProgramBuilder builder{*this};
  builder.run(id);
  if (!builder.complete) diagnostics.lose("types too deep or too long to follow", r.info.name);
  r.program = std::move(builder.out);

  auto bits = r.pointer_bytes / 8;
  auto mask = bits <= kMaxCheckedBits ? static_mask(r) : std::nullopt;
  if (!mask || mask_of(r.program, bits) == mask) return r.program;
  if (!r.opaque) diagnostics.lose("types whose pointer mask differs", r.info.name);
  r.program = program_from_mask(r.program, *mask, bits);
  return r.program;
}

const std::vector<std::uint64_t>& TypeTable::Impl::pointer_mask(TypeId id) {
  TypeRow& r = decoded(id);
  if (r.mask_made) return r.mask;
  r.mask_made = true;
  auto bits = r.pointer_bytes / 8;
  if (!r.info.has_pointers) return r.mask;
  if (bits > kMaxMaskBits) {
    diagnostics.lose("pointer masks of types over 1 GiB", r.info.name);
  } else if (auto mask = static_mask(r)) {
    r.mask = std::move(*mask);
  } else if (auto made = mask_of(program(id), bits)) {
    r.mask = std::move(*made);
  } else {
    diagnostics.lose("types whose pointer words do not fit", r.info.name);
  }
  return r.mask;
}

}  // namespace overhang
