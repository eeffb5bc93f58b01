// Why an object is alive, as rows and as reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/head.h"
#include "report/render.h"

namespace overhang {

// From the object before (or the root) to one object.
struct PathStep {
  std::string reference;  // ".inUse", "[104322]": the word that leads there
  // No slice shows the word.
  bool hidden = false;
  std::string category;  // of the hidden slots: "tail"; "": they are of no site
  std::uint64_t address = 0;
  std::string type;
  std::uint64_t bytes = 0;  // of its slot
};

struct PathRow {
  std::string root;  // "main.pool", "conns in main.run (goroutine 7)"
  std::string kind;  // global, local, stack, finalizer, other
  std::vector<PathStep> steps;
  // Of a long path, left out after the first kPathEnds steps.
  std::uint64_t omitted_steps = 0;
  bool hidden = false;        // one of its steps is, left out or not
  std::uint64_t similar = 0;  // further ways of this kind
};
// So many steps at either end of a path are kept.
inline constexpr std::size_t kPathEnds = 100;

struct PathReport : ReportHead {
  std::string asked;          // as the command line has it
  bool by_type = false;       // the paths are to the nearest objects of a type
  std::uint64_t objects = 0;  // by_type: live ones of it
  std::uint64_t address = 0;  // of the object's slot (by_type: of the nearest)
  std::uint64_t offset = 0;   // of the address that was asked for, in the slot
  std::string type;
  std::uint64_t bytes = 0;
  bool overhang = false;       // only hidden slots keep it
  std::vector<PathRow> paths;  // shortest first
};

// For a person; no line is wider than 100 columns.
std::string render_text(const PathReport& report, const TextOptions& options);
// Schema "overhang.path/1".
std::string render_json(const PathReport& report);

}  // namespace overhang
