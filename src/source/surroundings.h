// What stands around a statement that cuts a slice: who else reads the array, and whether the bound
// is within the slice's length.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/search.h"
#include "source/sharers.h"

namespace overhang::source {

class Surroundings {
 public:
  Surroundings(const Flows& flows, const Candidate& candidate)
      : flows_(flows),
        program_(flows.program()),
        candidate_(candidate),
        flow_(candidate.flow),
        slice_(candidate.slice) {}

  // Whether reading the expression twice reads the same and does nothing else: what it calls are
  // functions that only return such an expression.
  bool is_pure(const Node& expression) const;
  // x[:cap(x)], x[:len(x)+1], x[:n] under `if len(x) < n`: the bound lies at or behind the length,
  // nothing is hidden.
  bool grows() const;
  // x = x[:cap(x)], x = x[:len(x)+1], x = x[:n] where n is compared with cap(x), x[:n] of the
  // length that x had before the statement, package unsafe: old elements are used again. Not where
  // the next statements set what comes into view.
  bool regrown() const;
  // Why clearing what the statement hides would take it from others; "": there are none.
  std::string sharing() const;
  // Why a copy would not be seen where it must be: elements are set through the slice, and others
  // show them; "": a copy does.
  std::string writing_through() const;
  // Whether something tells nil from an empty slice: a comparison, a package that reads the field
  // by reflection (encoding/json and the like: an exported one), or a caller of another package.
  bool nil_is_told() const;
  // x[:3], x[len(x)-3:], x[len(x):]: a constant number of elements stays.
  bool keeps_few() const;
  // Whether the function goes through all of the slice, too: by a loop, copy(), sort.Slice().
  bool goes_through_all() const;
  // x[x[0].n:]
  bool reads_elements(const Node& bound, unsigned depth = 0) const;
  bool within_length() const;
  // s[:len(s)-1]
  bool removes_one() const;

 private:
  const Sharers& sharers() const;
  bool read_unsafely() const;
  bool elements_are_set() const;
  static bool only_written(const Node& slicing);
  bool may_grow() const;
  bool cut_since(const Node& declaration) const;
  // Other texts of the sliced value: x for `old := x`.
  std::vector<std::string> names_of_cut() const;
  bool is_cut(const Node& node) const;
  bool is_length(const Node& node) const;
  std::string length_by_method(const Node& node) const;
  // A length, or less.
  bool at_most_length(const Node& bound, unsigned depth = 0) const;
  bool is_pure(const Node& node, const File& file, unsigned depth) const;
  // len(x) of the cut slice, or a variable that holds it.
  bool holds_length(const Node& bound, unsigned depth = 0) const;
  bool sets_what_shows() const;
  bool only_where_shorter() const;
  bool says_shorter(const Node& condition, unsigned depth = 0) const;
  bool restores_own_length() const;
  bool may_run_within(const Flow& other) const;
  bool shows_old_length() const;
  bool is_old_length(const Node& bound, unsigned depth = 0) const;
  const Variable* variable_at(const Node& identifier) const;
  bool only_where_longer() const;
  bool is_constant(const Node& bound, unsigned depth = 0) const;
  bool compares_length(const Node& condition, bool holds, unsigned depth = 0) const;
  bool counts_elements(const Variable& variable) const;
  bool only_shrinks(const Variable& variable) const;
  static Node changed_by(const Node& use);
  static bool in_loop_since(const Node& at, const Variable& variable);
  // x[n] is read or set before, in the same function: then n < len(x).
  bool indexed_before() const;

  const Flows& flows_;
  const Program& program_;
  const Candidate& candidate_;
  const Flow& flow_;
  const Value& slice_;
  mutable std::shared_ptr<Sharers> sharers_;  // made when asked for
};

// Without spaces, to compare expressions.
std::string squeezed(std::string_view text);
// `*h` as the operand of an index or slice: (*h).
std::string as_operand(std::string_view text);

}  // namespace overhang::source
