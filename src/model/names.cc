#include "model/names.h"

namespace overhang::model {
namespace {

constexpr int kMaxDepth = 6;  // of names that are built from the holder's holder

// ".inUse", "[].points": the way to a value's `ref`-th reference.
std::string way_to(const Type* type, std::uint64_t ref) {
  if (type->kind == Kind::Array) return "[]" + way_to(type->elem, ref % type->elem->refs);
  for (const Field& field : type->fields)
    if (ref >= field.ref && ref < field.ref + field.type->refs)
      return "." + field.name + way_to(field.type, ref - field.ref);
  return "";
}

HolderName name_at(const Memory& memory, const Visible& visible, Place holder, int depth) {
  const Object& object = memory[holder.object];
  const Type* type = object.elem;
  if (object.map) return {"value of map " + object.variable, SiteKind::Map};
  auto way = way_to(type, holder.ref % type->refs);
  if (!object.heap())
    return {(object.held_as.empty() ? object.variable : object.held_as) + way, object.held_kind};

  // The place that showed the object first names it.
  Place first;
  for (const View& view : visible.views)
    if (view.shown.object == holder.object) {
      first = view.holder;
      break;
    }
  if (first.object == kNoObject || depth == kMaxDepth) return {"unknown place"};
  auto parent = [&] { return name_at(memory, visible, first, depth + 1); };
  if (type->kind != Kind::Struct) {
    auto of = parent();
    return object.array ? HolderName{"element of " + of.text, SiteKind::Element} : of;
  }
  auto text = type->name + way;
  if (text.ends_with("[]"))
    return {"element of " + text.substr(0, text.size() - 2), SiteKind::Element};
  HolderName name{text, SiteKind::Field};
  const Object& above = memory[first.object];
  if (!object.array && !above.heap() && !above.map) {
    auto of = parent();
    if (of.text.find("[]") == std::string::npos) name.instance = of.text + way;
  }
  return name;
}

}  // namespace

HolderName holder_name(const Memory& memory, const Visible& visible, Place holder) {
  return name_at(memory, visible, holder, 0);
}

}  // namespace overhang::model
