// The data that overhang embeds in the page: schema "overhang.page/1". Its `leaks` is the document of
// `--format json` (docs/ARCHITECTURE.md), of which this names what the page shows. All strings may come from
// the target and are hostile: they only ever become text nodes.

export type Category = "tail" | "head" | "clipped" | "gap" | "window" | "interior";

export interface Remedy {
  name: string;
  title: string;
  factor: number | null;
  frees_objects: number;
  frees_bytes: number;
  copies_bytes: number;
  note: string;
}

export interface ArrayWindow {
  begin: number; // in slots, as len and cap
  len: number;
  cap: number;
  holder: string;
}

// The site's largest array, to scale. Regions and stale runs are half-open ranges of slots.
export interface ArrayPicture {
  array_bytes: number;
  element_bytes: number;
  slots: number;
  windows: ArrayWindow[];
  windows_omitted: number;
  regions: { category: Category; begin: number; end: number }[];
  regions_omitted: number;
  stale: [number, number][];
}

export interface Site {
  site: string;
  kind: string;
  element_type: string;
  category: Category;
  arrays: number;
  array_bytes: number;
  slots: number;
  visible_slots: number;
  hidden_slots: number;
  stale_slots: number;
  hidden_bytes: number;
  retained_objects: number;
  retained_bytes: number;
  retained_bytes_possible: number;
  joint_objects: number;
  joint_bytes: number;
  doubt: string;
  shared_with: string[];
  path: string[];
  retained_types: { type: string; objects: number; bytes: number }[];
  remedies: Remedy[];
  sources: { file: string; line: number; function: string; statement: string }[];
  picture?: ArrayPicture | null;
  summary: string; // what is hidden, in one sentence
  advice: string; // how to mend the code
  reference_rows: number[]; // rows of `references` that the hidden slots lead to first
}

export interface Leaks {
  target: {
    kind: string;
    path: string;
    pid: number;
    exe: string;
    go_version: string;
    arch: string;
    dwarf: boolean;
    pause_ms: number | null;
    taken_at: string | null;
  };
  heap: {
    live_objects: number;
    live_bytes: number;
    typed_bytes: number;
    visible_bytes: number;
    spare_bytes: number;
    lost_bytes: number;
    overhang_objects: number;
    overhang_bytes: number;
    overhang_bytes_possible: number;
    allocator_bytes: number;
    garbage_objects: number;
    garbage_bytes: number;
    doubts: { reference: string; kind: string; references: number; objects: number; bytes: number }[];
    doubts_omitted: number;
    maps: { site: string; type: string; maps: number; entries: number; slots: number; storage_bytes: number; spare_bytes: number }[];
  };
  sites: Site[];
  sites_omitted: number;
  remedies: Remedy[];
  spare: { site: string; element_type: string; arrays: number; spare_bytes: number }[];
  timings: { phase: string; ms: number }[];
  elapsed_ms: number;
  warnings: string[];
}

// Columns, a row a frame; a parent stands before its children (src/report/tree.h).
export interface TreeColumns {
  names: string[];
  parent: number[]; // -1: a root
  name: number[];
  bytes: number[]; // the frame's own
  objects: number[];
  hidden_bytes: number[];
  flags: number[]; // 1: reached through hidden slots only
  total_bytes: number;
  truncated_frames: number;
}

export interface TypeRow {
  type: string;
  objects: number;
  bytes: number;
  hidden_bytes: number;
  retained_bytes: number;
}

// Schema "overhang.heap/1"; its dominators stand beside it.
export interface Heap {
  target: Leaks["target"];
  heap: {
    live_objects: number;
    live_bytes: number;
    typed_bytes: number;
    hidden_bytes: number;
    overhang_bytes: number;
    spare_bytes: number;
    lost_bytes: number;
  };
  types: TypeRow[];
  types_omitted: number;
  roots: { root: string; kind: string; count: number; retained_bytes: number }[];
  shared_bytes: number;
  memory: {
    live_bytes: number;
    garbage_bytes: number;
    free_bytes: number;
    overhead_bytes: number;
    heap_inuse_bytes: number;
    program_bytes: number;
    outside_bytes: number;
    memstats: MemStats | null;
  };
  elapsed_ms: number;
  warnings: string[];
}

// As in runtime.MemStats.
export type MemStats = Record<
  | "heap_idle"
  | "heap_released"
  | "stack_inuse"
  | "stack_sys"
  | "mspan_sys"
  | "mcache_sys"
  | "buck_hash_sys"
  | "gc_sys"
  | "other_sys"
  | "sys",
  number
>;

export interface Change {
  old: number;
  new: number;
  growth: number;
}

export interface SiteChange {
  site: string;
  kind: string;
  element_type: string;
  category: Category;
  arrays: Change;
  hidden_slots: Change;
  hidden_bytes: Change;
  retained_objects: Change;
  retained_bytes: Change;
  weight: Change; // what it retains or, where that is nothing, what it hides
  sources: { file: string; line: number; function: string; statement: string }[];
}

export interface TypeChange {
  type: string;
  objects: Change;
  bytes: Change;
  hidden_bytes: Change;
}

// Schema "overhang.diff/1".
export interface Diff {
  old: Leaks["target"];
  new: Leaks["target"];
  heap: Record<"live_objects" | "live_bytes" | "overhang_objects" | "overhang_bytes" | "spare_bytes" | "lost_bytes", Change>;
  sites: SiteChange[];
  sites_omitted: number;
  types: TypeChange[];
  types_omitted: number;
  warnings: string[];
}

// `leaks` or `heap`, with what is there beside it, or `diff`.
export interface PageDocument {
  schema: "overhang.page/1";
  version: string;
  leaks?: Leaks;
  heap?: Heap;
  diff?: Diff;
  references?: TreeColumns | null;
  dominators?: TreeColumns | null;
  types?: TypeRow[] | null;
}

export function readDocument(): PageDocument {
  const text = document.getElementById("overhang-data")?.textContent ?? "";
  const page = JSON.parse(text) as PageDocument;
  if (page.schema !== "overhang.page/1") throw new Error(`unknown schema ${String(page.schema)}`);
  return page;
}
