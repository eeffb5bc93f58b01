#include "retain/root_groups.h"

#include <algorithm>

namespace overhang {
namespace {

struct Variable {
  Address begin = 0, end = 0;
  std::string_view name;
};

// The variables whose first byte is at a word of static data or before it.
class Variables {
 public:
  Variables(const Runtime& runtime, Dwarf& dwarf) : dwarf_(dwarf), bias_(runtime.load_bias()) {
    for (const DwarfGlobal& global : dwarf.globals()) by_address_.push_back(&global);
    std::stable_sort(by_address_.begin(), by_address_.end(),
                     [](auto* a, auto* b) { return a->address < b->address; });
  }
  // The last that begins at or before the slot; one of no size where there is none.
  Variable before(Address slot) {
    auto after = std::upper_bound(
        by_address_.begin(), by_address_.end(), slot - bias_,
        [](Address address, const DwarfGlobal* global) { return address < global->address; });
    if (after == by_address_.begin()) return {};
    const DwarfGlobal& global = **std::prev(after);
    auto begin = global.address + bias_;
    auto type = dwarf_.type(global.type);
    return {begin, begin + (type ? type->size : 0), global.name};
  }

 private:
  Dwarf& dwarf_;
  std::uint64_t bias_;
  std::vector<const DwarfGlobal*> by_address_;
};

// The words of static data; returns how many roots they are.
std::uint32_t add_static(const Runtime& runtime, const std::vector<Root>& roots, Dwarf* dwarf,
                         std::vector<RootGroup>& out) {
  std::optional<Variables> variables;
  if (dwarf) variables.emplace(runtime, *dwarf);
  Variable variable;
  std::uint32_t i = 0;
  for (; i < roots.size() && roots[i].kind == RootKind::Data; i++) {
    auto slot = roots[i].slot;
    bool inside = slot >= variable.begin && slot < variable.end;
    if (inside) {
      out.back().count++;
      continue;
    }
    if (variables) variable = variables->before(slot);
    if (slot < variable.end)
      out.push_back({RootGroup::Kind::Variable, i, 1, variable.name});
    else
      out.push_back({RootGroup::Kind::Word, i, 1});
  }
  return i;
}

}  // namespace

RootGroup::Kind group_kind(RootKind kind) {
  switch (kind) {
    case RootKind::FinalizerFn:
    case RootKind::FinalizerObject:
    case RootKind::QueuedFinalizer:
      return RootGroup::Kind::Finalizers;
    case RootKind::CleanupFn:
    case RootKind::CleanupArg:
    case RootKind::QueuedCleanup:
      return RootGroup::Kind::Cleanups;
    case RootKind::WeakHandle:
      return RootGroup::Kind::WeakHandles;
    case RootKind::Data:
      return RootGroup::Kind::Word;
    case RootKind::Other:
      break;
  }
  return RootGroup::Kind::Other;
}

std::vector<RootGroup> root_groups(const Runtime& runtime, const RootSet& roots, Dwarf* dwarf) {
  std::vector<RootGroup> out;
  auto words = add_static(runtime, roots.roots, dwarf, out);
  for (std::uint32_t i = 0; i < roots.goroutines.size(); i++)
    out.push_back({RootGroup::Kind::Goroutine, i, 1});
  auto records = static_cast<std::uint32_t>(roots.roots.size()) - words;
  for (auto kind : {RootGroup::Kind::Finalizers, RootGroup::Kind::Cleanups,
                    RootGroup::Kind::WeakHandles, RootGroup::Kind::Other})
    out.push_back({kind, words, records});
  return out;
}

}  // namespace overhang
