// The site's largest array to scale: what slices show, what is hidden and where references still stand, and
// each slice's len and cap beneath.

import { scaleLinear } from "d3-scale";
import type { ArrayPicture, Category } from "./document";
import { bytes, count, countOf } from "./format";

const kWindowsShown = 12;

const meaning: Record<Category, string> = {
  tail: "spare: past len, within cap",
  head: "lost: before every slice",
  clipped: "lost: past every cap",
  gap: "between slices",
  window: "outside every slice and string",
  interior: "outside what pointers show",
};

interface Part {
  kind: "visible" | Category;
  begin: number;
  end: number;
}

// Visible is what no region takes; where regions were left out, nothing is claimed.
function partsOf(picture: ArrayPicture): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const region of picture.regions) {
    if (region.begin > at && picture.regions_omitted === 0) parts.push({ kind: "visible", begin: at, end: region.begin });
    parts.push({ kind: region.category, begin: region.begin, end: region.end });
    at = Math.max(at, region.end);
  }
  if (at < picture.slots && picture.regions_omitted === 0) parts.push({ kind: "visible", begin: at, end: picture.slots });
  return parts;
}

export function Picture({ picture }: { picture: ArrayPicture }) {
  const whole = Math.max(picture.slots, 1, ...picture.windows.map((window) => window.begin + Math.max(window.cap, window.len)));
  const scale = scaleLinear([0, whole], [0, 100]);
  const place = (begin: number, end: number) => ({ left: `${scale(begin)}%`, width: `${scale(Math.min(end, whole)) - scale(begin)}%` });
  const parts = partsOf(picture);
  const kinds = [...new Set(parts.map((part) => part.kind))];
  const ticks = scale.ticks(5).filter((tick) => Number.isInteger(tick) && tick < whole * 0.75);
  const stale = picture.stale.reduce((sum, [begin, end]) => sum + end - begin, 0);
  return (
    <figure class="picture">
      <figcaption>
        The largest array to scale: {countOf(picture.slots, "slot")} of {bytes(picture.element_bytes)}, {bytes(picture.array_bytes)}
      </figcaption>
      <div class="track array" role="img" aria-label={parts.slice(0, 20).map((part) => `${part.kind} ${count(part.begin)} to ${count(part.end)}`).join(", ")}>
        {parts.map((part, i) => (
          <div key={i} class={`part part-${part.kind}`} style={place(part.begin, part.end)} title={`${part.kind} [${count(part.begin)}:${count(part.end)}]`} />
        ))}
        {picture.stale.map(([begin, end], i) => (
          <div key={`stale${i}`} class="stale" style={place(begin, end)} />
        ))}
      </div>
      <div class="track axis" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ left: `${scale(tick)}%` }}>
            {count(tick)}
          </span>
        ))}
        <span class="end">{count(whole)}</span>
      </div>
      <ul class="windows">
        {picture.windows.slice(0, kWindowsShown).map((window, i) => {
          const cap = Math.max(window.cap, window.len);
          return (
            <li key={i}>
              <div class="window-label">
                <code>{window.holder}</code>{" "}
                <span class="quiet">
                  {window.begin > 0 ? `from ${count(window.begin)}, ` : ""}
                  {cap === 0 ? "a pointer" : `len ${count(window.len)} cap ${count(window.cap)}`}
                </span>
              </div>
              <div class="track" aria-hidden="true">
                <div class="window-cap" style={place(window.begin, window.begin + cap)} />
                <div class="window-len" style={place(window.begin, window.begin + window.len)} />
              </div>
            </li>
          );
        })}
      </ul>
      {picture.windows.length + picture.windows_omitted > kWindowsShown && (
        <p class="quiet">{count(picture.windows.length + picture.windows_omitted - kWindowsShown)} more slices over this array</p>
      )}
      <ul class="key">
        {kinds.map((kind) => (
          <li key={kind}>
            <span class={`swatch part-${kind}`} />
            {kind === "visible" ? "visible" : `${kind} (${meaning[kind]})`}
          </li>
        ))}
        {stale > 0 && (
          <li>
            <span class="swatch swatch-stale" />
            still holds references
          </li>
        )}
      </ul>
    </figure>
  );
}
