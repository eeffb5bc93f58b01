#include "graph/references.h"

#include <algorithm>

#include "goruntime/size_classes.h"

namespace overhang {
namespace {

// Words of a type's mask that are kept inline; objects with bitmaps are at most 64 words.
constexpr std::uint64_t kMaskWords = 64;

}  // namespace

const TypeFacts& ReferenceDecoder::load_facts(TypeId type) {
  if (type.value >= facts_.size())
    facts_.resize(std::max<std::size_t>(types_.size(), type.value + 1));
  const TypeInfo& info = types_.info(type);
  TypeFacts facts;
  facts.known = true;
  facts.size = info.size;
  facts.has_pointers = info.has_pointers;
  facts.direct_interface = info.direct_interface;
  facts.closure = types_.is_closure(type);
  facts.shape = info.name.find("go.shape.") != std::string::npos;
  facts.slot = slot_size_for(runtime_.layout(), info.size, info.has_pointers);
  facts.rtype = info.rtype;
  if (info.has_pointers) {
    facts.program = types_.program(type);
    if (info.size <= kMaskWords * 8) {
      const auto& mask = types_.pointer_mask(type);
      facts.mask_small = true;
      facts.mask = mask.empty() ? 0 : mask[0];
    }
  }
  // The program may have added types.
  if (type.value >= facts_.size()) facts_.resize(type.value + 1);
  return facts_[type.value] = facts;
}

bool ReferenceDecoder::decode_interface(const Place& place, std::uint64_t offset, TypeId dynamic,
                                        Reference* out) {
  // `offset` is the data word's.
  auto data = load<Address>({place.bytes, place.size}, offset);
  if (!data || *data == 0) return false;
  *out = {Reference::Kind::Unknown, kUnknownType, place.slot(offset), *data, 1, 1};
  if (dynamic == kUnknownType) return true;
  const TypeFacts& facts = this->facts(dynamic);
  if (!facts.direct_interface) {
    out->kind = Reference::Kind::Value;
    out->type = dynamic;
    return true;
  }
  // The data word is the value itself: a type with one pointer word, at its start.
  if (facts.program.empty() || facts.program[0].offset != 0) return true;
  auto step = facts.program[0];
  for (std::size_t i = 1; step.kind == ScanStep::Kind::Repeat && i < facts.program.size(); i++)
    step = facts.program[i];  // [1]*T
  switch (step.kind) {
    case ScanStep::Kind::Pointer:
    case ScanStep::Kind::UnsafePointer:
    case ScanStep::Kind::Map:
    case ScanStep::Kind::Chan:
    case ScanStep::Kind::Func:
    case ScanStep::Kind::SyncMapNode:
      return decode_step(place, offset, step, out);
    default:
      return true;
  }
}

bool ReferenceDecoder::decode_step(const Place& place, std::uint64_t offset, const ScanStep& step,
                                   Reference* out) {
  ByteSpan bytes(place.bytes, place.size);
  auto first = load<std::uint64_t>(bytes, offset);
  if (!first || *first == 0) return false;
  out->slot = place.slot(offset);
  out->target = *first;
  out->type = step.target;
  out->count = out->capacity = 1;
  switch (step.kind) {
    case ScanStep::Kind::Pointer:
      out->kind = Reference::Kind::Value;
      return true;
    case ScanStep::Kind::UnsafePointer:
      out->kind = Reference::Kind::Unknown;
      return true;
    case ScanStep::Kind::Slice: {
      auto len = load<std::int64_t>(bytes, offset + 8);
      auto cap = load<std::int64_t>(bytes, offset + 16);
      if (!len || !cap || *len < 0 || *cap < *len) {
        // A header of which a part is missing: nothing is known of how much it shows.
        out->kind = Reference::Kind::Unknown;
        return true;
      }
      out->kind = Reference::Kind::Slice;
      out->count = static_cast<std::uint64_t>(*len);
      out->capacity = static_cast<std::uint64_t>(*cap);
      return true;
    }
    case ScanStep::Kind::String: {
      auto len = load<std::int64_t>(bytes, offset + 8);
      if (!len || *len < 0) {
        out->kind = Reference::Kind::Unknown;
        return true;
      }
      out->kind = Reference::Kind::String;
      out->count = out->capacity = static_cast<std::uint64_t>(*len);
      return true;
    }
    case ScanStep::Kind::Interface:
      return decode_interface(place, offset + 8, types_.from_itab(*first), out);
    case ScanStep::Kind::EmptyInterface:
      return decode_interface(place, offset + 8, types_.from_rtype(*first), out);
    case ScanStep::Kind::Map:
      out->kind = Reference::Kind::Map;
      return true;
    case ScanStep::Kind::Chan:
      out->kind = Reference::Kind::Chan;
      return true;
    case ScanStep::Kind::Func:
      out->kind = Reference::Kind::Func;
      return true;
    case ScanStep::Kind::SyncMapNode: {
      // internal/sync.HashTrieMap: node is the first field of entry or indirect.
      auto is_entry = runtime_.image().read<std::uint8_t>(*first);
      out->type =
          is_entry ? types_.sync_map_node_target(step.target, *is_entry != 0) : kUnknownType;
      out->kind = out->type == kUnknownType ? Reference::Kind::Unknown : Reference::Kind::Value;
      return true;
    }
    case ScanStep::Kind::PoolLocals: {
      auto n = load<std::uint64_t>(bytes, offset + 8);
      out->kind = n ? Reference::Kind::Storage : Reference::Kind::Unknown;
      out->count = out->capacity = n.value_or(0);
      return true;
    }
    case ScanStep::Kind::Repeat:
      break;
  }
  return false;
}

}  // namespace overhang
