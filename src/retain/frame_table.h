// The frames of the reference tree: objects that are reached alike are one frame.
//
// A frame is its parent, the step from there, and the type that the step leads to. What recurs is
// folded, so that a list of a million nodes is two frames and a tree of any depth a few: a step to
// the same type by the same way as one further up leads back to that frame, and so does any third
// occurrence of a type. Depth and number of frames are bounded all the same, types and heaps being
// hostile; what lies beyond is one frame "…" under its parent.
#pragma once

#include <tsl/robin_map.h>

#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "retain/access_steps.h"

namespace overhang {

using FrameIndex = std::uint32_t;
inline constexpr FrameIndex kNoFrame = ~FrameIndex{0};

struct Frame {
  FrameIndex parent = kNoFrame;  // an earlier one
  AccessSteps::Step step = 0;
  TypeId type;                // kUnknownType: none, or not known
  bool array = false;         // of `type`
  bool typed = false;         // the step leads to objects; else it is a root, "…" or hidden slots
  bool map = false;           // its objects are a map's header and storage
  bool hidden = false;        // on hidden slots, or reached through them alone
  bool hidden_slots = false;  // the slots themselves
  bool rest = false;          // "…"
  std::uint16_t depth = 0;
  std::uint32_t site = kNoSite;  // hidden: whose slots
  // Of its own objects. Bytes are slot sizes; of an array whose slots are hidden in part, those
  // slots' bytes are their own frame's.
  std::uint64_t objects = 0, bytes = 0;
  std::uint64_t hidden_bytes = 0;  // of `bytes`, those that no view shows
};

class FrameTable {
 public:
  static constexpr unsigned kMaxDepth = 64;
  static constexpr std::size_t kMaxFrames = 1 << 17;  // without "…" and hidden slots

  // `rest` is the step of frames "…"; `is_map` tells types of maps.
  FrameTable(AccessSteps::Step rest, std::function<bool(TypeId)> is_map)
      : rest_(rest), is_map_(std::move(is_map)) {}

  FrameIndex root(AccessSteps::Step name) { return plain(kNoFrame, name, kNoSite); }
  // The hidden slots of `site` in the frame's arrays.
  FrameIndex hidden_slots(FrameIndex arrays, AccessSteps::Step name, std::uint32_t site);
  // Where the step from a frame's objects leads.
  FrameIndex child(FrameIndex parent, AccessSteps::Step step, TypeId type, bool array) {
    const Key key{parent, step, type.value << 1 | array};
    Known& known = recent_[(parent * 0x9E3779B1u ^ step * 0x85EBCA6Bu ^ key.type) % kRecent];
    if (known.frame == kNoFrame || !(known.key == key)) known = {key, find(key, type, array)};
    return known.frame;
  }

  const Frame& operator[](FrameIndex frame) const { return frames_[frame]; }
  Frame& operator[](FrameIndex frame) { return frames_[frame]; }
  std::size_t size() const { return frames_.size(); }
  std::vector<Frame> take() { return std::move(frames_); }

 private:
  struct Key {
    FrameIndex parent = kNoFrame;
    std::uint32_t step = 0, type = 0;  // type: with the array's bit; of hidden slots the site
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      auto mixed = (std::uint64_t{key.parent} << 32 | key.step) * 0x9E3779B97F4A7C15ull;
      return (mixed ^ mixed >> 29) + key.type * 0xD6E8FEB86659FD93ull;
    }
  };
  struct Known {
    Key key;
    FrameIndex frame = kNoFrame;
  };
  static constexpr std::size_t kRecent = 1024;

  FrameIndex find(const Key& key, TypeId type, bool array);
  FrameIndex folded(const Key& key) const;
  FrameIndex plain(FrameIndex parent, AccessSteps::Step name, std::uint32_t site);
  FrameIndex add(FrameIndex parent, AccessSteps::Step step);

  AccessSteps::Step rest_;
  std::function<bool(TypeId)> is_map_;
  std::vector<Frame> frames_;
  tsl::robin_map<Key, FrameIndex, Hash> known_;  // of steps to objects
  tsl::robin_map<Key, FrameIndex, Hash> plain_;  // of the others
  std::array<Known, kRecent> recent_;
};

}  // namespace overhang
