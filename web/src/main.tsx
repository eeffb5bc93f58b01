// The page: overview, sites, flame graphs, tables.

import { render } from "preact";
import { useMemo, useState } from "preact/hooks";
import { DiffReport } from "./diff";
import { readDocument, type Leaks, type PageDocument } from "./document";
import { FlameView } from "./flame_view";
import { baseName, printable } from "./format";
import { Overview } from "./overview";
import { Sites } from "./sites";
import { Habits, Types } from "./tables";
import { setTheme, type Theme } from "./theme";
import { Tree } from "./tree";

function targetName(target: Leaks["target"]): string {
  const program = baseName(target.exe);
  if (target.kind === "pid") return `${program} (pid ${target.pid})`;
  const core = baseName(target.path);
  return program === "" ? core : `${program} (core ${core})`;
}

// Text from the target, everywhere in the document but in trees (Tree does it, by name).
function clean<T>(value: T): T {
  if (typeof value === "string") return printable(value) as T;
  if (Array.isArray(value)) return value.map(clean) as T;
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clean(inner)])) as T;
  return value;
}

function ThemeChoice() {
  const [theme, choose] = useState<Theme>("auto");
  const next: Record<Theme, Theme> = { auto: "dark", dark: "light", light: "auto" };
  return (
    <button
      type="button"
      class="theme"
      onClick={() => {
        choose(next[theme]);
        setTheme(next[theme]);
      }}
    >
      Colours: {theme}
    </button>
  );
}

type Graph = "references" | "dominators";

function Graphs({ trees }: { trees: Record<Graph, Tree | null> }) {
  const there = (["references", "dominators"] as const).filter((name) => trees[name] !== null);
  const [chosen, choose] = useState<Graph>(there[0] ?? "references");
  const tree = trees[chosen];
  if (!tree) return null;
  const titles = { references: "By reference path", dominators: "By dominator" };
  const meaning = {
    references: "Each frame is what one step of a reference leads to, from variables and goroutines on.",
    dominators: "Each frame is what would be freed if the references to its object went away.",
  };
  return (
    <section aria-labelledby="graph-title">
      <h2 id="graph-title">All live memory</h2>
      <p class="quiet">
        {meaning[chosen]} A frame is as wide as its bytes are many. <span class="hidden-ink">Orange is hidden</span>: only slots that no
        slice shows lead there; a line at a frame's foot is the hidden share below it. A click zooms in; on the keyboard arrows move, Enter and Escape zoom, / searches.
      </p>
      {there.length > 1 && (
        <div class="choice" role="group" aria-label="Which tree">
          {there.map((name) => (
            <button key={name} type="button" aria-pressed={chosen === name} onClick={() => choose(name)}>
              {titles[name]}
            </button>
          ))}
        </div>
      )}
      <FlameView key={chosen} tree={tree} label={`Flame graph of live memory, ${titles[chosen].toLowerCase()}`} />
    </section>
  );
}

function LeakReport({ page, leaks }: { page: PageDocument; leaks: Leaks }) {
  const trees = useMemo(
    () => ({
      references: page.references ? Tree.from(page.references, "live memory") : null,
      dominators: page.dominators ? Tree.from(page.dominators, "live memory") : null,
    }),
    [page],
  );
  return (
    <>
      <Overview leaks={leaks} />
      <Sites leaks={leaks} references={trees.references} />
      <Graphs trees={trees} />
      {page.types && page.types.length > 0 && <Types types={page.types} />}
      <Habits leaks={leaks} />
    </>
  );
}

function titleOf({ leaks, diff }: PageDocument): string {
  if (leaks) return targetName(leaks.target);
  return diff ? `${targetName(diff.old)} → ${targetName(diff.new)}` : "";
}

function Page({ page }: { page: PageDocument }) {
  const target = page.leaks?.target ?? page.diff?.new;
  return (
    <>
      <header>
        <div class="brand">overhang</div>
        <div class="target">
          <b>{titleOf(page)}</b>{" "}
          {target && (
            <span class="quiet">
              {target.go_version} linux/{target.arch}
            </span>
          )}
        </div>
        <ThemeChoice />
      </header>
      <main>
        {page.leaks && <LeakReport page={page} leaks={page.leaks} />}
        {page.diff && <DiffReport diff={page.diff} />}
      </main>
      <footer class="quiet">
        Bytes are as Go's collector accounts them: live bytes compare with runtime.MemStats.HeapAlloc after runtime.GC(). Written by
        overhang {page.version}.
      </footer>
    </>
  );
}

function start(): void {
  const root = document.getElementById("page")!;
  try {
    const page = readDocument();
    page.leaks = clean(page.leaks);
    page.diff = clean(page.diff);
    document.title = `overhang: ${titleOf(page)}`;
    root.textContent = "";
    render(<Page page={page} />, root);
  } catch (error) {
    root.textContent = `This report cannot be shown: ${String(error)}`;
    throw error;
  }
}

start();
