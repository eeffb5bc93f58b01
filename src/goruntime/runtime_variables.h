// Where the runtime's own variables stand: by symbol; in a stripped program by what they hold.
//
// Without symbols, what remains is the process's memory and the function table. moduledata is the
// record in the executable's data that leads to the function table; mheap_, allgs, allm and allp
// stand in bss and are told from other words by following them (every span is found again through
// the arenas, every g's m leads back, every p's mcache holds spans of the right classes). mheap_
// leads to memstats. allfin and gcCleanups are null in many programs and look like nothing much in
// others: they are read off the instructions of the runtime's functions that use them.
#pragma once

#include <cstdint>

#include "binary/elf_file.h"
#include "goruntime/layout.h"
#include "image/image.h"

namespace overhang {

// Addresses of the runtime's variables in the image (0: this release has none, or not found).
struct RuntimeVariables {
  Address mheap = 0;             // runtime.mheap_
  Address first_moduledata = 0;  // runtime.firstmoduledata
  Address allgs = 0;             // runtime.allgs ([]*g header)
  Address allm = 0;              // runtime.allm (*m)
  Address allp = 0;              // runtime.allp ([]*p header)
  Address allfin = 0;            // runtime.allfin (*finBlock)
  Address gc_cleanups = 0;       // runtime.gcCleanups (cleanupQueue), 1.25+
  Address memstats = 0;          // runtime.memstats (mstats)
};

// `symbols` has the symbol table: the executable, or its separate debug file; without one the image
// is searched. `bias` is added to link-time addresses. Errors: BadInput, Unsupported where
// firstmoduledata, mheap_ or allgs are not found; what else is not found is a warning.
Result<RuntimeVariables> find_variables(const Image& image, const ElfFile& file,
                                        const ElfFile& symbols, const Layout& layout,
                                        std::uint64_t bias, Diagnostics& diagnostics);

}  // namespace overhang
