#include "model/views.h"

#include <algorithm>
#include <deque>

namespace overhang::model {
namespace {

class Search {
 public:
  Search(const Memory& memory, Knowledge knowledge) : memory_(memory), knowledge_(knowledge) {
    for (const Object& object : memory.objects()) out_.slots.emplace_back(object.count);
    out_.seen.resize(memory.objects().size());
  }

  Visible run() {
    for (ObjectIndex i = 0; i < memory_.objects().size(); i++)
      if (!memory_[i].heap()) show(i, 0, memory_[i].count);
    do follow();
    while (knowledge_ == Knowledge::Observed && show_what_only_pointers_show());
    return std::move(out_);
  }

 private:
  struct Slot {
    ObjectIndex object;
    std::uint64_t slot;
  };

  void show(ObjectIndex object, std::uint64_t first, std::uint64_t count) {
    for (auto slot = first; slot < first + count; slot++) {
      if (out_.slots[object][slot]) continue;
      out_.slots[object][slot] = true;
      if (memory_[object].elem->pointers()) to_follow_.push_back({object, slot});
    }
  }

  void follow() {
    while (!to_follow_.empty()) {
      auto [object, slot] = to_follow_.front();
      to_follow_.pop_front();
      const Type* type = memory_[object].elem;
      const auto kinds = reference_types(type);
      for (std::uint64_t i = 0; i < type->refs; i++) {
        Place place{object, slot * type->refs + i};
        const Ref& ref = memory_.at(place);
        if (ref.nowhere()) continue;
        out_.views.push_back({kinds[i]->kind, ref, place});
        out_.seen[ref.object] = true;
        show(ref.object, ref.first, ref.len);
      }
    }
  }

  bool show_what_only_pointers_show() {
    std::vector<bool> sliced(memory_.objects().size());
    for (const View& view : out_.views)
      if (view.kind != Kind::Pointer) sliced[view.shown.object] = true;
    for (ObjectIndex i = 0; i < memory_.objects().size(); i++)
      if (memory_[i].heap() && out_.seen[i] && !sliced[i] && !known_array(i))
        show(i, 0, memory_[i].count);
    return !to_follow_.empty();
  }

  bool known_array(ObjectIndex object) const {
    const Object& array = memory_[object];
    bool noted =
        memory_.allocator().records_type(array.count * array.elem->size, array.elem->pointers());
    return noted && array.count > 1 && !out_.slots[object][0];
  }

  const Memory& memory_;
  Knowledge knowledge_;
  Visible out_;
  std::deque<Slot> to_follow_;
};

void add_reference_types(const Type* type, std::vector<const Type*>& out) {
  switch (type->kind) {
    case Kind::Number:
    case Kind::Map:
      return;
    case Kind::Pointer:
    case Kind::Slice:
    case Kind::String:
      out.push_back(type);
      return;
    case Kind::Struct:
      for (const Field& field : type->fields) add_reference_types(field.type, out);
      return;
    case Kind::Array:
      for (std::uint64_t i = 0; i < type->length; i++) add_reference_types(type->elem, out);
      return;
  }
}

}  // namespace

std::vector<View> Visible::views_of(ObjectIndex object) const {
  std::vector<View> out;
  for (const View& view : views)
    if (view.shown.object == object) out.push_back(view);
  return out;
}

Visible find_visible(const Memory& memory, Knowledge knowledge) {
  return Search(memory, knowledge).run();
}

std::vector<const Type*> reference_types(const Type* type) {
  std::vector<const Type*> out;
  add_reference_types(type, out);
  return out;
}

}  // namespace overhang::model
