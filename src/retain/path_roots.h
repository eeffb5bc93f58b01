// Where reference paths start: the places that refer to heap objects, by sort, named.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "retain/frame_table.h"

namespace overhang {

// In the order in which they get their turn.
enum class RootSort : std::uint8_t { Globals, Locals, Runtime, Others, kCount };

class PathRoots {
 public:
  struct Start {
    Holder place;
    ObjectRef object;
    std::uint64_t offset = 0;  // of the word in the place
    bool known_offset = false;
  };

  PathRoots(Views& views, AccessSteps& steps, FrameTable& frames)
      : views_(views), steps_(steps), frames_(frames) {}

  // Finds every start. Only objects that some view leads to are any.
  void find();
  const std::vector<Start>& of(RootSort sort) const {
    return starts_[static_cast<std::size_t>(sort)];
  }
  // Those in static data that an object leads to.
  std::vector<Start>& behind_objects() { return behind_objects_; }
  // The object that leads to the place of such a start.
  ObjectId object_before(const Start& start) const;

  // The frame of the start's object. `frame_of(id)`: of an object, or kNoFrame.
  template <class FrameOf>
  FrameIndex frame(const Start& start, FrameOf&& frame_of) {
    const ObjectInfo& info = views_.info(start.object.id);
    auto place = frame_of_place(start.place, frame_of, 0);
    return frames_.child(place, step(start), info.type(), info.array());
  }
  // Root frames of variables of goroutines, and where one of them stopped.
  const std::unordered_map<FrameIndex, Address>& code() const { return code_; }

 private:
  static constexpr unsigned kMaxChain = 16;  // of static data behind static data

  // The place that others hang on: through static data up to a variable or an object.
  Holder origin(Holder place) const;
  RootSort sort_of(const RootPlace& row) const;
  void add(const Start& start);
  void add_words_of(Holder place);
  AccessSteps::Step step(const Start& start);
  FrameIndex root(const RootPlace& row);
  template <class FrameOf>
  FrameIndex frame_of_place(Holder place, FrameOf& frame_of, unsigned depth);
  FrameIndex in_static_data(FrameIndex parent, Holder place);

  Views& views_;
  AccessSteps& steps_;
  FrameTable& frames_;
  std::array<std::vector<Start>, static_cast<std::size_t>(RootSort::kCount)> starts_;
  std::vector<Start> behind_objects_;
  std::unordered_map<FrameIndex, Address> code_;
  Holder last_place_;  // of frame_of_place
  FrameIndex last_frame_ = kNoFrame;
};

template <class FrameOf>
FrameIndex PathRoots::frame_of_place(Holder place, FrameOf& frame_of, unsigned depth) {
  if (place == last_place_) return last_frame_;
  const RootPlace& row = views_.places().row(place);
  FrameIndex frame = kNoFrame;
  if (row.kind != RootPlace::Kind::Static || row.parent.none() || depth >= kMaxChain) {
    frame = root(row);
  } else {
    auto parent = row.parent.is_object() ? frame_of(row.parent.as_object())
                                         : frame_of_place(row.parent, frame_of, depth + 1);
    frame = parent == kNoFrame ? root(row) : in_static_data(parent, place);
  }
  last_place_ = place;
  last_frame_ = frame;
  return frame;
}

}  // namespace overhang
