// path on a real program: each step is looked up in the program's own memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <vector>

#include "support/go_program.h"
#include "support/overhang_command.h"

namespace overhang::test {
namespace {

using nlohmann::json;

class Path : public testing::Test {
 protected:
  json path(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"path", std::to_string(subject_.pid())});
    arguments.insert(arguments.end(), {"--format", "json"});
    auto finished = run_overhang(arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.exit_code == 0 ? json::parse(finished.out) : json::object();
  }
  // Whether a word of the `bytes` at `address` leads into the object.
  bool refers(const json& from, const json& to) const {
    auto begin = address(to), end = begin + to.at("bytes").get<std::uint64_t>();
    std::vector<std::uint64_t> words(from.at("bytes").get<std::uint64_t>() / 8);
    std::ifstream memory("/proc/" + std::to_string(subject_.pid()) + "/mem", std::ios::binary);
    memory.seekg(static_cast<std::streamoff>(address(from)));
    memory.read(reinterpret_cast<char*>(words.data()),
                static_cast<std::streamsize>(words.size() * 8));
    EXPECT_TRUE(memory) << from;
    return std::any_of(words.begin(), words.end(),
                       [&](std::uint64_t word) { return word >= begin && word < end; });
  }
  static std::uint64_t address(const json& step) {
    return std::stoull(step.at("address").get<std::string>(), nullptr, 16);
  }
  void expect_references(const json& way) const {
    auto& steps = way.at("steps");
    for (std::size_t i = 1; i < steps.size(); i++)
      EXPECT_TRUE(refers(steps[i - 1], steps[i])) << steps[i - 1] << " to " << steps[i];
  }
  Subject subject_{"oracle", {"tail_global_field"}};
};

TEST_F(Path, LeadsThroughTheProgramsMemory) {
  auto site = leaks_json({std::to_string(subject_.pid())}).at("sites").at(0);
  auto type = site.at("retained_types").at(0).at("type").get<std::string>();
  auto of_type = path({type, "--top", "100"});
  EXPECT_EQ(of_type["schema"], "overhang.path/1");
  ASSERT_FALSE(of_type["paths"].empty());
  bool any_hidden = false;
  std::uint64_t objects = 0;
  for (auto& way : of_type["paths"]) {
    expect_references(way);
    EXPECT_EQ(way["steps"].back()["type"], type);
    objects += way["similar"].get<std::uint64_t>() + 1;
    if (!way["hidden"].get<bool>()) continue;
    any_hidden = true;
    EXPECT_EQ(way["root"].get<std::string>().rfind(site["site"].get<std::string>(), 0), 0u) << way;
    EXPECT_TRUE(std::any_of(way["steps"].begin(), way["steps"].end(), [&](const json& step) {
      return step["hidden"].get<bool>() && step["category"] == site["category"];
    })) << way;
  }
  EXPECT_TRUE(any_hidden) << of_type;
  EXPECT_EQ(of_type["objects"], objects);

  // The array that the hidden slot stands in is visible, wherever in it the address points.
  auto& hidden = of_type["paths"].back()["steps"];
  ASSERT_GE(hidden.size(), 2u);
  auto inside = address(hidden[0]) + 24;
  auto of_array = path({std::to_string(inside)});
  EXPECT_EQ(of_array["object"]["offset"], 24);
  EXPECT_EQ(of_array["object"]["overhang"], false);
  EXPECT_EQ(of_array["object"]["address"], hidden[0]["address"]);
  EXPECT_EQ(of_array["paths"][0]["hidden"], false);
}

TEST_F(Path, WhatIsNoLiveObjectIsSaid) {
  auto pid = std::to_string(subject_.pid());
  auto nothing = run_overhang({"path", pid, "0x10"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_NE(nothing.err.find("no live object is at 0x10: nothing"), std::string::npos)
      << nothing.err;
  auto typo = run_overhang({"path", pid, "untime.g"});
  EXPECT_EQ(typo.exit_code, 1);
  EXPECT_NE(typo.err.find("did you mean runtime.g?"), std::string::npos) << typo.err;
  EXPECT_EQ(run_overhang({"path", pid}).exit_code, 2);
}

}  // namespace
}  // namespace overhang::test
