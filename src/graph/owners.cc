#include "graph/owners.h"

#include <algorithm>

#include "graph/word_trace.h"

namespace overhang {

Owners::Owners(const Heap& heap, const RootSet& roots) : heap_(heap) {
  std::vector<std::pair<ObjectIndex, std::size_t>> order;  // owner, index in roots
  for (std::size_t i = 0; i < roots.roots.size(); i++)
    if (owned(roots.roots[i])) order.emplace_back(heap.find(roots.roots[i].owner)->id.value, i);
  if (order.empty()) return;
  std::sort(order.begin(), order.end());
  owns_ = Bitmap(heap.object_count());
  for (auto [owner, index] : order) {
    if (owns_.set_first(owner)) rows_.push_back({ObjectId(owner), roots_.size(), 0});
    roots_.push_back(roots.roots[index]);
    rows_.back().last = roots_.size();
  }
}

bool Owners::owned(const Root& root) const {
  return root.owner != 0 && heap_.find(root.owner).has_value();
}

std::span<const Root> Owners::roots_of(ObjectId id) const {
  auto at = std::lower_bound(rows_.begin(), rows_.end(), id,
                             [](const Row& row, ObjectId owner) { return row.owner < owner; });
  if (at == rows_.end() || at->owner != id) return {};
  return std::span(roots_).subspan(at->first, at->last - at->first);
}

template <class Match>
std::vector<ObjectId> Owners::select(Match&& match) const {
  std::vector<ObjectId> out;
  for (const Row& row : rows_)
    if (match(row.owner)) out.push_back(row.owner);
  return out;
}

std::vector<ObjectId> Owners::hidden(const Bitmap& touched) const {
  return select([&](ObjectId id) { return !touched.test(id.value); });
}

std::vector<ObjectId> Owners::dead(const Bitmap& touched, const Bitmap& live) const {
  return select([&](ObjectId id) { return !touched.test(id.value) && !live.test(id.value); });
}

void Owners::push_kept(ObjectId id, WordTrace& trace) const {
  bool contents = false;
  for (const Root& root : roots_of(id)) {
    contents |= root.kind == RootKind::FinalizerObject;
    if (root.kind != RootKind::FinalizerObject) trace.push(root.value);
  }
  if (contents)
    for_each_finalizer_pointer(heap_, {id, heap_.span_index_of(id), 0},
                               [&](std::uint64_t, Address value) { trace.push(value); });
}

// Round by round those go that the roots of the rest do not lead to, as one collection after the
// other would have them. (Words that lead there from what is touched are hidden ones, which do not
// count.)
std::vector<ObjectId> Owners::permanent(const Bitmap& touched, Follower& follower) const {
  auto left = hidden(touched);
  for (unsigned round = 0; round < kMostRounds && !left.empty(); round++) {
    Bitmap reached(heap_.object_count());
    WordTrace trace(heap_, follower);
    for (ObjectId id : left) push_kept(id, trace);
    trace.run([&](ObjectId id) { return !touched.test(id.value) && reached.set_first(id.value); },
              [&](ObjectId id) { reached.prefetch(id.value); });
    auto before = left.size();
    std::erase_if(left, [&](ObjectId id) { return !reached.test(id.value); });
    if (left.size() == before) break;
  }
  return left;
}

}  // namespace overhang
