// Tables of the whole heap: types, reused buffers, maps that have shrunk.

import { useMemo, useState } from "preact/hooks";
import type { Leaks, TypeRow } from "./document";
import { bytes, count, countOf, printable } from "./format";
import { Filter, ofTypes, SortableTable, type Column } from "./sortable";

export function Types({ types, omitted = 0 }: { types: TypeRow[]; omitted?: number }) {
  const [query, setQuery] = useState("");
  const named = useMemo(() => types.map((row) => ({ ...row, type: printable(row.type) })), [types]);
  const rows = useMemo(() => ofTypes(named, query), [named, query]);
  const columns: Column<TypeRow>[] = [
    { key: "type", title: "Type", value: (row) => row.type, cell: (row) => <code class="name">{row.type}</code> },
    { key: "objects", title: "Objects", number: true, minor: true, value: (row) => row.objects, cell: (row) => count(row.objects) },
    { key: "bytes", title: "Bytes", number: true, value: (row) => row.bytes, cell: (row) => bytes(row.bytes) },
    {
      key: "hidden",
      title: "Hidden",
      hint: "bytes that no view of the program shows",
      number: true,
      value: (row) => row.hidden_bytes,
      cell: (row) => (row.hidden_bytes ? <span class="hidden-ink">{bytes(row.hidden_bytes)}</span> : ""),
    },
    {
      key: "retained",
      title: "Retained",
      hint: "what the collector would free if all of them went",
      number: true,
      value: (row) => row.retained_bytes,
      cell: (row) => bytes(row.retained_bytes),
    },
  ];
  return (
    <section aria-labelledby="types-title">
      <h2 id="types-title">Types</h2>
      <Filter label="Filter types" query={query} onQuery={setQuery} />
      <SortableTable caption="Live objects by type" columns={columns} rows={rows} sort="bytes" page={15} rowKey={(row) => row.type} />
      {omitted > 0 && <p class="quiet">{countOf(omitted, "smaller type")} left out.</p>}
    </section>
  );
}

// What holds it, what it is made of, then figures by their heading.
interface SmallRow {
  site: string;
  type: string;
  figures: Record<string, string>;
}

function SmallTable({ title, type, rows }: { title: string; type: string; rows: SmallRow[] }) {
  if (rows.length === 0) return null;
  const headings = Object.keys(rows[0]!.figures);
  return (
    <details>
      <summary>{title}</summary>
      <table class="small">
        <thead>
          <tr>
            <th scope="col">held by</th>
            <th scope="col">{type}</th>
            {headings.map((heading) => (
              <th key={heading} scope="col" class="number">{heading}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              <th scope="row"><code>{row.site}</code></th>
              <td><code>{row.type}</code></td>
              {headings.map((heading) => (
                <td key={heading} class="number">{row.figures[heading]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

export function Habits({ leaks }: { leaks: Leaks }) {
  const spare = leaks.spare.slice(0, 50).map((row) => ({
    site: row.site,
    type: row.element_type,
    figures: { arrays: count(row.arrays), spare: bytes(row.spare_bytes) },
  }));
  const maps = leaks.heap.maps.slice(0, 50).map((row) => ({
    site: row.site,
    type: row.type,
    figures: { entries: count(row.entries), slots: count(row.slots), spare: bytes(row.spare_bytes) },
  }));
  if (spare.length === 0 && maps.length === 0) return null;
  return (
    <section aria-labelledby="habits-title">
      <h2 id="habits-title">Room that is kept</h2>
      <SmallTable title="Spare room of reused buffers: a habit, not a leak" type="element" rows={spare} />
      <SmallTable title="Maps with room for far more entries than they have" type="type" rows={maps} />
    </section>
  );
}
