// Offsets, sizes and constants of the runtime, per Go release and architecture. The table is
// generated (tools/genlayout) and is the only place that knows how releases differ in layout.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "binary/build_info.h"
#include "image/image.h"

namespace overhang {

// All values in bytes (offsets, sizes) or as the constant stands; -1: this release has none.
struct Layout {
  int minor = 0;  // Go 1.minor
  int patch = 0;  // the first patch release that it holds for
  Architecture architecture = Architecture::Other;
#define OVERHANG_FIELD(name, type, path) std::int64_t name = -1;
#define OVERHANG_SIZE(name, type) std::int64_t name = -1;
#define OVERHANG_CONSTANT(name, constant) std::int64_t name = -1;
#include "goruntime/layout_fields.def"
#undef OVERHANG_FIELD
#undef OVERHANG_SIZE
#undef OVERHANG_CONSTANT
  bool has(std::int64_t value) const { return value >= 0; }
  bool swiss_maps() const { return has(swissMap_size); }
  // Where the collector finds an object's pointer words: by headers, types and bitmaps in the span
  // (1.22+), else in heapArena.bitmap (arena_bitmap.h).
  bool malloc_headers() const { return has(minSizeForMallocHeader); }
  // Whether the allocator clears a slot beyond what the program asked for (malloc.go: small objects
  // with pointers and no header are cleared to their size alone since Go 1.24).
  bool clears_slots() const { return minor < 24; }
  // Whether the collector scans the vector registers of a goroutine that was stopped asynchronously
  // (preempt_xreg.go: xRegScan; they are kept since Go 1.26, and hold no pointers before 1.27).
  bool scans_vector_registers() const { return minor >= 27 && has(g_xRegs_state); }
  // Whether a goroutine in a blocking system call may hand its P off on the system stack, where a
  // new m may be made (proc.go: entersyscallblock). Since Go 1.26 it is still running then, and in
  // a system call it keeps its P while C code is on that stack.
  bool hands_off_in_syscall() const { return minor < 26; }
  // mspan.nelems, freeindex and freeIndexForScan are uint16 since Go 1.22, uintptr before.
  bool narrow_span_counts() const { return mspan_nelems - mspan_freeindex == 2; }
};

// The row of the newest release that is not newer than `version`, of the same minor release and
// with the same maps (GOEXPERIMENT=noswissmap of Go 1.24 and 1.25 is part of `version.text`). A
// minor release newer than all gets the newest row: what is read by it has to prove itself
// (Runtime::unknown_release, heap/self_check.h). Errors: Unsupported, naming the versions and
// architectures that are.
Result<const Layout*> layout_for(const GoVersion& version, Architecture architecture);

}  // namespace overhang
