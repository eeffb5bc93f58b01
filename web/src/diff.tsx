// Growth between two images: the headline, totals, sites and types.

import { useMemo, useState } from "preact/hooks";
import type { Change, Diff, SiteChange, TypeChange } from "./document";
import { baseName, bytes, count, countOf, signedBytes } from "./format";
import { Filter, ofTypes, SortableTable, type Column } from "./sortable";

// The older figure over the newer one, on one scale.
function Bars({ change, most }: { change: Change; most: number }) {
  const width = (value: number) => ({ width: `${(100 * value) / Math.max(most, 1)}%` });
  return (
    <div class="change" aria-hidden="true">
      <div class="change-old" style={width(change.old)} />
      <div class={change.growth > 0 ? "change-grown" : "change-shrunk"} style={width(change.new)} />
    </div>
  );
}

function Growth({ change }: { change: Change }) {
  return <span class={change.growth > 0 ? "hidden-ink" : ""}>{signedBytes(change.growth)}</span>;
}

function Headline({ diff }: { diff: Diff }) {
  const overhang = diff.heap.overhang_bytes;
  const grown = overhang.growth > 0;
  return (
    <div class="headline">
      <h1>
        <strong class={grown ? "figure" : "figure figure-calm"}>{signedBytes(overhang.growth)}</strong>
        <span class="headline-text">
          {overhang.growth === 0
            ? "As much as before is kept alive only by slots that no slice can see"
            : `${grown ? "more" : "less"} is kept alive only by slots that no slice can see`}
        </span>
      </h1>
      <p>
        {bytes(overhang.old)} in {countOf(diff.heap.overhang_objects.old, "object")}, then {bytes(overhang.new)} in{" "}
        {countOf(diff.heap.overhang_objects.new, "object")}.
      </p>
    </div>
  );
}

function Totals({ diff }: { diff: Diff }) {
  const rows: [string, Change][] = [
    ["Live", diff.heap.live_bytes],
    ["Overhang", diff.heap.overhang_bytes],
    ["Spare", diff.heap.spare_bytes],
    ["Lost", diff.heap.lost_bytes],
  ];
  const most = Math.max(...rows.flatMap(([, change]) => [change.old, change.new]));
  return (
    <table class="totals">
      <caption class="visually-hidden">Totals before and after</caption>
      <thead>
        <tr>
          <th scope="col">of the heap</th>
          <th scope="col" class="number">growth</th>
          <th scope="col" class="number">before</th>
          <th scope="col" class="number">after</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, change]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">
              <b>
                <Growth change={change} />
              </b>
            </td>
            <td class="number">{bytes(change.old)}</td>
            <td class="number">{bytes(change.new)}</td>
            <td class="totals-bars">
              <Bars change={change} most={most} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Sites({ diff }: { diff: Diff }) {
  const most = Math.max(1, ...diff.sites.flatMap(({ weight }) => [weight.old, weight.new]));
  const columns: Column<SiteChange>[] = [
    {
      key: "site",
      title: "Site",
      value: (row) => row.site,
      cell: (row) => (
        <>
          <b>{row.site}</b> <code class="quiet">{row.category === "interior" ? row.element_type : `[]${row.element_type}`}</code>
          {row.sources[0] && (
            <div class="quiet">
              {baseName(row.sources[0].file)}:{row.sources[0].line} <code>{row.sources[0].statement}</code>
            </div>
          )}
        </>
      ),
    },
    { key: "category", title: "Category", value: (row) => row.category, cell: (row) => <span class="tag">{row.category}</span>, minor: true },
    {
      key: "growth",
      title: "Growth",
      hint: "of what it keeps alive or, where that is nothing, of what it hides",
      number: true,
      value: (row) => row.weight.growth,
      cell: (row) => (
        <>
          <b>
            <Growth change={row.weight} />
          </b>
          <Bars change={row.weight} most={most} />
        </>
      ),
    },
    { key: "old", title: "Before", number: true, value: (row) => row.weight.old, cell: (row) => bytes(row.weight.old) },
    { key: "new", title: "After", number: true, value: (row) => row.weight.new, cell: (row) => bytes(row.weight.new) },
    {
      key: "slots",
      title: "Hidden slots",
      number: true,
      minor: true,
      value: (row) => row.hidden_slots.growth,
      cell: (row) => `${count(row.hidden_slots.old)} → ${count(row.hidden_slots.new)}`,
    },
    { key: "arrays", title: "Arrays", number: true, minor: true, value: (row) => row.arrays.growth, cell: (row) => `${count(row.arrays.old)} → ${count(row.arrays.new)}` },
  ];
  return (
    <section aria-labelledby="sites-title">
      <h2 id="sites-title">Sites by growth</h2>
      {diff.sites.length === 0 ? (
        <p class="quiet">No site has changed.</p>
      ) : (
        <SortableTable
          caption="Sites by growth"
          columns={columns}
          rows={diff.sites}
          sort="growth"
          page={30}
          rowKey={(row) => JSON.stringify([row.site, row.kind, row.element_type, row.category])}
        />
      )}
      {diff.sites_omitted > 0 && <p class="quiet">{countOf(diff.sites_omitted, "more site")} left out.</p>}
    </section>
  );
}

function Types({ diff }: { diff: Diff }) {
  const [query, setQuery] = useState("");
  const rows = useMemo(() => ofTypes(diff.types, query), [diff, query]);
  const columns: Column<TypeChange>[] = [
    { key: "type", title: "Type", value: (row) => row.type, cell: (row) => <code class="name">{row.type}</code> },
    { key: "growth", title: "Growth", number: true, value: (row) => row.bytes.growth, cell: (row) => <Growth change={row.bytes} /> },
    { key: "old", title: "Before", number: true, value: (row) => row.bytes.old, cell: (row) => bytes(row.bytes.old) },
    { key: "new", title: "After", number: true, value: (row) => row.bytes.new, cell: (row) => bytes(row.bytes.new) },
    {
      key: "objects",
      title: "Objects",
      number: true,
      minor: true,
      value: (row) => row.objects.growth,
      cell: (row) => `${count(row.objects.old)} → ${count(row.objects.new)}`,
    },
    { key: "hidden", title: "Hidden", number: true, minor: true, value: (row) => row.hidden_bytes.growth, cell: (row) => <Growth change={row.hidden_bytes} /> },
  ];
  if (diff.types.length === 0) return null;
  return (
    <section aria-labelledby="types-title">
      <h2 id="types-title">Types by growth</h2>
      <Filter label="Filter types" query={query} onQuery={setQuery} />
      <SortableTable caption="Types by growth" columns={columns} rows={rows} sort="growth" page={25} rowKey={(row) => row.type} />
      {diff.types_omitted > 0 && <p class="quiet">{countOf(diff.types_omitted, "more type")} left out.</p>}
    </section>
  );
}

export function DiffReport({ diff }: { diff: Diff }) {
  return (
    <>
      <section aria-label="Overview">
        <Headline diff={diff} />
        <Totals diff={diff} />
        {diff.warnings.length > 0 && (
          <ul class="notice" aria-label="Warnings">
            {diff.warnings.map((warning, i) => (
              <li key={i}>{warning}</li>
            ))}
          </ul>
        )}
      </section>
      <Sites diff={diff} />
      <Types diff={diff} />
    </>
  );
}
