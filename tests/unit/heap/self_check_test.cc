// What is read of a release that nobody knows has to hold together: on a program of a known release
// it does, and with one field of its layout in the wrong place it does not.
#include "heap/self_check.h"

#include <gtest/gtest.h>

#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

constexpr const char* kSource = R"go(
package main

import (
	"fmt"
	"runtime"
	"time"
)

type small struct {
	number int
	next   *small
	text   string
}

type wide struct {
	numbers [70]int
	parts   [30]*small
}

var (
	smalls []*small
	wides  []*wide
	bytes  [][]byte
)

func main() {
	for i := 0; i < 20000; i++ {
		s := &small{i, nil, fmt.Sprint(i)}
		smalls = append(smalls, s)
		if i%10 == 0 {
			wides = append(wides, &wide{parts: [30]*small{s}})
			bytes = append(bytes, make([]byte, i%700))
		}
	}
	for i := 0; i < 20; i++ {
		go func() { select {} }()
	}
	runtime.GC()
	for i := range smalls {
		if i%3 == 0 {
			smalls[i] = nil
		}
	}
	runtime.GC()
	fmt.Println("ready")
	time.Sleep(time.Hour)
}
)go";

struct Fault {
  const char* name;
  std::int64_t Layout::*field;
  std::int64_t value;  // added to what stands there
};

class SelfCheckTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { core_ = GoCore::of(kSource, kToolchains.back()).release(); }
  static void TearDownTestSuite() {
    delete core_;
    core_ = nullptr;
  }
  void SetUp() override {
    if (!core_) GTEST_SKIP() << kToolchains.back() << " or gcore is not at hand";
  }
  // All that the pipeline does up to the check, with this layout.
  Status checked(const Layout& layout) const {
    auto& known = *core_->runtime;
    Diagnostics losses;
    Runtime runtime(
        *core_->image, *core_->file, losses,
        {&layout, known.version(), known.load_bias(), known.variables(), known.modules()});
    OVERHANG_TRY(auto spans, read_spans(runtime));
    OVERHANG_TRY(auto heap, Heap::open(runtime, spans));
    auto goroutines = read_goroutines(
        runtime, [&](Address address) { return heap.contains(address); }, 1);
    return self_check(heap, spans, goroutines);
  }
  static GoCore* core_;
};
GoCore* SelfCheckTest::core_ = nullptr;

TEST_F(SelfCheckTest, AProgramOfAKnownReleasePasses) {
  auto check = checked(core_->runtime->layout());
  EXPECT_TRUE(check) << check.error().message;
}

TEST_F(SelfCheckTest, OneFieldInTheWrongPlaceIsNoticed) {
  for (auto& fault :
       {Fault{"pagesInUse", &Layout::mheap_pagesInUse, 24},
        Fault{"arenas", &Layout::mheap_arenas, 8},
        Fault{"heapArena.spans", &Layout::heapArena_spans, 8},
        Fault{"npages", &Layout::mspan_npages, 8}, Fault{"freeindex", &Layout::mspan_freeindex, 2},
        Fault{"nelems", &Layout::mspan_nelems, -2}, Fault{"allocBits", &Layout::mspan_allocBits, 8},
        Fault{"allocCount", &Layout::mspan_allocCount, 2},
        Fault{"spanclass", &Layout::mspan_spanclass, 1},
        Fault{"elemsize", &Layout::mspan_elemsize, 8},
        Fault{"largest object with a bitmap", &Layout::minSizeForMallocHeader, 8000},
        Fault{"g.sched.sp", &Layout::g_sched_sp, 8}, Fault{"g.sched.pc", &Layout::g_sched_pc, 8}}) {
    Layout layout = core_->runtime->layout();
    layout.*fault.field += fault.value;
    EXPECT_FALSE(checked(layout)) << fault.name;
  }
}

}  // namespace
}  // namespace overhang::test
