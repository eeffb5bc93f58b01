// Live objects by type, and what each type retains.
//
// What a type retains is what the collector would free if all its objects went: the sum of what
// each retains that no other object of the type dominates. (What two of them share, and nobody else
// refers to, would go as well; it is not in the sum, as it is retained by neither.)
//
// Memory while it is worked out: 4 bytes an object with pointers, and what the different ways by
// type down the dominator tree take (folded_ways.h).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/views.h"
#include "retain/dominators.h"
#include "retain/hidden.h"

namespace overhang {

// "main.Conn", "[]*main.Conn" for an array of them, "unknown".
std::string contents_name(TypeTable& types, TypeId type, bool array);

struct HeapType {
  std::string name;
  std::uint64_t objects = 0, bytes = 0;  // slot sizes
  std::uint64_t hidden_bytes = 0;        // of `bytes`, those that no view covers
  std::uint64_t retained_bytes = 0;
};

// Rows for what objects are, one for each name.
class TypeRows {
 public:
  explicit TypeRows(Views& views) : views_(views) {}

  // What an object is, as a number: its type, and whether it is an array.
  static std::uint32_t key(const ObjectInfo& info) {
    return info.type().value << 1 | std::uint32_t{info.array()};
  }
  static std::size_t keys(const TypeTable& types);  // they are below this

  std::uint32_t of(ObjectId id) { return of_key(key(views_.info(id))); }
  std::uint32_t of_key(std::uint32_t key) {
    return key < rows_.size() && rows_[key] != kNone ? rows_[key] : add(key);
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  std::uint32_t add(std::uint32_t key);
  Views& views_;
  std::vector<std::uint32_t> rows_;  // by key
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> by_name_;
};

// Every type with live objects, in no order. Objects and bytes add up to the live set, hidden bytes
// to the overhang and the spare and lost bytes of `hidden`. The views stand as they stood when
// `hidden` was found, and overhang has been traced.
std::vector<HeapType> find_heap_types(Views& views, const Dominators& dominators,
                                      const HiddenMemory& hidden, unsigned threads);

}  // namespace overhang
