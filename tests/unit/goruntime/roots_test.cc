// Roots of real programs, against what the programs say of themselves and a bit-by-bit reading of
// the masks; and goroutines and roots of images whose memory has been overwritten.
#include "goruntime/roots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "goruntime/goroutines.h"
#include "unit/goruntime/go_core.h"

namespace overhang::test {
namespace {

// Says "NAME HEX" of addresses, and keeps finalizers and cleanups from ending.
constexpr const char* kSubject = R"go(
package main

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
//IMPORTS
)

type object struct {
	next *object
	n    [10]int
}

type large struct {
	next *object
	n    [100]int
}

var never = make(chan int)
var text []byte

//go:noinline
func say(name string, p unsafe.Pointer) {
	text = append(append(text, name...), ' ')
	text = append(strconv.AppendUint(text, uint64(uintptr(p)), 16), '\n')
}

func typeOf(v any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0] }

func funcOf(f func(*object)) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&f)) }

var (
	inData   = &object{n: [10]int{1}} // initialized: a pointer in .data
	inBss    *object
	manyBss  [131]*object
	kept     []any
	keptTiny *int8
)

func finalizers() {
	o := new(object)
	id := len(os.Args)
	f := func(*object) { id++ }
	runtime.SetFinalizer(o, f)
	say("finalizer-object", unsafe.Pointer(o))
	say("finalizer-type", typeOf(object{}))
	say("finalizer-fn", funcOf(f))
	l := new(large)
	runtime.SetFinalizer(l, func(*large) {})
	say("finalizer-large", unsafe.Pointer(l))
	say("finalizer-large-type", typeOf(large{}))
	kept = append(kept, o, l)
	for { // a tiny value that does not begin its 16 bytes
		keptTiny = new(int8)
		if uintptr(unsafe.Pointer(keptTiny))%16 == 3 {
			break
		}
	}
	runtime.SetFinalizer(keptTiny, func(*int8) {})
	say("finalizer-tiny", unsafe.Pointer(keptTiny))
}

//go:noinline
func queued() {
	for i := 0; i < 5; i++ {
		o := new(object)
		o.n[0] = i
		say("queued-finalizer", unsafe.Pointer(o))
		runtime.SetFinalizer(o, func(o *object) { <-never })
	}
	queuedCleanups()
}

//CODE

func main() {
	inBss = new(object)
	for i := range manyBss {
		manyBss[i] = inBss
	}
	say("data-slot", unsafe.Pointer(&inData))
	say("data-value", unsafe.Pointer(inData))
	say("bss-slot", unsafe.Pointer(&inBss))
	say("bss-value", unsafe.Pointer(inBss))
	say("last-bss-slot", unsafe.Pointer(&manyBss[130]))
	finalizers()
	weak()
	cleanups()
	queued()
	for i := 0; i < 3; i++ {
		runtime.GC()
		time.Sleep(30 * time.Millisecond)
	}
	os.Stdout.Write(text)
	os.Stdout.WriteString("ready\n")
	for {
		syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
	}
}
)go";

// Weak pointers and cleanups came with Go 1.24.
constexpr const char* kWithoutCleanups = R"go(
func weak() {}
func cleanups() {}
func queuedCleanups() {}
)go";
constexpr const char* kImports = "\n\tw \"weak\"\n";
constexpr const char* kWithCleanups = R"go(
func weak() {
	o := new(object)
	p := w.Make(o)
	say("weak-handle", *(*unsafe.Pointer)(unsafe.Pointer(&p)))
	kept = append(kept, o)
}

func cleanups() {
	o := new(object)
	arg := new(object)
	id := len(os.Args)
	f := func(*object) { id++ }
	runtime.AddCleanup(o, f, arg)
	say("cleanup-fn", funcOf(f))
	say("cleanup-arg", unsafe.Pointer(arg))
	kept = append(kept, o)
}

func queuedCleanups() {
	for i := 0; i < 5; i++ {
		arg := new(object)
		say("queued-cleanup", unsafe.Pointer(arg))
		runtime.AddCleanup(new(object), func(*object) { <-never }, arg)
	}
}
)go";

std::string source_for(int minor) {
  std::string source = kSubject;
  auto put = [&source](std::string_view mark, const char* text) {
    source.replace(source.find(mark), mark.size(), text);
  };
  put("//IMPORTS", minor >= 24 ? kImports : "");
  put("//CODE", minor >= 24 ? kWithCleanups : kWithoutCleanups);
  return source;
}

class RootsOf : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    core_ = GoCore::of(source_for(std::stoi(GetParam().substr(4))), GetParam());
    if (!core_) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
    auto spans = read_spans(*core_->runtime);
    ASSERT_TRUE(spans) << spans.error().message;
    roots_ = read_roots(*core_->runtime, *spans);
    EXPECT_EQ(core_->diagnostics.warnings(), std::vector<std::string>{});
    std::istringstream lines(core_->output);
    Address address = 0;
    for (std::string name; lines >> name && lines >> std::hex >> address;)
      said_.emplace(name, address);
  }
  Address said(const std::string& name) {
    EXPECT_TRUE(said_.contains(name)) << name;
    return said_.contains(name) ? said_.find(name)->second : 0;
  }
  std::set<Address> values(RootKind kind) const {
    std::set<Address> out;
    for (auto& root : roots_)
      if (root.kind == kind) out.insert(root.value);
    return out;
  }
  const Root* find(RootKind kind, Address value) const {
    for (auto& root : roots_)
      if (root.kind == kind && root.value == value) return &root;
    return nullptr;
  }
  std::set<std::pair<Address, Address>> words_by_single_bits() const;
  // Whether roots of a kind lead to a value by way of at most two closures or boxed variables.
  bool leads_to(RootKind kind, Address value) const {
    auto reached = values(kind);
    for (int step = 0; step < 2 && !reached.contains(value); step++)
      for (auto root : std::set(reached))
        for (Address at = root; at < root + 32; at += 8)
          reached.insert(core_->image->word(at).value_or(0));
    return reached.contains(value);
  }

  std::unique_ptr<GoCore> core_;
  std::vector<Root> roots_;
  std::multimap<std::string, Address> said_;
};

// {slot, value} of all pointer words of data and bss, read one bit and one word at a time.
std::set<std::pair<Address, Address>> RootsOf::words_by_single_bits() const {
  std::set<std::pair<Address, Address>> out;
  auto read = [&](Address start, Address end, Address mask) {
    for (Address slot = start; slot + 8 <= end; slot += 8) {
      auto word = (slot - start) / 8;
      auto bits = core_->image->read<std::uint8_t>(mask + word / 8).value();
      auto value = core_->image->word(slot).value();
      if ((bits >> (word % 8) & 1) && value != 0) out.emplace(slot, value);
    }
  };
  for (auto& module : core_->runtime->modules()) {
    read(module.data, module.edata, module.data_mask);
    read(module.bss, module.ebss, module.bss_mask);
  }
  return out;
}

TEST_P(RootsOf, AreWhatTheProgramSays) {
  int minor = std::stoi(GetParam().substr(4));

  // Globals.
  std::map<Address, Address> data;
  std::set<std::pair<Address, Address>> words;
  for (auto& root : roots_)
    if (root.kind == RootKind::Data) {
      data[root.slot] = root.value;
      words.emplace(root.slot, root.value);
    }
  EXPECT_EQ(words, words_by_single_bits());
  EXPECT_EQ(data[said("data-slot")], said("data-value"));
  EXPECT_EQ(data[said("bss-slot")], said("bss-value"));
  EXPECT_EQ(data[said("last-bss-slot")], said("bss-value"));

  // Finalizers: object, function, and what the object is.
  auto* object = find(RootKind::FinalizerObject, said("finalizer-object"));
  ASSERT_TRUE(object);
  EXPECT_EQ(object->type, said("finalizer-type"));
  EXPECT_TRUE(values(RootKind::FinalizerFn).contains(said("finalizer-fn")));
  auto header = minor >= 22 ? 8 : 0;  // the malloc header
  auto* large = find(RootKind::FinalizerObject, said("finalizer-large") - header);
  ASSERT_TRUE(large);
  EXPECT_EQ(large->type, said("finalizer-large-type"));
  auto* tiny = find(RootKind::FinalizerObject, said("finalizer-tiny") - 3);
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->type, 0u);

  // Finalizers that wait for the one that does not end.
  EXPECT_EQ(said_.count("queued-finalizer"), 5u);
  for (auto [at, end] = said_.equal_range("queued-finalizer"); at != end; ++at) {
    auto* queued = find(RootKind::QueuedFinalizer, at->second);
    ASSERT_TRUE(queued);
    EXPECT_EQ(queued->type, said("finalizer-type"));
  }

  if (minor < 24) return;
  EXPECT_TRUE(values(RootKind::WeakHandle).contains(said("weak-handle")));
  auto queue = minor == 24   ? RootKind::QueuedFinalizer
               : minor == 25 ? RootKind::QueuedCleanup
                             : RootKind::CleanupArg;
  if (minor >= 26) {
    EXPECT_TRUE(values(RootKind::CleanupFn).contains(said("cleanup-fn")));
  }
  auto with_argument = minor >= 26 ? RootKind::CleanupArg : RootKind::CleanupFn;
  EXPECT_TRUE(leads_to(with_argument, said("cleanup-arg")));
  // Of five the first runs and does not end.
  EXPECT_EQ(said_.count("queued-cleanup"), 5u);
  std::size_t waiting = 0;
  for (auto [at, end] = said_.equal_range("queued-cleanup"); at != end; ++at)
    waiting += leads_to(queue, at->second);
  EXPECT_GE(waiting, 4u);
}

INSTANTIATE_TEST_SUITE_P(Releases, RootsOf, testing::ValuesIn(kToolchains),
                         [](auto& suite) { return "Go" + suite.param.substr(4, 2); });

// The core's memory in memory of our own, to be written to.
class Overwritten {
 public:
  explicit Overwritten(const Image& from) : image_(from.architecture(), from.identity()) {
    for (auto& segment : from.segments()) {
      auto* data = from.at(segment.start, segment.size);
      if (!data) continue;
      copies_.emplace_back(data, data + segment.size);
      Image::Segment copy;
      copy.start = segment.start;
      copy.size = segment.size;
      copy.data = copies_.back().data();
      image_.add_segment(copy);
    }
    image_.set_threads(from.threads());
    if (auto entry = from.auxv(9)) image_.set_auxv({{9, *entry}});  // AT_ENTRY
  }
  Image& image() { return image_; }
  void write(Address address, std::uint64_t value) {
    if (auto* at = image_.at(address, sizeof value))
      std::memcpy(const_cast<std::byte*>(at), &value, sizeof value);
  }

 private:
  std::vector<std::vector<std::byte>> copies_;
  Image image_;
};

TEST(HostileImage, GoroutinesAndRootsAreReadToAnEnd) {
  auto core = GoCore::of(source_for(26), kToolchains.back());
  if (!core) GTEST_SKIP() << kToolchains.back() << " or gcore is not at hand";
  auto in_heap = [](Address a) { return a >> 32 != 0 && a >> 47 == 0; };
  auto good = read_goroutines(*core->runtime, in_heap, 1);
  ASSERT_GT(good.size(), 5u);

  Overwritten copy(*core->image);
  Diagnostics opening;
  auto runtime = Runtime::open(copy.image(), *core->file, opening);
  ASSERT_TRUE(runtime) << runtime.error().message;
  auto spans = read_spans(**runtime);
  ASSERT_TRUE(spans) << spans.error().message;

  // Where damage hurts: goroutines, the stacks in use, specials, and the lists of all of them.
  auto& layout = (*runtime)->layout();
  std::vector<std::pair<Address, std::uint64_t>> targets;  // address, words
  for (auto& goroutine : good) {
    targets.emplace_back(goroutine.g, 40);
    if (goroutine.frames.empty()) continue;
    auto sp = goroutine.frames.at(0).sp;
    targets.emplace_back(sp, (goroutine.stack_hi - sp) / 8);
  }
  for (auto& span : spans->spans)
    if (span.specials != 0) targets.emplace_back(span.specials, 8);
  auto& variables = (*runtime)->variables();
  targets.emplace_back(variables.allgs, 3);
  targets.emplace_back(variables.allp, 3);
  targets.emplace_back(variables.allm, 1);
  auto field = [&](Address record, std::int64_t offset) {
    return core->image->word(record + static_cast<std::uint64_t>(offset)).value_or(0);
  };
  std::vector<Address> threads;
  for (auto m = field(variables.allm, 0); m != 0; m = field(m, layout.m_alllink)) {
    threads.push_back(m);
    for (auto offset : {layout.m_g0, layout.m_gsignal, layout.m_procid, layout.m_curg, layout.m_p,
                        layout.m_alllink, layout.m_vdsoSP, layout.m_vdsoPC})
      targets.emplace_back(m + static_cast<std::uint64_t>(offset), 1);
    targets.emplace_back(field(m, layout.m_g0), 20);
    targets.emplace_back(field(m, layout.m_gsignal), 20);
  }
  ASSERT_GT(threads.size(), 1u);
  targets.emplace_back(core->image->word(variables.allfin).value_or(0), 16);
  targets.emplace_back(
      core->image->word(variables.gc_cleanups + static_cast<std::uint64_t>(layout.cleanupQueue_all))
          .value_or(0),
      16);

  std::mt19937_64 random(20240229);
  std::size_t truncated = 0;
  for (int round = 0; round < 100; round++) {
    std::vector<std::pair<Address, std::uint64_t>> before;
    for (int i = 0; i < 40; i++) {
      auto [address, words] = targets[random() % targets.size()];
      if (address == 0) continue;
      address += random() % words * 8;
      auto old = copy.image().word(address);
      if (!old) continue;
      before.emplace_back(address, *old);
      auto& other = good[random() % good.size()];
      std::uint64_t values[] = {random(),
                                0,
                                ~std::uint64_t{0},
                                *old + 8,
                                random() % 64,
                                address,
                                other.g,
                                other.stack_lo + random() % 4096,
                                other.frames.empty() ? 0 : other.frames[0].pc,
                                threads[random() % threads.size()],
                                spans->spans[random() % spans->spans.size()].specials};
      copy.write(address, values[random() % std::size(values)]);
    }
    for (auto& goroutine : read_goroutines(**runtime, in_heap, 1)) {
      truncated += goroutine.truncated;
      auto end = goroutine.stack_hi + (goroutine.system_stack ? 512 : 0);
      EXPECT_LE(goroutine.frames.size(), (end - goroutine.stack_lo) / 8);
      for (auto& frame : goroutine.frames) {
        EXPECT_GE(frame.sp, goroutine.stack_lo);
        EXPECT_LE(frame.fp(), end);
      }
      for (auto& root : goroutine.roots)
        EXPECT_TRUE(root.slot == 0 || (root.slot >= goroutine.stack_lo && root.slot < end));
    }
    EXPECT_FALSE(read_roots(**runtime, *spans).empty());
    for (auto at = before.rbegin(); at != before.rend(); ++at) copy.write(at->first, at->second);
  }
  EXPECT_GT(truncated, 10u);  // the damage was felt
  EXPECT_FALSE(opening.warnings().empty());

  // With the damage undone all is as before.
  auto again = read_goroutines(**runtime, in_heap, 1);
  ASSERT_EQ(again.size(), good.size());
  for (std::size_t i = 0; i < good.size(); i++)
    EXPECT_EQ(again[i].frames.size(), good[i].frames.size());
}

}  // namespace
}  // namespace overhang::test
