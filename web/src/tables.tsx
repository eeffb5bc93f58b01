// Tables of the whole heap: types, reused buffers, maps that have shrunk.

import { useMemo, useState } from "preact/hooks";
import type { Leaks, TypeRow } from "./document";
import { bytes, count, printable } from "./format";
import { Filter, ofTypes, SortableTable, type Column } from "./sortable";

export function Types({ types }: { types: TypeRow[] }) {
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
    </section>
  );
}

export function Habits({ leaks }: { leaks: Leaks }) {
  const spare = leaks.spare.slice(0, 50);
  const maps = leaks.heap.maps.slice(0, 50);
  if (spare.length === 0 && maps.length === 0) return null;
  return (
    <section aria-labelledby="habits-title">
      <h2 id="habits-title">Room that is kept</h2>
      {spare.length > 0 && (
        <details>
          <summary>Spare room of reused buffers: a habit, not a leak</summary>
          <table class="small">
            <thead>
              <tr>
                <th scope="col">held by</th>
                <th scope="col">element</th>
                <th scope="col" class="number">arrays</th>
                <th scope="col" class="number">spare</th>
              </tr>
            </thead>
            <tbody>
              {spare.map((row, i) => (
                <tr key={i}>
                  <th scope="row"><code>{row.site}</code></th>
                  <td><code>{row.element_type}</code></td>
                  <td class="number">{count(row.arrays)}</td>
                  <td class="number">{bytes(row.spare_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
      {maps.length > 0 && (
        <details>
          <summary>Maps with room for far more entries than they have</summary>
          <table class="small">
            <thead>
              <tr>
                <th scope="col">held by</th>
                <th scope="col">type</th>
                <th scope="col" class="number">entries</th>
                <th scope="col" class="number">slots</th>
                <th scope="col" class="number">spare</th>
              </tr>
            </thead>
            <tbody>
              {maps.map((row, i) => (
                <tr key={i}>
                  <th scope="row"><code>{row.site}</code></th>
                  <td><code>{row.type}</code></td>
                  <td class="number">{count(row.entries)}</td>
                  <td class="number">{count(row.slots)}</td>
                  <td class="number">{bytes(row.spare_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}
