// The way up from a slice header to what a program's source calls its place.
#include <algorithm>

#include "retain/sites.h"

namespace overhang {
namespace {

constexpr unsigned kMaxSteps = 24;

}  // namespace

// The fields on the way to byte `offset` of a value; `element`: it ends within an array.
std::vector<SlicePlace::Field> Namer::fields_at(TypeId type, std::uint64_t offset, bool& element) {
  std::vector<SlicePlace::Field> out;
  TypeTable& types = views_.types();
  element = false;
  for (unsigned depth = 0; depth < 64; depth++) {
    const TypeInfo& info = types.info(type);
    if (info.kind == TypeKind::Array) {
      const auto size = types.info(info.elem).size;
      if (size == 0) return out;
      element = true;
      offset %= size;
      type = info.elem;
      continue;
    }
    if (info.kind != TypeKind::Struct) return out;
    const TypeField* found = field_at(info, offset);
    if (!found) return out;
    if (!info.name.starts_with("atomic.")) {
      auto owner = types.full_name(type);
      bool named = !owner.empty() && !owner.starts_with("struct ");
      out.push_back({named ? std::string(owner) : std::string(), found->name});
      element = false;
    }
    offset -= found->offset;
    type = found->type;
  }
  return out;
}

SlicePlace Namer::source_place(Holder holder, std::uint64_t offset) {
  SlicePlace out;
  const Heap& heap = views_.heap();
  TypeTable& types = views_.types();
  // Of a way through a value of a named struct type, that says all; else the value's place counts.
  auto prepend = [&](std::vector<SlicePlace::Field> fields) {
    out.fields.insert(out.fields.begin(), fields.begin(), fields.end());
  };
  auto complete = [&] {
    return std::any_of(out.fields.begin(), out.fields.end(),
                       [](const auto& field) { return !field.owner.empty(); });
  };
  bool in_object = false;  // the fields are of an object that a variable may stand for
  for (unsigned i = 0; i < kMaxSteps && !holder.none(); i++) {
    bool element = false;
    if (holder.is_place()) {
      const RootPlace& place = views_.places().row(holder);
      if (!in_object) prepend(fields_at(place.type, offset, element));
      out.elements += element;
      if (place.kind == RootPlace::Kind::Static) {
        if (complete()) {
          out.kind = SlicePlace::Kind::Field;
          in_object = true;
        }
        holder = place.parent;
        offset = place.parent_offset;
        continue;
      }
      auto function = views_.places().function(place);
      // A word of a frame that nothing describes may be a variable's that escaped.
      bool of_frame = place.kind == RootPlace::Kind::Unknown && !function.empty();
      if (place.nameless || of_frame) {
        // The struct's type and field say as much as of an object, a function almost as much as
        // the name of its variable.
        if (complete()) {
          out.kind = SlicePlace::Kind::Field;
        } else if (place.kind == RootPlace::Kind::Global && !in_object && out.fields.empty()) {
          out.global = place.address + offset;
        } else if ((place.kind == RootPlace::Kind::Local || of_frame) && !in_object &&
                   out.fields.empty()) {
          out.kind = SlicePlace::Kind::Local;
          out.function = function;
        }
        return out;
      }
      if (in_object && place.kind != RootPlace::Kind::Global) return out;
      if (place.kind == RootPlace::Kind::Global) {
        bool direct = fields_at(place.type, offset, element).empty() && !element;
        if (in_object && !direct) return out;
        out.kind = SlicePlace::Kind::Global;
        out.variable = views_.places().name(place);
        out.behind = in_object;
      } else if (place.kind == RootPlace::Kind::Local) {
        out.kind = SlicePlace::Kind::Local;
        out.variable = views_.places().name(place);
        out.function = views_.places().function(place);
      }
      return out;
    }
    // An object that one of many refers to is no variable's own.
    if (in_object) return out;
    auto id = holder.as_object();
    const ObjectInfo info = views_.info(id);
    if (info.type() == kUnknownType) return {};
    const TypeInfo& of = types.info(info.type());
    auto header = heap.header_size(id);
    auto within = offset >= header && of.size > 0 ? (offset - header) % of.size : 0;
    if (is_map_storage(info.type())) {
      auto part = map_part(info.type(), within);
      prepend(fields_at(part.type, part.offset, element));
      out.elements += element;
      if (complete()) {
        out.kind = SlicePlace::Kind::Field;
        return out;
      }
      if (out.elements == 0) out.key = part.key;
      out.elements++;
      auto up = info.holder();
      if (up.is_object() && is_map(views_.info(up.as_object()).type())) id = up.as_object();
    } else if (types.is_closure(info.type())) {
      auto fields = fields_at(info.type(), within, element);
      if (fields.empty()) return {};
      out.kind = SlicePlace::Kind::Captured;
      out.variable = fields[0].name;
      out.code = heap.image().word(heap.base(id) + header).value_or(0);
      fields.erase(fields.begin());
      prepend(std::move(fields));
      return out;
    } else if (of.kind == TypeKind::Struct || of.kind == TypeKind::Array) {
      prepend(fields_at(info.type(), within, element));
      out.elements += element;
      if (complete()) {
        out.kind = SlicePlace::Kind::Field;
        in_object = true;
        if (info.array()) return out;
      } else {
        out.elements += info.array();
      }
    } else if (info.array() && (of.kind == TypeKind::Slice || of.kind == TypeKind::String)) {
      out.elements++;
    } else if (of.kind == TypeKind::Slice && out.elements == 0) {
      auto name = types.full_name(info.type());
      if (!name.starts_with('[')) out.slice_type = name;
    }
    auto up = views_.info(id).holder();
    offset = up.none() ? 0 : offset_in(up, id);
    holder = up;
  }
  return out;
}

}  // namespace overhang
