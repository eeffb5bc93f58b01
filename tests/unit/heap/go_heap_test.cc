// The heap of real Go programs: slots against runtime.MemStats, pointers against what the program
// says it stored.
#include <gtest/gtest.h>

#include <sstream>

#include "heap/heap.h"
#include "heap/pointer_map.h"
#include "reference/naive_mark.h"
#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

// Every object is told by name, address and number of pointer words, all of which are filled.
constexpr const char* kSource = R"go(
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"
)

type pair struct {
	number  uintptr
	pointer *int
}

type wide struct {
	head *int
	rest [9]uintptr
	more [60]*int
	tail [40]uintptr
}

// Its pointers reach past 128 KiB: a mask on demand since Go 1.24, a program in the type before.
type huge struct {
	first *int
	parts [10000]struct {
		numbers [2]uintptr
		pointer *int
	}
	last [5]uintptr
}

var (
	target = new(int)
	keep   []any
	stats  runtime.MemStats
	buffer [256]byte
)

func tell(name string, p unsafe.Pointer, pointers int) {
	fmt.Printf("object %s %d %d\n", name, uintptr(p), pointers)
}

func pairs(name string, n int) {
	s := make([]pair, n)
	for i := range s {
		s[i].number = ^uintptr(i)
		s[i].pointer = target
	}
	keep = append(keep, s)
	tell(name, unsafe.Pointer(&s[0]), n)
}

func wides(name string, n int) {
	s := make([]wide, n)
	for i := range s {
		s[i].head = target
		for k := range s[i].rest {
			s[i].rest[k] = uintptr(unsafe.Pointer(target))
		}
		for k := range s[i].more {
			s[i].more[k] = target
		}
		s[i].tail[0] = uintptr(unsafe.Pointer(target))
	}
	keep = append(keep, s)
	tell(name, unsafe.Pointer(&s[0]), 61*n)
}

func huges(name string, n int) {
	s := make([]huge, n)
	for i := range s {
		s[i].first = target
		for k := range s[i].parts {
			s[i].parts[k].numbers[1] = uintptr(unsafe.Pointer(target))
			s[i].parts[k].pointer = target
		}
		s[i].last[4] = 99
	}
	keep = append(keep, s)
	tell(name, unsafe.Pointer(&s[0]), 10001*n)
}

// A type that no compiler has seen.
func made(name string, n int) {
	field := func(name string, t reflect.Type) reflect.StructField {
		return reflect.StructField{Name: name, Type: t}
	}
	element := reflect.StructOf([]reflect.StructField{
		field("A", reflect.TypeOf(uintptr(0))),
		field("B", reflect.TypeOf(target)),
		field("C", reflect.ArrayOf(3, reflect.TypeOf(target))),
	})
	v := reflect.New(reflect.ArrayOf(n, element)).Elem()
	for i := 0; i < n; i++ {
		v.Index(i).Field(0).SetUint(uint64(uintptr(unsafe.Pointer(target))))
		v.Index(i).Field(1).Set(reflect.ValueOf(target))
		for k := 0; k < 3; k++ {
			v.Index(i).Field(2).Index(k).Set(reflect.ValueOf(target))
		}
	}
	keep = append(keep, v.Addr().Interface())
	tell(name, v.Addr().UnsafePointer(), 4*n)
}

func words(name string, n int) {
	s := make([]*int, n)
	for i := range s {
		s[i] = target
	}
	keep = append(keep, s)
	tell(name, unsafe.Pointer(&s[0]), n)
}

func all(when string) {
	for _, n := range []int{1, 2, 31, 32, 33, 100, 2040, 2047, 2048, 9000} {
		pairs(when+"-pairs-"+strconv.Itoa(n), n)
	}
	for _, n := range []int{1, 2, 7, 37, 200} {
		wides(when+"-wides-"+strconv.Itoa(n), n)
	}
	for _, n := range []int{1, 2, 64, 65, 4095, 4096, 100000} {
		words(when+"-words-"+strconv.Itoa(n), n)
	}
	for _, n := range []int{1, 3, 20, 300, 20000} {
		made(when+"-made-"+strconv.Itoa(n), n)
	}
	huges(when+"-huge-1", 1)
	huges(when+"-huge-3", 3)
}

func main() {
	// Before the first collection: a scavenger with a goal sleeps by timers, and a timer queue's
	// first 16 bytes may come after the statistics are read.
	debug.SetGCPercent(-1)
	all("old")
	garbage := make([][]byte, 0, 64)
	for i := 0; i < 20000; i++ {
		garbage = append(garbage[:i%64], make([]byte, i%3000))
	}
	runtime.GC()
	all("new")
	os.Stdout.WriteString("")
	runtime.ReadMemStats(&stats)
	out := append(buffer[:0], "heap "...)
	out = strconv.AppendUint(out, stats.HeapObjects, 10)
	out = append(out, ' ')
	out = strconv.AppendUint(out, stats.HeapAlloc, 10)
	out = append(out, "\nready\n"...)
	syscall.Write(1, out)
	for {
		syscall.Syscall(syscall.SYS_PAUSE, 0, 0, 0)
	}
}
)go";

class GoHeap : public testing::TestWithParam<std::string> {};

TEST_P(GoHeap, SlotsAndPointersAreTheProgramsOwn) {
  auto core = GoCore::of(kSource, GetParam());
  if (!core) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
  auto spans = read_spans(*core->runtime);
  ASSERT_TRUE(spans) << spans.error().message;
  auto heap = Heap::open(*core->runtime, *spans);
  ASSERT_TRUE(heap) << heap.error().message;
  NaiveHeap naive(*core->runtime, *spans);

  std::uint64_t objects = 0, bytes = 0, told = 0, stats = 0;
  for (std::uint32_t i = 0; i < heap->object_count(); i++) {
    if (!heap->allocated(ObjectId(i))) continue;
    objects++;
    bytes += heap->slot_size(ObjectId(i));
  }
  std::stringstream lines(core->output);
  for (std::string line; std::getline(lines, line);) {
    std::stringstream words(line);
    std::string what, name;
    words >> what;
    if (what == "heap") {
      std::uint64_t expected_objects = 0, expected_bytes = 0;
      words >> expected_objects >> expected_bytes;
      EXPECT_EQ(objects, expected_objects);
      EXPECT_EQ(bytes, expected_bytes);
      stats++;
    } else if (what == "object") {
      Address address = 0;
      std::uint64_t expected = 0;
      words >> name >> address >> expected;
      auto ref = heap->find(address);
      ASSERT_TRUE(ref) << name;
      EXPECT_EQ(ref->offset, heap->header_size(ref->id)) << name;
      std::uint64_t found = 0;
      heap->for_each_pointer(ref->id, 0, UINT64_MAX, [&](std::uint64_t, Address) { found++; });
      EXPECT_EQ(found, expected) << name;
      told++;
    }
  }
  EXPECT_EQ(stats, 1u);
  EXPECT_EQ(told, 58u);
  EXPECT_TRUE(core->diagnostics.warnings().empty()) << core->diagnostics.warnings().front();

  // Word by word, for all that is not too big for it.
  for (std::uint32_t i = 0; i < heap->object_count(); i++) {
    ObjectId id(i);
    if (!heap->allocated(id) || heap->slot_size(id) > 40000) continue;
    std::vector<Address> fast;
    heap->for_each_pointer(id, 0, UINT64_MAX,
                           [&](std::uint64_t, Address value) { fast.push_back(value); });
    auto slot = naive.slot_of(heap->base(id));
    ASSERT_TRUE(slot);
    ASSERT_EQ(fast, naive.pointers(*slot)) << fmt::format("{:#x}", heap->base(id));
  }
}

INSTANTIATE_TEST_SUITE_P(Releases, GoHeap, testing::ValuesIn(kToolchains), toolchain_name);

}  // namespace
}  // namespace overhang::test
