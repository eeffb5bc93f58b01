// Bars of bytes: a whole and its parts in one bar, and tables with a bar in each row.

import type { ComponentChildren } from "preact";
import { bytes, share } from "./format";

export interface Part {
  key: string; // of the colour: fill-…
  name: string;
  bytes: number;
  meaning: string;
  divisions?: { name: string; bytes: number }[]; // of it; the rest of it stays plain
}

interface StackedProps {
  caption: ComponentChildren;
  label: string; // of the legend's table
  parts: Part[];
}

// To scale, with the figures below.
export function StackedBar({ caption, label, parts }: StackedProps) {
  const whole = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <figure class="live">
      <figcaption>{caption}</figcaption>
      <div class="bar" aria-hidden="true">
        {parts.map((part) =>
          part.bytes === 0 ? null : (
            <div key={part.key} class={`segment fill-${part.key}`} style={{ flexGrow: part.bytes / whole }} title={`${part.name}: ${bytes(part.bytes)}`}>
              {part.divisions?.map((division, i) => (
                <div key={i} class="division" style={{ width: `${(100 * division.bytes) / part.bytes}%` }} title={`${division.name}: ${bytes(division.bytes)}`} />
              ))}
            </div>
          ),
        )}
      </div>
      <table class="legend">
        <caption class="visually-hidden">{label}</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">part</th>
            <th scope="col">bytes</th>
            <th scope="col">share</th>
            <th scope="col">meaning</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.key} class={part.bytes === 0 ? "nothing" : ""}>
              <th scope="row">
                <span class={`swatch fill-${part.key}`} />
                {part.name}
              </th>
              <td class="number">{bytes(part.bytes)}</td>
              <td class="number">{share(part.bytes, whole)}</td>
              <td class="quiet meaning">{part.meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

// A row with a bar of its bytes, as a part of the most that any row has.
export interface BarRow {
  name: string;
  bytes: number;
  detail: ComponentChildren; // behind the bytes
}

interface BarTableProps {
  label: string;
  headings: [string, string, string];
  bar: string; // the bars' class
  rows: BarRow[];
  dimNothing?: boolean;
}

export function BarTable({ label, headings, bar, rows, dimNothing = false }: BarTableProps) {
  const most = Math.max(1, ...rows.map((row) => row.bytes));
  return (
    <table class="bars">
      <caption class="visually-hidden">{label}</caption>
      <thead class="visually-hidden">
        <tr>
          {headings.map((heading) => (
            <th key={heading} scope="col">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={i} class={dimNothing && row.bytes === 0 ? "nothing" : ""}>
            <th scope="row">
              <code>{row.name}</code>
            </th>
            <td class="what-if" aria-hidden="true">
              <div class={bar} style={{ width: `${(100 * row.bytes) / most}%` }} />
            </td>
            <td>
              <b>{bytes(row.bytes)}</b>
              {row.detail}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
