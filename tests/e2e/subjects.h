// The subjects that the tests of the whole run over.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace overhang::test {

struct SubjectCase {
  std::string name;
  std::vector<std::string> arguments;
  // For the test's name: letters, digits and _ only.
  std::string label() const {
    auto out = name;
    for (auto& argument : arguments) out += "_" + argument;
    return out;
  }
};
inline void PrintTo(const SubjectCase& subject, std::ostream* out) { *out << subject.label(); }

inline const std::vector<SubjectCase>& all_subjects() {
  static const std::vector<SubjectCase> cases = {
      {"arrays", {}},    {"blocked", {}},    {"chans", {}},
      {"churn", {"1"}},  {"churn", {"2"}},   {"closures", {}},
      {"deepstack", {}}, {"finalizers", {}}, {"finalizers", {"blocked"}},
      {"generics", {}},  {"globals", {}},    {"maps", {}},
      {"pools", {}},     {"reflects", {}},   {"stackobjects", {}},
      {"strs", {}},      {"structures", {}}, {"texts", {}},
      {"timers", {}},    {"weakrefs", {}},   {"web", {}},
  };
  return cases;
}

}  // namespace overhang::test
