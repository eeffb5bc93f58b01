// The headline and where live bytes are.

import type { Leaks, Site } from "./document";
import { bytes, count, countOf, duration, share } from "./format";

interface Bucket {
  key: string;
  name: string;
  bytes: number;
  meaning: string;
}

function bucketsOf(heap: Leaks["heap"]): Bucket[] {
  return [
    { key: "overhang", name: "Overhang", bytes: heap.overhang_bytes, meaning: "kept alive only by slots that no slice can see" },
    { key: "lost", name: "Lost", bytes: heap.lost_bytes, meaning: "parts of arrays that no expression reaches again" },
    { key: "spare", name: "Spare", bytes: heap.spare_bytes, meaning: "parts of arrays past len, within cap" },
    { key: "visible", name: "Visible", bytes: heap.visible_bytes, meaning: "what the program can reach" },
    { key: "allocator", name: "Allocator", bytes: heap.allocator_bytes, meaning: "rounding up to size classes, headers" },
  ];
}

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
  const whole = Math.max(heap.live_bytes, 1);
  const buckets = bucketsOf(heap);
  return (
    <figure class="live">
      <figcaption>
        Where the <b>{bytes(heap.live_bytes)}</b> live are, in {countOf(heap.live_objects, "object")}
      </figcaption>
      <div class="bar" aria-hidden="true">
        {buckets.map((bucket) =>
          bucket.bytes === 0 ? null : (
            <div key={bucket.key} class={`segment fill-${bucket.key}`} style={{ flexGrow: bucket.bytes / whole }} title={`${bucket.name}: ${bytes(bucket.bytes)}`}>
              {bucket.key === "overhang" &&
                divisions(leaks.sites, whole).map((part, i) => (
                  <div key={i} class="division" style={{ width: `${(100 * part.bytes) / bucket.bytes}%` }} title={`${part.name}: ${bytes(part.bytes)}`} />
                ))}
            </div>
          ),
        )}
      </div>
      <table class="legend">
        <caption class="visually-hidden">Live bytes by what the program can see of them</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">part</th>
            <th scope="col">bytes</th>
            <th scope="col">share</th>
            <th scope="col">meaning</th>
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket) => (
            <tr key={bucket.key} class={bucket.bytes === 0 ? "nothing" : ""}>
              <th scope="row">
                <span class={`swatch fill-${bucket.key}`} />
                {bucket.name}
              </th>
              <td class="number">{bytes(bucket.bytes)}</td>
              <td class="number">{share(bucket.bytes, heap.live_bytes)}</td>
              <td class="quiet meaning">{bucket.meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function Facts({ leaks }: { leaks: Leaks }) {
  const { target, heap } = leaks;
  const facts: [string, string][] = [
    ["analysed in", duration(leaks.elapsed_ms)],
    ["typed", `${share(heap.typed_bytes, heap.live_bytes)} of live bytes`],
    ["garbage", `${bytes(heap.garbage_bytes)} in ${countOf(heap.garbage_objects, "object")}, for the next cycle`],
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

export function Overview({ leaks }: { leaks: Leaks }) {
  return (
    <section aria-label="Overview">
      <Headline leaks={leaks} />
      <LiveBytes leaks={leaks} />
      <Facts leaks={leaks} />
      {!leaks.target.dwarf && (
        <p class="notice">
          The program carries no DWARF (stripped): types are inferred, slices in locals uncertain, variables nameless.
        </p>
      )}
      {leaks.warnings.length > 0 && (
        <ul class="notice" aria-label="Warnings">
          {leaks.warnings.map((warning, i) => (
            <li key={i}>{warning}</li>
          ))}
        </ul>
      )}
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
