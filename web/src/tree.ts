// A tree of memory laid out for drawing, in typed arrays: 100,000 frames are laid out in some ten
// milliseconds, where an object per frame (d3-hierarchy) takes many times that and the memory.
//
// Frame 0 is the root and holds everything. A frame's parent has a smaller number, so that one pass
// backwards sums up subtrees and one pass forwards places them: siblings side by side, the largest first, the
// frame's own bytes at its right end.

import type { TreeColumns } from "./document";
import { printable } from "./format";

export const kThroughHidden = 1;
const kMaxInverted = 400_000; // frames of an inverted tree; what is beyond is merged into its parent

export interface Row {
  frames: Uint32Array; // by position
}

export interface Matches {
  test: Uint8Array; // per frame
  frames: number;
  bytes: number; // of the topmost matching frames: each byte once
  list: number[]; // in the order of drawing, bounded
}

export class Tree {
  readonly size: number;
  readonly depth: Uint32Array;
  readonly total: Float64Array; // bytes of the subtree
  readonly hidden: Float64Array; // of these, hidden ones
  readonly allObjects: Float64Array;
  readonly start: Float64Array; // bytes to the left of the frame
  readonly rows: Row[] = [];
  private readonly firstChild: Uint32Array; // into `children`
  private readonly children: Uint32Array; // siblings by size

  constructor(
    readonly names: string[],
    readonly parent: Int32Array,
    readonly name: Uint32Array,
    readonly own: Float64Array,
    readonly objects: Float64Array,
    readonly ownHidden: Float64Array,
    readonly flags: Uint8Array,
    readonly truncated: number,
    private readonly shift = 0, // frames before the first row of the document
  ) {
    const n = parent.length;
    this.size = n;
    this.total = own.slice();
    this.hidden = ownHidden.slice();
    this.allObjects = objects.slice();
    this.depth = new Uint32Array(n);
    const counts = new Uint32Array(n + 1);
    for (let i = n - 1; i > 0; i--) {
      const p = parent[i]!;
      this.total[p]! += this.total[i]!;
      this.hidden[p]! += this.hidden[i]!;
      this.allObjects[p]! += this.allObjects[i]!;
      counts[p + 1]!++;
    }
    for (let i = 0; i < n; i++) counts[i + 1]! += counts[i]!;
    this.firstChild = counts;
    this.children = new Uint32Array(Math.max(n - 1, 0));
    const fill = counts.slice();
    for (let i = 1; i < n; i++) {
      this.depth[i] = this.depth[parent[i]!]! + 1;
      this.children[fill[parent[i]!]!++] = i;
    }
    this.start = new Float64Array(n);
    this.place();
  }

  static from(columns: TreeColumns, rootName: string): Tree {
    const rows = columns.parent.length;
    let roots = 0;
    for (const parent of columns.parent) if (parent < 0) roots++;
    const shift = roots === 1 && columns.parent[0] === -1 ? 0 : 1;
    const n = rows + shift;
    const parent = new Int32Array(n).fill(-1, 0, 1);
    const name = new Uint32Array(n);
    const own = new Float64Array(n);
    const objects = new Float64Array(n);
    const hidden = new Float64Array(n);
    const flags = new Uint8Array(n);
    const names = columns.names.map(printable);
    if (shift) name[0] = names.push(rootName) - 1;
    for (let i = 0; i < rows; i++) {
      const at = i + shift;
      const above = columns.parent[i]!;
      if (at > 0) parent[at] = above >= 0 && above < i ? above + shift : 0;
      name[at] = Math.min(columns.name[i]!, names.length - 1);
      own[at] = columns.bytes[i]!;
      objects[at] = columns.objects[i]!;
      flags[at] = columns.flags[i]!;
      hidden[at] = flags[at]! & kThroughHidden ? own[at]! : Math.min(columns.hidden_bytes[i]!, own[at]!);
    }
    return new Tree(names, parent, name, own, objects, hidden, flags, columns.truncated_frames, shift);
  }

  childrenOf(frame: number): Uint32Array {
    return this.children.subarray(this.firstChild[frame]!, this.firstChild[frame + 1]!);
  }

  nameOf(frame: number): string {
    return this.names[this.name[frame]!] ?? "?";
  }

  throughHidden(frame: number): boolean {
    return (this.flags[frame]! & kThroughHidden) !== 0;
  }

  pathOf(frame: number): number[] {
    const path: number[] = [];
    for (let at = frame; at >= 0; at = this.parent[at]!) path.push(at);
    return path.reverse();
  }

  isAncestor(above: number, frame: number): boolean {
    while (frame > above) frame = this.parent[frame]!;
    return frame === above;
  }

  // The frame of row `depth` that covers `position` (bytes from the left); -1: none.
  frameAt(depth: number, position: number): number {
    const row = this.rows[depth];
    if (!row) return -1;
    const at = this.indexInRow(row, position);
    if (at < 0) return -1;
    const frame = row.frames[at]!;
    return position < this.start[frame]! + this.total[frame]! ? frame : -1;
  }

  // Of the row's frames the last that starts at or before `position`; -1: none does.
  indexInRow(row: Row, position: number): number {
    let low = 0;
    let high = row.frames.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.start[row.frames[middle]!]! <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  search(query: string): Matches | null {
    const wanted = query.trim().toLowerCase();
    if (wanted === "") return null;
    const named = this.names.map((name) => name.toLowerCase().includes(wanted));
    const matches: Matches = { test: new Uint8Array(this.size), frames: 0, bytes: 0, list: [] };
    const inside = new Uint8Array(this.size);
    for (let i = 0; i < this.size; i++) {
      const above = i > 0 && inside[this.parent[i]!];
      if (named[this.name[i]!]) {
        matches.test[i] = 1;
        matches.frames++;
        if (!above) matches.bytes += this.total[i]!;
      }
      inside[i] = above || matches.test[i] ? 1 : 0;
    }
    for (const row of this.rows)
      for (const frame of row.frames)
        if (matches.test[frame] && matches.list.length < 10_000) matches.list.push(frame);
    return matches;
  }

  // The subtrees at these rows of the document as one tree, under a root of that name where they are several. Null
  // where they hold nothing.
  part(rows: number[], rootName: string): Tree | null {
    const tops = new Set(rows.map((row) => row + this.shift).filter((frame) => frame > 0 && frame < this.size));
    const shared = tops.size === 1 ? 0 : 1;
    const map = new Map<number, number>();
    const order: number[] = [];
    for (let i = 1; i < this.size; i++)
      if (map.has(this.parent[i]!) || tops.has(i)) {
        map.set(i, order.length + shared);
        order.push(i);
      }
    if (order.every((i) => this.own[i] === 0)) return null;
    const names = shared ? [...this.names, rootName] : this.names;
    const column = <T>(first: T, of: (frame: number) => T): T[] => [...(shared ? [first] : []), ...order.map(of)];
    return new Tree(
      names,
      Int32Array.from(column(-1, (i) => map.get(this.parent[i]!) ?? shared - 1)),
      Uint32Array.from(column(names.length - 1, (i) => this.name[i]!)),
      Float64Array.from(column(0, (i) => this.own[i]!)),
      Float64Array.from(column(0, (i) => this.objects[i]!)),
      Float64Array.from(column(0, (i) => this.ownHidden[i]!)),
      Uint8Array.from(column(0, (i) => this.flags[i]!)),
      0,
    );
  }

  // The same bytes by the way back: what stands at the end of a path first, then what holds it.
  inverted(): Tree {
    const parent = [-1];
    const name = [this.name[0]!];
    const own = [0];
    const objects = [0];
    const hidden = [0];
    const flags = [0];
    const known = new Map<number, number>();
    const stride = this.names.length * 2;
    for (let leaf = 0; leaf < this.size; leaf++) {
      if (this.own[leaf] === 0 && this.objects[leaf] === 0) continue;
      let at = 0;
      for (let frame = leaf; frame > 0; frame = this.parent[frame]!) {
        const hiddenFrame = this.flags[frame]! & kThroughHidden;
        const key = at * stride + this.name[frame]! * 2 + hiddenFrame;
        let next = known.get(key);
        if (next === undefined) {
          if (parent.length >= kMaxInverted) break;
          next = parent.length;
          known.set(key, next);
          parent.push(at);
          name.push(this.name[frame]!);
          own.push(0);
          objects.push(0);
          hidden.push(0);
          flags.push(hiddenFrame);
        }
        at = next;
      }
      own[at]! += this.own[leaf]!;
      objects[at]! += this.objects[leaf]!;
      hidden[at]! += this.ownHidden[leaf]!;
    }
    return new Tree(
      this.names,
      Int32Array.from(parent),
      Uint32Array.from(name),
      Float64Array.from(own),
      Float64Array.from(objects),
      Float64Array.from(hidden),
      Uint8Array.from(flags),
      this.truncated,
    );
  }

  private place(): void {
    const n = this.size;
    for (let i = 0; i < n; i++) {
      const siblings = this.childrenOf(i);
      if (siblings.length > 1) siblings.sort((a, b) => this.total[b]! - this.total[a]! || a - b);
      let at = this.start[i]!;
      for (const child of siblings) {
        this.start[child] = at;
        at += this.total[child]!;
      }
    }
    // Rows by depth, left to right: a walk that takes siblings in their order meets each row's frames so.
    const rows: number[][] = [];
    const stack = n > 0 ? [0] : [];
    while (stack.length > 0) {
      const frame = stack.pop()!;
      if (this.total[frame] === 0 && frame !== 0) continue;
      (rows[this.depth[frame]!] ??= []).push(frame);
      const siblings = this.childrenOf(frame);
      for (let i = siblings.length - 1; i >= 0; i--) stack.push(siblings[i]!);
    }
    for (const row of rows) this.rows.push({ frames: Uint32Array.from(row) });
  }
}
