// The headline and where live bytes are.

import { StackedBar } from "./bars";
import type { Leaks, Site } from "./document";
import { bytes, count, countOf, duration, share } from "./format";

// The overhang's part of the bar is divided by site; what several sites keep together stays plain.
function divisions(sites: Site[], whole: number) {
  const shown = sites.filter((site) => site.retained_bytes / whole > 0.004).slice(0, 40);
  return shown.map((site) => ({ name: site.site, bytes: site.retained_bytes }));
}

function Headline({ leaks }: { leaks: Leaks }) {
  const { heap } = leaks;
  const certain = heap.overhang_bytes;
  const possible = Math.max(heap.overhang_bytes_possible, certain);
  const more = heap.spare_bytes + heap.lost_bytes;
  return (
    <div class="headline">
      {certain > 0 ? (
        <>
          <h1>
            <strong class="figure">{bytes(certain)}</strong> <span class="figure-share">{share(certain, heap.live_bytes)}</span>
            <span class="headline-text">is kept alive only by slots that no slice can see</span>
          </h1>
          <p>{countOf(heap.overhang_objects, "object")} that the program keeps and cannot reach.</p>
        </>
      ) : (
        <h1>
          <span class="headline-text">
            {possible > 0
              ? "No object is kept alive for certain by hidden slots alone"
              : leaks.sites.length === 0
                ? "Nothing is hidden: the program can see every object that it keeps alive"
                : "The program can see every object that it keeps alive; some arrays are hidden in part"}
          </span>
        </h1>
      )}
      {possible > certain && (
        <p>Up to {bytes(possible)} is possible: references of unknown type may show it, or not.</p>
      )}
      {more > 0 && (
        <p class="quiet">
          {bytes(more)} more lies in arrays outside every slice: {bytes(heap.spare_bytes)} spare (past len),{" "}
          {bytes(heap.lost_bytes)} lost (for good).
        </p>
      )}
    </div>
  );
}

function LiveBytes({ leaks }: { leaks: Leaks }) {
  const { heap } = leaks;
  const parts = [
    {
      key: "overhang",
      name: "Overhang",
      bytes: heap.overhang_bytes,
      meaning: "kept alive only by slots that no slice can see",
      divisions: divisions(leaks.sites, Math.max(heap.live_bytes, 1)),
    },
    { key: "lost", name: "Lost", bytes: heap.lost_bytes, meaning: "parts of arrays that no expression reaches again" },
    { key: "spare", name: "Spare", bytes: heap.spare_bytes, meaning: "parts of arrays past len, within cap" },
    { key: "visible", name: "Visible", bytes: heap.visible_bytes, meaning: "what the program can reach" },
    { key: "allocator", name: "Allocator", bytes: heap.allocator_bytes, meaning: "rounding up to size classes, headers" },
  ];
  return (
    <StackedBar
      caption={
        <>
          Where the <b>{bytes(heap.live_bytes)}</b> live are, in {countOf(heap.live_objects, "object")}
        </>
      }
      label="Live bytes by what the program can see of them"
      parts={parts}
    />
  );
}

interface FactsProps {
  report: Pick<Leaks, "target" | "elapsed_ms"> & { heap: { typed_bytes: number; live_bytes: number } };
  more?: [string, string][];
}

// Of the run.
export function Facts({ report: { target, heap, elapsed_ms }, more = [] }: FactsProps) {
  const facts: [string, string][] = [
    ["analysed in", duration(elapsed_ms)],
    ["typed", `${share(heap.typed_bytes, heap.live_bytes)} of live bytes`],
    ...more,
  ];
  if (target.pause_ms !== null) facts.unshift(["paused", duration(target.pause_ms)]);
  if (target.taken_at !== null) facts.unshift(["taken", target.taken_at]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Notices({ report: { target, warnings } }: { report: Pick<Leaks, "target" | "warnings"> }) {
  return (
    <>
      {!target.dwarf && (
        <p class="notice">
          The program carries no DWARF (stripped): types are inferred, slices in locals uncertain, variables nameless.
        </p>
      )}
      {warnings.length > 0 && (
        <ul class="notice" aria-label="Warnings">
          {warnings.map((warning, i) => (
            <li key={i}>{warning}</li>
          ))}
        </ul>
      )}
    </>
  );
}

export function Overview({ leaks }: { leaks: Leaks }) {
  return (
    <section aria-label="Overview">
      <Headline leaks={leaks} />
      <LiveBytes leaks={leaks} />
      <Facts
        report={leaks}
        more={[["garbage", `${bytes(leaks.heap.garbage_bytes)} in ${countOf(leaks.heap.garbage_objects, "object")}, for the next cycle`]]}
      />
      <Notices report={leaks} />
      {leaks.heap.doubts.length > 0 && (
        <details>
          <summary>{countOf(leaks.heap.doubts.length + leaks.heap.doubts_omitted, "reference")} of unknown type in doubt</summary>
          <ul class="plain">
            {leaks.heap.doubts.map((doubt, i) => (
              <li key={i}>
                <code>{doubt.reference}</code> ({doubt.kind}): {bytes(doubt.bytes)} in {countOf(doubt.objects, "object")}
              </li>
            ))}
            {leaks.heap.doubts_omitted > 0 && <li>{count(leaks.heap.doubts_omitted)} more</li>}
          </ul>
        </details>
      )}
    </section>
  );
}
