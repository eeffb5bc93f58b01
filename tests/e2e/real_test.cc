// Leaks of real projects, fetched through Go's module proxy (`make test-real`): the site is named,
// what it keeps is what the project's own fix freed, the lines are found, and the patch removes it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Case {
  std::string driver;         // a folder of tests/real
  std::string module, fixed;  // import path; the version that holds the fix, "": none does
  struct Site {
    std::string name, category;
    std::set<std::string> functions;  // whose statements make it
  };
  std::vector<Site> sites;  // that must be named
  // Without symbols and DWARF the statements are found all the same.
  bool stripped = false;
};

const std::vector<Case> kCases = {
    {"btree",
     "github.com/google/btree",
     "v1.0.0",
     {{"btree.node.items", "tail", {"(*items).removeAt", "(*items).pop", "(*node).split"}},
      {"btree.node.children",
       "tail",
       {"(*children).removeAt", "(*children).pop", "(*node).split"}}}},
    {"tchannel",
     "github.com/uber/tchannel-go",
     "v1.6.1-0.20170808190637-63a486b96821",
     {{"tchannel.Peer.outboundConnections", "tail", {"(*Peer).removeConnection"}},
      {"tchannel.peerHeap.peerScores", "tail", {"(*peerHeap).Pop"}}}},
    // A switch of two cuts, of which one clears; a sorter that has the slice for a call.
    {"gopher-lua",
     "github.com/yuin/gopher-lua",
     "",
     {{"lua.LTable.array", "tail", {"(*LTable).Remove"}}},
     true},
    // Heads and tails of one field; a local named len.
    {"goconcurrentqueue",
     "github.com/enriquebris/goconcurrentqueue",
     "",
     {{"main.events.slice",
       "head",
       {"(*FIFO).Dequeue", "(*FIFO).DequeueOrWaitForNextElementContext"}},
      {"main.removed.slice", "tail", {"(*FIFO).Remove"}}},
     true},
    // container/heap, behind a pointer that another object has.
    {"ttlcache",
     "github.com/ReneKroon/ttlcache/v2",
     "",
     {{"ttlcache.priorityQueue.items", "tail", {"(*priorityQueue).Pop"}}},
     true},
    // item, q.queue = q.queue[0], q.queue[1:]; and a heap that one goroutine has in a local.
    {"workqueue",
     "k8s.io/client-go",
     "",
     {{"workqueue.Type.queue", "head", {"(*Type).Get"}},
      {"waitingForQueue in k8s.io/client-go/util/workqueue.(*delayingType).waitingLoop",
       "tail",
       {"(*waitForPriorityQueue).Pop"}}},
     true},
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.driver; }

class Real : public testing::TestWithParam<Case> {
 protected:
  // The driver, beside subjects/ as in the repository.
  void SetUp() override {
    auto real = fs::path(OVERHANG_SUBJECTS_DIR).parent_path() / "tests/real" / GetParam().driver;
    fs::create_directories(folder_.file("tests/real"));
    fs::create_directories(folder_.file("subjects"));
    fs::copy(real, driver(), fs::copy_options::recursive);
    fs::copy(std::string(OVERHANG_SUBJECTS_DIR) + "/kit", folder_.file("subjects/kit"),
             fs::copy_options::recursive);
  }
  std::string driver() const { return folder_.file("tests/real/" + GetParam().driver); }
  std::string folder(const std::string& name) const { return folder_.file(name); }

  std::string go(const std::vector<std::string>& words) {
    std::vector<std::string> command{"go"};
    command.insert(command.end(), words.begin(), words.end());
    auto result = run(command, {.directory = driver(),
                                .environment = {"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod"},
                                .timeout = std::chrono::seconds(600)});
    if (result.exit_code != 0) throw std::runtime_error(result.err);
    return result.out;
  }
  // What Go says where the module proxy does not have a version; else "".
  std::string not_to_be_had() {
    try {
      go({"mod", "download", GetParam().module});
      return {};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  Subject built(const std::string& name, const std::string& linker_flags = {}) {
    go({"build", "-o", folder_.file(name), "-ldflags=" + linker_flags, "."});
    return Subject::started(folder_.file(name), {});
  }
  // A copy of the module at the driver's version that the driver is built with from now on.
  std::string own_copy() {
    auto from = json::parse(go({"mod", "download", "-json", GetParam().module})).at("Dir");
    auto to = folder_.file("module");
    fs::copy(from.get<std::string>(), to, fs::copy_options::recursive);
    for (auto& entry : fs::recursive_directory_iterator(to))
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    fs::permissions(to, fs::perms::owner_write, fs::perm_options::add);
    if (!fs::exists(to + "/go.mod"))
      std::ofstream(to + "/go.mod") << "module " << GetParam().module << "\n";
    go({"mod", "edit", "-replace", GetParam().module + "=" + to});
    return to;
  }

  void expect_found_without_symbols();

  TemporaryDirectory folder_;
};

json site_of(const json& report, const std::string& name) {
  for (auto& row : report.at("sites"))
    if (row.at("site") == name) return row;
  return {};
}

std::set<std::string> functions_of(const json& row) {
  std::set<std::string> out;
  for (auto& source : row.at("sources")) out.insert(source.at("function"));
  return out;
}

// How many lines gofmt would change: old sources are not as today's writes them.
std::ptrdiff_t unformatted_lines(const std::string& folder) {
  std::istringstream diff(run({"gofmt", "-d", folder}).out);
  std::ptrdiff_t out = 0;
  for (std::string line; std::getline(diff, line);)
    if ((line[0] == '+' || line[0] == '-') && line.find(folder) == std::string::npos) out++;
  return out;
}

double slack(std::int64_t bytes) { return 0.01 * static_cast<double>(bytes) + 8192; }

// By whatever name, there is a row for each site with its statements.
void Real::expect_found_without_symbols() {
  auto stripped = built("stripped", "-s -w");
  auto report = leaks_json(stripped.target());
  for (auto& site : GetParam().sites) {
    bool found = false;
    for (auto& row : report.at("sites"))
      found |= row.at("category") == site.category && functions_of(row) == site.functions;
    EXPECT_TRUE(found) << site.name << report.dump(1).substr(0, 4000);
  }
}

TEST_P(Real, IsNamedMeasuredFoundAndFixed) {
  if (auto why = not_to_be_had(); !why.empty()) GTEST_SKIP() << "not run: " << why;
  auto leaky = built("leaky");
  auto report = leaks_json(leaky.target());
  SCOPED_TRACE(report.dump(1).substr(0, 4000));
  for (auto& site : GetParam().sites) {
    auto row = site_of(report, site.name);
    ASSERT_FALSE(row.is_null()) << site.name;
    EXPECT_EQ(row.at("category"), site.category);
    EXPECT_GT(row.at("retained_bytes"), 0);
    EXPECT_EQ(functions_of(row), site.functions) << site.name;
  }
  auto kept = report.at("heap").at("overhang_bytes").get<std::int64_t>();
  auto live = static_cast<std::int64_t>(leaky.heap_alloc());

  // Patched: the same program keeps nothing so any more.
  auto sources = own_copy();
  auto before = unformatted_lines(sources);
  {
    auto own = built("own");
    auto fix = run_overhang({"fix", std::to_string(own.pid()), "--source", sources});
    ASSERT_EQ(fix.exit_code, 0) << fix.err;
    std::ofstream(folder("fix.diff")) << fix.out;
    auto applied = run({"git", "apply", folder("fix.diff")},
                       {.directory = sources, .environment = {"GIT_CEILING_DIRECTORIES=/"}});
    ASSERT_EQ(applied.exit_code, 0) << applied.err << fix.out;
    EXPECT_EQ(unformatted_lines(sources), before) << fix.out;
  }
  auto patched = built("patched");
  auto after = leaks_json(patched.target());
  EXPECT_EQ(after.at("heap").at("overhang_bytes"), 0);
  for (auto& site : GetParam().sites) {
    auto row = site_of(after, site.name);  // the cleared head of a queue is room all the same
    EXPECT_TRUE(row.is_null() || row.at("stale_slots") == 0) << after;
  }
  // What was kept is what the patch frees; of the project's own fix see below.
  auto freed = live - static_cast<std::int64_t>(patched.heap_alloc());
  EXPECT_NEAR(static_cast<double>(freed), static_cast<double>(kept), slack(kept));

  go({"mod", "edit", "-dropreplace", GetParam().module});
  if (GetParam().stripped) expect_found_without_symbols();
  if (GetParam().fixed.empty()) return;
  go({"get", GetParam().module + "@" + GetParam().fixed});
  auto fixed = built("fixed");
  auto upstream = leaks_json(fixed.target());
  // Their fix may leave some: what is still kept is what its image shows.
  auto still = upstream.at("heap").at("overhang_bytes").get<std::int64_t>();
  auto theirs = live - static_cast<std::int64_t>(fixed.heap_alloc());
  EXPECT_LT(still, kept);
  EXPECT_NEAR(static_cast<double>(theirs), static_cast<double>(kept - still), slack(kept));
}

INSTANTIATE_TEST_SUITE_P(Projects, Real, testing::ValuesIn(kCases), [](auto& instance) {
  auto name = instance.param.driver;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace overhang::test
