// The flame graph: a canvas that draws only the frames that can be seen. A draw looks at the rows in view, and
// in each at frames as wide as a pixel at least; of narrower ones a pixel shows one, and the rest are passed over by
// binary search (where a search is on, each is looked at). So its cost depends on the picture, not on the tree.
//
// The canvas lies still in a box that scrolls over the tree's depth. Zooming shows a frame and its subtree at full
// width, its ancestors above (or below) it.

import { scaleLinear } from "d3-scale";
import { indexInRow, type Frames, type Matches } from "./frames";

export type Orientation = "icicle" | "flame"; // the root at the top, or at the bottom

export interface FlameEvents {
  zoomed(frame: number): void;
  selected(frame: number): void; // by keyboard or click
  hovered(frame: number, x: number, y: number): void; // -1: none; client coordinates
}

const kRow = 22;
const kGap = 1;
const kPadding = 6;
const kZoomMs = 200;
const kShades = 4;

interface Palette {
  visible: string[];
  hidden: string[];
  faded: string;
  fadedHidden: string;
  sliver: string;
  ink: string;
  inkFaded: string;
  strip: string;
  cursor: string;
  match: string;
  font: string;
}

function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const shades = (name: string) => Array.from({ length: kShades }, (_, i) => read(`--${name}-${i}`));
  return {
    visible: shades("frame"),
    hidden: shades("frame-hidden"),
    faded: read("--frame-faded"),
    fadedHidden: read("--frame-hidden-faded"),
    sliver: read("--frame-sliver"),
    ink: read("--frame-ink"),
    inkFaded: read("--frame-ink-faded"),
    strip: read("--hidden-strong"),
    cursor: read("--cursor"),
    match: read("--match"),
    font: `12px ${read("--mono")}`,
  };
}

// Frames of one name have one shade, so that neighbours are told apart and the same thing is recognised.
function shadeOf(name: string): number {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return Math.abs(hash) % kShades;
}

export class FlameGraph {
  orientation: Orientation = "icicle";
  zoom = 0; // the frame at full width
  cursor = 0; // the keyboard's frame
  private hover = -1;
  private focused = false;
  private matches: Matches | null = null;
  private scale = scaleLinear(); // bytes from the left -> pixels
  private target: [number, number] = [0, 1];
  private animation = 0;
  private pending = 0;
  private palette: Palette | null = null;
  private shades: Uint8Array;
  private width = 0;
  private height = 0;
  private charWidth = 7;
  private readonly observer: ResizeObserver;

  constructor(
    public tree: Frames,
    private readonly box: HTMLElement, // scrolls
    private readonly spacer: HTMLElement, // as high as the tree is deep
    private readonly canvas: HTMLCanvasElement, // sticky in the box
    private readonly events: FlameEvents,
  ) {
    this.shades = this.shadesOf(tree);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(box);
    box.addEventListener("scroll", this.onScroll, { passive: true });
    canvas.addEventListener("pointermove", this.onMove);
    canvas.addEventListener("pointerleave", this.onLeave);
    canvas.addEventListener("click", this.onClick);
    box.addEventListener("focus", this.onFocus);
    box.addEventListener("blur", this.onFocus);
    box.addEventListener("keydown", this.onKey);
    this.setTree(tree);
  }

  dispose(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.animation);
    cancelAnimationFrame(this.pending);
    this.box.removeEventListener("scroll", this.onScroll);
    this.canvas.removeEventListener("pointermove", this.onMove);
    this.canvas.removeEventListener("pointerleave", this.onLeave);
    this.canvas.removeEventListener("click", this.onClick);
    this.box.removeEventListener("focus", this.onFocus);
    this.box.removeEventListener("blur", this.onFocus);
    this.box.removeEventListener("keydown", this.onKey);
  }

  setTree(tree: Frames): void {
    this.tree = tree;
    this.shades = this.shadesOf(tree);
    this.matches = null;
    this.zoom = 0;
    this.cursor = 0;
    this.hover = -1;
    this.target = [0, Math.max(tree.total(0), 1)];
    this.scale.domain(this.target);
    this.spacer.style.height = `${tree.levels * kRow + kPadding}px`;
    this.resize();
    this.showRoot();
  }

  setMatches(matches: Matches | null): void {
    this.matches = matches;
    this.draw();
  }

  setOrientation(orientation: Orientation): void {
    this.orientation = orientation;
    this.draw();
    if (this.zoom === 0) this.showRoot();
    else this.reveal(this.zoom);
  }

  themeChanged(): void {
    this.palette = null;
    this.draw();
  }

  zoomTo(frame: number): void {
    this.zoom = frame;
    const start = this.tree.start(frame);
    const target: [number, number] = [start, start + Math.max(this.tree.total(frame), 1)];
    const from = this.scale.domain() as [number, number];
    this.target = target;
    cancelAnimationFrame(this.animation);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) {
      this.scale.domain(target);
      this.draw();
    } else {
      const begin = performance.now();
      const step = (now: number) => {
        const t = Math.min(1, Math.max(0, (now - begin) / kZoomMs));
        const eased = 1 - (1 - t) ** 3;
        this.scale.domain([from[0] + (target[0] - from[0]) * eased, from[1] + (target[1] - from[1]) * eased]);
        this.drawNow();
        if (t < 1) this.animation = requestAnimationFrame(step);
      };
      this.animation = requestAnimationFrame(step);
    }
    this.reveal(frame);
    this.events.zoomed(frame);
  }

  select(frame: number): void {
    this.cursor = frame;
    if (!this.tree.isAncestor(this.zoom, frame) && !this.tree.isAncestor(frame, this.zoom))
      this.zoomTo(Math.max(0, this.tree.parent(frame)));
    this.reveal(frame);
    this.events.selected(frame);
    this.draw();
  }

  // Where the frame is drawn now, in pixels of the canvas; for the tests and the tooltip.
  boxOf(frame: number): { x: number; y: number; width: number; height: number } {
    const x0 = Math.max(0, this.scale(this.tree.start(frame)));
    const x1 = Math.min(this.width, this.scale(this.tree.start(frame) + this.tree.total(frame)));
    return { x: x0, y: this.yOf(this.tree.depth(frame)), width: x1 - x0, height: kRow - kGap };
  }

  nextMatch(step: 1 | -1): void {
    const list = this.matches?.list ?? [];
    if (list.length === 0) return;
    const at = list.indexOf(this.cursor);
    const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length;
    this.select(list[next]!);
  }

  draw(): void {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private shadesOf(tree: Frames): Uint8Array {
    return Uint8Array.from(tree.names, shadeOf);
  }

  private contentHeight(): number {
    return Math.max(this.tree.levels * kRow + kPadding, this.height);
  }

  private yOf(depth: number): number {
    const top = depth * kRow + kPadding / 2;
    const y = this.orientation === "icicle" ? top : this.contentHeight() - top - kRow;
    return y - this.box.scrollTop;
  }

  private depthAt(y: number): number {
    const content = y + this.box.scrollTop;
    const down = this.orientation === "icicle" ? content : this.contentHeight() - content;
    return Math.floor((down - kPadding / 2) / kRow);
  }

  private showRoot(): void {
    this.box.scrollTop = this.orientation === "icicle" ? 0 : this.box.scrollHeight;
  }

  private reveal(frame: number): void {
    const y = this.yOf(this.tree.depth(frame));
    if (y < kRow) this.box.scrollTop += y - kRow;
    else if (y + 2 * kRow > this.height) this.box.scrollTop += y + 2 * kRow - this.height;
  }

  private resize(): void {
    const ratio = devicePixelRatio || 1;
    this.width = this.box.clientWidth;
    this.height = this.box.clientHeight;
    if (this.width === 0) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.scale.range([0, this.width]);
    this.draw();
  }

  private drawNow(): void {
    const context = this.canvas.getContext("2d");
    if (!context || this.width === 0) return;
    this.palette ??= readPalette(this.box);
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = this.palette.font;
    context.textBaseline = "middle";
    this.charWidth = context.measureText("0000000000").width / 10;
    const ends = [this.depthAt(0), this.depthAt(this.height)];
    const first = Math.max(0, Math.min(...ends) - 1);
    const last = Math.min(this.tree.levels - 1, Math.max(...ends) + 1);
    for (let depth = first; depth <= last; depth++) this.drawRow(context, depth);
    if (this.focused) this.outline(context, this.cursor, this.palette.cursor, 2);
    if (this.hover >= 0) this.outline(context, this.hover, this.palette.cursor, 1);
  }

  private drawRow(context: CanvasRenderingContext2D, depth: number): void {
    const row = this.tree.row(depth);
    const [from, to] = this.scale.domain() as [number, number];
    const perPixel = (to - from) / this.width;
    const y = this.yOf(depth);
    let at = Math.max(0, indexInRow(row, from));
    let drawn = -1; // the pixel of the last sliver
    while (at < row.length) {
      const index = at++;
      const start = row.start(index);
      if (start >= to) break;
      const x0 = Math.max(0, this.scale(start));
      const x1 = Math.min(this.width, this.scale(start + row.total(index)));
      if (x1 <= 0) continue;
      if (x1 - x0 >= 1) {
        this.drawFrame(context, row.frame(index), x0, x1, y);
        continue;
      }
      const pixel = Math.floor(x0);
      if (this.matches?.named[row.name(index)]) this.drawMatch(context, pixel, y);
      else if (pixel !== drawn) this.drawSliver(context, row.throughHidden(index), pixel, y);
      drawn = pixel;
      // On to the frame at the next pixel, unless a match may be among those before it.
      if (!this.matches) at = Math.max(at, indexInRow(row, from + (pixel + 1) * perPixel));
    }
  }

  private drawMatch(context: CanvasRenderingContext2D, x: number, y: number): void {
    context.fillStyle = this.palette!.match;
    context.fillRect(x, y, 2, kRow - kGap);
  }

  private drawSliver(context: CanvasRenderingContext2D, hidden: boolean, x: number, y: number): void {
    const palette = this.palette!;
    if (this.matches) context.fillStyle = hidden ? palette.fadedHidden : palette.faded;
    else context.fillStyle = hidden ? palette.hidden[2]! : palette.sliver;
    context.fillRect(x, y, 1, kRow - kGap);
  }

  private drawFrame(context: CanvasRenderingContext2D, frame: number, x0: number, x1: number, y: number): void {
    const { tree } = this;
    const palette = this.palette!;
    const hidden = tree.throughHidden(frame);
    const faded = this.matches !== null && !this.matches.named[tree.nameIndex(frame)];
    const shade = this.shades[tree.nameIndex(frame)]!;
    const width = Math.max(x1 - x0 - (x1 - x0 > 3 ? 1 : 0), 1);
    const height = kRow - kGap;
    if (faded) context.fillStyle = hidden ? palette.fadedHidden : palette.faded;
    else context.fillStyle = (hidden ? palette.hidden : palette.visible)[shade]!;
    context.globalAlpha = tree.depth(frame) < tree.depth(this.zoom) ? 0.6 : 1;
    context.fillRect(x0, y, width, height);
    context.globalAlpha = 1;
    // Its hidden share, as a line along its foot.
    if (!hidden && !faded && tree.hidden(frame) > 0 && width >= 3) {
      context.fillStyle = palette.strip;
      const part = tree.hidden(frame) / tree.total(frame);
      context.fillRect(x0, y + height - 3, Math.max(1, width * part), 3);
    }
    if (this.matches && !faded && width > 2) {
      context.fillStyle = palette.match;
      context.fillRect(x0, y, width, 2);
    }
    const fits = Math.floor((width - 2 * kPadding) / this.charWidth);
    if (fits < 2) return;
    const name = tree.nameOf(frame);
    const text = name.length <= fits ? name : `${name.slice(0, fits - 1)}…`;
    context.fillStyle = faded ? palette.inkFaded : palette.ink;
    context.fillText(text, x0 + kPadding, y + height / 2, width - 2 * kPadding);
  }

  private outline(context: CanvasRenderingContext2D, frame: number, colour: string, line: number): void {
    const box = this.boxOf(frame);
    if (box.width < 0) return;
    context.strokeStyle = colour;
    context.lineWidth = line;
    const width = Math.max(box.width - 1, 3);
    context.strokeRect(box.x + line / 2, box.y + line / 2, width - line, box.height - line);
  }

  private frameUnder(event: PointerEvent | MouseEvent): number {
    const at = this.canvas.getBoundingClientRect();
    const y = event.clientY - at.top;
    return this.tree.frameAt(this.depthAt(y), this.scale.invert(event.clientX - at.left));
  }

  private readonly onScroll = () => this.draw();

  private readonly onMove = (event: PointerEvent) => {
    const frame = this.frameUnder(event);
    this.canvas.style.cursor = frame >= 0 ? "pointer" : "default";
    if (frame !== this.hover) this.draw();
    this.hover = frame;
    this.events.hovered(frame, event.clientX, event.clientY);
  };

  private readonly onLeave = () => {
    this.hover = -1;
    this.events.hovered(-1, 0, 0);
    this.draw();
  };

  private readonly onClick = (event: MouseEvent) => {
    const frame = this.frameUnder(event);
    if (frame < 0) return;
    this.cursor = frame;
    this.zoomTo(frame);
    this.events.selected(frame);
  };

  private readonly onFocus = (event: FocusEvent) => {
    this.focused = event.type === "focus" && this.box.matches(":focus-visible");
    this.draw();
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    this.focused = true;
    const deeper = this.orientation === "icicle" ? "ArrowDown" : "ArrowUp";
    const higher = this.orientation === "icicle" ? "ArrowUp" : "ArrowDown";
    if (event.key === deeper) this.toChild();
    else if (event.key === higher) this.select(Math.max(0, this.tree.parent(this.cursor)));
    else if (event.key === "ArrowLeft") this.toNeighbour(-1);
    else if (event.key === "ArrowRight") this.toNeighbour(1);
    else if (event.key === "Home") this.select(0);
    else if (event.key === "End") this.toEnd();
    else if (event.key === "Enter" || event.key === " ") this.zoomTo(this.cursor);
    else if (event.key === "Escape" || event.key === "Backspace") this.zoomOut();
    else if (event.key === "n") this.nextMatch(1);
    else if (event.key === "N") this.nextMatch(-1);
    else return;
    event.preventDefault();
  };

  private toChild(): void {
    const child = this.tree.firstChild(this.cursor);
    if (child !== undefined && this.tree.total(child) > 0) this.select(child);
  }

  // Where the largest branches lead to.
  private toEnd(): void {
    let end = this.cursor;
    for (let next: number | undefined = end; next !== undefined && this.tree.total(next) > 0; next = this.tree.firstChild(end)) end = next;
    if (end !== this.cursor) this.select(end);
  }

  private toNeighbour(step: 1 | -1): void {
    const row = this.tree.row(this.tree.depth(this.cursor));
    const next = indexInRow(row, this.tree.start(this.cursor)) + step;
    if (next >= 0 && next < row.length) this.select(row.frame(next));
  }

  private zoomOut(): void {
    if (this.zoom === 0) return;
    this.zoomTo(this.tree.parent(this.zoom));
  }
}
