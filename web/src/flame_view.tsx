// A flame graph with what a person needs around it: search, orientation, the way to the frame that is shown, and
// the same numbers as a table, which is also how one reads the graph without seeing it.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { FlameGraph, type Orientation } from "./flame_graph";
import { bytes, count, countOf, share } from "./format";
import type { Frames, Matches } from "./frames";
import { onThemeChange } from "./theme";
import { Inverted } from "./inverted";
import type { Tree } from "./tree";

interface Props {
  tree: Tree;
  label: string;
  compact?: boolean;
}

const kChildrenShown = 10;
const kSliceMs = 12;

function describe(tree: Frames, frame: number): string {
  const total = tree.total(frame);
  const parts = [
    tree.nameOf(frame),
    `${bytes(total)}, ${share(total, tree.total(0))}`,
    countOf(tree.allObjects(frame), "object"),
  ];
  if (tree.throughHidden(frame)) parts.push("hidden: only hidden slots lead here");
  else if (tree.hidden(frame) > 0) parts.push(`${bytes(tree.hidden(frame))} of it hidden`);
  const children = [...tree.childrenOf(frame)].length;
  parts.push(`depth ${tree.depth(frame)}`, children === 0 ? "nothing below" : `${countOf(children, "frame")} below`);
  return parts.join("; ");
}

function Tooltip({ tree, at }: { tree: Frames; at: { frame: number; x: number; y: number } }) {
  const { frame } = at;
  const right = at.x > innerWidth / 2;
  const style = {
    left: right ? "auto" : `${at.x + 14}px`,
    right: right ? `${innerWidth - at.x + 14}px` : "auto",
    top: at.y > innerHeight - 160 ? "auto" : `${at.y + 16}px`,
    bottom: at.y > innerHeight - 160 ? `${innerHeight - at.y + 16}px` : "auto",
  };
  const hidden = tree.hidden(frame);
  return (
    <div class="tooltip" style={style} aria-hidden="true">
      <div class="tooltip-name">{tree.nameOf(frame)}</div>
      <div>
        <b>{bytes(tree.total(frame))}</b> {share(tree.total(frame), tree.total(0))} ·{" "}
        {countOf(tree.allObjects(frame), "object")}
      </div>
      {tree.own(frame) > 0 && tree.own(frame) !== tree.total(frame) && <div>{bytes(tree.own(frame))} its own</div>}
      {hidden > 0 && (
        <div class="hidden-ink">
          {tree.throughHidden(frame) ? "only hidden slots lead here" : `${bytes(hidden)} of it hidden`}
        </div>
      )}
    </div>
  );
}

function PathTo({ tree, frame, go }: { tree: Frames; frame: number; go(frame: number): void }) {
  const path = tree.pathOf(frame);
  const shown = path.length > 14 ? [...path.slice(0, 4), -1, ...path.slice(-9)] : path;
  return (
    <nav class="crumbs" aria-label="Path to the frame shown">
      <ol>
        {shown.map((step) =>
          step < 0 ? (
            <li key="gap">… {count(path.length - 13)} more …</li>
          ) : (
            <li key={step}>
              {step === frame ? (
                <span aria-current="location" class={tree.throughHidden(step) ? "hidden-ink" : ""}>
                  {tree.nameOf(step)}
                </span>
              ) : (
                <button type="button" class={tree.throughHidden(step) ? "hidden-ink" : ""} onClick={() => go(step)}>
                  {tree.nameOf(step)}
                </button>
              )}
            </li>
          ),
        )}
      </ol>
    </nav>
  );
}

function Children({ tree, frame, go }: { tree: Frames; frame: number; go(frame: number): void }) {
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [tree, frame]);
  const children = [...tree.childrenOf(frame)].filter((child) => tree.total(child) > 0);
  const shown = children.slice(0, all ? 500 : kChildrenShown);
  const total = Math.max(tree.total(frame), 1);
  const own = tree.own(frame);
  return (
    <div class="children scroll-x">
      <table>
        <caption class="visually-hidden">What {tree.nameOf(frame)} leads to</caption>
        <thead>
          <tr>
            <th scope="col">leads to</th>
            <th scope="col" class="number">bytes</th>
            <th scope="col" class="number">share</th>
            <th scope="col" class="number">objects</th>
            <th scope="col" class="number">hidden</th>
          </tr>
        </thead>
        <tbody>
          {own > 0 && (
            <tr>
              <th scope="row" class="name quiet">its own memory</th>
              <td class="number">{bytes(own)}</td>
              <td class="number">{share(own, total)}</td>
              <td class="number">{count(tree.objects(frame))}</td>
              <td class="number">{tree.ownHidden(frame) > 0 ? bytes(tree.ownHidden(frame)) : ""}</td>
            </tr>
          )}
          {shown.map((child) => (
            <tr key={child}>
              <th scope="row" class="name">
                <button type="button" class={`link ${tree.throughHidden(child) ? "hidden-ink" : ""}`} onClick={() => go(child)}>
                  {tree.nameOf(child)}
                </button>
              </th>
              <td class="number">{bytes(tree.total(child))}</td>
              <td class="number">{share(tree.total(child), total)}</td>
              <td class="number">{count(tree.allObjects(child))}</td>
              <td class="number hidden-ink">{tree.hidden(child) > 0 ? bytes(tree.hidden(child)) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {children.length > shown.length && !all && (
        <button type="button" onClick={() => setAll(true)}>
          Show {count(Math.min(children.length, 500) - shown.length)} more
        </button>
      )}
    </div>
  );
}

// The tree, or its reverse as soon as that is made; and whether it is still being made. That of many frames takes a
// while, in which the page goes on.
function useReversed(upright: Tree, reversed: boolean): [Frames, boolean] {
  const [made, setMade] = useState<{ upright: Tree; inverted: Inverted } | null>(null);
  useLayoutEffect(() => {
    if (!reversed || made?.upright === upright) return undefined;
    const work = Inverted.making(upright);
    let timer = 0;
    const go = () => {
      const until = performance.now() + kSliceMs;
      do {
        const step = work.next();
        if (step.done) return setMade({ upright, inverted: step.value });
      } while (performance.now() < until);
      timer = setTimeout(go, 0);
    };
    go();
    return () => clearTimeout(timer);
  }, [upright, reversed]);
  if (!reversed) return [upright, false];
  return made?.upright === upright ? [made.inverted, false] : [upright, true];
}

export function FlameView({ tree: upright, label, compact }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const graph = useRef<FlameGraph | null>(null);
  const [zoom, setZoom] = useState(0);
  const [said, setSaid] = useState("");
  const [hover, setHover] = useState<{ frame: number; x: number; y: number } | null>(null);
  const [orientation, setOrientation] = useState<Orientation>("icicle");
  const [reversed, setReversed] = useState(false);
  const [query, setQuery] = useState("");
  const [matches, setMatches] = useState<Matches | null>(null);
  const [tree, busy] = useReversed(upright, reversed);

  useLayoutEffect(() => {
    const made = new FlameGraph(tree, box.current!, spacer.current!, canvas.current!, {
      zoomed: setZoom,
      selected: (frame) => setSaid(describe(made.tree, frame)),
      hovered: (frame, x, y) => setHover(frame < 0 ? null : { frame, x, y }),
    });
    graph.current = made;
    // The tests ask where frames are drawn.
    (box.current as HTMLElement & { flameGraph?: FlameGraph }).flameGraph = made;
    made.orientation = orientation;
    made.setTree(tree);
    setZoom(0);
    setHover(null);
    const forget = onThemeChange(() => made.themeChanged());
    return () => {
      forget();
      made.dispose();
      graph.current = null;
    };
  }, [tree]);

  useEffect(() => graph.current?.setOrientation(orientation), [orientation]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const found = tree.search(query);
      setMatches(found);
      graph.current?.setMatches(found);
    }, 80);
    return () => clearTimeout(timer);
  }, [query, tree]);

  const go = (frame: number) => {
    const shown = graph.current;
    if (!shown) return;
    shown.cursor = frame;
    shown.zoomTo(frame);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "/" && event.target === box.current) {
      event.preventDefault();
      search.current?.focus();
    }
  };
  // A tree changes before the effect above takes it back to its root.
  const shown = zoom < tree.size ? zoom : 0;
  const deep = Math.min(Math.max(tree.levels, 3), compact ? 12 : 24);
  return (
    <div class="flame" onKeyDown={onKey}>
      <div class="toolbar">
        <label class="search">
          <span class="visually-hidden">Search {label}</span>
          <input
            ref={search}
            type="search"
            placeholder="Search types, fields, variables"
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") graph.current?.nextMatch(event.shiftKey ? -1 : 1);
            }}
          />
        </label>
        <span class="found" role="status">
          {matches &&
            (matches.frames === 0
              ? "nothing found"
              : `${countOf(matches.frames, "frame")}, ${bytes(matches.bytes)} (${share(matches.bytes, tree.total(0))})`)}
        </span>
        {matches && matches.frames > 0 && (
          <span class="buttons">
            <button type="button" onClick={() => graph.current?.nextMatch(-1)} aria-label="Previous match">‹</button>
            <button type="button" onClick={() => graph.current?.nextMatch(1)} aria-label="Next match">›</button>
          </span>
        )}
        <span class="fill" />
        <span class="buttons">
          <button type="button" aria-pressed={orientation === "flame"} onClick={() => setOrientation(orientation === "icicle" ? "flame" : "icicle")}>
            {orientation === "icicle" ? "Root at bottom" : "Root at top"}
          </button>
          <button type="button" aria-pressed={reversed} onClick={() => setReversed(!reversed)}>
            Reverse
          </button>
          <button type="button" disabled={shown === 0} onClick={() => go(0)}>
            Reset zoom
          </button>
        </span>
      </div>
      <div
        ref={box}
        class="flame-box"
        aria-busy={busy}
        style={{ height: `${deep * 22 + 6}px` }}
        tabIndex={0}
        role="application"
        aria-roledescription="flame graph"
        aria-label={`${label}. Arrow keys, Home and End move between frames, Enter zooms in, Escape zooms out, slash searches, n goes to the next match.`}
      >
        <div ref={spacer} class="flame-spacer">
          <canvas ref={canvas} aria-hidden="true" />
        </div>
      </div>
      <div class="visually-hidden" aria-live="polite">{said}</div>
      {hover && hover.frame < tree.size && <Tooltip tree={tree} at={hover} />}
      <PathTo tree={tree} frame={shown} go={go} />
      <Children tree={tree} frame={shown} go={go} />
      {tree.truncated > 0 && (
        <p class="quiet">{countOf(tree.truncated, "small frame")} are counted in the frames above them.</p>
      )}
    </div>
  );
}
