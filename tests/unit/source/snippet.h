// Go sources in a test's text, and what is found in them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "source/search.h"

namespace overhang::source::test {

// A package "main" in one file, and others by import path.
struct Sources {
  std::string main;
  std::map<std::string, std::string> others = {};
};

inline Program::Loader loader_of(const Sources& sources) {
  return [sources](const std::string& path) -> std::vector<SourceText> {
    if (path == "main") return {{"main.go", sources.main}};
    auto at = sources.others.find(path);
    if (at == sources.others.end()) return {};
    return {{path + "/file.go", at->second}};
  };
}

// The lines that end in the mark.
inline std::vector<std::uint32_t> marked_lines(const std::string& text,
                                               const std::string& mark = "// here") {
  std::vector<std::uint32_t> out;
  std::uint32_t line = 1;
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = std::min(text.find('\n', at), text.size());
    auto one = text.substr(at, end - at);
    while (!one.empty() && one.back() == '\r') one.pop_back();
    if (one.ends_with(mark)) out.push_back(line);
    at = end + 1;
    line++;
  }
  return out;
}

inline SliceHolder global(const std::string& name, Category category = Category::Tail) {
  SliceHolder out;
  out.kind = SliceHolder::Kind::Global;
  out.package = "main";
  out.variable = name;
  out.category = category;
  return out;
}

inline SliceHolder field(const std::string& owner, const std::string& name,
                         Category category = Category::Tail) {
  SliceHolder out;
  out.fields = {{owner, name}};
  out.category = category;
  return out;
}

inline SliceHolder global_field(const std::string& variable, const std::string& owner,
                                const std::string& name, Category category = Category::Tail) {
  SliceHolder out = global(variable, category);
  out.fields = {{owner, name}};
  return out;
}

// A local of the function whose `func` stands in the line that ends in "// func".
inline SliceHolder local(const std::string& text, const std::string& name,
                         Category category = Category::Tail) {
  SliceHolder out;
  out.kind = SliceHolder::Kind::Local;
  out.package = "main";
  out.variable = name;
  out.function_file = "main.go";
  auto lines = marked_lines(text, "// func");
  out.function_line = lines.empty() ? 0 : lines[0];
  out.category = category;
  return out;
}

// Lines of the statements found that do not clear what they hide.
inline std::vector<std::uint32_t> found_lines(const Sources& sources, const SliceHolder& holder,
                                              SearchOptions options = {26}) {
  Program program(loader_of(sources));
  Flows flows(program);
  std::vector<std::uint32_t> out;
  for (const auto& candidate : find_candidates(flows, holder, options))
    if (!candidate.cleared) out.push_back(describe(candidate).line);
  return out;
}

// The first statement found is the marked line, and no other than marked lines are found.
inline void expect_marked(const std::string& text, const SliceHolder& holder) {
  auto found = found_lines({text}, holder);
  auto marked = marked_lines(text);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, marked) << text;
}

}  // namespace overhang::source::test
