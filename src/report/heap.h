// The report on the whole heap: objects by type, who keeps them, where the process's memory is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/head.h"
#include "report/options.h"
#include "report/tree.h"

namespace overhang {

struct HeapTypeRow {
  std::string type;                      // "[]T" for arrays; "unknown"
  std::uint64_t objects = 0, bytes = 0;  // slot sizes
  std::uint64_t hidden_bytes = 0;        // of `bytes`, those that no view covers
  std::uint64_t retained_bytes = 0;      // what would go if all its objects went
};

struct HeapRootRow {
  std::string root;  // "main.pool", "main.worker" (of goroutines: the function they began with)
  std::string kind;  // "variable", "static data", "goroutine", "finalizers", ...
  std::uint64_t count = 0;           // goroutines, or 1
  std::uint64_t retained_bytes = 0;  // what each keeps alone, in sum
};

// Bytes. The first four are those of the heap's spans in use, MemStats.HeapInuse.
struct MemoryRow {
  std::uint64_t live = 0;
  std::uint64_t garbage = 0;   // allocated and dead: the next collection's
  std::uint64_t free = 0;      // slots that nothing is in, unswept ones too
  std::uint64_t overhead = 0;  // of spans: pointer bitmaps, marks, what is no whole slot
  std::uint64_t heap_inuse() const { return live + garbage + free + overhead; }
  // As the runtime counts them, named as in runtime.MemStats. Nothing: its counts were not found.
  struct Runtime {
    std::uint64_t heap_inuse = 0, heap_idle = 0, heap_released = 0;
    std::uint64_t stack_inuse = 0, stack_sys = 0;
    std::uint64_t mspan_inuse = 0, mspan_sys = 0, mcache_inuse = 0, mcache_sys = 0;
    std::uint64_t buck_hash_sys = 0, gc_sys = 0, other_sys = 0;
    std::uint64_t sys = 0;
  };
  std::optional<Runtime> runtime;
  std::uint64_t program = 0;  // the executable's and plugins' code and data in the image
  // What else is writable, less the runtime's own structures: C memory, threads' stacks, files.
  std::uint64_t outside = 0;
};

struct HeapReport : ReportHead {
  std::uint64_t live_objects = 0, live_bytes = 0;
  std::uint64_t typed_bytes = 0;
  std::uint64_t overhang_bytes = 0, spare_bytes = 0, lost_bytes = 0;  // in sum the hidden bytes
  std::vector<HeapTypeRow> types;  // most bytes first; they add up to the live set
  std::vector<HeapRootRow> roots;  // most retained bytes first
  std::uint64_t shared_bytes = 0;  // what no root keeps alone
  MemoryRow memory;
  std::optional<TreeRows> dominators;  // --dominators

  std::uint64_t hidden_bytes() const { return overhang_bytes + spare_bytes + lost_bytes; }
};

struct HeapTextOptions {
  bool colour = false;
  bool stats = false;
  // A type is left out where its bytes and what it retains are below min_bytes.
  Selection selection{.top = 25};
};

// For a person; no line is wider than 100 columns. With a dominator tree, that alone.
std::string render_text(const HeapReport& report, const HeapTextOptions& options);
// Schema "overhang.heap/1"; one document, ends in a newline.
std::string render_json(const HeapReport& report, const Selection& selection = {});

}  // namespace overhang
