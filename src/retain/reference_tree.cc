#include "retain/reference_tree.h"

#include <utility>

#include "base/pieces.h"
#include "base/prefetch.h"
#include "heap/pointer_map.h"
#include "retain/path_roots.h"

namespace overhang {
namespace {

class Walk {
 public:
  Walk(Views& views, const Bitmap& live, const HiddenMemory& hidden, const Sites& sites)
      : views_(views),
        heap_(views.heap()),
        live_(live),
        hidden_(hidden),
        sites_(sites),
        steps_(views),
        frames_(steps_.intern("…"),
                [&views](TypeId type) { return views.types().info(type).kind == TypeKind::Map; }),
        roots_(views, steps_, frames_),
        frame_of_(heap_.object_count(), kNoFrame),
        framed_bytes_(hidden.arrays.size()) {
    references_.reserve(kBatch);
  }

  ReferenceTree run() {
    roots_.find();
    for (std::size_t sort = 0; sort < static_cast<std::size_t>(RootSort::kCount); sort++) {
      for (const auto& start : roots_.of(static_cast<RootSort>(sort))) begin(start);
      spread();
      follow_static_data();
    }
    for (const auto& start : roots_.behind_objects()) begin(start);
    spread();
    hidden_phase_ = true;
    for (ObjectIndex i = 0; i < hidden_.regions.size(); i++) begin_hidden(i);
    spread();
    count();
    return result();
  }

 private:
  struct Reference {
    Address target = 0;
    FrameIndex from = kNoFrame;
    AccessSteps::Step step = 0;
    PageTable::Hit hit;
  };
  struct Waiting {  // an object whose words are still to be read
    ObjectId id;
    std::uint32_t span = 0;
  };
  static constexpr std::size_t kBatch = 64;

  FrameIndex frame_of(ObjectId id) const { return frame_of_[id.value]; }

  // Puts an object that has no frame into one; its words are read later.
  void put(ObjectId id, std::uint32_t span, FrameIndex frame) {
    frame_of_[id.value] = frame;
    if (heap_.spans()[span].layout != PointerLayout::None) next_.push_back({id, span});
  }

  void begin(const PathRoots::Start& start) {
    if (frame_of(start.object.id) != kNoFrame || !live_.test(start.object.id.value)) return;
    auto frame = roots_.frame(start, [this](ObjectId id) { return frame_of(id); });
    put(start.object.id, start.object.span, frame);
  }

  // Starts in static data that objects lead to, as far as those are there by now.
  void follow_static_data() {
    auto& waiting = roots_.behind_objects();
    constexpr unsigned kMostRounds = 16;
    for (unsigned round = 0; round < kMostRounds; round++) {
      std::vector<PathRoots::Start> rest;
      for (const auto& start : waiting) {
        if (frame_of(roots_.object_before(start)) == kNoFrame)
          rest.push_back(start);
        else
          begin(start);
      }
      bool progress = rest.size() < waiting.size();
      waiting = std::move(rest);
      if (!progress) return;
      spread();
    }
  }

  // The hidden slots of a region, as a frame below the array's own.
  void begin_hidden(ObjectIndex region_index) {
    const HiddenRegion& region = hidden_.regions[region_index];
    auto site = sites_.site_of_region[region_index];
    auto array = hidden_.arrays[region.array].object;
    if (site == kNoSite || frame_of(array) == kNoFrame) return;
    auto name = steps_.intern(fmt::format("hidden {}", category_name(region.category)));
    auto frame = frames_.hidden_slots(frame_of(array), name, site);
    framed_bytes_[region.array] += region.end - region.begin;
    frames_[frame].bytes += region.end - region.begin;
    frames_[frame].hidden_bytes += region.end - region.begin;
    frames_[frame_of(array)].bytes -= region.end - region.begin;  // count() adds the whole slot
    follow({array, heap_.span_index_of(array), 0}, frame, region.begin, region.end);
  }

  // Until every object that waits has been read, level by level.
  void spread() {
    constexpr std::size_t kSpanAhead = 24, kDataAhead = 12;
    handle_batch();
    while (!next_.empty()) {
      level_ = std::exchange(next_, {});
      for (std::size_t i = 0; i < level_.size(); i++) {
        if (i + kSpanAhead < level_.size())
          prefetch_read(&heap_.spans()[level_[i + kSpanAhead].span]);
        if (i + kDataAhead < level_.size()) fetch(level_[i + kDataAhead]);
        read(level_[i]);
      }
      handle_batch();
    }
  }

  void fetch(const Waiting& object) const {
    const HeapSpan& span = heap_.spans()[object.span];
    if (!span.data) return;
    auto slot = span.slot_of(object.id);
    auto* data = span.data + slot * span.span.elem_size;
    prefetch_read(data);
    prefetch_read(data + 64);
    if (span.bitmap) prefetch_read(span.bitmap + slot * span.span.elem_size / 64);
    prefetch_read(&frame_of_[object.id.value]);
    views_.prefetch(object.id);
  }

  void read(const Waiting& waiting) {
    const ObjectRef object{waiting.id, waiting.span, 0};
    auto frame = frame_of(object.id);
    auto slot = heap_.spans()[object.span].span.elem_size;
    if (hidden_phase_ || views_.full(object.id)) {
      follow(object, frame, 0, slot);
    } else if (auto* parts = views_.visible_parts(object.id)) {
      for (auto [begin, end] : parts->ranges()) follow(object, frame, begin, end);
    }
  }

  void follow(const ObjectRef& object, FrameIndex frame, std::uint64_t begin, std::uint64_t end) {
    const HeapSpan& span = heap_.spans()[object.span];
    const ObjectInfo& info = views_.info(object.id);
    if (!words_ || words_->type != info.type() || words_->array != info.array())
      words_ = &steps_.words_of(info.type(), info.array());
    auto header = Heap::header_size(span);
    bool in_map = frames_[frame].map;
    heap_.for_each_pointer(
        span, span.slot_of(object.id), begin, end, [&](std::uint64_t offset, Address target) {
          heap_.pages().prefetch(target);
          references_.push_back({target, frame, steps_.at(*words_, offset - header, in_map), {}});
          if (references_.size() == kBatch) handle_batch();
        });
  }

  void handle_batch() {
    std::size_t found = 0;
    for (Reference& reference : references_) {
      if (!heap_.pages().find(reference.target, reference.hit)) continue;
      prefetch_read(&frame_of_[reference.hit.id]);
      views_.prefetch(ObjectId(reference.hit.id));
      live_.prefetch(reference.hit.id);
      references_[found++] = reference;
    }
    for (std::size_t i = 0; i < found; i++) handle(references_[i]);
    references_.clear();
  }

  void handle(const Reference& reference) {
    ObjectId id(reference.hit.id);
    if (frame_of(id) != kNoFrame || views_.touched(id) == hidden_phase_ || !live_.test(id.value))
      return;
    const ObjectInfo& info = views_.info(id);
    bool inner = reference.step == AccessSteps::kInner &&
                 (info.type() == kUnknownType || steps_.is_map_storage(info.type()));
    put(id, reference.hit.span,
        inner ? reference.from
              : frames_.child(reference.from, reference.step, info.type(), info.array()));
  }

  // What is in the frames, by the live set.
  void count() {
    auto name = steps_.intern("(no path found)");
    for (const HeapSpan& span : heap_.spans()) {
      for (std::uint32_t i = 0; i < span.span.slots; i++) {
        ObjectId id(span.first.value + i);
        if (!live_.test(id.value)) continue;
        if (frame_of(id) == kNoFrame) {
          not_met_++;
          frame_of_[id.value] = frames_.root(name);
        }
        Frame& frame = frames_[frame_of(id)];
        frame.objects++;
        frame.bytes += span.span.elem_size;
        if (!views_.touched(id)) frame.hidden_bytes += span.span.elem_size;
      }
    }
    count_rooms();
  }

  // What of partly visible arrays is hidden, but for slots with a frame of their own: the room of
  // reused buffers, mostly.
  void count_rooms() {
    for (ObjectIndex i = 0; i < hidden_.arrays.size(); i++) {
      const HiddenArray& array = hidden_.arrays[i];
      if (!live_.test(array.object.value)) continue;
      auto hidden = array.hidden_bytes();
      frames_[frame_of(array.object)].hidden_bytes += hidden - framed_bytes_[i];
    }
  }

  ReferenceTree result() {
    ReferenceTree out;
    out.not_met_objects = not_met_;
    for (auto [root, pc] : roots_.code()) out.code.push_back({root, pc});
    out.frames = frames_.take();
    for (const Frame& frame : out.frames)
      if (frame.rest) out.merged_objects += frame.objects;
    for (AccessSteps::Step step = 0; step < steps_.size(); step++)
      out.texts.push_back(steps_.text(step));
    return out;
  }

  Views& views_;
  const Heap& heap_;
  const Bitmap& live_;
  const HiddenMemory& hidden_;
  const Sites& sites_;
  AccessSteps steps_;
  FrameTable frames_;
  PathRoots roots_;
  std::vector<FrameIndex> frame_of_;         // by object
  std::vector<std::uint64_t> framed_bytes_;  // by array: of its slots that have their own frame
  Pieces<Waiting> level_, next_;
  std::vector<Reference> references_;    // the next batch
  AccessSteps::Words* words_ = nullptr;  // of the object read last
  bool hidden_phase_ = false;
  std::uint64_t not_met_ = 0;
};

}  // namespace

ReferenceTree find_references(Views& views, const Bitmap& live, const HiddenMemory& hidden,
                              const Sites& sites) {
  return Walk(views, live, hidden, sites).run();
}

}  // namespace overhang
