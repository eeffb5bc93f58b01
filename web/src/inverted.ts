// A tree by the way back: what stands at the end of a path comes first, then what holds it, up to the root.
//
// Written out, such a tree may have far more frames than the tree itself: of a list of n different elements n²/2. So it
// is not written out. Every frame with bytes of its own has a way to the root, a word whose letters are the frames'
// names (and whether they are hidden). The words are sorted as a suffix array is, by doubling (Karp, Miller and
// Rosenberg 1972; Manber and Myers 1990), in O(n log depth); words with a common beginning are then neighbours. What
// they have in common gives the trie of all words with its unbranched stretches drawn together (Kasai et al. 2001): at
// most two stretches a frame. A stretch is a column of frames of equal width, one below the other; rows are made when
// they are asked for.

import { Frames, kMostListed, type Row } from "./frames";
import type { Tree } from "./tree";

const kMostRowsKept = 64;
const kSlice = 4096; // words or stretches in a slice of the work
const kRootAlone = Uint32Array.of(0);
const kMostSorted = 200_000; // matches among which the first in the order of drawing are looked for

// Plain loops here: from() and for … of take ten times as long over so many numbers.

// The order of `items` by key, equal ones as they stood. Keys are below `keys`.
function sortedBy(items: Uint32Array, key: Uint32Array, keys: number): Uint32Array {
  const next = new Uint32Array(keys + 1);
  for (let i = 0; i < items.length; i++) next[key[items[i]!]! + 1]!++;
  for (let i = 0; i < keys; i++) next[i + 1]! += next[i]!;
  const out = new Uint32Array(items.length);
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    out[next[key[item]!]!++] = item;
  }
  return out;
}

// values[order[0]], values[order[1]], …
function picked<Values extends Float64Array | Uint32Array>(values: Values, order: Uint32Array): Values {
  const out = values.slice(0, order.length) as Values;
  for (let i = 0; i < order.length; i++) out[i] = values[order[i]!]!;
  return out;
}

// The ways from frames to the root, as words. The root's is empty.
class Ways {
  private constructor(
    readonly order: Uint32Array, // frames by their words
    private readonly lengths: Uint32Array,
    // By power of two: the frame so many steps above (the root above itself), and the rank of the word's first
    // letters, so many.
    private readonly above: Uint32Array[],
    private readonly ranks: Uint32Array[],
  ) {}

  // In slices, as all that is made here.
  static *making({ columns, depths, names, size: n }: Tree): Generator<void, Ways> {
    let above: Uint32Array = new Uint32Array(n);
    let rank: Uint32Array = new Uint32Array(n); // by letter to begin with, from 1 on; the root's 0
    let order: Uint32Array = new Uint32Array(n);
    let longest = 1;
    for (let i = 0; i < n; i++) {
      longest = Math.max(longest, depths[i]!);
      above[i] = Math.max(columns.parent[i]!, 0);
      if (i > 0) rank[i] = 1 + columns.name[i]! * 2 + (columns.flags[i]! & 1);
      order[i] = i;
    }
    order = sortedBy(order, rank, names.length * 2 + 1);
    const aboves = [above];
    const ranks = [rank];
    for (let length = 1, last = names.length * 2 + 1; length < longest; length *= 2) {
      yield;
      // By the first half of twice as many letters, then by the second.
      const second = picked(rank, above);
      order = sortedBy(order, second, last);
      yield;
      order = sortedBy(order, rank, last);
      yield;
      const ranked = new Uint32Array(n);
      let before = order[0]!;
      let number = 0;
      for (let i = 0; i < n; i++) {
        const frame = order[i]!;
        if (rank[frame] !== rank[before] || second[frame] !== second[before]) number++;
        ranked[frame] = number;
        before = frame;
      }
      rank = ranked;
      last = number + 1;
      above = picked(above, above);
      aboves.push(above);
      ranks.push(rank);
    }
    return new Ways(order, depths, aboves, ranks);
  }

  ancestor(frame: number, steps: number): number {
    let at = frame;
    for (let k = 0; steps >>> k > 0; k++) if ((steps >>> k) & 1) at = this.above[k]![at]!;
    return at;
  }

  // How many letters the words of both begin with alike.
  common(a: number, b: number): number {
    let length = 0;
    let [x, y] = [a, b];
    for (let k = this.ranks.length - 1; k >= 0; k--)
      if (this.ranks[k]![x] === this.ranks[k]![y]) {
        x = this.above[k]![x]!;
        y = this.above[k]![y]!;
        length += 2 ** k;
      }
    // Past their ends words are alike.
    return Math.min(length, this.lengths[a]!, this.lengths[b]!);
  }
}

// By stretch, in preorder.
interface Stretches {
  last: Uint32Array; // its last row
  on: Int32Array; // the stretch that it hangs on
  example: Uint32Array; // a frame of the tree on whose way to the root it lies
  starts: Float64Array;
  totals: Float64Array;
  hiddens: Float64Array;
  objectTotals: Float64Array;
  // Of words that end at the stretch's last frame.
  owns: Float64Array;
  ownHiddens: Float64Array;
  ownObjects: Float64Array;
}

function* makingStretches(tree: Tree, ways: Ways): Generator<void, Stretches> {
  const { columns, depths } = tree;
  const { own, ownHidden, objects } = columns;
  const words = ways.order.filter((frame) => own[frame]! > 0 || objects[frame]! > 0);

  // The trie of the words, from left to right: the stack holds the stretches that the last word lies on.
  const most = 2 * words.length + 1;
  const last = new Uint32Array(most);
  const on = new Int32Array(most).fill(-1);
  const example = new Uint32Array(most);
  const [totals, hiddens, objectTotals] = [new Float64Array(most), new Float64Array(most), new Float64Array(most)];
  const [owns, ownHiddens, ownObjects] = [new Float64Array(most), new Float64Array(most), new Float64Array(most)];
  let count = 1;
  const stack = [0];
  const hang = (below: number, above: number) => {
    on[below] = above;
    totals[above]! += totals[below]!;
    hiddens[above]! += hiddens[below]!;
    objectTotals[above]! += objectTotals[below]!;
  };
  const push = (row: number, frame: number) => {
    last[count] = row;
    example[count] = frame;
    stack.push(count);
    return count++;
  };
  const backTo = (row: number) => {
    while (last[stack[stack.length - 1]!]! > row) {
      const below = stack.pop()!;
      const above = last[stack[stack.length - 1]!]! < row ? push(row, example[below]!) : stack[stack.length - 1]!;
      hang(below, above);
    }
  };
  for (let i = 0; i < words.length; i++) {
    if (i % kSlice === 0) yield;
    const frame = words[i]!;
    const common = i > 0 ? ways.common(words[i - 1]!, frame) : 0;
    backTo(common);
    if (depths[frame]! > common) push(depths[frame]!, frame);
    const at = stack[stack.length - 1]!;
    totals[at]! += own[frame]!;
    owns[at]! += own[frame]!;
    hiddens[at]! += ownHidden[frame]!;
    ownHiddens[at]! += ownHidden[frame]!;
    objectTotals[at]! += objects[frame]!;
    ownObjects[at]! += objects[frame]!;
  }
  backTo(0);

  // In preorder, siblings by size.
  const children = new Uint32Array(count + 1);
  for (let i = 1; i < count; i++) children[on[i]! + 1]!++;
  for (let i = 0; i < count; i++) children[i + 1]! += children[i]!;
  const sibling = new Uint32Array(count - 1);
  const fill = children.slice();
  for (let i = 1; i < count; i++) sibling[fill[on[i]!]!++] = i;
  const order = new Uint32Array(count);
  const place = new Uint32Array(count); // by number here: in preorder
  const starts = new Float64Array(count);
  const waiting = [0];
  for (let at = 0; at < count; at++) {
    if (at % kSlice === 0) yield;
    const stretch = waiting.pop()!;
    order[at] = stretch;
    place[stretch] = at;
    const [first, end] = [children[stretch]!, children[stretch + 1]!];
    if (end - first > 1) sibling.subarray(first, end).sort((a, b) => totals[b]! - totals[a]! || a - b);
    let start = starts[stretch]!;
    for (let i = first; i < end; i++) {
      starts[sibling[i]!] = start;
      start += totals[sibling[i]!]!;
    }
    for (let i = end - 1; i >= first; i--) waiting.push(sibling[i]!);
  }
  yield;
  const above = new Int32Array(count).fill(-1);
  for (let i = 1; i < count; i++) above[i] = place[on[order[i]!]!]!;
  return {
    last: picked(last, order),
    on: above,
    example: picked(example, order),
    starts: picked(starts, order),
    totals: picked(totals, order),
    hiddens: picked(hiddens, order),
    objectTotals: picked(objectTotals, order),
    owns: picked(owns, order),
    ownHiddens: picked(ownHiddens, order),
    ownObjects: picked(ownObjects, order),
  };
}

export class Inverted extends Frames {
  readonly names: string[];
  readonly truncated: number;
  readonly size: number;
  readonly levels: number;
  private readonly extent: Uint32Array; // how many stretches hang on each, itself included
  private readonly firstFrame: Float64Array; // the number of each one's first frame; the others' follow
  private readonly rowsKept = new Map<number, { row: Row; stretches: Uint32Array }>();
  private seen = 0; // the stretch that was asked for last

  private constructor(
    private readonly tree: Tree,
    private readonly ways: Ways,
    private readonly of: Stretches,
  ) {
    super();
    this.names = tree.names;
    this.truncated = tree.truncated;
    const { last, on, totals } = of;
    this.extent = new Uint32Array(last.length).fill(1);
    for (let i = last.length - 1; i > 0; i--) this.extent[on[i]!]! += this.extent[i]!;
    this.firstFrame = new Float64Array(last.length);
    let frames = 1;
    let levels = 1;
    for (let i = 1; i < last.length; i++) {
      this.firstFrame[i] = frames;
      frames += last[i]! - last[on[i]!]!;
      if (totals[i]! > 0) levels = Math.max(levels, last[i]! + 1);
    }
    this.size = frames;
    this.levels = levels;
  }

  // In slices of some milliseconds, so that whoever makes one may do other things meanwhile.
  static *making(tree: Tree): Generator<void, Inverted> {
    const ways = yield* Ways.making(tree);
    yield;
    const stretches = yield* makingStretches(tree, ways);
    yield;
    return new Inverted(tree, ways, stretches);
  }

  private stretchOf(frame: number): number {
    const { firstFrame } = this;
    const near = this.seen;
    if (firstFrame[near]! <= frame && !(firstFrame[near + 1]! <= frame)) return near;
    let low = 0;
    let high = firstFrame.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (firstFrame[middle]! <= frame) low = middle;
      else high = middle;
    }
    return (this.seen = low);
  }
  private firstRow(stretch: number): number {
    return stretch === 0 ? 0 : this.of.last[this.of.on[stretch]!]! + 1;
  }
  private lastFrame(stretch: number): number {
    return this.firstFrame[stretch]! + this.of.last[stretch]! - this.firstRow(stretch);
  }
  // The frame of the tree that stands for the stretch's in that row: one of several alike.
  private originalOf(stretch: number, row: number): number {
    return row === 0 ? 0 : this.ways.ancestor(this.of.example[stretch]!, row - 1);
  }
  private original(frame: number): number {
    return this.originalOf(this.stretchOf(frame), this.depth(frame));
  }
  private atEnd(frame: number, values: Float64Array): number {
    const stretch = this.stretchOf(frame);
    return frame === this.lastFrame(stretch) ? values[stretch]! : 0;
  }

  parent(frame: number): number {
    const stretch = this.stretchOf(frame);
    if (frame > this.firstFrame[stretch]!) return frame - 1;
    return stretch === 0 ? -1 : this.lastFrame(this.of.on[stretch]!);
  }
  depth(frame: number): number {
    const stretch = this.stretchOf(frame);
    return this.firstRow(stretch) + frame - this.firstFrame[stretch]!;
  }
  start(frame: number): number {
    return this.of.starts[this.stretchOf(frame)]!;
  }
  total(frame: number): number {
    return this.of.totals[this.stretchOf(frame)]!;
  }
  hidden(frame: number): number {
    return this.of.hiddens[this.stretchOf(frame)]!;
  }
  allObjects(frame: number): number {
    return this.of.objectTotals[this.stretchOf(frame)]!;
  }
  own(frame: number): number {
    return this.atEnd(frame, this.of.owns);
  }
  ownHidden(frame: number): number {
    return this.atEnd(frame, this.of.ownHiddens);
  }
  objects(frame: number): number {
    return this.atEnd(frame, this.of.ownObjects);
  }
  nameIndex(frame: number): number {
    return this.tree.nameIndex(this.original(frame));
  }
  throughHidden(frame: number): boolean {
    return this.tree.throughHidden(this.original(frame));
  }
  *childrenOf(frame: number): Iterable<number> {
    const stretch = this.stretchOf(frame);
    if (frame < this.lastFrame(stretch)) {
      yield frame + 1;
      return;
    }
    const end = stretch + this.extent[stretch]!;
    for (let child = stretch + 1; child < end; child += this.extent[child]!) yield this.firstFrame[child]!;
  }

  row(depth: number): Row {
    return this.keptRow(depth).row;
  }
  private keptRow(depth: number): { row: Row; stretches: Uint32Array } {
    const kept = this.rowsKept.get(depth);
    if (kept) return kept;
    if (this.rowsKept.size >= kMostRowsKept) this.rowsKept.clear();
    const stretches = this.stretchesIn(depth);
    const { starts, totals } = this.of;
    const original = (i: number) => this.originalOf(stretches[i]!, depth);
    let names: Uint32Array | null = null;
    const allNames = () => {
      const out = new Uint32Array(stretches.length);
      for (let i = 0; i < out.length; i++) out[i] = this.tree.nameIndex(original(i));
      return out;
    };
    const row = {
      length: stretches.length,
      frame: (i: number) => this.firstFrame[stretches[i]!]! + depth - this.firstRow(stretches[i]!),
      start: (i: number) => starts[stretches[i]!]!,
      total: (i: number) => totals[stretches[i]!]!,
      // Where a search is on, all of them are looked at, draw for draw.
      name: (i: number) => (names ??= allNames())[i]!,
      throughHidden: (i: number) => this.tree.throughHidden(original(i)),
    };
    const made = { row, stretches };
    this.rowsKept.set(depth, made);
    return made;
  }
  // From left to right.
  private stretchesIn(depth: number): Uint32Array {
    const { last, totals } = this.of;
    const out: number[] = [];
    // What is on the row above, or hangs on that; where that row is not known, all from the root on.
    const above = this.rowsKept.get(depth - 1)?.stretches ?? kRootAlone;
    for (let at = 0; at < above.length; at++) {
      const end = above[at]! + this.extent[above[at]!]!;
      for (let i = above[at]!; i < end; ) {
        if (totals[i] === 0 && i > 0) {
          i += this.extent[i]!;
        } else if (last[i]! < depth) {
          i++; // what hangs on it may reach the row
        } else {
          if (this.firstRow(i) <= depth) out.push(i);
          i += this.extent[i]!;
        }
      }
    }
    return Uint32Array.from(out);
  }

  protected matching(named: Uint8Array) {
    const { size, depths, columns } = this.tree;
    // On the way from each frame to the root: how many match, and the first one (0: none does).
    const matches = new Uint32Array(size);
    const nearest = new Uint32Array(size);
    const all = named[columns.name[0]!]!;
    let bytes = all ? this.of.totals[0]! : 0;
    for (let i = 1; i < size; i++) {
      const match = named[columns.name[i]!]!;
      const above = columns.parent[i]!;
      matches[i] = matches[above]! + match;
      nearest[i] = match ? i : nearest[above]!;
      if (!all && matches[i]! > 0) bytes += columns.own[i]!;
    }
    let frames = all;
    const found = all ? [{ frame: 0, row: 0 }] : [];
    for (let i = 1; i < this.of.last.length; i++) {
      const example = this.of.example[i]!;
      const first = this.firstRow(i);
      const end = this.ways.ancestor(example, this.of.last[i]!);
      let at = this.ways.ancestor(example, first - 1);
      frames += matches[at]! - matches[end]!;
      if (this.of.totals[i] === 0) continue;
      for (let left = matches[at]! - matches[end]!; left > 0 && found.length < kMostSorted; left--) {
        at = nearest[at]!;
        const row = depths[example]! - depths[at]! + 1;
        found.push({ frame: this.firstFrame[i]! + row - first, row });
        at = columns.parent[at]!;
      }
    }
    // Stretches are in preorder, so that those of a row stand from left to right.
    found.sort((a, b) => a.row - b.row);
    return { frames, bytes, list: found.slice(0, kMostListed).map(({ frame }) => frame) };
  }
}
