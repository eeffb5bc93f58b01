// The thirteen traps that tools of this kind have fallen into, in GO_RUNTIME.md's order. Each is a
// case of subjects/traps, which keeps a known number of markers (pointer-free objects of 416 bytes)
// and marks (of 352 bytes); what the collector itself marked is asked as well.
#include <gtest/gtest.h>

#include "support/anatomy.h"
#include "support/go_program.h"
#include "support/overhang_command.h"
#include "support/verdicts.h"

namespace overhang::test {
namespace {

constexpr std::uint64_t kMarker = 416;
constexpr std::uint64_t kMark = 352;
constexpr std::uint64_t kOwner = 704;  // holds a mark

class Trap : public testing::Test {
 protected:
  void open(const std::string& name) {
    subject_.emplace("traps", std::vector{name});
    anatomy_ = Anatomy::of(*subject_);
  }
  std::uint64_t fact(const char* name) const { return subject_->facts().at(name); }
  const Heap& heap() const { return *anatomy_->heap; }

  // Objects of our live set in slots of `size` bytes.
  std::uint64_t live_of(std::uint64_t size, bool noscan) const {
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < heap().object_count(); i++) {
      ObjectId id{i};
      if (anatomy_->live.live.test(i) && heap().slot_size(id) == size &&
          heap().span_of(id).span.noscan() == noscan)
        count++;
    }
    return count;
  }
  std::uint64_t live_markers() const { return live_of(kMarker, true); }
  std::uint64_t live_marks() const { return live_of(kMark, true); }

  // Objects of the owners' size that hold a mark: others (the environment's strings, with so many
  // variables) may have that size as well.
  std::uint64_t live_owners() const {
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i < heap().object_count(); i++) {
      ObjectId id{i};
      if (!anatomy_->live.live.test(i) || heap().slot_size(id) != kOwner) continue;
      bool holds_mark = false;
      heap().for_each_pointer(id, 0, kOwner, [&](std::uint64_t, Address value) {
        auto to = heap().find(value);
        holds_mark |= to && heap().slot_size(to->id) == kMark;
      });
      count += holds_mark;
    }
    return count;
  }

  void expect_collectors_marks() const {
    auto verdicts = compare_with_collector(*anatomy_);
    EXPECT_EQ(verdicts.different, 0u) << verdicts.text();
    EXPECT_EQ(verdicts.conservative_only, 0u) << verdicts.text();
  }
  // Pointers that leave the object at `address` for a marker.
  std::uint64_t edges_to_markers(Address address) const {
    auto object = heap().find(address);
    if (!object) return 0;
    std::uint64_t count = 0;
    heap().for_each_pointer(object->id, 0, heap().slot_size(object->id),
                            [&](std::uint64_t, Address value) {
                              auto to = heap().find(value);
                              count += to && heap().slot_size(to->id) == kMarker;
                            });
    return count;
  }

  std::optional<Subject> subject_;
  std::unique_ptr<Anatomy> anatomy_;
};

TEST_F(Trap, Trap01HeaderObjectsAreTiled) {
  open("tiling");
  EXPECT_EQ(edges_to_markers(fact("array")), 1000u);
  EXPECT_EQ(live_markers(), 1000u);
  expect_collectors_marks();
}

TEST_F(Trap, Trap02TheClassOf32768BytesHasAHeader) {
  open("class32768");
  auto object = heap().find(fact("array"));
  ASSERT_TRUE(object);
  EXPECT_EQ(heap().slot_size(object->id), 32768u);
  if (go_minor() >= 22) {  // before, all objects have their bits in heapArena.bitmap
    EXPECT_EQ(object->offset, 8u) << "data starts past the header";
  }
  EXPECT_EQ(edges_to_markers(fact("array")), 4095u);
  EXPECT_EQ(live_markers(), 4095u);
  expect_collectors_marks();
}

TEST_F(Trap, Trap03MasksMadeOnDemand) {
  open("ondemand");
  EXPECT_EQ(edges_to_markers(fact("array")), 1000u);
  EXPECT_EQ(live_markers(), 1000u);
  expect_collectors_marks();
}

TEST_F(Trap, Trap04MapDirectoriesRepeatTheirTables) {
  open("directory");
  EXPECT_EQ(live_markers(), 9000u);
  expect_collectors_marks();
  // Typed too: the values are found through the map, not just through pointer masks.
  auto report = leaks_json(subject_->target());
  auto& totals = report.at("heap");
  EXPECT_GE(totals.at("typed_bytes").get<double>(), 0.99 * totals.at("live_bytes").get<double>());
  EXPECT_LT(totals.at("overhang_bytes"), kMarker);
}

TEST_F(Trap, Trap05StackObjectsCountWhenReachedAndOnlyThen) {
  open("stackobjects");
  EXPECT_EQ(live_markers(), 400u);
  ASSERT_NE(anatomy_->goroutine_in("main.reached"), nullptr);
  ASSERT_NE(anatomy_->goroutine_in("main.unreached"), nullptr);
  expect_collectors_marks();
}

TEST_F(Trap, Trap06StackMapsAreLookedUpBeforeTheReturnAddress) {
  open("pcminusone");
  EXPECT_EQ(live_markers(), 300u);
  expect_collectors_marks();
  // The case is what it says: the maps at the return address and before it differ.
  auto* goroutine = anatomy_->goroutine_in("main.keptAlive");
  ASSERT_NE(goroutine, nullptr);
  constexpr std::uint32_t kStackMapIndex = 1;  // abi.PCDATA_StackMapIndex
  bool differs = false;
  for (auto& frame : goroutine->frames)
    if (anatomy_->function_of(frame) == "main.keptAlive") {
      auto& functions = anatomy_->runtime->module_of_pc(frame.pc)->functions;
      auto function = *functions.find(frame.pc);
      differs = functions.pcdata(function, kStackMapIndex, frame.pc) !=
                functions.pcdata(function, kStackMapIndex, frame.pc - 1);
    }
  EXPECT_TRUE(differs);
}

TEST_F(Trap, Trap07CapturesAndReceiversOfMethodValues) {
  open("closures");
  EXPECT_EQ(live_markers(), 400u);
  expect_collectors_marks();
}

TEST_F(Trap, Trap08ArgumentsOfCleanups) {
  if (go_minor() < 24) GTEST_SKIP() << "runtime.AddCleanup came with Go 1.24";
  open("cleanups");
  EXPECT_EQ(live_markers(), 200u);
  EXPECT_EQ(live_marks(), 100u);
  expect_collectors_marks();
}

TEST_F(Trap, Trap09StaleWordsDoNotBringFreedSlotsBack) {
  open("stale");
  EXPECT_FALSE(heap().find(fact("freed"))) << "the slot is free";
  EXPECT_TRUE(heap().contains(fact("freed"))) << "its span is in use";
  auto* spinning = anatomy_->goroutine_in("main.spin");
  ASSERT_NE(spinning, nullptr);
  // The stack does hold the freed slots' addresses, in a frame that is scanned conservatively.
  bool conservative = false, on_stack = false;
  for (auto& frame : spinning->frames) conservative |= frame.conservative;
  for (Address at = spinning->stack_lo; at < spinning->stack_hi; at += 8)
    on_stack |= anatomy_->image->word(at) == fact("freed");
  EXPECT_TRUE(conservative);
  EXPECT_TRUE(on_stack);
  EXPECT_EQ(live_markers(), 500u);
  auto verdicts = compare_with_collector(*anatomy_);
  EXPECT_EQ(verdicts.different, 0u) << verdicts.text();
}

TEST_F(Trap, Trap10FinalizersDoNotKeepTheirObjects) {
  open("finalizable");
  EXPECT_EQ(live_owners(), 0u) << "the owners died after the last cycle";
  EXPECT_EQ(live_marks(), 100u) << "what they refer to waits for the finalizers";
  // The collector saw the owners alive: these hundred are all that differs.
  auto verdicts = compare_with_collector(*anatomy_);
  EXPECT_EQ(verdicts.different, 100u) << verdicts.text();
  EXPECT_EQ(verdicts.marked + verdicts.allocated_since,
            verdicts.ours + verdicts.died_in_unique_cleanup + 100);
}

TEST_F(Trap, Trap11TheLastWordsOfPointerMasks) {
  open("lastwords");
  EXPECT_EQ(live_markers(), fact("markers"));
  expect_collectors_marks();
  // The case is what it says: the last words of both arrays lie in a mask's last, ragged byte.
  auto& runtime = *anatomy_->runtime;
  auto* module = runtime.module_of_data(fact("last_bss"));
  ASSERT_NE(module, nullptr);
  bool ragged = false;
  auto in_last_byte = [](Address slot, Address start, std::uint64_t bits) {
    auto bit = (slot - start) / 8;
    return bits % 8 != 0 && bit >= bits / 8 * 8 && bit < bits;
  };
  ragged |= in_last_byte(fact("last_bss"), module->bss, module->bss_mask_bits);
  ragged |= in_last_byte(fact("last_data"), module->data, module->data_mask_bits);
  EXPECT_TRUE(ragged) << "bss mask " << module->bss_mask_bits << " bits, last at "
                      << (fact("last_bss") - module->bss) / 8 << "; data mask "
                      << module->data_mask_bits << ", last at "
                      << (fact("last_data") - module->data) / 8;
}

TEST_F(Trap, Trap12QueuedFinalizersAndCleanupsAndDefers) {
  open("queued");
  EXPECT_EQ(live_markers(), fact("markers"));
  EXPECT_EQ(live_marks(), fact("marks"));
  expect_collectors_marks();
}

TEST_F(Trap, Trap12WeakPointersKeepNothing) {
  if (go_minor() < 24) GTEST_SKIP() << "package weak came with Go 1.24";
  open("weak");
  EXPECT_EQ(live_marks(), fact("marks"));
  expect_collectors_marks();
}

TEST_F(Trap, Trap13WindowsAreReadFromLenNotCap) {
  open("window");
  EXPECT_EQ(live_markers(), 64u);
  auto report = leaks_json(subject_->target());
  // s[10:20:30] of 64: ten before the window, ten spare, and 34 past the cap.
  std::map<std::string, std::uint64_t> hidden, retained;
  for (auto& site : report.at("sites")) {
    EXPECT_EQ(site.at("site"), "main.windowed");
    EXPECT_EQ(site.at("element_type"), "*main.marker");
    hidden[site.at("category")] = site.at("hidden_slots");
    retained[site.at("category")] = site.at("retained_bytes");
  }
  EXPECT_EQ(hidden,
            (std::map<std::string, std::uint64_t>{{"head", 10}, {"tail", 10}, {"clipped", 34}}));
  EXPECT_EQ(retained,
            (std::map<std::string, std::uint64_t>{
                {"head", 10 * kMarker}, {"tail", 10 * kMarker}, {"clipped", 34 * kMarker}}));
  EXPECT_EQ(report.at("heap").at("overhang_bytes"), 54 * kMarker);
  EXPECT_EQ(report.at("heap").at("overhang_objects"), 54u);
}

}  // namespace
}  // namespace overhang::test
