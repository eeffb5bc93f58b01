// What a real Go program's words look like, by their neighbours and by where they lead.
#include "graph/guess.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

constexpr const char* kSource = R"go(
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

type conn struct {
	id   int
	next *conn
	name string
}

// Of 264 bytes, in a slot of 288.
type record struct {
	first [16]*conn
	n     int
	rest  [16]*conn
}

type counted struct {
	buf *[2048]byte
	n   int
}

type at struct {
	first *int32
	n     int
}

type ring struct {
	buf        *[512]*conn
	head, size int
}

// Its condition has the address of its lock.
type queue struct {
	mu    sync.RWMutex
	cond  sync.Cond
	ready []string
}

type registry struct {
	byName map[string]*conn
	n      int
}

var (
	slice   []*conn
	rest    []*conn
	small   []conn
	numbers []byte
	shown   ring
	cut     []*conn
	even    ring
	boxed   any
	text    string
	records []*record
	wide    []*[36]*conn
	piece   string
	start   string
	letters string
	buffer  counted
	counts  at
	frame   [8]uintptr
	twice   [8]uintptr
	full    [8]uintptr
	waiting *queue
	entries *registry
)

func fill(s []*conn) []*conn {
	for i := range s {
		s[i] = &conn{i, &conn{id: -i}, "a connection"}
	}
	return s
}

func main() {
	slice = fill(make([]*conn, 1024))
	slice = slice[:10]
	rest = slice[:8:1000]
	small = make([]conn, 12)
	for i := range small {
		small[i] = conn{i, &conn{id: -i}, "a connection"}
	}
	small = small[:5]
	numbers = make([]byte, 100, 4096)
	shown = ring{new([512]*conn), 5, 512}
	fill(shown.buf[:])
	cut = slice[100:200:200]
	even = ring{shown.buf, 5, 5}
	boxed = &conn{1, &conn{}, "boxed"}
	text = string(append([]byte("the first words of a text that goes on "), make([]byte, 1000)...))[1:33]
	for i := 0; i < 200; i++ {
		wide = append(wide, new([36]*conn))
		fill(wide[i][:])
	}
	// Every other slot of their spans is free after that; a span that was free as a whole might go
	// to others.
	for i := 0; i < 200; i += 2 {
		wide[i] = nil
	}
	runtime.GC()
	for i := 0; i < 200; i++ {
		records = append(records, &record{n: i})
		fill(records[i].first[:])
		fill(records[i].rest[:])
	}
	long := strings.Repeat("Größe 5, ", 100000)
	piece, start, letters = long[1001:1012], long[:9], long[1001:1004]
	buffer = counted{new([2048]byte), 20}
	copy(buffer.buf[:], "some words in a buffer of a known length")
	counts = at{&make([]int32, 1000)[501], 20}
	waiting = &queue{ready: make([]string, 40)}
	waiting.cond.L = &waiting.mu
	entries = &registry{map[string]*conn{}, 0}
	for i := 0; i < 100; i++ {
		entries.byName[fmt.Sprint("connection ", i)] = &conn{id: i}
	}
	for i := 0; i < 90; i++ {
		delete(entries.byName, fmt.Sprint("connection ", i))
	}
	frame = [8]uintptr{7, 10, 1024, 1, 0, 3}
	twice = [8]uintptr{7, 10, 1024, 1, 20, 1024}
	full = [8]uintptr{10, 1023, 5, 2000}
	for name, at := range map[string]unsafe.Pointer{
		"slice": unsafe.Pointer(&slice), "rest": unsafe.Pointer(&rest), "small": unsafe.Pointer(&small),
		"numbers": unsafe.Pointer(&numbers), "shown": unsafe.Pointer(&shown), "boxed": unsafe.Pointer(&boxed),
		"text": unsafe.Pointer(&text), "frame": unsafe.Pointer(&frame), "twice": unsafe.Pointer(&twice),
		"full": unsafe.Pointer(&full), "cut": unsafe.Pointer(&cut), "even": unsafe.Pointer(&even),
		"piece": unsafe.Pointer(&piece), "start": unsafe.Pointer(&start), "letters": unsafe.Pointer(&letters),
		"records": unsafe.Pointer(&records), "buffer": unsafe.Pointer(&buffer), "counts": unsafe.Pointer(&counts),
		"waiting": unsafe.Pointer(&waiting), "entries": unsafe.Pointer(&entries),
	} {
		fmt.Println(name, uintptr(at))
	}
	runtime.GC()
	os.Stdout.WriteString("ready\n")
	syscall.Pause()
}
)go";

class Guess : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    core_ = GoCore::of(kSource, GetParam());
    if (!core_) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
    std::istringstream lines(core_->output);
    std::string name;
    for (Address at = 0; lines >> name && name != "ready" && lines >> at;) globals_[name] = at;
    auto spans = read_spans(*core_->runtime);
    ASSERT_TRUE(spans.has_value());
    auto heap = Heap::open(*core_->runtime, *spans, 1);
    ASSERT_TRUE(heap.has_value());
    heap_ = std::make_unique<Heap>(std::move(*heap));
    types_ = std::make_unique<TypeTable>(*core_->runtime, nullptr);
    decoder_ = std::make_unique<ReferenceDecoder>(*core_->runtime, *types_);
    guesser_ = std::make_unique<Guesser>(*heap_, *decoder_);
  }
  // The pointer word at byte `offset` of a global, as nobody knows it.
  Reference unknown(const std::string& global, std::uint64_t offset = 0) {
    Reference out;
    out.slot = globals_.at(global) + offset;
    out.target = core_->image->word(out.slot).value_or(0);
    return out;
  }
  Reference word(const std::string& global, std::uint64_t offset = 0) {
    return guesser_->word(unknown(global, offset));
  }
  std::string name(TypeId type) { return types_->info(type).name; }
  using Candidates = std::vector<Guesser::LocalCandidate>;
  Candidates locals(const std::string& words, bool read = true) {
    auto begin = globals_.at(words);
    return guesser_->local_slices(unknown("slice"), begin, begin + 64,
                                  [&](Address) { return read; });
  }
  static std::size_t of_len(const Candidates& candidates, std::uint64_t len) {
    return static_cast<std::size_t>(
        std::count_if(candidates.begin(), candidates.end(), [&](const auto& candidate) {
          return candidate.slice.kind == Reference::Kind::Slice && candidate.slice.count == len &&
                 candidate.slice.capacity == 1024;
        }));
  }
  bool records_types() { return core_->runtime->layout().minor >= 22; }

  std::unique_ptr<GoCore> core_;
  std::map<std::string, Address> globals_;
  std::unique_ptr<Heap> heap_;
  std::unique_ptr<TypeTable> types_;
  std::unique_ptr<ReferenceDecoder> decoder_;
  std::unique_ptr<Guesser> guesser_;
};

using Kind = Reference::Kind;

TEST_P(Guess, TellsHeadersByTheirArrays) {
  auto slice = word("slice");
  EXPECT_EQ(slice.kind, Kind::Slice);
  EXPECT_EQ(name(slice.type), "*main.conn");
  EXPECT_EQ(slice.count, 10u);
  EXPECT_EQ(slice.capacity, 1024u);
  auto small = word("small");
  EXPECT_EQ(small.kind, Kind::Slice);
  EXPECT_EQ(name(small.type), "main.conn");
  auto numbers = word("numbers");
  EXPECT_EQ(numbers.kind, Kind::Slice);
  EXPECT_EQ(name(numbers.type), "uint8");
  EXPECT_EQ(word("rest").kind, Kind::Unknown) << "a cap within the array, and no len like it";
  EXPECT_EQ(word("shown").kind, Kind::Unknown) << "an array's address and two numbers";
  auto cut = word("cut");
  EXPECT_EQ(cut.kind, Kind::Slice);
  EXPECT_EQ(name(cut.type), "*main.conn");
  // Of an array whose elements are not recorded, pairs of pointers count.
  EXPECT_GE(cut.count, 100u);
  EXPECT_LE(cut.count, records_types() ? 100u : 200u);
  EXPECT_EQ(cut.count, cut.capacity);
  EXPECT_EQ(word("even").kind, Kind::Unknown) << "an array's address and one number twice";
  EXPECT_EQ(guesser_->word(unknown("slice"), true).kind, Kind::Unknown) << "in a frame";
  EXPECT_EQ(word("text").kind, Kind::String);
  auto boxed = word("boxed", 8);
  EXPECT_EQ(boxed.kind, Kind::Value);
  EXPECT_EQ(name(boxed.type), "main.conn");
}

TEST_P(Guess, TellsShortPiecesOfTexts) {
  auto piece = word("piece");
  EXPECT_EQ(piece.kind, Kind::String);
  EXPECT_EQ(piece.count, 11u);
  EXPECT_EQ(word("start").kind, Kind::String) << "no type is as large as what it starts";
  EXPECT_EQ(word("letters").kind, Kind::Unknown) << "may be text by chance";
  EXPECT_EQ(word("buffer").kind, Kind::Unknown) << "an array of a size that a type has";
  EXPECT_EQ(word("counts").kind, Kind::Unknown) << "numbers, and how many";
}

TEST_P(Guess, TellsObjectsByTheirWords) {
  auto target = core_->image->word(unknown("slice").target).value_or(0);
  auto object = heap_->find(target);
  ASSERT_TRUE(object);
  auto meaning = guesser_->object(*object, false);
  EXPECT_EQ(meaning.kind, Kind::Value);
  EXPECT_EQ(name(meaning.type), "main.conn");
  auto array = heap_->find(unknown("shown").target);
  ASSERT_TRUE(array);
  auto recorded = guesser_->allocated_type(*array);
  EXPECT_EQ(name(recorded), records_types() ? "[512]*main.conn" : name(kUnknownType));
}

// An interface's type tells what its data is, a part of something larger perhaps:
// sync.NewCond(&q.mu).
TEST_P(Guess, TellsObjectsWithPointersIntoThemselves) {
  auto object = heap_->find(unknown("waiting").target);
  ASSERT_TRUE(object);
  EXPECT_EQ(name(guesser_->object(*object, false).type), "main.queue");
}

// What a deleted key leaves in a map is no string any more.
TEST_P(Guess, TellsMapsOfWhichEntriesWereDeleted) {
  auto object = heap_->find(unknown("entries").target);
  ASSERT_TRUE(object);
  EXPECT_EQ(name(guesser_->object(*object, false).type), "main.registry");
}

TEST_P(Guess, TellsObjectsInSlotsThatWereUsedBefore) {
  auto array = unknown("records").target;
  unsigned unclean = 0;
  for (std::uint64_t i = 0; i < 200; i++) {
    auto target = core_->image->word(array + i * 8).value_or(0);
    auto object = heap_->find(target);
    ASSERT_TRUE(object);
    unclean += core_->image->word(target + 264) != std::uint64_t{0};
    EXPECT_EQ(name(guesser_->object(*object, false).type), "main.record") << i;
  }
  bool cleared = core_->runtime->layout().clears_slots();
  EXPECT_EQ(unclean == 0, cleared) << unclean;
}

TEST_P(Guess, FindsEveryLenAndCapThatALocalMayHave) {
  EXPECT_EQ(of_len(locals("frame"), 10), 1u);
  EXPECT_TRUE(locals("frame", false).empty()) << "words that no code reads";
  EXPECT_GE(locals("twice").size(), 2u) << "two that differ";
  EXPECT_TRUE(locals("full").empty()) << "caps that the array does not have";
  auto begin = globals_.at("frame");
  auto all = [](Address) { return true; };
  EXPECT_TRUE(guesser_->local_slices(unknown("slice"), begin, begin + (1 << 20), all).empty())
      << "no frame is as long";
  EXPECT_TRUE(guesser_->local_slices(unknown("slice"), begin, begin - 8, all).empty());
}

INSTANTIATE_TEST_SUITE_P(Toolchains, Guess, testing::Values("go1.19.13", "go1.22.12", "go1.26.8"),
                         toolchain_name);

}  // namespace
}  // namespace overhang::test
