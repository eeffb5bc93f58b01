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
  std::string module, fixed;  // import path; the version that holds the fix
  // Sites that must be named, and the functions whose statements make them.
  std::vector<std::pair<std::string, std::set<std::string>>> sites;
};

const std::vector<Case> kCases = {
    {"btree",
     "github.com/google/btree",
     "v1.0.0",
     {{"btree.node.items", {"(*items).removeAt", "(*items).pop", "(*node).split"}},
      {"btree.node.children", {"(*children).removeAt", "(*children).pop", "(*node).split"}}}},
    {"tchannel",
     "github.com/uber/tchannel-go",
     "v1.6.1-0.20170808190637-63a486b96821",
     {{"tchannel.Peer.outboundConnections", {"(*Peer).removeConnection"}},
      {"tchannel.peerHeap.peerScores", {"(*peerHeap).Pop"}}}},
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
  Subject built(const std::string& name) {
    go({"build", "-o", folder_.file(name), "."});
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

  TemporaryDirectory folder_;
};

json site_of(const json& report, const std::string& name) {
  for (auto& row : report.at("sites"))
    if (row.at("site") == name) return row;
  return {};
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

TEST_P(Real, IsNamedMeasuredFoundAndFixed) {
  if (auto why = not_to_be_had(); !why.empty()) GTEST_SKIP() << "not run: " << why;
  auto leaky = built("leaky");
  auto report = leaks_json(leaky.target());
  SCOPED_TRACE(report.dump(1).substr(0, 4000));
  for (auto& [name, functions] : GetParam().sites) {
    auto row = site_of(report, name);
    ASSERT_FALSE(row.is_null()) << name;
    EXPECT_EQ(row.at("category"), "tail");
    EXPECT_GT(row.at("retained_bytes"), 0);
    std::set<std::string> found;
    for (auto& source : row.at("sources")) found.insert(source.at("function"));
    EXPECT_EQ(found, functions) << name;
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
  for (auto& site : GetParam().sites) EXPECT_TRUE(site_of(after, site.first).is_null()) << after;
  // What was kept is what the patch frees; of the project's own fix see below.
  auto freed = live - static_cast<std::int64_t>(patched.heap_alloc());
  EXPECT_NEAR(static_cast<double>(freed), static_cast<double>(kept), slack(kept));

  go({"mod", "edit", "-dropreplace", GetParam().module});
  go({"get", GetParam().module + "@" + GetParam().fixed});
  auto fixed = built("fixed");
  auto upstream = leaks_json(fixed.target());
  // Their fix may leave some: what is still kept is what its image shows.
  auto still = upstream.at("heap").at("overhang_bytes").get<std::int64_t>();
  auto theirs = live - static_cast<std::int64_t>(fixed.heap_alloc());
  EXPECT_LT(still, kept);
  EXPECT_NEAR(static_cast<double>(theirs), static_cast<double>(kept - still), slack(kept));
}

INSTANTIATE_TEST_SUITE_P(Projects, Real, testing::ValuesIn(kCases),
                         [](auto& instance) { return instance.param.driver; });

}  // namespace
}  // namespace overhang::test
