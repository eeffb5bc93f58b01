// A table whose columns sort: a button in each heading, the order said by aria-sort.

import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { count } from "./format";

export interface Column<Row> {
  key: string;
  title: string;
  hint?: string;
  value(row: Row): number | string;
  cell(row: Row): ComponentChildren;
  number?: boolean;
  minor?: boolean; // left out on narrow screens
}

function classOf<Row>(column: Column<Row>): string {
  return `${column.number ? "number" : ""} ${column.minor ? "minor" : ""}`.trim();
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  sort: string;
  page: number; // rows shown at first, and more at a time
  rowKey(row: Row): string | number;
  below?(row: Row): ComponentChildren; // a second row under it, across all columns
}

export function SortableTable<Row>({ caption, columns, rows, sort, page, rowKey, below }: Props<Row>) {
  const [order, setOrder] = useState({ key: sort, down: true });
  const [shown, setShown] = useState(page);
  const sorted = useMemo(() => {
    const column = columns.find((candidate) => candidate.key === order.key) ?? columns[0]!;
    const sign = order.down ? -1 : 1;
    return rows
      .map((row) => ({ row, value: column.value(row) }))
      .sort((a, b) => {
        const less = typeof a.value === "string" ? a.value.localeCompare(String(b.value)) : a.value - Number(b.value);
        return sign * less;
      })
      .map(({ row }) => row);
  }, [rows, order]);
  const choose = (column: Column<Row>) =>
    setOrder({ key: column.key, down: order.key === column.key ? !order.down : column.number === true });
  return (
    <>
      <div class="scroll-x">
        <table class="sortable">
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => {
                const active = order.key === column.key;
                return (
                  <th
                    key={column.key}
                    scope="col"
                    class={classOf(column)}
                    aria-sort={active ? (order.down ? "descending" : "ascending") : "none"}
                    title={column.hint}
                  >
                    <button type="button" onClick={() => choose(column)}>
                      {column.title}
                      <span class="arrow" aria-hidden="true">{active ? (order.down ? "▾" : "▴") : ""}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          {sorted.slice(0, shown).map((row) => {
            const more = below?.(row);
            return (
              <tbody key={rowKey(row)}>
                <tr class={more ? "open" : ""}>
                  {columns.map((column) => (
                    <td key={column.key} class={classOf(column)}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
                {more && (
                  <tr class="below">
                    <td colSpan={columns.length}>{more}</td>
                  </tr>
                )}
              </tbody>
            );
          })}
        </table>
      </div>
      {sorted.length > shown && (
        <p>
          <button type="button" onClick={() => setShown(shown + page)}>
            Show {count(Math.min(page, sorted.length - shown))} more of {count(sorted.length)}
          </button>
        </p>
      )}
    </>
  );
}

// What narrows a table down: a box above it.
export function Filter({ label, query, onQuery }: { label: string; query: string; onQuery(query: string): void }) {
  return (
    <div class="toolbar">
      <label class="search">
        <span class="visually-hidden">{label}</span>
        <input type="search" placeholder={label} value={query} onInput={(event) => onQuery(event.currentTarget.value)} />
      </label>
    </div>
  );
}

// Rows of types whose name has the query in it.
export function ofTypes<Row extends { type: string }>(rows: Row[], query: string): Row[] {
  const wanted = query.trim().toLowerCase();
  return rows.filter((row) => row.type.toLowerCase().includes(wanted));
}
