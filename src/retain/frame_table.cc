#include "retain/frame_table.h"

namespace overhang {

FrameIndex FrameTable::add(FrameIndex parent, AccessSteps::Step step) {
  Frame frame;
  frame.parent = parent;
  frame.step = step;
  if (parent != kNoFrame) {
    const Frame& above = frames_[parent];
    frame.depth = static_cast<std::uint16_t>(above.depth + 1);
    frame.hidden = above.hidden;
    frame.site = above.site;
  }
  frames_.push_back(frame);
  return static_cast<FrameIndex>(frames_.size() - 1);
}

FrameIndex FrameTable::plain(FrameIndex parent, AccessSteps::Step name, std::uint32_t site) {
  auto [known, fresh] = plain_.try_emplace({parent, name, site}, kNoFrame);
  if (fresh) known.value() = add(parent, name);
  return known->second;
}

FrameIndex FrameTable::hidden_slots(FrameIndex arrays, AccessSteps::Step name, std::uint32_t site) {
  auto frame = plain(arrays, name, site);
  frames_[frame].hidden = frames_[frame].hidden_slots = true;
  frames_[frame].site = site;
  return frame;
}

// The frame further up that the step leads back to; kNoFrame if none. Hidden slots are passed by
// none: what hangs on them is no part of what stands above.
FrameIndex FrameTable::folded(const Key& key) const {
  FrameIndex nearest = kNoFrame;
  unsigned met = 0;
  for (auto at = key.parent; at != kNoFrame && !frames_[at].hidden_slots; at = frames_[at].parent) {
    const Frame& frame = frames_[at];
    if (!frame.typed || (frame.type.value << 1 | frame.array) != key.type) continue;
    if (frame.step == key.step) return at;
    if (met++ == 0) nearest = at;
  }
  return met >= 2 ? nearest : kNoFrame;
}

FrameIndex FrameTable::find(const Key& key, TypeId type, bool array) {
  if (auto known = known_.find(key); known != known_.end()) return known->second;
  FrameIndex frame = folded(key);
  if (frame == kNoFrame) {
    const Frame& parent = frames_[key.parent];
    if (parent.rest) {
      frame = key.parent;
    } else if (parent.depth + 1u >= kMaxDepth || known_.size() >= kMaxFrames) {
      frame = plain(key.parent, rest_, kNoSite);
      frames_[frame].rest = true;
      // Not remembered: that would grow with what is left out.
      return frame;
    } else {
      frame = add(key.parent, key.step);
      frames_[frame].type = type;
      frames_[frame].array = array;
      frames_[frame].typed = true;
      frames_[frame].map = is_map_(type);
    }
  }
  if (known_.size() < 2 * kMaxFrames) known_.emplace(key, frame);
  return frame;
}

}  // namespace overhang
