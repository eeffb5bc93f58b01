// Which types a program's code names: what an abi.Type stands in the executable for.
//
// An array in the heap was allocated by a call that was passed its element's type (makeslice,
// growslice, newarray). The compiler puts the type's address there (`lea rax, [rip + x]`; arm64:
// adrp, add), generic code takes it from a dictionary in read-only data. Most types are in the
// executable for the sake of another alone: a field's, a pointer's pointee.
#pragma once

#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// Sorted, each once.
struct NamedTypes {
  // Addresses within the modules' types that code takes, or that a word of static data outside of
  // the types has. More than named types, never fewer.
  std::vector<Address> all;
  // Those of them that nothing is done with but to allocate one value (newobject).
  std::vector<Address> single;
};

// Nothing where the program has plugins, or code that the image lacks: any type may be named then.
std::optional<NamedTypes> named_by_code(const Runtime& runtime);

}  // namespace overhang
