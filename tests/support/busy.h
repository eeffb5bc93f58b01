// Images of programs at work (subjects/kit/busy.go): what must hold of each, and between an image
// and the collection that follows it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/analysis.h"
#include "support/go_program.h"

namespace overhang::test {

// Sums over the images of one subject.
struct BusyTally {
  std::uint64_t images = 0;
  std::map<std::string, std::uint64_t> phases;  // images by what the collector was doing
  std::uint64_t goroutines = 0, running = 0, copying = 0, frames = 0;
  std::map<std::string, std::uint64_t> warnings;      // by cause
  std::map<std::string, std::uint64_t> truncated;     // by cause
  std::map<std::string, std::uint64_t> conservative;  // conservatively scanned frames by function
  std::uint64_t living = 0;                           // witnesses found alive and visible
  std::uint64_t dropped = 0;  // garbage that still stood in the heap, and was told dead
  std::uint64_t dropped_conservative = 0;  // …and that a conservatively read word points to
  std::uint64_t doubts = 0;                // sites that a word of unknown type casts doubt on
  std::uint64_t tail_objects_shown = 0;    // of the untouched tail, by conservatively read words
  // Broken promises, one line each.
  std::vector<std::string> faults;
  void fault(std::string text) {
    if (faults.size() < 40) faults.push_back(std::move(text));
    fault_count++;
  }
  std::uint64_t fault_count = 0;
};

// What holds of every image at every instant: no loss, conservation, no exact reference to a free
// slot, witnesses alive and visible, dropped ones dead, the untouched tail's numbers.
void check_image(Anatomy& anatomy, const Analysis& analysis, BusyTally& tally);

// "idle", "marking", "sweeping": what the collector was doing, from runtime.gcphase and the spans.
std::string collector_phase(const Anatomy& anatomy);

// An image against one of the same process after one more collection, or after the collection that
// was under way, with no other in between.
struct BoundsTally {
  std::uint64_t before = 0, marking = 0, after = 0;  // images by where the cycle began
  std::uint64_t live = 0;                            // objects in our live sets
  // Lower bound, images before the cycle: objects that it marked, that were there at the image and
  // that we do not call live. Must be none.
  std::uint64_t missed = 0;
  // Objects that the cycle found dead and revived for their finalizers.
  std::uint64_t revived = 0;
  // Upper bound, images before the cycle: objects that we call live and it did not mark, by what
  // alone reached them at the image; stacks include the runtime's records.
  std::uint64_t gone_conservative = 0, gone_stack = 0, gone_heap = 0;
  std::uint64_t steps = 0;  // carried out in between, one for each worker under way added
  // Upper bound, images amidst marking: objects that globals and the heap reach and that the cycle
  // under way did not end up marking. Must be none: its barrier shades what is unlinked there
  // (mbarrier.go). What only stacks and the runtime's records reach may die before those are
  // scanned (a cleanup that is stopped), as may a closure that only g.sched.ctxt refers to, which
  // is written without a barrier (proc.go: newproc1).
  std::uint64_t unmarked = 0, marking_unguarded = 0;
  std::uint64_t floating = 0;  // marked, but dead at the image: the next cycle's
  std::uint64_t marking_conservative = 0;
  std::vector<std::string> faults;
};
void check_bounds(const Anatomy& image, const Anatomy& collected, BoundsTally& tally);

// Variables of kit/busy.go.
std::uint64_t kit_word(const Anatomy& anatomy, const std::string& name);

}  // namespace overhang::test
