// What tests of the text reports share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "text/columns.h"

namespace overhang::testing {

// A report that was written by hand: tests/golden/report/NAME.
inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(OVERHANG_TESTS_DIR) + "/golden/report/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void expect_narrow(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), 100u) << line;
    EXPECT_EQ(printable(line), line) << "control characters must not reach the terminal";
  }
}

}  // namespace overhang::testing
