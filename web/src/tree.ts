// A tree of memory laid out for drawing, in typed arrays: 100,000 frames are laid out in some ten
// milliseconds, where an object per frame (d3-hierarchy) takes many times that and the memory.
//
// A frame's parent has a smaller number, so that one pass backwards sums up subtrees and one pass forwards places
// them.

import type { TreeColumns } from "./document";
import { printable } from "./format";
import { Frames, kMostListed, type Row } from "./frames";

const kThroughHidden = 1;

// By frame.
export interface Columns {
  parent: Int32Array; // -1: of the root
  name: Uint32Array;
  own: Float64Array;
  objects: Float64Array;
  ownHidden: Float64Array;
  flags: Uint8Array;
}

export class Tree extends Frames {
  readonly size: number;
  readonly levels: number;
  readonly depths: Uint32Array;
  private readonly totals: Float64Array;
  private readonly hiddens: Float64Array;
  private readonly objectTotals: Float64Array;
  private readonly starts: Float64Array;
  private readonly rows: Row[] = [];
  private readonly firstOf: Uint32Array; // into `children`
  private readonly children: Uint32Array; // siblings by size

  constructor(
    readonly names: string[],
    readonly columns: Columns,
    readonly truncated: number,
    private readonly shift = 0, // frames before the first row of the document
  ) {
    super();
    const { parent, own, objects, ownHidden } = columns;
    const n = parent.length;
    this.size = n;
    this.totals = own.slice();
    this.hiddens = ownHidden.slice();
    this.objectTotals = objects.slice();
    this.depths = new Uint32Array(n);
    const counts = new Uint32Array(n + 1);
    for (let i = n - 1; i > 0; i--) {
      const p = parent[i]!;
      this.totals[p]! += this.totals[i]!;
      this.hiddens[p]! += this.hiddens[i]!;
      this.objectTotals[p]! += this.objectTotals[i]!;
      counts[p + 1]!++;
    }
    for (let i = 0; i < n; i++) counts[i + 1]! += counts[i]!;
    this.firstOf = counts;
    this.children = new Uint32Array(Math.max(n - 1, 0));
    const fill = counts.slice();
    for (let i = 1; i < n; i++) {
      this.depths[i] = this.depths[parent[i]!]! + 1;
      this.children[fill[parent[i]!]!++] = i;
    }
    this.starts = new Float64Array(n);
    this.place();
    this.levels = this.rows.length;
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
    const ownHidden = new Float64Array(n);
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
      ownHidden[at] = flags[at]! & kThroughHidden ? own[at]! : Math.min(columns.hidden_bytes[i]!, own[at]!);
    }
    return new Tree(names, { parent, name, own, objects, ownHidden, flags }, columns.truncated_frames, shift);
  }

  parent(frame: number): number {
    return this.columns.parent[frame]!;
  }
  depth(frame: number): number {
    return this.depths[frame]!;
  }
  start(frame: number): number {
    return this.starts[frame]!;
  }
  total(frame: number): number {
    return this.totals[frame]!;
  }
  hidden(frame: number): number {
    return this.hiddens[frame]!;
  }
  allObjects(frame: number): number {
    return this.objectTotals[frame]!;
  }
  own(frame: number): number {
    return this.columns.own[frame]!;
  }
  ownHidden(frame: number): number {
    return this.columns.ownHidden[frame]!;
  }
  objects(frame: number): number {
    return this.columns.objects[frame]!;
  }
  nameIndex(frame: number): number {
    return this.columns.name[frame]!;
  }
  throughHidden(frame: number): boolean {
    return (this.columns.flags[frame]! & kThroughHidden) !== 0;
  }
  childrenOf(frame: number): Uint32Array {
    return this.children.subarray(this.firstOf[frame]!, this.firstOf[frame + 1]!);
  }
  row(depth: number): Row {
    return this.rows[depth]!;
  }

  protected matching(named: Uint8Array) {
    const { name, parent } = this.columns;
    const found = { frames: 0, bytes: 0, list: [] as number[] };
    const inside = new Uint8Array(this.size);
    for (let i = 0; i < this.size; i++) {
      const above = i > 0 && inside[parent[i]!];
      const matches = named[name[i]!];
      if (matches) {
        found.frames++;
        if (!above) found.bytes += this.totals[i]!;
      }
      inside[i] = above || matches ? 1 : 0;
    }
    for (const row of this.rows)
      for (let i = 0; i < row.length && found.list.length < kMostListed; i++)
        if (named[row.name(i)]) found.list.push(row.frame(i));
    return found;
  }

  // The subtrees at these rows of the document as one tree, under a root of that name where they are several. Null
  // where they hold nothing.
  part(rows: number[], rootName: string): Tree | null {
    const { columns } = this;
    const tops = new Set(rows.map((row) => row + this.shift).filter((frame) => frame > 0 && frame < this.size));
    const shared = tops.size === 1 ? 0 : 1;
    const map = new Map<number, number>();
    const order: number[] = [];
    for (let i = 1; i < this.size; i++)
      if (map.has(columns.parent[i]!) || tops.has(i)) {
        map.set(i, order.length + shared);
        order.push(i);
      }
    if (order.every((i) => columns.own[i] === 0)) return null;
    const names = shared ? [...this.names, rootName] : this.names;
    const column = <T>(first: T, of: (frame: number) => T): T[] => [...(shared ? [first] : []), ...order.map(of)];
    return new Tree(
      names,
      {
        parent: Int32Array.from(column(-1, (i) => map.get(columns.parent[i]!) ?? shared - 1)),
        name: Uint32Array.from(column(names.length - 1, (i) => columns.name[i]!)),
        own: Float64Array.from(column(0, (i) => columns.own[i]!)),
        objects: Float64Array.from(column(0, (i) => columns.objects[i]!)),
        ownHidden: Float64Array.from(column(0, (i) => columns.ownHidden[i]!)),
        flags: Uint8Array.from(column(0, (i) => columns.flags[i]!)),
      },
      0,
    );
  }

  private place(): void {
    const n = this.size;
    for (let i = 0; i < n; i++) {
      const siblings = this.childrenOf(i);
      if (siblings.length > 1) siblings.sort((a, b) => this.totals[b]! - this.totals[a]! || a - b);
      let at = this.starts[i]!;
      for (const child of siblings) {
        this.starts[child] = at;
        at += this.totals[child]!;
      }
    }
    // Rows by depth, left to right: a walk that takes siblings in their order meets each row's frames so.
    const rows: number[][] = [];
    const stack = n > 0 ? [0] : [];
    while (stack.length > 0) {
      const frame = stack.pop()!;
      if (this.totals[frame] === 0 && frame !== 0) continue;
      (rows[this.depths[frame]!] ??= []).push(frame);
      const siblings = this.childrenOf(frame);
      for (let i = siblings.length - 1; i >= 0; i--) stack.push(siblings[i]!);
    }
    for (const row of rows) {
      const frames = Uint32Array.from(row);
      this.rows.push({
        length: frames.length,
        frame: (i) => frames[i]!,
        start: (i) => this.starts[frames[i]!]!,
        total: (i) => this.totals[frames[i]!]!,
        name: (i) => this.columns.name[frames[i]!]!,
        throughHidden: (i) => this.throughHidden(frames[i]!),
      });
    }
  }
}
