// The page: overview, sites, flame graphs, tables.

import { render } from "preact";
import { useMemo, useState } from "preact/hooks";
import { DiffReport } from "./diff";
import { readDocument, type Leaks, type PageDocument } from "./document";
import { baseName, printable } from "./format";
import { Graphs } from "./graphs";
import { HeapReport } from "./heap";
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

function titleOf({ leaks, heap, diff }: PageDocument): string {
  const report = leaks ?? heap;
  if (report) return targetName(report.target);
  return diff ? `${targetName(diff.old)} → ${targetName(diff.new)}` : "";
}

function Page({ page }: { page: PageDocument }) {
  const target = (page.leaks ?? page.heap)?.target ?? page.diff?.new;
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
        {page.heap && <HeapReport page={page} heap={page.heap} />}
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
    page.heap = clean(page.heap);
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
