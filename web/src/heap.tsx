// The report on the whole heap: where the process's memory is, who keeps what is live, and what it is.

import { useMemo } from "preact/hooks";
import { BarTable, StackedBar, type Part } from "./bars";
import type { Heap, PageDocument } from "./document";
import { bytes, count, countOf, share } from "./format";
import { Graphs } from "./graphs";
import { Facts, Notices } from "./overview";
import { Types } from "./tables";
import { Tree } from "./tree";

const kRootsShown = 12;

function Headline({ heap }: { heap: Heap["heap"] }) {
  return (
    <div class="headline">
      <h1>
        <strong class="figure figure-calm">{bytes(heap.live_bytes)}</strong>
        <span class="headline-text">live in {countOf(heap.live_objects, "object")}</span>
      </h1>
      {heap.hidden_bytes > 0 && (
        <p>
          <span class="hidden-ink">
            {bytes(heap.hidden_bytes)} ({share(heap.hidden_bytes, heap.live_bytes)})
          </span>{" "}
          of it is hidden: no slice of the program shows it. The report of <code>overhang leaks</code> says which slices, and why.
        </p>
      )}
    </div>
  );
}

function partsOf({ heap, memory }: Heap): Part[] {
  const heapParts = [
    { key: "visible", name: "Live", bytes: memory.live_bytes - heap.hidden_bytes, meaning: "what the program can reach, with the allocator's rounding" },
    { key: "overhang", name: "Live, hidden", bytes: heap.hidden_bytes, meaning: "what no slice shows" },
    { key: "garbage", name: "Garbage", bytes: memory.garbage_bytes, meaning: "dead objects, which the next collection frees" },
    { key: "free", name: "Free slots", bytes: memory.free_bytes, meaning: "of spans in use" },
    { key: "spans", name: "Spans' own", bytes: memory.overhead_bytes, meaning: "pointer bitmaps, marks, what is no whole slot" },
  ];
  const of = memory.memstats;
  const runtimeParts = of
    ? [
        { key: "idle", name: "Idle", bytes: of.heap_idle - of.heap_released, meaning: "free spans that were not given back to the system" },
        { key: "stacks", name: "Stacks", bytes: of.stack_sys, meaning: `${bytes(of.stack_inuse)} of it goroutines'` },
        { key: "collector", name: "Collector", bytes: of.gc_sys, meaning: "its own structures (GCSys)" },
        { key: "records", name: "Allocator", bytes: of.mspan_sys + of.mcache_sys, meaning: "records of spans, caches (MSpanSys, MCacheSys)" },
        { key: "profiles", name: "Profiles", bytes: of.buck_hash_sys, meaning: "where memory was allocated (BuckHashSys)" },
        { key: "runtime", name: "Runtime", bytes: of.other_sys, meaning: "the rest of it (OtherSys)" },
      ]
    : [];
  return [
    ...heapParts,
    ...runtimeParts,
    { key: "program", name: "Program", bytes: memory.program_bytes, meaning: "code and data of the executable, as far as they are in the image" },
    { key: "outside", name: "Outside", bytes: memory.outside_bytes, meaning: "what else is writable: C memory, threads' stacks, files (about)" },
  ];
}

function Memory({ heap }: { heap: Heap }) {
  const parts = partsOf(heap);
  const of = heap.memory.memstats;
  return (
    <section aria-labelledby="memory-title">
      <h2 id="memory-title">The process's memory</h2>
      <StackedBar
        caption={
          <>
            Where its <b>{bytes(parts.reduce((sum, part) => sum + part.bytes, 0))}</b> are
          </>
        }
        label="The process's memory by what it is used for"
        parts={parts}
      />
      <p class="quiet">
        {bytes(heap.memory.heap_inuse_bytes)} are spans in use (HeapInuse): the first five.{" "}
        {of
          ? `The runtime has ${bytes(of.sys)} of address space (Sys), ${bytes(of.heap_released)} of it given back to the system, which is not in the bar.`
          : "The runtime's own counts were not found."}
      </p>
    </section>
  );
}

// As in the text report.
function rootName({ root, kind, count: many }: Heap["roots"][number]): string {
  if (root === kind) return kind;
  if (kind === "variable") return root;
  return `${root}, ${kind === "goroutine" ? countOf(many, kind) : kind}`;
}

function Roots({ heap }: { heap: Heap }) {
  const shown = heap.roots.slice(0, kRootsShown);
  const rest = heap.roots.slice(kRootsShown);
  const part = (value: number) => <span class="quiet"> {share(value, heap.heap.live_bytes)}</span>;
  const row = (name: string, value: number) => ({ name, bytes: value, detail: part(value) });
  const rows = shown.map((root) => row(rootName(root), root.retained_bytes));
  if (rest.length > 0) rows.push(row(`${count(rest.length)} more, each alone`, rest.reduce((sum, root) => sum + root.retained_bytes, 0)));
  rows.push(row("several roots together", heap.shared_bytes));
  return (
    <section aria-labelledby="roots-title">
      <h2 id="roots-title">Who keeps it</h2>
      <p class="quiet">What would be freed if that variable, or those goroutines, let go; in sum all that is live.</p>
      <BarTable label="What each root keeps alone" headings={["root", "part", "bytes"]} bar="frees" rows={rows} />
    </section>
  );
}

export function HeapReport({ page, heap }: { page: PageDocument; heap: Heap }) {
  const dominators = useMemo(() => (page.dominators ? Tree.from(page.dominators, "live memory") : null), [page]);
  return (
    <>
      <section aria-label="Overview">
        <Headline heap={heap.heap} />
        <Facts report={heap} />
        <Notices report={heap} />
      </section>
      <Memory heap={heap} />
      <Roots heap={heap} />
      <Types types={heap.types} omitted={heap.types_omitted} />
      <Graphs trees={{ references: null, dominators }} />
    </>
  );
}
