// What the flame graph and its tables show: frames by number, in rows by depth. Frame 0 is the root and holds
// everything. Siblings stand side by side, the largest first, a frame's own bytes at its right end.

// Frames of one depth, by position; those of no bytes left out.
export interface Row {
  readonly length: number;
  frame(i: number): number;
  start(i: number): number; // bytes to the left
  total(i: number): number;
  name(i: number): number; // index into the tree's names
  throughHidden(i: number): boolean;
}

export interface Matches {
  named: Uint8Array; // by name: whether it matches
  frames: number;
  bytes: number; // of the topmost matching frames: each byte once
  list: number[]; // in the order of drawing, bounded
}

export const kMostListed = 10_000;

export abstract class Frames {
  abstract readonly names: string[];
  abstract readonly size: number; // frames
  abstract readonly levels: number; // rows
  abstract readonly truncated: number; // frames of the heap that are none here, counted in those above them

  abstract parent(frame: number): number; // -1: of the root
  abstract depth(frame: number): number;
  abstract start(frame: number): number; // bytes to the left of the frame
  abstract total(frame: number): number; // bytes of the subtree
  abstract hidden(frame: number): number; // of these, hidden ones
  abstract allObjects(frame: number): number;
  abstract own(frame: number): number; // bytes, without the subtree's
  abstract ownHidden(frame: number): number;
  abstract objects(frame: number): number;
  abstract nameIndex(frame: number): number;
  abstract throughHidden(frame: number): boolean;
  abstract childrenOf(frame: number): Iterable<number>; // the largest first
  abstract row(depth: number): Row;
  protected abstract matching(named: Uint8Array): Omit<Matches, "named">;

  nameOf(frame: number): string {
    return this.names[this.nameIndex(frame)] ?? "?";
  }

  firstChild(frame: number): number | undefined {
    for (const child of this.childrenOf(frame)) return child;
    return undefined;
  }

  pathOf(frame: number): number[] {
    const path: number[] = [];
    for (let at = frame; at >= 0; at = this.parent(at)) path.push(at);
    return path.reverse();
  }

  isAncestor(above: number, frame: number): boolean {
    let at = frame;
    for (const depth = this.depth(above); this.depth(at) > depth; ) at = this.parent(at);
    return at === above;
  }

  // The frame of row `depth` that covers `position` (bytes from the left); -1: none.
  frameAt(depth: number, position: number): number {
    if (depth < 0 || depth >= this.levels) return -1;
    const row = this.row(depth);
    const at = indexInRow(row, position);
    if (at < 0) return -1;
    return position < row.start(at) + row.total(at) ? row.frame(at) : -1;
  }

  search(query: string): Matches | null {
    const wanted = query.trim().toLowerCase();
    if (wanted === "") return null;
    const named = Uint8Array.from(this.names, (name) => (name.toLowerCase().includes(wanted) ? 1 : 0));
    return { named, ...this.matching(named) };
  }
}

// Of the row's frames the last that starts at or before `position`; -1: none does.
export function indexInRow(row: Row, position: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (row.start(middle) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
