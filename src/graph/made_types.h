// Types that the program made at run time (reflect/type.go: PointerTo, ChanOf, MapOf, FuncOf,
// SliceOf, StructOf, ArrayOf): they stand in the heap and in no table.
#pragma once

#include <vector>

#include "goruntime/types.h"
#include "heap/heap.h"

namespace overhang {

// Every allocated object that is an abi.Type in all that can be checked: the pointer words of the
// record of its kind, fields that fit each other, a name that addReflectOff numbered, an Equal that
// is code, a mask that is there. reflect keeps all it made in caches, so none of those in use is
// missing. By address.
std::vector<TypeId> made_types(const Heap& heap, TypeTable& types);

}  // namespace overhang
