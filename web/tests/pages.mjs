// What the tests of the page share: one browser per file of tests, pages by name from the samples' folder.
import { join } from "node:path";
import { after, before } from "node:test";
import { executable, launch, open } from "./browser.mjs";

export const folder = process.env.OVERHANG_PAGES ?? "../build/release/pages";

if (!executable) {
  console.log("not run: no Chromium here (tools/setup test)");
  process.exit(0);
}

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

// Opens a sample, hands it to `look`, and says what the page complained of meanwhile: nothing, if all is well.
export async function visit(name, options, look) {
  const { page, complaints } = await open(browser.context, name.startsWith("/") ? name : join(folder, `${name}.html`), options);
  try {
    await look(page);
    // What is still to come, comes.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))));
  } finally {
    await page.close();
  }
  return complaints;
}

// The flame graph in the section "All live memory".
export function graphOf(page) {
  return page.locator("section:has(#graph-title) .flame-box");
}

// Where the first frame of that name is drawn, in the page; null where none is.
export async function frameBox(box, name) {
  return box.evaluate((element, wanted) => {
    const graph = element.flameGraph;
    for (let depth = 0; depth < graph.tree.levels; depth++)
      for (let i = 0, row = graph.tree.row(depth), frame; i < row.length && (frame = row.frame(i)) >= 0; i++)
        if (graph.tree.nameOf(frame) === wanted) {
          const at = graph.boxOf(frame);
          const canvas = element.querySelector("canvas").getBoundingClientRect();
          return { frame, x: canvas.x + at.x, y: canvas.y + at.y, width: at.width, height: at.height };
        }
    return null;
  }, name);
}

// Until the zoom's animation and what it changes are over.
export async function settled(page) {
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".flame-box")].every((box) => {
      const { flameGraph: graph } = box;
      if (!graph || box.ariaBusy === "true") return false;
      const [from, to] = graph.scale.domain();
      return from === graph.target[0] && to === graph.target[1];
    }),
  );
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

// The colour of the canvas at a point of the page, "r,g,b".
export async function colourAt(box, x, y) {
  return box.evaluate(
    (element, [px, py]) => {
      const canvas = element.querySelector("canvas");
      const at = canvas.getBoundingClientRect();
      const ratio = canvas.width / at.width;
      // By way of a copy, since reading would change how the canvas itself is drawn.
      const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, -Math.round((px - at.x) * ratio), -Math.round((py - at.y) * ratio));
      const { data } = copy.getImageData(0, 0, 1, 1);
      return `${data[0]},${data[1]},${data[2]}`;
    },
    [x, y],
  );
}

// As the text report writes it (src/text/units.cc).
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  const units = ["KB", "MB", "GB", "TB"];
  let scaled = value / 1000;
  let unit = 0;
  for (; scaled >= 999.95; unit++) scaled /= 1000;
  return `${scaled.toFixed(1)} ${units[unit]}`;
}
