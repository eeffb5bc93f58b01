// The live set is the collector's own, object by object, on real Go programs that have just
// collected and hold still.
#include <gtest/gtest.h>

#include "e2e/subjects.h"
#include "heap/self_check.h"
#include "support/anatomy.h"
#include "support/go_program.h"
#include "support/overhang_command.h"
#include "support/verdicts.h"

namespace overhang::test {
namespace {

void expect_exact(const Anatomy& anatomy, const Subject& subject) {
  auto verdicts = compare_with_collector(anatomy);
  EXPECT_EQ(verdicts.different, 0u) << verdicts.text();
  EXPECT_EQ(verdicts.conservative_only, 0u) << verdicts.text();
  // The runtime's own counters say what the marks must add up to. They were read after the cycle:
  // a thread that the runtime started in between has been allocated since.
  auto& heap = *anatomy.heap;
  std::uint64_t marked_bytes = 0, since = 0, since_bytes = 0;
  for (std::uint32_t i = 0; i < heap.object_count(); i++) {
    ObjectId id{i};
    if (heap.marked_by_collector(id)) {
      marked_bytes += heap.slot_size(id);
    } else if (heap.allocated(id)) {
      since++;
      since_bytes += heap.slot_size(id);
    }
  }
  EXPECT_LE(verdicts.marked, subject.heap_objects());
  EXPECT_GE(verdicts.marked + since, subject.heap_objects());
  EXPECT_LE(marked_bytes, subject.heap_alloc());
  EXPECT_GE(marked_bytes + since_bytes, subject.heap_alloc());
  EXPECT_LE(since, 40u) << "the subject did not hold still";
  for (auto& goroutine : anatomy.roots.goroutines)
    EXPECT_FALSE(goroutine.truncated) << "goroutine " << goroutine.id;
  // What an unknown release has to pass, a known one passes.
  auto check = self_check(heap, anatomy.spans, anatomy.roots.goroutines);
  EXPECT_TRUE(check) << check.error().message;
}

// Takes an image by `take` and holds it against the collector's marks. On a machine that is busy
// with other things a goroutine of the program's may still be on its way while the last cycle
// marks, and drop what it held after: one more cycle then tells. What is really different stays so.
template <class Take>
void expect_exact(Subject& subject, Take&& take) {
  auto anatomy = take();
  if (compare_with_collector(*anatomy).different != 0) {
    subject.command("again");  // no command of any subject: it collects, that is all
    anatomy = take();
  }
  expect_exact(*anatomy, subject);
}

class BitExact : public testing::TestWithParam<SubjectCase> {};

TEST_P(BitExact, LiveSetIsTheCollectors) {
  Subject subject(GetParam().name, GetParam().arguments);
  expect_exact(subject, [&] { return Anatomy::of(subject); });
}

INSTANTIATE_TEST_SUITE_P(Subjects, BitExact, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

// The same from core files, and from executables built in other ways.
class BitExactCore : public testing::TestWithParam<SubjectCase> {};

TEST_P(BitExactCore, LiveSetIsTheCollectors) {
  if (emulating_arm64()) GTEST_SKIP() << "all images are cores";
  if (!have_gcore()) GTEST_SKIP() << "gcore (package gdb) is not installed";
  TemporaryDirectory directory;
  Subject subject(GetParam().name, GetParam().arguments);
  expect_exact(subject, [&] {
    auto core = write_core(subject.pid(), directory.file("core"));
    return Anatomy::of_core(core, subject.executable());
  });
}

INSTANTIATE_TEST_SUITE_P(Subjects, BitExactCore,
                         testing::Values(SubjectCase{"arrays", {}}, SubjectCase{"blocked", {}},
                                         SubjectCase{"churn", {"3"}}, SubjectCase{"web", {}}),
                         [](auto& instance) { return instance.param.label(); });

struct Build {
  const char* variant;
  std::vector<std::string> flags;
};

class BitExactBuild : public testing::TestWithParam<Build> {};

TEST_P(BitExactBuild, LiveSetIsTheCollectors) {
  if (emulating_arm64() && std::string(GetParam().variant) == "pie" && !have_emulated_loader())
    GTEST_SKIP() << "package libc6-arm64-cross is not installed";
  for (const char* name : {"blocked", "stackobjects", "closures"}) {
    auto executable = build_subject(name, GetParam().flags, GetParam().variant);
    auto subject = Subject::started(executable, {});
    SCOPED_TRACE(name);
    expect_exact(subject, [&] { return Anatomy::of(subject); });
  }
}

INSTANTIATE_TEST_SUITE_P(Builds, BitExactBuild,
                         testing::Values(Build{"pie", {"-buildmode=pie"}},
                                         Build{"unoptimised", {"-gcflags=-N -l"}}),
                         [](auto& instance) { return std::string(instance.param.variant); });

}  // namespace
}  // namespace overhang::test
