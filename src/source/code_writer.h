// Go code for a place in a file: types as the file writes them, lines that clear, copies.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "source/search.h"

namespace overhang::source {

// The language and library versions that brought something, Go 1.N.
// (slices.Clone of an empty slice keeps the array in Go 1.22 and 1.23: go.dev/issue/68488. A module
// of Go 1.21 may be built with those.)
inline constexpr int kStringsClone = 18, kClear = 21, kSlices = 21, kDeleteClears = 22,
                     kSlicesClone = 24;

class CodeWriter {
 public:
  CodeWriter(Program& program, const Candidate& candidate, int go_minor)
      : program_(program), flow_(candidate.flow), slice_(candidate.slice), go_minor_(go_minor) {}

  bool is_string() const;
  // The zero value of an element; "" where it cannot be written.
  std::string zero() const;
  static std::string in_brackets(const std::string& slice, const std::string& low,
                                 const std::string& high);
  // Lines that clear slice[low:high]. Empty where the element's zero value cannot be written.
  std::vector<std::string> clearing(const std::string& slice, const std::string& low,
                                    const std::string& high);
  // Whether a name means something else in the function, or in its package.
  bool shadowed(const std::string& name) const;
  // The first that nothing in the function is called; "": none.
  std::string unused_name(std::initializer_list<const char*> names) const;
  static bool has_word(const std::string& text, const std::string& word);
  std::string package_name(const std::string& path);
  // An expression of a copy of `expression`; "" where none can be written.
  std::string copied(const std::string& expression);
  const std::vector<std::string>& imports() const { return imports_; }
  const std::string& obstacle() const { return obstacle_; }  // why something could not be written

 private:
  // What gets the slice says best what it is of, unless that cannot be written here.
  TypeRef slice_type() const;
  TypeRef element_type() const;
  // A type as the file writes it; "" where that is not known.
  std::string type_text(TypeRef ref, unsigned depth = 0) const;
  // The method's own name for its type's parameter.
  std::string parameter_here(const std::string& name) const;
  static bool names_something(const Node& node, const std::string& name, unsigned depth = 0);
  bool is_local_name(const std::string& name) const;
  bool used_in_function(const std::string& name) const;
  // Among several arguments, gofmt writes a slice's bounds without spaces.
  std::string as_argument(std::string expression) const;

  Program& program_;
  const Flow& flow_;
  const Value& slice_;
  int go_minor_;
  std::vector<std::string> imports_;
  std::string obstacle_;
};

}  // namespace overhang::source
