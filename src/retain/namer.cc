#include <algorithm>

#include "retain/sites.h"

namespace overhang {
namespace {

constexpr unsigned kMaxDepth = 6;       // of names that are built from the holder's holder
constexpr unsigned kMaxPathSteps = 24;  // of a path that is printed

// A place within an array is an element of it.
SiteName element_or(std::string name, std::string_view suffix, SiteKind kind) {
  if (name.ends_with("[]")) {
    name.resize(name.size() - 2);
    return {fmt::format("element of {}{}", name, suffix), SiteKind::Element};
  }
  return {name.append(suffix), kind, {}};
}

}  // namespace

const TypeField* Namer::field_at(const TypeInfo& of, std::uint64_t offset) {
  const TypeField* found = nullptr;
  for (const TypeField& field : of.fields)
    if (offset >= field.offset && offset - field.offset < views_.types().info(field.type).size)
      found = &field;
  return found;
}

std::string Namer::field_path(TypeId type, std::uint64_t offset) {
  std::string out;
  for (unsigned depth = 0; depth < 64; depth++) {
    const TypeInfo& info = views_.types().info(type);
    if (info.kind == TypeKind::Struct) {
      const TypeField* found = field_at(info, offset);
      if (!found) return out;
      // The wrapped word of an atomic is the atomic itself to a reader.
      if (!info.name.starts_with("atomic.")) out += "." + found->name;
      offset -= found->offset;
      type = found->type;
      continue;
    }
    if (info.kind == TypeKind::Array) {
      const auto size = views_.types().info(info.elem).size;
      if (size == 0) return out;
      out += "[]";
      offset %= size;
      type = info.elem;
      continue;
    }
    return out;
  }
  return out;
}

bool Namer::is_map_storage(TypeId type) {
  const auto& name = views_.types().info(type).name;
  return name.starts_with("map.group[") || name.starts_with("map.bucket[");
}

// .slots[].key, .slots[].elem; .keys[], .elems[]; DWARF's of a bucket: .keys[], .values[].
Namer::MapPart Namer::map_part(TypeId storage, std::uint64_t offset) {
  const TypeField* list = field_at(views_.types().info(storage), offset);
  if (!list) return {};
  const TypeInfo& array = views_.types().info(list->type);
  if (array.kind != TypeKind::Array || views_.types().info(array.elem).size == 0) return {};
  offset = (offset - list->offset) % views_.types().info(array.elem).size;
  auto part = [](TypeId type, std::uint64_t at, std::string_view name) {
    bool key = name == "key" || name == "keys";
    return MapPart{type, at, key, !key && (name.starts_with("elem") || name == "values")};
  };
  if (list->name != "slots") return part(array.elem, offset, list->name);
  const TypeField* one = field_at(views_.types().info(array.elem), offset);
  return one ? part(one->type, offset - one->offset, one->name) : MapPart{};
}

bool Namer::is_map(TypeId type) { return views_.types().info(type).kind == TypeKind::Map; }

// A global that has no name is told by the type of what it points to.
std::string Namer::place_name(const RootPlace& place) {
  auto name = views_.places().name(place);
  if (!views_.places().is_bare_global(place)) return name;
  auto value = views_.heap().image().word(place.address);
  auto object = value ? views_.heap().find(*value) : std::nullopt;
  if (!object || !views_.touched(object->id)) return name;
  const TypeInfo& info = views_.types().info(views_.info(object->id).type());
  std::string type;
  if (info.kind == TypeKind::Map || info.kind == TypeKind::Chan)
    type = info.name;
  else if (info.kind != TypeKind::Unknown &&
           !views_.types().is_closure(views_.info(object->id).type()))
    type = "*" + info.name;
  return type.empty() ? name
                      : fmt::format("{} {:#x}", RootPlaces::global_name(type), place.address);
}

std::uint64_t Namer::offset_in(Holder holder, ObjectId target) {
  Edge key{holder.bits(), target.value};
  if (auto known = offsets_.find(key); known != offsets_.end()) return known->second;
  const Heap& heap = views_.heap();
  auto begin = heap.base(target), end = begin + heap.slot_size(target);
  std::uint64_t found = 0;
  bool any = false;
  // A holder that is asked about again and again may be an array of very many values: the last time
  // that it is read, where it refers to anything is noted.
  constexpr std::uint32_t kReadings = 8;
  auto& readings = readings_[holder.bits()];
  if (readings >= kReadings) return 0;
  bool last = ++readings == kReadings;
  auto look = [&](std::uint64_t offset, const Reference& reference) {
    if (last)
      if (auto object = heap.find(reference.target))
        offsets_.try_emplace({holder.bits(), object->id.value}, offset);
    if (any || reference.target < begin || reference.target >= end) return;
    any = true;
    found = offset;
  };
  if (holder.is_object()) {
    auto id = holder.as_object();
    views_.follower().whole({id, heap.span_index_of(id), 0}, views_.info(id).type(), look);
  } else if (holder.is_place()) {
    const RootPlace& place = views_.places().row(holder);
    const auto size = views_.decoder().facts(place.type).size;
    auto bytes = place.address ? heap.image().bytes(place.address, size) : std::nullopt;
    if (bytes)
      views_.decoder().decode({bytes->data(), bytes->size(), place.address, nullptr}, 0, place.type,
                              1, look);
  }
  return offsets_[key] = found;
}

SiteName Namer::name(Holder holder, std::uint64_t offset) { return name_at(holder, offset, 0); }

SiteName Namer::name_at(Holder holder, std::uint64_t offset, unsigned depth) {
  if (holder.none() || depth > kMaxDepth) return {"unknown place", SiteKind::Other};
  if (holder.is_object()) return name_object(holder.as_object(), offset, depth);
  const RootPlaces& places = views_.places();
  const RootPlace& place = places.row(holder);
  auto name = place_name(place);
  auto function = places.function(place);
  switch (place.kind) {
    case RootPlace::Kind::Global: {
      auto field = field_path(place.type, offset);
      if (!place.nameless || field.empty()) return {name + field, SiteKind::Global};
      return element_or(views_.types().info(place.type).name + field, "", SiteKind::Field);
    }
    case RootPlace::Kind::Local:
      return {fmt::format("{}{} in {}", name, field_path(place.type, offset), function),
              SiteKind::Local};
    case RootPlace::Kind::Static: {
      auto parent = name_at(place.parent, place.parent_offset, depth + 1);
      // A value of a named type behind a pointer: the field says most.
      if (parent.kind != SiteKind::Global) {
        const TypeInfo& info = views_.types().info(place.type);
        return {info.name + field_path(place.type, offset), SiteKind::Field};
      }
      return {parent.text + field_path(place.type, offset), SiteKind::Global};
    }
    case RootPlace::Kind::Finalizer:
      return {"finalizer", SiteKind::Other};
    case RootPlace::Kind::Unknown:
      return {function.empty() ? name : fmt::format("{} in {}", name, function), SiteKind::Other};
  }
  return {};
}

// The name of the place that holds the reference to the object.
SiteName Namer::name_of_pointee(ObjectId id, unsigned depth) {
  auto holder = views_.info(id).holder();
  return name_at(holder, offset_in(holder, id), depth + 1);
}

SiteName Namer::name_object(ObjectId id, std::uint64_t offset, unsigned depth) {
  const ObjectInfo info = views_.info(id);
  const Heap& heap = views_.heap();
  auto type = info.type();
  if (type == kUnknownType && heap.span_of(id).span.user_arena)
    return {"value in a user arena", SiteKind::Other};
  if (type == kUnknownType)
    return {fmt::format("object of unknown type ({} bytes)", heap.slot_size(id)), SiteKind::Other};
  const TypeInfo& of = views_.types().info(type);
  auto size = std::max<std::uint64_t>(of.size, 1);
  auto within = offset >= heap.header_size(id) ? (offset - heap.header_size(id)) % size : 0;

  if (is_map_storage(type)) {
    auto part = map_part(type, within);
    const TypeInfo& entry = views_.types().info(part.type);
    bool of_struct = entry.kind == TypeKind::Struct;
    auto field = of_struct ? field_path(part.type, part.offset) : std::string();
    if (of_struct && !entry.name.starts_with("struct {"))
      return element_or(entry.name + field, "", SiteKind::Field);
    // Up to the map's header, then to the place that holds the map.
    auto holder = info.holder();
    bool headed = holder.is_object() && is_map(views_.info(holder.as_object()).type());
    auto map = name_of_pointee(headed ? holder.as_object() : id, depth).text;
    std::string_view side = part.key ? "key" : "value";
    // "a global map[string]int at 0x…" says that it is one.
    if (map.starts_with("a ")) return {fmt::format("{} of {}", side, map), SiteKind::Map};
    return {fmt::format("{} of map {}{}", side, map, field), SiteKind::Map};
  }
  if (views_.types().is_closure(type)) {
    auto variable = field_path(type, within);
    if (variable.starts_with('.')) variable.erase(0, 1);
    return {fmt::format("{} captured by {}", variable,
                        of.name.substr(TypeTable::kClosurePrefix.size())),
            SiteKind::Captured};
  }
  bool header = of.kind == TypeKind::Slice || of.kind == TypeKind::String ||
                of.kind == TypeKind::Chan || of.kind == TypeKind::EmptyInterface ||
                of.kind == TypeKind::Interface;
  if (info.array() && (header || of.kind == TypeKind::Pointer))
    return {"element of " + name_of_pointee(id, depth).text, SiteKind::Element};
  if (header) {
    // A header of its own: a variable that escaped, or a value in an interface. Without a name, all
    // goroutines that run the function have the same one.
    auto holder = info.holder();
    if (holder.is_place() && views_.places().row(holder).kind == RootPlace::Kind::Unknown)
      if (auto function = views_.places().function(views_.places().row(holder)); !function.empty())
        return {fmt::format("a local {} in {}", of.name, function), SiteKind::Other};
    return name_of_pointee(id, depth);
  }
  auto key = std::uint64_t{type.value} << 40 ^ within;
  auto [known, fresh] = field_names_.try_emplace(key);
  if (fresh) known->second = of.name + field_path(type, within);
  auto out = element_or(known->second, "", SiteKind::Field);
  auto holder = info.holder();
  if (out.kind == SiteKind::Field && !info.array() && holder.is_place() &&
      !views_.places().row(holder).nameless) {
    auto parent = name_of_pointee(id, depth);
    if (parent.kind == SiteKind::Global && parent.text.find("[]") == std::string::npos)
      out.instance = parent.text + field_path(type, within);
  }
  return out;
}

std::vector<std::string> Namer::path(Holder holder, std::uint64_t offset) {
  std::vector<std::string> steps;  // from the place up to the root
  auto add = [&](std::string step) {
    if (step.starts_with('.')) step.erase(0, 1);
    if (!step.empty()) steps.push_back(std::move(step));
  };
  for (unsigned i = 0; i < kMaxPathSteps && !holder.none(); i++) {
    if (holder.is_place()) {
      const RootPlaces& places = views_.places();
      const RootPlace& place = places.row(holder);
      add(field_path(place.type, offset));
      if (place.kind == RootPlace::Kind::Static) {
        holder = place.parent;
        offset = place.parent_offset;
        continue;
      }
      auto function = places.function(place);
      add(function.empty() ? place_name(place)
                           : fmt::format("{} in {}", place_name(place), function));
      break;
    }
    auto id = holder.as_object();
    const ObjectInfo info = views_.info(id);
    const Heap& heap = views_.heap();
    auto header = heap.header_size(id);
    const TypeInfo& of = views_.types().info(info.type());
    if (info.type() != kUnknownType && of.size > 0 && offset >= header) {
      auto index = (offset - header) / of.size;
      auto step = is_map_storage(info.type()) ? std::string("[key]")
                  : info.array()              ? fmt::format("[{}]", index)
                                              : std::string();
      MapPart value{info.type(), (offset - header) % of.size};
      if (is_map_storage(info.type())) value = map_part(value.type, value.offset);
      add(step + (is_map(info.type()) ? "" : field_path(value.type, value.offset)));
    }
    auto parent = info.holder();
    offset = parent.none() ? 0 : offset_in(parent, id);
    holder = parent;
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

}  // namespace overhang
