#include "retain/root_paths.h"

#include <algorithm>
#include <map>
#include <utility>

#include "heap/pointer_map.h"

namespace overhang {
namespace {

// Of a long way, so many objects at its end may have other ways leave it.
constexpr std::size_t kMaxBranches = 256;

}  // namespace

// Calls visit(word, value, contents): `contents` where not the object at `value` is a root but what
// it refers to (mgcmark.go: markrootSpans).
template <class Visit>
void RootPaths::for_each_root(Visit&& visit) const {
  auto records = [&](bool data) {
    for (std::uint32_t i = 0; i < roots_.roots.size(); i++) {
      const Root& root = roots_.roots[i];
      if ((root.kind == RootKind::Data) != data) continue;
      visit(RootWord{RootWord::kNoGoroutine, i}, root.value,
            root.kind == RootKind::FinalizerObject);
    }
  };
  records(true);
  for (std::uint32_t g = 0; g < roots_.goroutines.size(); g++) {
    auto& words = roots_.goroutines[g].roots;
    for (std::uint32_t i = 0; i < words.size(); i++) visit(RootWord{g, i}, words[i].value, false);
  }
  records(false);
}

RootPaths::RootPaths(const Heap& heap, const RootSet& roots)
    : heap_(heap),
      roots_(roots),
      parent_(heap.object_count()),
      depth_(heap.object_count(), kUnreached) {
  for_each_root([&](RootWord word, Address value, bool contents) {
    if (contents)
      start_contents(word, value);
    else
      start(word, value);
  });
  run();
}

void RootPaths::start(RootWord word, Address value) {
  auto object = heap_.find(value);
  if (!object || reached(object->id)) return;
  depth_[object->id.value] = 0;
  parent_[object->id.value] = object->id.value;
  root_of_.emplace(object->id.value, word);
  if (heap_.spans()[object->span].layout != PointerLayout::None) wave_.push_back(object->id.value);
}

void RootPaths::start_contents(RootWord word, Address value) {
  auto object = heap_.find(value);
  if (!object || heap_.spans()[object->span].layout == PointerLayout::None) return;
  heap_.for_each_pointer(object->id, 0, heap_.slot_size(object->id),
                         [&](std::uint64_t, Address to) { start(word, to); });
}

void RootPaths::run() {
  std::vector<ObjectIndex> next;
  for (std::uint32_t depth = 1; !wave_.empty(); depth = std::min(depth + 1, kUnreached - 1)) {
    for (ObjectIndex from : wave_) {
      const HeapSpan& span = heap_.span_of(ObjectId(from));
      heap_.for_each_pointer(span, span.slot_of(ObjectId(from)), 0, span.span.elem_size,
                             [&](std::uint64_t, Address value) {
                               PageTable::Hit hit;
                               if (!heap_.pages().find(value, hit) ||
                                   !heap_.allocated(ObjectId(hit.id)) ||
                                   depth_[hit.id] != kUnreached)
                                 return;
                               depth_[hit.id] = depth;
                               parent_[hit.id] = from;
                               if (!hit.noscan) next.push_back(hit.id);
                             });
    }
    wave_.swap(next);
    next.clear();
  }
}

RootPath RootPaths::shortest(ObjectId id) const {
  RootPath out;
  for (;; id = parent(id)) {
    out.objects.push_back(id);
    if (parent(id) == id) break;
  }
  out.root = root_of_.at(id.value);
  std::reverse(out.objects.begin(), out.objects.end());
  return out;
}

std::vector<RootPath> RootPaths::distinct(ObjectId id, std::size_t most, const Label& label) const {
  RootPath first = shortest(id);
  // Where ways may come in: the last objects of the shortest one, by their place on it.
  std::unordered_map<ObjectIndex, std::size_t> branches;
  auto length = first.objects.size();
  for (std::size_t i = length - std::min(length, kMaxBranches); i < length; i++)
    branches.emplace(first.objects[i].value, i);

  struct Entry {
    std::uint32_t depth = kUnreached;
    ObjectIndex from = 0;
    bool root = false;
    RootWord word;
    std::uint64_t similar = 0;
  };
  std::map<std::pair<std::size_t, std::uint64_t>, Entry> entries;  // by branch and label
  auto offer = [&](std::size_t branch, std::uint64_t alike, const Entry& entry) {
    auto& best = entries[{branch, alike}];
    best.similar++;
    if (entry.depth >= best.depth && best.depth != kUnreached) return;
    auto similar = best.similar;
    best = entry;
    best.similar = similar;
  };
  auto branch_at = [&](Address value) {
    PageTable::Hit hit;
    if (!heap_.pages().find(value, hit)) return branches.end();
    return branches.find(hit.id);
  };
  for_each_root([&](RootWord word, Address value, bool contents) {
    auto at = contents ? branches.end() : branch_at(value);
    if (at == branches.end() || (at->second == 0 && word.index == first.root.index &&
                                 word.goroutine == first.root.goroutine))
      return;
    // Roots of different goroutines are alike; every static word is a thing of its own.
    auto alike = word.goroutine == RootWord::kNoGoroutine ? word.index : std::uint64_t{1} << 32;
    offer(at->second, alike | std::uint64_t{1} << 63, {0, 0, true, word, 0});
  });
  for (const HeapSpan& span : heap_.spans()) {
    if (span.layout == PointerLayout::None) continue;
    for (std::uint32_t slot = 0; slot < span.span.slots; slot++) {
      ObjectId from(span.first.value + slot);
      if (!reached(from)) continue;
      heap_.for_each_pointer(span, slot, 0, span.span.elem_size, [&](std::uint64_t, Address value) {
        auto at = branch_at(value);
        if (at == branches.end()) return;
        auto i = at->second;
        if (i > 0 && first.objects[i - 1] == from) return;
        auto own = branches.find(from.value);
        // From further on along the way: a circle.
        if (own != branches.end() && own->second >= i) return;
        offer(i, label(from), {depth(from), from.value, false, {}, 0});
      });
    }
  }

  std::vector<RootPath> out = {first};
  for (auto& [key, entry] : entries) {
    const std::size_t branch = key.first;
    RootPath way;
    if (entry.root)
      way.root = entry.word;
    else
      way = shortest(ObjectId(entry.from));
    // The way to the one that refers may lead through what it refers to.
    bool circle = std::any_of(way.objects.begin(), way.objects.end(), [&](ObjectId object) {
      auto at = branches.find(object.value);
      return at != branches.end() && at->second >= branch;
    });
    if (circle) continue;
    way.objects.insert(way.objects.end(),
                       first.objects.begin() + static_cast<std::ptrdiff_t>(branch),
                       first.objects.end());
    way.similar = entry.similar - 1;
    out.push_back(std::move(way));
  }
  std::stable_sort(out.begin() + 1, out.end(), [](const RootPath& a, const RootPath& b) {
    return a.objects.size() < b.objects.size();
  });
  if (out.size() > most) out.resize(std::max<std::size_t>(most, 1));
  return out;
}

}  // namespace overhang
