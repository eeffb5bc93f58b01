// The flame graphs of all live memory, one at a time.

import { useState } from "preact/hooks";
import { FlameView } from "./flame_view";
import type { Tree } from "./tree";

type Graph = "references" | "dominators";

export function Graphs({ trees }: { trees: Record<Graph, Tree | null> }) {
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
