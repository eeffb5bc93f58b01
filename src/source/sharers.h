// Who else shows the array that a statement cuts a slice of: clearing what the statement hides
// would take it from them.
//
// From the slice's place the flows lead on, to other slices of the array, pointers to its elements
// and copies of the struct that the slice is a field of; and back, to where the array comes from.
// What is stored where it may be read at any time is a sharer. A local variable is one if it is
// read after the statement: in the statement's own function, or in another one after a call that
// may come to the statement. So is a loop over the elements around either.
// Packages that are not there are not followed: what keeps a slice that it is given is told by
// names.
#pragma once

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "source/search.h"

namespace overhang::source {

class Sharers {
 public:
  Sharers(const Flows& flows, const Candidate& candidate);
  // Why what the statement hides may not be cleared; "": nobody is known to read it.
  const std::string& obstacle() const { return obstacle_; }
  // Whether a place is another name of the slice: that of a local variable that gets it.
  bool names(const std::string& place) const { return names_.contains(place); }
  // Whether the statement gives slices to each other.
  bool exchanges() const { return exchanges_; }

 private:
  // Container: a slice or map of such slices, pointers or structs.
  enum class Kind : std::uint8_t { Slice, Pointer, Struct, Container };

  // With what stands in the way: "… (pool.go:149)".
  void refuse(std::string why, const File* file = nullptr, const Node& node = {}) {
    if (!obstacle_.empty()) return;
    obstacle_ = std::move(why);
    if (!file || !node) return;
    auto name = file->path.substr(file->path.rfind('/') + 1);
    obstacle_ += " (" + name + ":" + std::to_string(node.line()) + ")";
  }
  void find_own();
  void find_exchanged();
  void check_arrays();
  void check_cut_struct();
  void go_back(const std::string& place, unsigned depth);
  void follow(const std::string& place, Kind kind);
  void follow_all();
  void reached(const Flow& flow, Kind kind);
  void passed_on(const Flow& flow, Kind kind);
  void follow_struct_copies();
  bool holds_owner(TypeRef type, unsigned depth = 0) const;
  void check_variables();
  void check_loops();

  bool is_local(const std::string& place, const Variable* variable) const;
  bool written_back(const Variable& variable, const std::string& place) const;
  bool written_back_to(const std::string& place) const;
  bool same_object(const Flow& flow) const;
  bool into_cut_place(const Flow& flow) const;
  bool same_object(const Node& left, const Node& sliced) const;
  std::string ranged_element(const Flow& flow) const;
  std::string path_of(Node node, unsigned depth = 0) const;
  bool stored_once(const Flow& flow) const;
  bool in_local_literal(const Flow& flow) const;
  // Calls that may come to the statement, by their ends.
  using Calls = std::set<std::pair<const File*, std::uint32_t>>;
  const Calls& reaching_calls();
  // A call in the function that may come to the statement, with the variable read behind it.
  bool read_after_call(const Variable& variable, const Flow* got);
  bool is_read_later(const Variable& variable, const Flow* got) const;
  bool calls_within(const File& file, const Node& node);

  const Flows& flows_;
  Program& program_;
  const Candidate& candidate_;
  const Flow& flow_;
  const Value& slice_;
  std::string obstacle_;
  std::set<std::string> own_;  // names of the place that is cut
  std::unordered_set<std::string> seen_;
  std::vector<std::pair<std::string, Kind>> queue_;
  std::set<std::string> names_;
  // That show the array too; by which flow. None: from the beginning.
  std::vector<std::pair<const Variable*, const Flow*>> variables_;
  bool exchanges_ = false;
  std::string owner_;  // of a field: its struct type, "example.com/m/pool.Pool"
  Calls calls_;
  bool calls_known_ = false;
};

// Whether the variable is read after the statement, as far as the text tells: also in an earlier
// line of a loop around both, or in a function literal, which may run at any time.
bool read_after(const Flows& flows, const Variable& variable, const Node& statement);
// The statement's block ends in a return, or in a way out of `loop` (none: of the function alone).
bool leaves(const Node& statement, const Node& loop);

}  // namespace overhang::source
