// Ways down a tree by what stands on them, for trees of millions of vertices under a few hundred
// labels. A label is on a way once: the way to the last element of a list is that to the first.
//
// Memory: some 40 bytes for each different way, of which there are few, and never more than
// vertices.
#pragma once

#include <tsl/robin_map.h>

#include <array>
#include <cstdint>
#include <vector>

namespace overhang {

class FoldedWays {
 public:
  static constexpr std::uint32_t kTop = 0xFFFFFFFFu;  // the way on which nothing stands

  struct Way {
    std::uint32_t above;  // a way with a lower number, or kTop
    std::uint32_t label;  // what stands last on it
  };

  // Where a step leads whose label is on the way already.
  enum class Repeated : std::uint8_t {
    Back,   // to where it stands: the way is a place in a tree that is folded together
    Stays,  // nowhere: the way is all that stands above
  };

  // Beyond `most` ways or that depth a step stays where it is. What stands at the top has a way in
  // any case.
  explicit FoldedWays(Repeated repeated, std::size_t most = ~std::size_t{0},
                      unsigned most_depth = ~0u)
      : repeated_(repeated), most_(most), most_depth_(most_depth) {}

  // The way that has the label after `way`.
  std::uint32_t step(std::uint32_t way, std::uint32_t label) {
    auto key = std::uint64_t{way} << 32 | label;
    auto& recent = recent_[(key * 0x9E3779B97F4A7C15ull) >> 54];
    if (recent.key != key || recent.next == kTop) recent = {key, find(way, label)};
    return recent.next;
  }
  const std::vector<Way>& ways() const { return ways_; }
  bool cut_off() const { return cut_off_; }

 private:
  struct Step {
    std::uint64_t key = 0;
    std::uint32_t next = kTop;
  };
  std::uint32_t find(std::uint32_t way, std::uint32_t label);
  std::uint32_t make(std::uint32_t way, std::uint32_t label);

  Repeated repeated_;
  std::size_t most_;
  unsigned most_depth_;
  bool cut_off_ = false;
  std::vector<Way> ways_;
  tsl::robin_map<std::uint64_t, std::uint32_t> steps_;  // way and label -> the next way
  std::array<Step, 1024> recent_;
};

}  // namespace overhang
