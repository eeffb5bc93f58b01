// The modules of a Go program: runtime.moduledata, from firstmoduledata along next.
#pragma once

#include <vector>

#include "goruntime/runtime.h"

namespace overhang {

// Errors: BadInput where the first module's record is not one. A later module that cannot be read
// ends the chain and is counted in `diagnostics`.
Result<std::vector<Module>> read_modules(const Image& image, const Layout& layout, Address first,
                                         Diagnostics& diagnostics);

}  // namespace overhang
