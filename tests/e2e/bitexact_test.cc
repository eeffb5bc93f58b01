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
  bool external = false;  // linked by the C compiler
};

// Of Debian's package gcc, or gcc-aarch64-linux-gnu.
const std::string& c_compiler() {
  static const std::string name = emulating_arm64() ? "aarch64-linux-gnu-gcc" : "gcc";
  return name;
}

class BitExactBuild : public testing::TestWithParam<Build> {};

TEST_P(BitExactBuild, LiveSetIsTheCollectors) {
  const Build& build = GetParam();
  if (build.external && run({c_compiler(), "--version"}).exit_code != 0)
    GTEST_SKIP() << c_compiler() << " is not installed";
  bool needs_loader = build.external || std::string(build.variant).starts_with("pie");
  if (emulating_arm64() && needs_loader && !have_emulated_loader())
    GTEST_SKIP() << "package libc6-arm64-cross is not installed";
  // `finalizers blocked` has finalizers and cleanups that wait to run.
  for (const SubjectCase& subject_case :
       {SubjectCase{"blocked", {}}, SubjectCase{"stackobjects", {}}, SubjectCase{"closures", {}},
        SubjectCase{"finalizers", {"blocked"}}}) {
    auto executable =
        build_subject(subject_case.name, build.flags, build.variant,
                      {build.external ? "CGO_ENABLED=1" : "CGO_ENABLED=0", "CC=" + c_compiler()});
    auto subject = Subject::started(executable, subject_case.arguments);
    SCOPED_TRACE(subject_case.label());
    expect_exact(subject, [&] {
      auto anatomy = Anatomy::of(subject);
      EXPECT_EQ(anatomy->diagnostics.warnings(), std::vector<std::string>{});
      return anatomy;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(
    Builds, BitExactBuild,
    testing::Values(Build{"pie", {"-buildmode=pie"}}, Build{"unoptimised", {"-gcflags=-N -l"}},
                    Build{"trimmed", {"-trimpath", "-ldflags=-s -w"}},
                    Build{"pie_stripped", {"-buildmode=pie", "-ldflags=-s -w"}},
                    Build{"external_stripped", {"-ldflags=-s -w -linkmode=external"}, true},
                    Build{"external_pie_stripped",
                          {"-buildmode=pie", "-ldflags=-s -w -linkmode=external"},
                          true}),
    [](auto& instance) { return std::string(instance.param.variant); });

// Every subject without symbols and DWARF, as container images ship programs: the runtime's
// variables are found by what they hold, and they are the ones that symbols name.
class BitExactStripped : public testing::TestWithParam<SubjectCase> {};

TEST_P(BitExactStripped, LiveSetIsTheCollectors) {
  auto executable = build_subject(GetParam().name, {"-ldflags=-s -w"}, "stripped");
  auto subject = Subject::started(executable, GetParam().arguments);
  expect_exact(subject, [&] {
    auto anatomy = Anatomy::of(subject);
    EXPECT_FALSE(anatomy->file->has_symbols());
    EXPECT_EQ(anatomy->diagnostics.warnings(), std::vector<std::string>{});
    return anatomy;
  });
}

INSTANTIATE_TEST_SUITE_P(Subjects, BitExactStripped, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

// A program with symbols, stripped of them by strip(1): the search must give what the symbols say.
TEST(VariableSearch, FindsWhatSymbolsSay) {
  for (const SubjectCase& subject_case :
       {SubjectCase{"finalizers", {"blocked"}}, SubjectCase{"churn", {"1"}}}) {
    SCOPED_TRACE(subject_case.label());
    TemporaryDirectory directory;
    auto executable = build_subject(subject_case.name);
    auto stripped = directory.file("stripped");
    if (run({"strip", "-o", stripped, executable}).exit_code != 0)
      GTEST_SKIP() << "strip (package binutils) is not installed";
    auto subject = Subject::started(executable, subject_case.arguments);
    auto named = Anatomy::of_process(subject.pid(), executable);
    auto searched = Anatomy::of_process(subject.pid(), stripped);
    auto& by_name = named->runtime->variables();
    auto& by_search = searched->runtime->variables();
    EXPECT_EQ(by_search.first_moduledata, by_name.first_moduledata);
    EXPECT_EQ(by_search.mheap, by_name.mheap);
    EXPECT_EQ(by_search.allgs, by_name.allgs);
    EXPECT_EQ(by_search.allp, by_name.allp);
    EXPECT_EQ(searched->image->word(by_search.allm), named->image->word(by_name.allm));
    EXPECT_EQ(by_search.allfin, by_name.allfin);
    EXPECT_EQ(by_search.gc_cleanups, by_name.gc_cleanups);
    EXPECT_EQ(by_search.memstats, by_name.memstats);
  }
}

}  // namespace
}  // namespace overhang::test
