// Reports written by hand for the renderers' tests.
#pragma once

#include "report/model.h"

namespace overhang::testing {

inline TargetRow relay_target() {
  return {.live = true,
          .path = "",
          .pid = 12923,
          .exe = "/srv/relay/bin/relay",
          .go_version = "go1.26.8",
          .arch = "amd64",
          .dwarf = true,
          .pause_ms = 11.2,
          .taken_at = "2026-01-02T03:04:05Z"};
}

// A pool that leaks behind its slice's length, a small window on large arrays, a small gap.
inline LeakReport pool_report() {
  LeakReport report;
  report.target = relay_target();
  report.heap = {.live_objects = 6187857,
                 .live_bytes = 817500000,
                 .typed_bytes = 816900000,
                 .visible_bytes = 74000000,
                 .spare_bytes = 8300000,
                 .lost_bytes = 1000000,
                 .overhang_bytes = 733900000,
                 .allocator_bytes = 300000,
                 .overhang_objects = 4556251,
                 .overhang_bytes_possible = 733900000,
                 .garbage_objects = 3,
                 .garbage_bytes = 96,
                 .conservative_frames = 1,
                 .unknown_references = 7};
  report.doubts = {{"main.cache.raw", "unsafe pointer", 3, 1024, 12500000, 4864},
                   {"stack word in main.run", "stack word", 1, 0, 0, 65536}};
  report.doubts_omitted = 2;
  SiteRow pool;
  pool.site = "main.pool.inUse";
  pool.kind = "global";
  pool.element_type = "*main.Conn";
  pool.category = "tail";
  pool.arrays = 1;
  pool.array_bytes = 9084928;
  pool.slots = pool.cap = 1135616;
  pool.len = pool.visible_slots = 100000;
  pool.hidden_slots = 1035616;
  pool.hidden_bytes = 8284928;
  pool.stale_slots = 900000;
  pool.retained_objects = 4556251;
  pool.retained_bytes = pool.retained_bytes_possible = 733900000;
  pool.path = {"main.pool", "inUse", "[100000:]"};
  pool.retained_types = {{"main.Conn", 900000, 57600000},
                         {"main.Payload", 1800000, 57600000},
                         {"[]uint8", 1800000, 612000000},
                         {"map[string]string", 56250, 6699952},
                         {"main.Log", 1, 48}};
  pool.remedies = {{"clear", {}, 4556251, 733900000, 0, ""},
                   {"nil_when_empty", {}, 0, 0, 0, ""},
                   {"copy", {}, 4556252, 742184928, 800000, ""},
                   {"copy_if_cap_exceeds", 2, 4556252, 742184928, 800000, ""},
                   {"copy_if_cap_exceeds", 4, 4556252, 742184928, 800000, ""},
                   {"copy_if_cap_exceeds", 8, 4556252, 742184928, 800000, ""},
                   {"three_index", {}, 0, 0, 0, "it keeps the array"}};
  pool.sources = {{"/srv/relay/pool.go", 41, "(*Pool).remove", "p.inUse = p.inUse[:n]"}};
  pool.picture = ArrayPicture{
      .array_bytes = 9084928,
      .element_bytes = 8,
      .slots = 1135616,
      .windows = {{.begin = 0, .len = 100000, .cap = 1135616, .holder = "main.pool.inUse"}},
      .windows_omitted = 2,
      .regions = {{.category = "tail", .begin = 100000, .end = 1135616}},
      .regions_omitted = 0,
      .stale = {{100000, 1000000}}};

  SiteRow window;
  window.site = "main.header";
  window.kind = "global";
  window.element_type = "uint8";
  window.category = "window";
  window.arrays = 2;
  window.array_bytes = window.slots = 1000000;
  window.visible_slots = 1000;
  window.hidden_slots = window.hidden_bytes = 999000;
  window.shared_with = {"main.index", "main.log"};
  window.path = {"main.header"};
  window.remedies = {{"copy", {}, 2, 999000, 1000, ""}};

  SiteRow gap;
  gap.site = "main.ring";
  gap.kind = "global";
  gap.element_type = "[2]uint64";
  gap.category = "gap";
  gap.arrays = 1;
  gap.array_bytes = 1280;
  gap.slots = 80;
  gap.visible_slots = gap.hidden_slots = 40;
  gap.hidden_bytes = 640;

  report.sites = {pool, window, gap};
  report.remedies = {{"clear", {}, 4556251, 733900000, 0, ""},
                     {"copy", {}, 4556254, 743183928, 801000, ""}};
  report.spare = {{"main.buffers", "uint8", 14, 1200000}};
  report.maps = {{"main.index", "map[string]int", 1, 12, 1835008, 45875200, 45874900, 1}};
  report.timings = {{"mark", 210.5}, {"view", 320.25}};
  report.elapsed_ms = 600;
  report.warnings = {"map directory out of bounds: 2 (first: 0xc000010000)"};
  return report;
}

}  // namespace overhang::testing
