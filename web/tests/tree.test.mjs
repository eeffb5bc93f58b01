// The reversed tree held against one that is written out frame by frame, over trees made at random.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");
const bundled = await build({
  stdin: { contents: 'export { Tree } from "./tree"; export { Inverted } from "./inverted";', resolveDir: source },
  bundle: true,
  write: false,
  format: "esm",
});
const { Tree, Inverted } = await import(`data:text/javascript,${encodeURIComponent(bundled.outputFiles[0].text)}`);

function inverse(tree) {
  const work = Inverted.making(tree);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

// As java.util.Random, so that a failure can be had again.
function generator(seed) {
  let state = (BigInt(seed) ^ 0x5deece66dn) & ((1n << 48n) - 1n);
  return (below) => {
    state = (state * 0x5deece66dn + 0xbn) & ((1n << 48n) - 1n);
    return Number(state >> 17n) % below;
  };
}

// `near`: of so many frames before it one is a frame's parent.
function columnsOf({ seed, frames, names, near, roots = 1 }) {
  const random = generator(seed);
  const columns = { names: [], parent: [], name: [], bytes: [], objects: [], hidden_bytes: [], flags: [], truncated_frames: 3 };
  for (let i = 0; i < names; i++) columns.names.push(`type${i}`);
  for (let i = 0; i < frames; i++) {
    const parent = i < roots ? -1 : i - 1 - random(Math.min(i, near));
    const hidden = parent >= 0 && (columns.flags[parent] === 1 || random(20) === 0);
    const bytes = random(3) === 0 ? 0 : 1 + random(1000);
    columns.parent.push(parent);
    columns.name.push(random(names));
    columns.bytes.push(bytes);
    columns.objects.push(random(5));
    columns.hidden_bytes.push(random(bytes + 1));
    columns.flags.push(hidden ? 1 : 0);
  }
  columns.total_bytes = columns.bytes.reduce((a, b) => a + b, 0);
  return columns;
}

// Frame by frame, as one would draw it on paper.
function writtenOut(tree) {
  const node = () => ({ total: 0, hidden: 0, all: 0, own: 0, ownHidden: 0, objects: 0, children: new Map() });
  const root = node();
  for (let leaf = 0; leaf < tree.size; leaf++) {
    if (tree.own(leaf) === 0 && tree.objects(leaf) === 0) continue;
    let at = root;
    const meet = (one) => {
      one.total += tree.own(leaf);
      one.hidden += tree.ownHidden(leaf);
      one.all += tree.objects(leaf);
    };
    meet(root);
    for (let frame = leaf; frame > 0; frame = tree.parent(frame)) {
      const key = `${tree.nameOf(frame)} ${tree.throughHidden(frame)}`;
      if (!at.children.has(key)) at.children.set(key, node());
      at = at.children.get(key);
      meet(at);
    }
    at.own += tree.own(leaf);
    at.ownHidden += tree.ownHidden(leaf);
    at.objects += tree.objects(leaf);
  }
  return root;
}

function compare(tree, inverted) {
  let frames = 0;
  const rows = [];
  const waiting = [[0, writtenOut(tree), -1, 0]];
  while (waiting.length > 0) {
    const [frame, wanted, parent, depth] = waiting.pop();
    frames++;
    if (wanted.total > 0 || frame === 0) (rows[depth] ??= []).push(frame);
    assert.deepEqual(
      [inverted.total(frame), inverted.hidden(frame), inverted.allObjects(frame), inverted.own(frame), inverted.ownHidden(frame), inverted.objects(frame)],
      [wanted.total, wanted.hidden, wanted.all, wanted.own, wanted.ownHidden, wanted.objects],
    );
    assert.equal(inverted.parent(frame), parent);
    assert.equal(inverted.depth(frame), depth);
    const children = [...inverted.childrenOf(frame)];
    assert.equal(children.length, wanted.children.size);
    let start = inverted.start(frame);
    let before = Infinity;
    for (const child of children) {
      assert.equal(inverted.start(child), start);
      assert.ok(inverted.total(child) <= before);
      before = inverted.total(child);
      start += before;
    }
    for (const child of children.reverse())
      waiting.push([child, wanted.children.get(`${inverted.nameOf(child)} ${inverted.throughHidden(child)}`), frame, depth + 1]);
  }
  assert.equal(inverted.size, frames);
  assert.equal(inverted.levels, rows.length);
  rows.forEach((row, depth) => {
    const made = inverted.row(depth);
    const column = (of) => row.map((_, i) => of(i));
    assert.equal(made.length, row.length);
    assert.deepEqual(column(made.frame), row);
    assert.deepEqual(column(made.start), row.map((frame) => inverted.start(frame)));
    assert.deepEqual(column(made.total), row.map((frame) => inverted.total(frame)));
    assert.deepEqual(column(made.name), row.map((frame) => inverted.nameIndex(frame)));
    assert.deepEqual(column(made.throughHidden), row.map((frame) => inverted.throughHidden(frame)));
  });
  return rows;
}

// By looking at every frame.
function found(tree, rows, query) {
  const out = { frames: 0, bytes: 0, list: [] };
  const walk = [[0, false]];
  while (walk.length > 0) {
    const [frame, inside] = walk.pop();
    const matches = tree.nameOf(frame).includes(query);
    if (matches) out.frames++;
    if (matches && !inside) out.bytes += tree.total(frame);
    for (const child of tree.childrenOf(frame)) walk.push([child, inside || matches]);
  }
  for (const row of rows) out.list.push(...row.filter((frame) => tree.nameOf(frame).includes(query)));
  return out;
}

const shapes = [
  { frames: 1, names: 1, near: 1 },
  { frames: 40, names: 1, near: 1 }, // a list
  { frames: 40, names: 40, near: 1 },
  { frames: 60, names: 2, near: 3 },
  { frames: 300, names: 5, near: 4 },
  { frames: 300, names: 3, near: 300 },
  { frames: 300, names: 50, near: 30, roots: 7 },
];
for (const shape of shapes)
  test(`reversed: ${JSON.stringify(shape)}`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const tree = Tree.from(columnsOf({ seed, ...shape }), "live memory");
      const inverted = inverse(tree);
      const rows = compare(tree, inverted);
      for (const query of ["type1", "type0", "live", "nothing"]) {
        const { frames, bytes, list } = inverted.search(query);
        assert.deepEqual({ frames, bytes, list }, found(inverted, rows, query), query);
      }
    }
  });

// 100,000 different elements, each in the one before: five billion frames, none of which is written out.
test("reversed: a list of 100,000 different elements", () => {
  const n = 100_000;
  const fill = (value) => new Array(n).fill(value);
  const tree = Tree.from(
    {
      names: Array.from({ length: n }, (_, i) => `type${i}`),
      parent: Array.from({ length: n }, (_, i) => i - 1),
      name: Array.from({ length: n }, (_, i) => i),
      bytes: fill(32),
      objects: fill(1),
      hidden_bytes: fill(0),
      flags: fill(0),
      truncated_frames: 0,
    },
    "live memory",
  );
  const inverted = inverse(tree);
  // The list's first element is the root, which is no part of the ways to it.
  assert.equal(inverted.size, 1 + (n * (n - 1)) / 2);
  assert.equal(inverted.levels, n);
  const row = inverted.row(n - 1);
  assert.equal(row.length, 1);
  const last = row.frame(0);
  assert.equal(inverted.nameOf(last), "type1");
  assert.equal(inverted.pathOf(last).length, n);
  assert.deepEqual([...inverted.childrenOf(last)], []);
  const { frames, bytes } = inverted.search("type99999");
  assert.deepEqual([frames, bytes], [1, 32]);
  assert.deepEqual(inverted.search("type1").frames > 0, true);
});
