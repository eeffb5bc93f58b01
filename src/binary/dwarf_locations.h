// Ranges and locations: location expressions, and the lists of .debug_loc, .debug_loclists,
// .debug_ranges and .debug_rnglists.
#pragma once

#include <vector>

#include "binary/dwarf.h"
#include "binary/dwarf_entries.h"

namespace overhang::dwarf {

struct PcRange {
  Address low = 0, high = 0;  // high is not in it
};

// DW_AT_low_pc and DW_AT_high_pc (an address, or a length); empty where either is missing.
PcRange pc_range(const Entry& entry);

// Whether the entry's code holds `pc`, by its low_pc and high_pc or its range list. True for an
// entry that says nothing of its code.
bool contains(Entries& entries, const Unit& unit, const Entry& entry, Address pc);

// The pieces that a location expression gives; empty for operations that are not understood. The
// frame base is taken to be DW_OP_call_frame_cfa, as it is in all of Go's subprograms.
std::vector<LocationPiece> evaluate(Entries& entries, const Unit& unit, ByteSpan expression);

// Where the variable `entry` stands at `pc`; empty: nowhere.
std::vector<LocationPiece> locate(Entries& entries, const Unit& unit, const Entry& entry,
                                  Address pc);

}  // namespace overhang::dwarf
