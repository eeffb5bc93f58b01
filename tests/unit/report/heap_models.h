// A heap report written by hand for the renderers' tests.
#pragma once

#include "report/heap.h"
#include "unit/report/models.h"

namespace overhang::testing {

inline HeapReport heap_report() {
  HeapReport report;
  report.target = relay_target();
  report.elapsed_ms = 1200;
  report.warnings = {"heap span's bytes not in the image: 2 (first: 0xc000100000)"};
  report.live_objects = 1000013;
  report.live_bytes = 817'500'000;
  report.typed_bytes = 816'700'000;
  report.overhang_bytes = 640'000'000;
  report.spare_bytes = 15'000'000;
  report.lost_bytes = 5'000'000;
  report.types = {{"[]uint8", 900000, 700'000'000, 650'000'000, 700'000'000},
                  {"main.Conn", 100000, 80'000'000, 0, 795'000'000},
                  {"[]*main.Conn", 1, 37'000'000, 10'000'000, 810'000'000},
                  {"main.Pool", 12, 500'000, 0, 500'000}};
  report.roots = {{"main.pool", "variable", 1, 810'000'000},
                  {"main.(*Pool).run", "goroutine", 12, 4'000'000},
                  {"finalizers", "finalizers", 1, 1'000'000},
                  {"main.other", "variable", 1, 100}};
  report.shared_bytes = 2'499'900;
  report.memory = {.live = 817'500'000,
                   .garbage = 1'500'000,
                   .free = 12'000'000,
                   .overhead = 20'000'000,
                   .runtime = MemoryRow::Runtime{.heap_inuse = 851'000'000,
                                                 .heap_idle = 16'000'000,
                                                 .heap_released = 3'000'000,
                                                 .stack_inuse = 1'000'000,
                                                 .stack_sys = 1'200'000,
                                                 .mspan_inuse = 16'400'000,
                                                 .mspan_sys = 16'500'000,
                                                 .mcache_inuse = 4'000,
                                                 .mcache_sys = 16'000,
                                                 .buck_hash_sys = 1'400'000,
                                                 .gc_sys = 8'200'000,
                                                 .other_sys = 2'100'000,
                                                 .sys = 896'416'000},
                   .program = 2'000'000,
                   .outside = 7'000'000};
  return report;
}

inline TreeRows heap_dominators() {
  TreeRows out;
  out.names = {"main.pool", "[]*main.Conn", "main.Conn", "goroutine main.(*Pool).run",
               "odd\x1bname"};
  out.parent = {TreeRows::kRoot, TreeRows::kRoot, 1, 2, 2, 0};
  out.name = {3, 0, 1, 2, 2, 4};
  out.bytes = {0, 0, 30'000'000, 80'000'000, 700'000'000, 4'000'000};
  out.objects = {0, 0, 1, 10000, 90000, 100};
  out.hidden_bytes = {0, 0, 0, 0, 700'000'000, 0};
  out.flags = {0, 0, 0, 0, TreeRows::kThroughHidden, 0};
  out.total_bytes = 817'500'000;
  out.truncated_frames = 3;
  return out;
}

}  // namespace overhang::testing
