// What is found without symbols and DWARF, held against what is found with them: one process (or an
// emulated one's core), looked at once by way of its executable and once by way of a stripped copy.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "e2e/subjects.h"
#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

constexpr std::uint64_t kNoise = 1024;  // bytes

// A slice in a local alone is certain where the function's code says that no other slice shares its
// pointer.
bool in_a_local(const std::string& label) {
  return label.starts_with("oracle_tail_local") || label == "oracle_head_local";
}

// Since Go 1.22 an object with pointers of over 512 bytes carries its type.
bool allocator_knows_types() { return go_minor() >= 22; }

double least_typed_share(const std::string& label) {
  // What only a pointer beside numbers leads to.
  for (auto* told_by_none : {"record_on_the_heap", "block_on_the_heap", "passes"})
    if (label == std::string("lookalikes_") + told_by_none) return 0;
  // Types that the program made are in no table, but in the heap.
  return allocator_knows_types() || label == "reflects" ? 0.95 : 0.7;
}

// How much of a slice a cap shows that ends before the array does (s[:n:n]) is told by the element
// type that the allocator recorded. Without one it may be as much as of any type that fits: the
// subject has slices of [2]*Conn, too.
bool needs_recorded_type(const std::string& label) {
  return label == "oracle_clipped" || label == "oracle_gap";
}

// "lookalikes" are memory that must not be accused; what they do hide beside it need not be found.
std::vector<SubjectCase> cases() {
  auto out = all_subjects();
  for (auto* program : {"web", "workers", "tidy", "structures", "embedders", "prefixes"})
    out.push_back({"quiet", {program}});
  for (auto* subject : {"lookalikes", "oracle"}) {
    auto list = run(command_line({build_subject(subject), "list"})).out;
    EXPECT_FALSE(list.empty());
    for (std::size_t at = 0; at < list.size();) {
      auto end = list.find('\n', at);
      auto scenario = list.substr(at, end - at);
      // Nothing says that slices of an array within the elements are not the array's.
      if (allocator_knows_types() || scenario != "interior_with_slices_of_themselves")
        out.push_back({subject, {scenario}});
      at = end + 1;
    }
  }
  return out;
}

std::uint64_t number(const json& object, const char* key) {
  return object.at(key).get<std::uint64_t>();
}

// Where the runtime has arrays of [4]byte (Go 1.27), a pointer to a multiple of four bytes, with a
// number beside it, may be one to an element: no text is seen there.
bool may_be_an_element(const std::string& label) {
  return label == "oracle_window_string" && go_minor() >= 27;
}

double typed_share(const json& report) {
  auto& heap = report.at("heap");
  return static_cast<double>(number(heap, "typed_bytes")) /
         static_cast<double>(number(heap, "live_bytes"));
}

// By what does not depend on names: where DWARF has one site for an array of slices, a stripped
// program has one a slice. Where no type is recorded, of several that say the same (all func types)
// any may be named.
std::map<std::string, std::uint64_t> retained_by_kind(const json& report) {
  std::map<std::string, std::uint64_t> out;
  for (auto& site : report.at("sites"))
    out[site.at("category").get<std::string>() + " of " +
        (allocator_knows_types() ? site.at("element_type").get<std::string>() : "anything")] +=
        number(site, "retained_bytes");
  return out;
}

// "main.A|main.B.x|y" names main.B.y: types that say the same of every word are named together.
bool names_field(const std::string& name, const std::string& wanted) {
  if (name == wanted) return true;
  auto dot = wanted.rfind('.');
  return name.find('|') != std::string::npos &&
         name.find(wanted.substr(0, dot)) != std::string::npos &&
         name.find(wanted.substr(dot + 1)) != std::string::npos;
}

void expect_alike(const json& full, const json& bare, const std::string& label) {
  EXPECT_TRUE(full.at("target").at("dwarf").get<bool>());
  EXPECT_FALSE(bare.at("target").at("dwarf").get<bool>());
  EXPECT_EQ(full.at("warnings"), json::array());
  EXPECT_EQ(bare.at("warnings"), json::array());
  auto& heap = full.at("heap");
  auto& bare_heap = bare.at("heap");
  // Two images: a thread that the runtime starts in between takes some 6 KB.
  EXPECT_NEAR(static_cast<double>(number(bare_heap, "live_bytes")),
              static_cast<double>(number(heap, "live_bytes")), 65536);
  EXPECT_NEAR(static_cast<double>(number(bare_heap, "live_objects")),
              static_cast<double>(number(heap, "live_objects")), 40);
  auto overhang = number(heap, "overhang_bytes"), found = number(bare_heap, "overhang_bytes");
  EXPECT_GE(typed_share(bare), std::min(least_typed_share(label), typed_share(full) - 0.01));
  auto tolerance = std::max(overhang / 100, kNoise);
  EXPECT_LE(found, overhang + tolerance);
  if (!label.starts_with("lookalikes")) {
    bool widest = needs_recorded_type(label) && !allocator_knows_types();
    EXPECT_GE(found + tolerance * (widest ? 2 : 1), overhang);
  }
  if (in_a_local(label)) {
    auto site = bare.at("sites").at(0).at("site").get<std::string>();
    auto wanted = full.at("sites").at(0).at("site").get<std::string>();
    EXPECT_TRUE(site.starts_with("a local []")) << site;
    EXPECT_TRUE(site.ends_with(wanted.substr(wanted.find(" in ")))) << site << " is no " << wanted;
    // The function and the type say which variable it is, unless two have such a slice, or an
    // interface type has the methods of another.
    auto& sources = bare.at("sites").at(0).at("sources");
    bool unsure = label == "oracle_tail_local_of_a_call" || label.ends_with("_interfaces");
    if (!unsure || !sources.empty()) {
      EXPECT_EQ(sources, full.at("sites").at(0).at("sources"));
    }
  }
  // What hides nothing is not accused with DWARF either; some locals do hide something.
  if (label.starts_with("lookalikes") && !label.starts_with("lookalikes_local")) {
    EXPECT_LE(overhang, kNoise);
    EXPECT_LE(number(heap, "lost_bytes"), 4 * kNoise);
  }
  // Nothing is accused that DWARF does not accuse, nor wasted that it does not take for wasted.
  for (auto* kind : {"lost_bytes", "spare_bytes"}) {
    if (label == "reflects") continue;  // with DWARF the types that it made are not looked for
    EXPECT_LE(number(bare_heap, kind), number(heap, kind) / 100 * 101 + 4 * kNoise) << kind;
  }
  auto accused = retained_by_kind(full);
  for (auto& [kind, bytes] : retained_by_kind(bare))
    EXPECT_LE(bytes, accused[kind] + std::max(accused[kind] / 100, kNoise)) << kind;
  if (label.starts_with("oracle_window") && !may_be_an_element(label)) {
    EXPECT_GE(number(bare_heap, "lost_bytes") / 100 * 101 + kNoise, number(heap, "lost_bytes"));
    auto seen = retained_by_kind(bare);
    for (auto& [kind, bytes] : accused) {
      EXPECT_GE(seen[kind] + std::max(bytes / 100, kNoise), bytes) << kind;
    }
  }
  // Where a struct in the heap holds the slice, type and field are named.
  for (auto& site : full.at("sites")) {
    if (site.at("kind") != "field" || number(site, "retained_bytes") <= kNoise) continue;
    auto& sites = bare.at("sites");
    EXPECT_TRUE(std::any_of(
        sites.begin(), sites.end(),
        [&](const json& other) { return names_field(other.at("site"), site.at("site")); }))
        << site.at("site") << " among " << sites;
  }
}

class Stripped : public testing::Test {
 protected:
  // Of Debian's package binutils, or binutils-aarch64-linux-gnu.
  static std::string binutil(const std::string& name) {
    return emulating_arm64() ? "aarch64-linux-gnu-" + name : name;
  }
  void SetUp() override {
    if (run({binutil("strip"), "--version"}).exit_code != 0)
      GTEST_SKIP() << binutil("strip") << " is not installed";
  }
  std::string stripped(const std::string& executable) {
    auto copy = directory_.file("stripped");
    if (run({binutil("strip"), "-o", copy, executable}).exit_code != 0)
      throw std::runtime_error("strip failed");
    return copy;
  }
  TemporaryDirectory directory_;
};

TEST_F(Stripped, FindsWhatDwarfFinds) {
  double live = 0, typed = 0;
  for (const SubjectCase& subject_case : cases()) {
    auto label = subject_case.label();
    SCOPED_TRACE(label);
    Subject subject(subject_case.name, subject_case.arguments);
    auto target = subject.target();
    auto full = leaks_json(target);
    auto bare = leaks_json({target.front(), "--exe", stripped(subject.executable())});
    expect_alike(full, bare, label);
    if (least_typed_share(label) > 0) {
      live += static_cast<double>(number(bare.at("heap"), "live_bytes"));
      typed += static_cast<double>(number(bare.at("heap"), "typed_bytes"));
    }
    printf("%-40s typed %.3f (with DWARF %.3f), overhang %lu (with DWARF %lu)\n", label.c_str(),
           typed_share(bare), typed_share(full), number(bare.at("heap"), "overhang_bytes"),
           number(full.at("heap"), "overhang_bytes"));
  }
  if (allocator_knows_types()) {
    EXPECT_GE(typed, 0.95 * live);
  }
}

// As container images ship programs: built without, not stripped later.
TEST_F(Stripped, NamesTypeAndFieldOfTheHolder) {
  auto executable = build_subject("oracle", {"-trimpath", "-ldflags=-s -w"}, "stripped");
  auto subject = Subject::started(executable, {"tail_many_fields"});
  auto report = leaks_json(subject.target());
  ASSERT_EQ(report.at("sites").size(), 1u) << report;
  auto& site = report.at("sites")[0];
  EXPECT_EQ(site.at("site"), "main.Pool.inUse");
  EXPECT_EQ(site.at("kind"), "field");
  EXPECT_EQ(site.at("element_type"), "*main.Conn");
  EXPECT_EQ(site.at("category"), "tail");
  EXPECT_EQ(site.at("stale_slots"), 20u * 95);
  EXPECT_GT(number(site, "retained_bytes"), 0u);
  auto text = run_overhang(subject.target()).out;
  EXPECT_NE(text.find("no DWARF"), std::string::npos) << text;
}

// Where the allocator records nothing, too: an interface's table is of an interface type.
TEST_F(Stripped, TellsInterfaceTypesByTheirTables) {
  Subject subject("oracle", {"tail_of_closers"});
  auto report = leaks_json({subject.target().front(), "--exe", stripped(subject.executable())});
  ASSERT_EQ(report.at("sites").size(), 1u) << report;
  EXPECT_EQ(report.at("sites")[0].at("element_type"), "main.closer");
}

// A global has no name in such a program; that code calls methods of its type on it tells the type.
TEST_F(Stripped, NamesTypeAndFieldOfAGlobal) {
  const std::string no_symbols = "-ldflags=-s -w";
  struct Build {
    const char* variant;
    std::vector<std::string> flags, environment;
  };
  std::vector<Build> builds = {{"stripped", {"-trimpath", no_symbols}, {}},
                               {"stripped-pie", {"-buildmode=pie", no_symbols}, {}}};
  if (run({"gcc", "--version"}).exit_code == 0 && !emulating_arm64())
    builds.push_back(
        {"stripped-external", {"-ldflags=-s -w -linkmode=external"}, {"CGO_ENABLED=1"}});
  for (const Build& build : builds) {
    SCOPED_TRACE(build.variant);
    auto executable = build_subject("oracle", build.flags, build.variant, build.environment);
    for (auto* scenario : {"tail_global_field", "tail_to_zero"}) {
      auto subject = Subject::started(executable, {scenario});
      auto report = leaks_json(subject.target());
      EXPECT_FALSE(report.at("target").at("dwarf").get<bool>());
      ASSERT_EQ(report.at("sites").size(), 1u) << report;
      auto& site = report.at("sites")[0];
      EXPECT_EQ(site.at("site"), "main.Pool.inUse");
      EXPECT_EQ(site.at("element_type"), "*main.Conn");
      ASSERT_GE(site.at("path").size(), 2u);
      EXPECT_TRUE(site.at("path")[0].get<std::string>().starts_with("a global main.Pool at 0x"));
      EXPECT_EQ(site.at("path")[1], "inUse");
      // The statements, too, are those of the field: first that which the variable's name leads to.
      auto folder = std::string(OVERHANG_SUBJECTS_DIR) + "/oracle";
      auto here = subject.target();
      here.insert(here.end(), {"--source", folder});
      auto known = leaks_json(Subject("oracle", {scenario}).target()).at("sites")[0].at("sources");
      ASSERT_FALSE(known.empty());
      auto found = leaks_json(here).at("sites")[0].at("sources");
      ASSERT_FALSE(found.empty());
      EXPECT_EQ(found[0], known[0]);
    }
  }
}

// What a nameless global points to tells its type.
TEST_F(Stripped, NamesGlobalsByTheirTypes) {
  for (auto [scenario, begin] :
       {std::pair{"tail_interface", "a global interface holding []*main.Conn at 0x"},
        {"tail_map_values", "value of a global map[string][]*main.Conn at 0x"},
        {"tail_in_channel", "element of a global chan []*main.Conn at 0x"},
        {"tail_behind_pointer_to_slice", "a global *[]*main.Conn at 0x"}}) {
    Subject subject("oracle", {scenario});
    auto report = leaks_json({subject.target().front(), "--exe", stripped(subject.executable())});
    ASSERT_FALSE(report.at("sites").empty()) << scenario;
    auto site = report.at("sites")[0].at("site").get<std::string>();
    EXPECT_TRUE(site.starts_with(begin)) << site;
  }
}

// The lines whose code reads and sets a variable tell which one of the source it is.
TEST_F(Stripped, FindsTheStatementsOfAGlobal) {
  for (auto* scenario : {"tail_global_slice", "tail_small", "head", "clipped"}) {
    Subject subject("oracle", {scenario});
    auto full = leaks_json(subject.target());
    auto bare = leaks_json({subject.target().front(), "--exe", stripped(subject.executable())});
    ASSERT_FALSE(full.at("sites").empty()) << scenario;
    ASSERT_FALSE(bare.at("sites").empty()) << scenario;
    auto& sources = full.at("sites")[0].at("sources");
    EXPECT_FALSE(sources.empty()) << scenario;
    EXPECT_EQ(bare.at("sites")[0].at("sources"), sources) << scenario;
  }
}

// Pointers to variables are no witnesses: an array's type that is in the executable is not the type
// of all arrays of so many pointers.
TEST_F(Stripped, ArraysOfPointersToVariablesAreOfNoType) {
  Subject subject("lookalikes", {"options"});
  auto file = directory_.file("heap.json");
  auto ran = run_overhang({"heap", subject.target().front(), "--exe",
                           stripped(subject.executable()), "--format", "json", "-o", file});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  auto report = json::parse(std::ifstream(file));
  for (auto& type : report.at("types")) {
    if (type.at("type") != "[8]*main.packet") continue;
    EXPECT_EQ(type.at("objects"), 1);  // that an interface holds
    return;
  }
  FAIL() << report;
}

// All goroutines that run a function have the same variable.
TEST_F(Stripped, NamesAnEscapedVariableByItsTypeAndFunction) {
  Subject subject("oracle", {"tail_escaped_locals"});
  auto report = leaks_json({subject.target().front(), "--exe", stripped(subject.executable())});
  ASSERT_EQ(report.at("sites").size(), 1u) << report;
  auto& site = report.at("sites")[0];
  EXPECT_EQ(site.at("site"), "a local []*main.Conn in main.sorting");
  EXPECT_EQ(site.at("arrays"), 2);
  EXPECT_EQ(site.at("stale_slots"), 980);
}

TEST_F(Stripped, TakesSymbolsAndDwarfFromTheDebugFile) {
  auto full = build_subject("oracle");
  auto debug = directory_.file("program.debug"), program = directory_.file("program");
  auto objcopy = binutil("objcopy");
  if (run({objcopy, "--only-keep-debug", full, debug}).exit_code != 0)
    GTEST_SKIP() << objcopy << " is not installed";
  ASSERT_EQ(run({binutil("strip"), "-o", program, full}).exit_code, 0);
  ASSERT_EQ(run({objcopy, "--add-gnu-debuglink=" + debug, program}).exit_code, 0);
  auto subject = Subject::started(program, {"tail_local"});
  auto target = subject.target();
  auto with_debug = [&](const std::string& file) {
    auto arguments = target;
    arguments.insert(arguments.end(), {"--debug", file});
    return arguments;
  };
  auto expect_the_local = [&](const json& report) {
    EXPECT_TRUE(report.at("target").at("dwarf").get<bool>());
    ASSERT_EQ(report.at("sites").size(), 1u) << report;
    EXPECT_EQ(report.at("sites")[0].at("site"), "conns in main.(*Pool).run");
    EXPECT_EQ(report.at("warnings"), json::array());
  };
  {
    SCOPED_TRACE("beside the executable");
    expect_the_local(leaks_json(target));
  }
  {
    SCOPED_TRACE("in .debug");
    auto folder = directory_.file(".debug");
    ASSERT_EQ(run({"mkdir", folder}).exit_code, 0);
    ASSERT_EQ(run({"mv", debug, folder + "/program.debug"}).exit_code, 0);
    expect_the_local(leaks_json(target));
  }
  auto elsewhere = directory_.file("elsewhere");
  ASSERT_EQ(run({"mv", directory_.file(".debug"), elsewhere}).exit_code, 0);
  EXPECT_FALSE(leaks_json(target).at("target").at("dwarf").get<bool>());
  {
    SCOPED_TRACE("by --debug");
    expect_the_local(leaks_json(with_debug(elsewhere + "/program.debug")));
  }
  // Another build's is refused where it is named, and passed over with a word where it is found.
  auto other = run_overhang(with_debug(build_subject("arrays")));
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.err.find("of another build"), std::string::npos) << other.err;
  ASSERT_EQ(run({"cp", build_subject("arrays"), debug}).exit_code, 0);
  auto report = leaks_json(target);
  EXPECT_FALSE(report.at("target").at("dwarf").get<bool>());
  ASSERT_EQ(report.at("warnings").size(), 1u);
  EXPECT_NE(report.at("warnings")[0].get<std::string>().find("build id differs"),
            std::string::npos);
}

}  // namespace
}  // namespace overhang::test
