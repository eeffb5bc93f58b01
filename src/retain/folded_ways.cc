#include "retain/folded_ways.h"

namespace overhang {

std::uint32_t FoldedWays::find(std::uint32_t way, std::uint32_t label) {
  auto [at, fresh] = steps_.try_emplace(std::uint64_t{way} << 32 | label, kTop);
  if (fresh) at.value() = make(way, label);
  return at->second;
}

std::uint32_t FoldedWays::make(std::uint32_t way, std::uint32_t label) {
  unsigned depth = 0;
  for (auto at = way; at != kTop; at = ways_[at].above) {
    if (ways_[at].label == label) return repeated_ == Repeated::Back ? at : way;
    depth++;
  }
  if (way != kTop && (depth >= most_depth_ || ways_.size() >= most_)) {
    cut_off_ = true;
    return way;
  }
  ways_.push_back({way, label});
  return static_cast<std::uint32_t>(ways_.size() - 1);
}

}  // namespace overhang
