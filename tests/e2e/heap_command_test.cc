// `overhang heap` held against the runtime: what it says that a variable, a goroutine or a type
// retains is what HeapAlloc falls by when the subject lets it go; totals and parts are the
// runtime's own.
#include <gtest/gtest.h>

#include <algorithm>

#include "e2e/subjects.h"
#include "support/anatomy.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

json heap_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"heap", "--format", "json"});
  auto finished = run_overhang(arguments);
  if (finished.exit_code != 0) throw std::runtime_error(finished.err);
  return json::parse(finished.out);
}

// "retained_bytes" of the row in which `field` is `name`.
std::uint64_t retained(const json& rows, const char* field, const std::string& name) {
  for (auto& row : rows)
    if (row.at(field) == name) return row.at("retained_bytes");
  ADD_FAILURE() << "no row for " << name << " in " << rows.dump(1);
  return 0;
}

struct Case {
  std::string command;
  const char* list;  // "roots" or "types"
  std::string name;
};

class Retained : public testing::TestWithParam<Case> {};

TEST_P(Retained, IsWhatTheCollectorFrees) {
  Subject subject("retained");
  auto& of = GetParam();
  auto report = heap_json(subject.target());
  auto told =
      retained(report.at(of.list), of.list == std::string("roots") ? "root" : "type", of.name);
  subject.revive();
  auto before = subject.heap_alloc();
  subject.command(of.command);
  auto freed = before - subject.heap_alloc();
  EXPECT_GT(told, 20'000u);
  EXPECT_NEAR(static_cast<double>(told), static_cast<double>(freed),
              std::max(4096.0, 0.001 * static_cast<double>(freed)));
}

INSTANTIATE_TEST_SUITE_P(Oracle, Retained,
                         testing::Values(Case{"tree", "roots", "main.tree"},
                                         Case{"ring", "roots", "main.ring"},
                                         Case{"index", "roots", "main.index"},
                                         Case{"first", "roots", "main.first"},
                                         Case{"second", "roots", "main.second"},
                                         Case{"anything", "roots", "main.anything"},
                                         Case{"samples", "roots", "main.samples"},
                                         Case{"worker", "roots", "main.worker"},
                                         Case{"parts' type", "types", "main.part"},
                                         Case{"samples' type", "types", "main.sample"},
                                         Case{"records' type", "types", "main.record"}),
                         [](auto& instance) {
                           auto name = instance.param.command;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                           return name;
                         });

class Heaps : public testing::TestWithParam<SubjectCase> {};

// The sums over types are those of `overhang leaks`, and the parts of the heap the runtime's.
TEST_P(Heaps, AddUp) {
  Subject subject(GetParam().name, GetParam().arguments);
  TemporaryDirectory directory;
  auto image = one_image(subject, directory);
  auto report = heap_json(image);
  EXPECT_EQ(report.at("schema"), "overhang.heap/1");
  EXPECT_EQ(report.at("warnings"), json::array());
  auto leaks = leaks_json(image).at("heap");
  std::uint64_t objects = 0, bytes = 0, hidden = 0;
  for (auto& row : report.at("types")) {
    objects += row.at("objects").get<std::uint64_t>();
    bytes += row.at("bytes").get<std::uint64_t>();
    hidden += row.at("hidden_bytes").get<std::uint64_t>();
    EXPECT_GE(row.at("bytes"), row.at("hidden_bytes")) << row;
    EXPECT_GE(row.at("retained_bytes"), row.at("bytes")) << row;
  }
  EXPECT_EQ(objects, leaks.at("live_objects"));
  EXPECT_EQ(bytes, leaks.at("live_bytes"));
  EXPECT_EQ(hidden, leaks.at("overhang_bytes").get<std::uint64_t>() +
                        leaks.at("spare_bytes").get<std::uint64_t>() +
                        leaks.at("lost_bytes").get<std::uint64_t>());
  std::uint64_t kept = report.at("shared_bytes");
  for (auto& row : report.at("roots")) kept += row.at("retained_bytes").get<std::uint64_t>();
  EXPECT_EQ(kept, bytes);

  // What --min leaves out of the tree counts elsewhere in it.
  for (std::string min : {"0", "4096"}) {
    SCOPED_TRACE("--min " + min);
    auto arguments = image;
    arguments.insert(arguments.end(), {"--dominators", "--min", min});
    auto tree = heap_json(arguments).at("dominators");
    EXPECT_EQ(tree.at("rows_omitted") > 0, min != "0");
    std::uint64_t in_tree = 0, objects_in_tree = 0, hidden_in_tree = 0;
    for (auto& row : tree.at("rows")) {
      in_tree += row.at("bytes").get<std::uint64_t>();
      objects_in_tree += row.at("objects").get<std::uint64_t>();
      hidden_in_tree += row.at("hidden_bytes").get<std::uint64_t>();
      if (row.at("name") != "(more)") {
        EXPECT_GE(row.at("retained_bytes"), min == "0" ? 1 : 4096) << row;
      }
    }
    EXPECT_EQ(in_tree, bytes);
    EXPECT_EQ(objects_in_tree, objects);
    EXPECT_EQ(hidden_in_tree, hidden);
  }
}

INSTANTIATE_TEST_SUITE_P(Subjects, Heaps, testing::ValuesIn(all_subjects()),
                         [](auto& instance) { return instance.param.label(); });

// By row: how many objects of `type` stand right below the root `root`, and in all rows.
struct InTree {
  std::uint64_t below = 0, anywhere = 0;
  int rows = 0;
};
InTree in_tree(const json& rows, const std::string& root, const std::string& type) {
  InTree out;
  for (auto& row : rows) {
    if (row.at("name") != type) continue;
    std::uint64_t objects = row.at("objects");
    out.anywhere += objects;
    auto parent = row.at("parent").get<std::int64_t>();
    if (parent < 0 || rows.at(static_cast<std::size_t>(parent)).at("name") != root) continue;
    out.below += objects;
    out.rows++;
  }
  return out;
}

// A ring of 3000 links and a tree of 2047 nodes, each of which dominates the next, are a row each.
TEST(DominatorRows, FoldATypeIntoItself) {
  Subject subject("retained");
  auto arguments = subject.target();
  arguments.push_back("--dominators");
  auto tree = heap_json(arguments).at("dominators");
  auto links = in_tree(tree.at("rows"), "main.ring", "main.link");
  EXPECT_EQ(links.below, 3000u);
  EXPECT_EQ(links.anywhere, 3000u);
  EXPECT_EQ(links.rows, 1);
  auto nodes = in_tree(tree.at("rows"), "main.tree", "main.node");
  EXPECT_EQ(nodes.below, 2047u);
  EXPECT_EQ(nodes.rows, 1);
  auto data = in_tree(tree.at("rows"), "main.node", "[]uint8");
  EXPECT_GE(data.below, 2047u);
}

// No names; the heap is the same.
TEST(Heap, OfAStrippedProgram) {
  auto stripped = build_subject("retained", {"-ldflags=-s -w"}, "stripped");
  auto subject = Subject::started(stripped, {});
  auto report = heap_json(subject.target());
  // The runtime's own counts are found: its spans, counted one by one, are what they say.
  auto& memory = report.at("memory");
  EXPECT_EQ(memory.at("memstats").at("heap_inuse"), memory.at("heap_inuse_bytes"));
  EXPECT_GT(memory.at("memstats").at("other_sys"), 0);
  std::uint64_t bytes = 0, hidden = 0;
  for (auto& row : report.at("types")) {
    bytes += row.at("bytes").get<std::uint64_t>();
    hidden += row.at("hidden_bytes").get<std::uint64_t>();
    EXPECT_GE(row.at("retained_bytes"), row.at("bytes")) << row;
  }
  EXPECT_EQ(bytes, report.at("heap").at("live_bytes"));
  EXPECT_EQ(hidden, report.at("heap").at("hidden_bytes"));
  // The tree hangs on one word of static data, which keeps what the variable keeps.
  Subject with_names("retained");
  auto expected = retained(heap_json(with_names.target()).at("roots"), "root", "main.tree");
  bool found = false;
  for (auto& row : report.at("roots"))
    found |= row.at("kind") == "static data" && row.at("retained_bytes") == expected;
  EXPECT_TRUE(found) << report.at("roots").dump(1);
}

// The runtime.MemStats that the subject's last act before its silence filled in, read off the
// image.
TEST(Memory, IsWhatReadMemStatsSays) {
  Subject subject("retained");
  auto memory = heap_json(subject.target()).at("memory");
  auto& of = memory.at("memstats");
  subject.revive();
  auto anatomy = Anatomy::of(subject);
  auto symbol = anatomy->file->symbol("overhang.subjects/kit.stats");
  ASSERT_TRUE(symbol);
  auto stats = [&](unsigned field) {  // in the order of runtime.MemStats
    return anatomy->image->word(symbol->address + anatomy->runtime->load_bias() + field * 8)
        .value_or(0);
  };
  EXPECT_EQ(of.at("sys"), stats(2));
  // The sweeper may still give the collector's work buffers back (mgcwork.go: freeSomeWbufs).
  auto heap_idle = of.at("heap_idle").get<std::uint64_t>();
  EXPECT_GE(heap_idle, stats(8));
  EXPECT_EQ(heap_idle + of.at("gc_sys").get<std::uint64_t>(), stats(8) + stats(19));
  EXPECT_EQ(of.at("heap_inuse"), stats(9));
  EXPECT_GE(of.at("heap_released"), stats(10));  // the scavenger goes on
  EXPECT_EQ(of.at("stack_inuse"), stats(12));
  EXPECT_EQ(of.at("stack_sys"), stats(13));
  EXPECT_EQ(of.at("mspan_inuse"), stats(14));
  EXPECT_EQ(of.at("mspan_sys"), stats(15));
  EXPECT_EQ(of.at("mcache_inuse"), stats(16));
  EXPECT_EQ(of.at("mcache_sys"), stats(17));
  EXPECT_EQ(of.at("buck_hash_sys"), stats(18));
  EXPECT_EQ(of.at("other_sys"), stats(20));
  // Its spans, counted one by one, are what it says that there are.
  EXPECT_EQ(memory.at("heap_inuse_bytes"), stats(9));
  EXPECT_GT(memory.at("live_bytes"), 1'000'000u);
  EXPECT_GT(memory.at("overhead_bytes"), 1000u);
  EXPECT_GT(memory.at("program_bytes"), 100'000u);
}

}  // namespace
}  // namespace overhang::test
