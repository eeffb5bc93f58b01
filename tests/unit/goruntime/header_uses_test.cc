// Which words the code of real programs takes for slices' headers.
#include "goruntime/header_uses.h"

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
	"syscall"
	"unsafe"
)

type walk struct {
	from      *int
	at, count int
}

//go:noinline
func (w *walk) next() int {
	if w.at == w.count {
		return 0
	}
	w.at++
	return *(*int)(unsafe.Add(unsafe.Pointer(w.from), uintptr(w.at-1)*8))
}

//go:noinline
func through(n int, w *walk) int { return n + w.next() }

type ring struct {
	buf        *[1024]int
	head, size int
}

//go:noinline
func afterBytes(a, b, c, d bool, w *walk) int {
	if a && b && c && d {
		return w.next()
	}
	return 0
}

var (
	appended, resliced, ranged, passed, unread []int
	measured                                   []int // its cap is compared, and it is appended to
	several                                    [8][]int
	direct, byCall, twice, narrow              walk
	around                                     ring
	walks                                      [8]walk
)

//go:noinline
func sum(s []int) (n int) {
	for _, x := range s {
		n += x
	}
	return n
}

//go:noinline
func work(n int) int {
	appended = append(appended, n)
	resliced = resliced[1:n]
	for _, x := range ranged {
		n += x
	}
	n += sum(passed)
	if cap(measured) < 100*n {
		n++
	}
	measured = append(measured, n)
	several[n%8] = append(several[n%8], n)
	several[n%7] = several[n%7][:n]
	if direct.at < direct.count {
		direct.at++
		n += *direct.from
	}
	n += byCall.next() + through(n, &twice) + afterBytes(n > 1, n > 2, n > 3, n > 4, &narrow)
	if around.size < len(around.buf) {
		around.buf[around.size] = n
		around.size++
	}
	for i := range walks {
		if walks[i].at < walks[i].count {
			n += *walks[i].from
		}
	}
	return n
}

func main() {
	if len(os.Args) > 5 {
		fmt.Println(work(len(os.Args)))
	}
	unread = make([]int, 10)
	for name, at := range map[string]unsafe.Pointer{
		"appended": unsafe.Pointer(&appended), "resliced": unsafe.Pointer(&resliced), "ranged": unsafe.Pointer(&ranged),
		"passed": unsafe.Pointer(&passed), "unread": unsafe.Pointer(&unread), "measured": unsafe.Pointer(&measured),
		"several": unsafe.Pointer(&several), "direct": unsafe.Pointer(&direct), "byCall": unsafe.Pointer(&byCall),
		"twice": unsafe.Pointer(&twice), "around": unsafe.Pointer(&around), "walks": unsafe.Pointer(&walks),
		"narrow": unsafe.Pointer(&narrow),
	} {
		fmt.Println(name, uintptr(at))
	}
	os.Stdout.WriteString("ready\n")
	syscall.Pause()
}
)go";

class HeaderUsesOf : public testing::TestWithParam<std::string> {};

TEST_P(HeaderUsesOf, TellCapsFromNumbers) {
  auto core = GoCore::of(kSource, GetParam());
  if (!core) GTEST_SKIP() << GetParam() << " or gcore is not at hand";
  std::istringstream lines(core->output);
  std::string name;
  std::map<std::string, Address> globals;
  for (Address at = 0; lines >> name && name != "ready" && lines >> at;) globals[name] = at;
  ASSERT_EQ(globals.size(), 13u);
  for (auto* array : {"several", "walks"}) globals[array] += 5 * 24;
  CodeIndex code(*core->runtime);
  HeaderUses uses(code);
  for (auto* slice : {"appended", "resliced", "ranged", "passed", "unread", "measured", "several"})
    EXPECT_TRUE(uses.may_be_slice(globals.at(slice))) << slice;
  for (auto* other : {"direct", "byCall", "twice", "narrow", "around", "walks"})
    EXPECT_FALSE(uses.may_be_slice(globals.at(other))) << other;
}

INSTANTIATE_TEST_SUITE_P(Toolchains, HeaderUsesOf,
                         testing::Values("go1.19.13", "go1.21.13", "go1.22.12", "go1.26.8"),
                         toolchain_name);

}  // namespace
}  // namespace overhang::test
