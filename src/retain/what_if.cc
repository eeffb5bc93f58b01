#include "retain/what_if.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/checked.h"
#include "goruntime/size_classes.h"
#include "graph/word_trace.h"

namespace overhang {
namespace {

constexpr std::array<std::uint64_t, 3> kFactors = {2, 4, 8};

// What the allocator gives for copies that are made one after another (malloc.go: mallocgcTiny
// packs pointer-free ones of less than 16 bytes into blocks).
class Copies {
 public:
  // `bytes` are asked for, `slot` is their size class: append asks for one, a string for its len.
  void add(std::uint64_t bytes, std::uint64_t slot, bool pointers) {
    if (!pointers && bytes < kTinySlot) {
      std::uint64_t align = bytes % 8 == 0 ? 8 : bytes % 4 == 0 ? 4 : bytes % 2 == 0 ? 2 : 1;
      auto begin = align_up(used_, align);
      if (begin + bytes <= kTinySlot) {
        used_ = begin + bytes;
        return;
      }
      // The block with more room left stays in use.
      used_ = std::min(used_, bytes);
      slot = kTinySlot;
    }
    allocated_.objects++;
    allocated_.bytes += slot;
  }
  const Counted& allocated() const { return allocated_; }

 private:
  Counted allocated_;
  std::uint64_t used_ = kTinySlot;  // bytes of the block in use
};

}  // namespace

WhatIfs::WhatIfs(Views& views, const HiddenMemory& hidden, const Sites& sites,
                 const Overhang& overhang, Namer& namer)
    : views_(views),
      heap_(views.heap()),
      hidden_(hidden),
      sites_(sites),
      overhang_(overhang),
      namer_(namer),
      arrays_of_group_(sites.groups.size()),
      seen_(heap_.object_count()) {
  // Regions stand in the order of their arrays.
  for (ObjectIndex i = 0; i < hidden.regions.size(); i++) {
    auto array = hidden.regions[i].array;
    while (first_region_.size() <= array) first_region_.push_back(i);
    if (sites.site_of_region[i] == kNoSite) continue;
    auto& arrays = arrays_of_group_[sites.sites[sites.site_of_region[i]].group];
    if (arrays.empty() || arrays.back() != array) arrays.push_back(array);
  }
  first_region_.resize(hidden.arrays.size() + 1, static_cast<ObjectIndex>(hidden.regions.size()));
}

std::vector<WhatIf> WhatIfs::of_site(std::uint32_t site) {
  auto group = sites_.sites[site].group;
  auto known = by_group_.find(group);
  if (known == by_group_.end()) known = by_group_.emplace(group, replacements(group)).first;
  auto out = known->second;
  out.front().frees = overhang_.sites[site].exclusive;
  if (sites_.sites[site].category == Category::Interior) out.resize(1);
  return out;
}

std::vector<WhatIf> WhatIfs::of_all() {
  auto out = replacements(kAll);
  out.front().frees = overhang_.total;
  return out;
}

// All remedies; what Clear frees is left to the caller.
std::vector<WhatIf> WhatIfs::replacements(std::uint32_t group) {
  auto arrays = collect(group);
  std::vector<WhatIf> out(1);
  auto add = [&](Remedy remedy, std::uint64_t factor, auto&& replaced) {
    auto& what_if = out.emplace_back();
    what_if.remedy = remedy;
    what_if.factor = factor;
    replace(arrays, group, what_if, replaced);
  };
  add(Remedy::NilWhenEmpty, 0, [](const Slice& slice) { return slice.len == 0; });
  add(Remedy::Copy, 0, [](const Slice&) { return true; });
  for (auto factor : kFactors)
    add(Remedy::CopyIfCapExceeds, factor, [factor](const Slice& slice) {
      return slice.cap / factor >= slice.len && slice.cap > slice.len * factor;
    });
  out.emplace_back().remedy = Remedy::ThreeIndex;
  return out;
}

WhatIfs::Arrays WhatIfs::collect(std::uint32_t group) {
  Arrays out;
  auto add = [&](ObjectIndex hidden) {
    out.arrays.push_back(collect_array(hidden, group, out.slices));
  };
  if (group != kAll) {
    for (auto hidden : arrays_of_group_[group]) add(hidden);
    return out;
  }
  for (ObjectIndex i = 0; i < hidden_.arrays.size(); i++) {
    auto first = sites_.site_of_region.begin();
    if (std::any_of(first + first_region_[i], first + first_region_[i + 1],
                    [](std::uint32_t site) { return site != kNoSite; }))
      add(i);
  }
  return out;
}

WhatIfs::Array WhatIfs::collect_array(ObjectIndex hidden, std::uint32_t group,
                                      std::vector<Slice>& slices) {
  const HiddenArray& array = hidden_.arrays[hidden];
  Array out;
  out.hidden = hidden;
  out.first_slice = static_cast<ObjectIndex>(slices.size());
  // A hidden word that stays when the group's own are gone.
  auto label = overhang_.owners.label_of(array.object);
  bool foreign = label != ExclusiveOwners::kNone && group != kAll &&
                 (label == ExclusiveOwners::kShared || overhang_.owners.group_of(label) != group);
  out.pinned = foreign || views_.pointed(array.object);
  auto first = hidden_.windows.begin() + array.first_window;
  std::vector<Window> windows(first, first + array.window_count);
  // A header may have been followed more than once.
  auto place = [](const Window& w) { return std::tuple(w.holder.bits(), w.holder_offset); };
  std::sort(windows.begin(), windows.end(),
            [&](const Window& a, const Window& b) { return place(a) < place(b); });
  auto last = std::unique(windows.begin(), windows.end(),
                          [&](const Window& a, const Window& b) { return place(a) == place(b); });
  for (auto window = windows.begin(); window != last; ++window) {
    bool replaceable = !window->pointer && (group == kAll || held_by(*window, group));
    if (replaceable)
      slices.push_back({window->len, window->cap, window->string});
    else
      out.pinned = true;
  }
  out.slice_count = static_cast<ObjectIndex>(slices.size()) - out.first_slice;
  return out;
}

bool WhatIfs::held_by(const Window& window, std::uint32_t group) {
  auto name = namer_.name(window.holder, window.holder_offset);
  const SiteName& holder = sites_.groups[group];
  return name.kind == holder.kind && name.text == holder.text;
}

template <class Replaced>
void WhatIfs::replace(const Arrays& arrays, std::uint32_t group, WhatIf& out, Replaced&& replaced) {
  std::vector<bool> dies(arrays.arrays.size());
  bool any = false, all = true;
  Copies copies;
  for (std::size_t i = 0; i < arrays.arrays.size(); i++) {
    const Array& array = arrays.arrays[i];
    bool pointers =
        heap_.span_of(hidden_.arrays[array.hidden].object).layout != PointerLayout::None;
    ObjectIndex count = 0;
    for (ObjectIndex s = 0; s < array.slice_count; s++) {
      const Slice& slice = arrays.slices[array.first_slice + s];
      if (!replaced(slice)) continue;
      count++;
      if (slice.len == 0) continue;
      out.copies_bytes += slice.len;
      auto slot = slot_size_for(heap_.runtime().layout(), slice.len, pointers);
      copies.add(slice.string ? slice.len : slot, slot, pointers);
    }
    out.slices += count;
    dies[i] = !array.pinned && count > 0 && count == array.slice_count;
    any |= dies[i];
    all &= dies[i];
  }
  out.allocates = copies.allocated();
  if (any) {
    out.frees = group == kAll ? overhang_.total : overhang_.groups[group];
    auto permanent = kept_by_themselves(arrays, dies);
    if (!all || !permanent.empty()) {
      auto kept = kept_by_survivors(arrays, group, permanent, dies);
      out.frees.objects -= kept.objects;
      out.frees.bytes -= kept.bytes;
    }
  }
  for (std::size_t i = 0; i < arrays.arrays.size(); i++) {
    const Array& array = arrays.arrays[i];
    if (dies[i]) {
      out.frees.objects++;
      out.frees.bytes += heap_.slot_size(hidden_.arrays[array.hidden].object);
      continue;
    }
    auto slice = arrays.slices.begin() + array.first_slice;
    out.kept_arrays += std::any_of(slice, slice + array.slice_count, replaced);
  }
}

bool WhatIfs::exclusive_to(std::uint32_t group, ObjectId id) const {
  auto label = overhang_.owners.label_of(id);
  if (label == ExclusiveOwners::kNone || views_.touched(id)) return false;
  return group == kAll ||
         (label != ExclusiveOwners::kShared && overhang_.owners.group_of(label) == group);
}

// Objects with finalizers that become permanent once nothing but hidden words leads to the arrays
// that are to die.
std::vector<ObjectId> WhatIfs::kept_by_themselves(const Arrays& arrays,
                                                  const std::vector<bool>& dies) {
  if (views_.owners().empty()) return {};
  std::vector<ObjectId> in_question;
  for (std::size_t i = 0; i < dies.size(); i++) {
    auto object = hidden_.arrays[arrays.arrays[i].hidden].object;
    if (dies[i] && overhang_.owners.label_of(object) != ExclusiveOwners::kNone)
      in_question.push_back(object);
  }
  if (in_question.empty()) return {};
  Bitmap touched = views_.touched();
  for (auto id : in_question) touched.clear(id.value);
  return views_.owners().permanent(touched, views_.follower());
}

// Of the objects that are exclusive to the group, those that the hidden words of arrays that stay,
// or what is kept for `permanent` objects, lead to. Arrays that such objects refer to stay as well:
// `dies` loses them.
Counted WhatIfs::kept_by_survivors(const Arrays& arrays, std::uint32_t group,
                                   const std::vector<ObjectId>& permanent,
                                   std::vector<bool>& dies) {
  WordTrace trace(heap_, views_.follower());
  std::unordered_map<ObjectIndex, std::size_t> dying;  // object -> index
  auto push_hidden_words = [&](std::size_t i) {
    auto hidden = arrays.arrays[i].hidden;
    for (auto r = first_region_[hidden]; r < first_region_[hidden + 1]; r++)
      if (const HiddenRegion& region = hidden_.regions[r]; sites_.site_of_region[r] != kNoSite)
        trace.push_words(hidden_.arrays[hidden].object, region.begin, region.end);
  };
  for (std::size_t i = 0; i < dies.size(); i++) {
    if (dies[i])
      dying.emplace(hidden_.arrays[arrays.arrays[i].hidden].object.value, i);
    else
      push_hidden_words(i);
  }
  for (auto id : permanent) views_.owners().push_kept(id, trace);
  Counted out;
  std::vector<ObjectId> seen;
  auto reach = [&](ObjectId id) {
    if (!exclusive_to(group, id)) {
      auto array = dying.find(id.value);
      if (array == dying.end() || !dies[array->second]) return false;
      dies[array->second] = false;
      push_hidden_words(array->second);
      return false;
    }
    if (!seen_.set_first(id.value)) return false;
    seen.push_back(id);
    out.objects++;
    out.bytes += heap_.slot_size(id);
    if (views_.owners().owns(id))
      for (const Root& root : views_.owners().roots_of(id))
        if (root.kind != RootKind::FinalizerObject) trace.push(root.value);
    return true;
  };
  trace.run(reach, [&](ObjectId id) { overhang_.owners.prefetch(id); });
  for (auto id : seen) seen_.clear(id.value);
  return out;
}

}  // namespace overhang
