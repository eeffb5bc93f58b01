// The findings as plain rows: all that a renderer sees. Field names and meanings are those of the
// JSON schema "overhang.leaks/1" (DESIGN.md §5). All bytes are as the collector accounts them: slot
// sizes of objects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/head.h"

namespace overhang {

struct HeapTotals {
  std::uint64_t live_objects = 0, live_bytes = 0, typed_bytes = 0;
  // Each live byte is in exactly one of these five.
  std::uint64_t visible_bytes = 0, spare_bytes = 0, lost_bytes = 0, overhang_bytes = 0,
                allocator_bytes = 0;
  std::uint64_t overhang_objects = 0, overhang_bytes_possible = 0;
  // Allocated but dead: what the next cycle frees.
  std::uint64_t garbage_objects = 0, garbage_bytes = 0;
  // Stack frames that had to be scanned conservatively.
  std::uint64_t conservative_frames = 0;
  std::uint64_t unknown_references = 0;
};

// References of unknown type that make certain and possible differ, those from one place together.
struct DoubtRow {
  std::string reference;  // the place: "main.cache.raw", "stack word in main.run"
  std::string kind;       // unsafe pointer, closure, untyped object, finalizer, static word,
                          // stack word, conservative frame, register
  std::uint64_t references = 0;
  // Hidden as a whole unless these references show it: their part of what overhang_bytes_possible
  // is more than overhang_bytes.
  std::uint64_t objects = 0, bytes = 0;
  std::uint64_t array_bytes = 0;  // of the partly visible arrays that they may show as a whole
};

struct RemedyRow {
  std::string name;  // clear, nil_when_empty, copy, copy_if_cap_exceeds, three_index
  std::optional<std::uint64_t> factor;
  // Net of what the copies take: by so much HeapObjects and HeapAlloc fall.
  std::uint64_t frees_objects = 0, frees_bytes = 0;
  std::uint64_t copies_bytes = 0;  // len * element size
  std::string note;
};

struct TypeCount {
  std::string type;
  std::uint64_t objects = 0, bytes = 0;
};

// The site's largest array to scale; positions and lengths are in slots, ranges half-open.
struct ArrayPicture {
  struct Window {
    std::uint64_t begin = 0, len = 0, cap = 0;  // cap 0: a pointer to an element
    std::string holder;
  };
  struct Region {
    std::string category;
    std::uint64_t begin = 0, end = 0;
  };
  std::uint64_t array_bytes = 0, element_bytes = 0, slots = 0;
  std::vector<Window> windows;  // the widest, by where they begin
  std::uint64_t windows_omitted = 0;
  std::vector<Region> regions;  // what is hidden: the largest, in order
  std::uint64_t regions_omitted = 0;
  // Where hidden slots still hold references, as coarse as a picture is.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stale;
};

struct SiteRow {
  std::string site;                           // "main.pool.inUse"
  std::string kind;                           // global field local map captured element other
  std::string element_type;                   // "*main.Conn"
  std::string category;                       // tail head clipped gap window interior
  std::uint64_t arrays = 0, array_bytes = 0;  // slot bytes of the arrays
  std::uint64_t slots = 0, visible_slots = 0, hidden_slots = 0, hidden_bytes = 0;
  // Of the hidden slots, those that still hold a reference.
  std::uint64_t stale_slots = 0;
  std::uint64_t retained_objects = 0, retained_bytes = 0, retained_bytes_possible = 0;
  // It keeps nothing alone, but some of the overhang with other sites.
  bool retained_jointly = false;
  // What it keeps with others: freed when all of them are cleared. 0 if that is not known.
  std::uint64_t joint_objects = 0, joint_bytes = 0;
  // For one array: the window that a person sees (len and cap in slots); 0 for groups.
  std::uint64_t len = 0, cap = 0;
  std::vector<std::string> shared_with, path;
  std::vector<TypeCount> retained_types;  // most bytes first
  std::vector<RemedyRow> remedies;
  std::vector<SourceRow> sources;
  // Why retained_bytes and retained_bytes_possible differ: the reference that makes the difference.
  std::string doubt;
  std::optional<ArrayPicture> picture;  // of the sites that weigh most
};

// Pointer-free buffers that are reused: their room past len, a habit and not a leak.
struct SpareRow {
  std::string site, element_type;
  std::uint64_t arrays = 0, spare_bytes = 0;
};

// Maps with much more room than entries: a map never gives back its groups or buckets.
struct MapRow {
  std::string site, type;  // "main.index", "map[string]int"
  std::uint64_t maps = 0, entries = 0, slots = 0;
  std::uint64_t storage_bytes = 0, spare_bytes = 0;  // of all slots; of those without an entry
  // Those that have lost entries for sure; others may have been made with a large hint.
  std::uint64_t shrunk_maps = 0;
};

struct LeakReport : ReportHead {
  HeapTotals heap;
  std::vector<DoubtRow> doubts;      // most bytes first
  std::uint64_t doubts_omitted = 0;  // rows that the list leaves out
  std::vector<SiteRow> sites;        // largest first
  std::vector<RemedyRow> remedies;   // at all sites together
  std::vector<SpareRow> spare;
  std::vector<MapRow> maps;  // most spare bytes first
};

}  // namespace overhang
