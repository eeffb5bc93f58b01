// The live heap by reference path, as plain rows (schema "overhang.refs/1").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/head.h"
#include "report/model.h"
#include "report/render.h"
#include "report/tree.h"

namespace overhang {

struct RefsReport : ReportHead {
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  HeapTotals heap;
  // Its bytes add up to heap.live_bytes, its objects to heap.live_objects, its hidden bytes to what
  // is overhang, spare and lost. A name is the step from the parent and the type that it leads to.
  TreeRows tree;
  // Whose hidden slots rows with kThroughHidden hang on.
  struct Site {
    std::string site, category, element_type;  // as in SiteRow
    std::vector<SourceRow> sources;            // the statements that hid them, best first
    std::size_t row = kNone;                   // in LeakReport::sites; kNone: it has none
  };
  std::vector<Site> sites;
  // Where the code of a local's function stopped.
  struct Code {
    std::string function, file;
    std::int64_t line = 0;
  };
  std::vector<Code> code;
  // The dominator tree by type: with all that is below, a row is what would go with it (of a
  // profile).
  std::optional<TreeRows> dominators;
  std::vector<std::uint32_t> site;     // by row: index into sites, or kNone
  std::vector<std::uint32_t> code_of;  // by row: index into code, or kNone
};

// Leaves out rows as reduced() does.
void select(RefsReport& report, const Selection& selection);

struct RefsTextOptions {
  bool colour = false;
  bool stats = false;
  std::optional<std::size_t> top;  // rows
  std::uint64_t min_bytes = 0;
};

// For a person: an indented tree; no line is wider than 100 columns.
std::string render_refs_text(const RefsReport& report, const RefsTextOptions& options);
// One document, ends in a newline.
std::string render_refs_json(const RefsReport& report);
// A line for each frame that has bytes of its own: "frame;frame;frame bytes", for flamegraph.pl,
// inferno and speedscope.
std::string render_refs_folded(const RefsReport& report);
// A gzipped profile.proto for `go tool pprof` (report/pprof.h).
std::string render_refs_pprof(const RefsReport& report);

}  // namespace overhang
