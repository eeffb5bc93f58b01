// From the place that holds a slice to the statements that hide part of its array.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"
#include "source/flows.h"

namespace overhang::source {

// What holds the slice, as far as the executable tells.
struct SliceHolder {
  enum class Kind : std::uint8_t {
    Global,  // `variable` of `package`, or a part of it
    Field,   // a field of objects of a type, whichever object
    Local,   // `variable` of `function`, or a part of it; "": the only one that holds such a slice
    Captured,  // the same of a closure, `function`, that captured it
    Type,  // whatever has the slice type `variable` of `package`: its methods alone are searched
  };
  struct Field {
    std::string
        owner;  // the struct type by its import path, "example.com/m/pool.Pool"; "": nameless
    std::string name;
  };
  Kind kind = Kind::Field;
  std::string package;  // import path: of the variable or function; Field: empty
  std::string variable;
  std::string function;       // Local, Captured: the linker's name for it
  std::string function_file;  // where its code is from, and the line of its `func`; 0: not known
  std::uint32_t function_line = 0;
  std::vector<Field> fields;   // from the variable or object inwards
  bool behind = false;         // Global: they are of an object that the variable leads to
  std::uint32_t elements = 0;  // then an element of that, so many times
  bool key = false;            // the last of them is a map's key
  std::string element_type;    // of the slice: "*main.Conn"; "": not known
  Category category = Category::Tail;
  bool empty = false;  // the slice shows nothing
};

struct Candidate {
  Flow flow;    // the statement, and the place that gets the slice
  Value slice;  // how the slice is made: flow's own, or that of a function it calls
  bool through_call = false;
  bool filter = false;    // x = kept, where kept := x[:0] was appended to
  bool cleared = false;   // what it hides is cleared beside it
  bool in_place = false;  // the same place is cut and set
  unsigned distance = 0;  // steps from the holder; 0: set directly
  unsigned penalty = 0;   // how much less likely the object is the holder's
  unsigned misfit = 0;    // how badly the form explains the category
  // The body of a helper that cuts its parameter; its caller is a candidate of its own.
  bool of_helper = false;
  std::string holder;  // the place that the search began with
};

struct SearchOptions {
  int go_minor = 0;  // of the program: what its standard library does
  // Category window: where nothing is seen to cut, the statements by which the holder gets what
  // some function returns, or another place has. A copy belongs there.
  bool what_is_set = false;
};

// Best first. Empty where the holder is not found, is ambiguous, or nothing that it is set to hides
// anything of this category.
std::vector<Candidate> find_candidates(Flows& flows, const SliceHolder& holder,
                                       const SearchOptions& options);

// A qualified name's import path and own name: "example.com/m/pool.Ring[int]" ->
// "example.com/m/pool", "Ring". The linker's %xx escapes in an import path undone.
std::string unescaped(std::string_view path);
std::pair<std::string, std::string> split_type_name(std::string_view full);
// The statement as a line of text, and its line in the file.
struct StatementText {
  std::uint32_t line = 0;
  std::string text;
};
StatementText describe(const Candidate& candidate);

}  // namespace overhang::source
