#include "model/memory.h"

#include <algorithm>

namespace overhang::model {

ObjectIndex Memory::declare(const std::string& name, const Type* type) {
  Object object;
  object.variable = name;
  object.elem = type->kind == Kind::Map ? type->elem : type;
  object.map = type->kind == Kind::Map ? type : nullptr;
  object.count = object.map ? 0 : 1;
  object.refs.resize(object.count * object.elem->refs);
  objects_.push_back(std::move(object));
  return static_cast<ObjectIndex>(objects_.size() - 1);
}

Ref Memory::allocate(const Type* type) {
  auto made = allocate_array(type, 1, 1);
  if (!made.nowhere()) objects_[made.object].array = false;
  return made;
}

Ref Memory::allocate_array(const Type* elem, std::uint64_t len, std::uint64_t cap) {
  auto bytes = cap * elem->size;
  if (bytes == 0) return {kNoObject, 0, len, cap, true};
  Object object;
  object.elem = elem;
  object.count = cap;
  object.array = true;
  object.slot_bytes = allocator_.slot_size(bytes, elem->pointers());
  object.refs.resize(cap * elem->refs);
  objects_.push_back(std::move(object));
  return {static_cast<ObjectIndex>(objects_.size() - 1), 0, len, cap};
}

Ref Memory::append(Ref slice, const Type* elem, const std::vector<Ref>& values,
                   std::uint64_t count) {
  auto wanted = slice.len + count;
  auto grown = slice;
  if (wanted > slice.cap) {
    auto cap = allocator_.grown_capacity(slice.cap, wanted, elem->size, elem->pointers());
    grown = allocate_array(elem, wanted, cap);
    copy(grown, slice);
  }
  grown.len = wanted;
  if (count > 0) write(grown.object, grown.first + slice.len, values);
  return grown;
}

Ref Memory::reslice(Ref slice, std::uint64_t low, std::uint64_t high, std::uint64_t max) {
  // Where no capacity is left the pointer stays, lest it point behind the array.
  return {slice.object, slice.first + (max > low ? low : 0), high - low, max - low, slice.outside};
}

std::vector<Ref> Memory::read(Ref window) const {
  if (window.nowhere()) return {};
  const Object& object = objects_[window.object];
  auto from = object.refs.begin() + static_cast<std::ptrdiff_t>(window.first * object.elem->refs);
  return {from, from + static_cast<std::ptrdiff_t>(window.len * object.elem->refs)};
}

void Memory::write(ObjectIndex object, std::uint64_t first, const std::vector<Ref>& values) {
  if (object == kNoObject) return;
  auto at = first * objects_[object].elem->refs;
  std::copy(values.begin(), values.end(),
            objects_[object].refs.begin() + static_cast<std::ptrdiff_t>(at));
}

std::uint64_t Memory::copy(Ref to, Ref from) {
  from.len = std::min(from.len, to.len);
  write(to.object, to.first, read(from));
  return from.len;
}

void Memory::clear(Ref slice) {
  if (slice.nowhere()) return;
  write(slice.object, slice.first, std::vector<Ref>(slice.len * objects_[slice.object].elem->refs));
}

std::vector<bool> live_objects(const Memory& memory) {
  const auto& objects = memory.objects();
  std::vector<bool> live(objects.size());
  std::vector<ObjectIndex> to_scan;
  auto mark = [&](ObjectIndex object) {
    if (live[object]) return;
    live[object] = true;
    to_scan.push_back(object);
  };
  for (ObjectIndex i = 0; i < objects.size(); i++)
    if (!objects[i].heap()) mark(i);
  while (!to_scan.empty()) {
    auto object = to_scan.back();
    to_scan.pop_back();
    for (const Ref& ref : objects[object].refs)
      if (!ref.nowhere()) mark(ref.object);
  }
  return live;
}

Count count(const Memory& memory, const std::vector<bool>& objects) {
  Count out;
  for (ObjectIndex i = 0; i < objects.size(); i++) {
    if (!objects[i] || !memory[i].heap()) continue;
    out.objects++;
    out.bytes += memory[i].slot_bytes;
  }
  return out;
}

}  // namespace overhang::model
