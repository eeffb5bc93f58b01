// The flame graph: what it draws, and what mouse, wheel and keys do. Figures are those of page_samples.cc.
import assert from "node:assert/strict";
import { test } from "node:test";
import { colourAt, frameBox, graphOf, settled, visit } from "./pages.mjs";

const section = "section:has(#graph-title)";
const crumbs = async (page) => (await page.locator(`${section} .crumbs li`).allInnerTexts()).map((name) => name.trim());
const said = async (page) => page.locator(`${section} .flame [aria-live]`).innerText();
const click = async (page, at) => {
  await page.mouse.click(at.x + Math.min(at.width / 2, 20), at.y + at.height / 2);
  await settled(page);
};
async function graph(page) {
  const box = graphOf(page);
  await box.scrollIntoViewIfNeeded();
  await settled(page);
  return box;
}

test("frames are as wide as their bytes, hidden ones of another colour", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    const width = (await box.boundingBox()).width;
    const pool = await frameBox(box, "main.pool");
    assert.ok(Math.abs(pool.width / width - 740000000 / 817500000) < 0.005);
    const hidden = await frameBox(box, "[100000:]");
    assert.ok(Math.abs(hidden.width / width - 733900000 / 817500000) < 0.005);
    assert.ok(hidden.y > pool.y);
    const inFrame = (at) => colourAt(box, at.x + at.width - 4, at.y + 6);
    const [red, , blue] = (await inFrame(hidden)).split(",").map(Number);
    assert.ok(red > blue + 60, "hidden is orange");
    const [red2, , blue2] = (await inFrame(pool)).split(",").map(Number);
    assert.ok(blue2 > red2, "visible is blue");
    // The line at the foot of main.pool tells how much below it is hidden.
    const foot = await colourAt(box, pool.x + 10, pool.y + pool.height - 2);
    assert.notEqual(foot, await inFrame(pool));
  });
  assert.deepEqual(complaints, []);
});

test("a click zooms in, a click on an ancestor zooms out", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    await click(page, await frameBox(box, "main.server"));
    assert.deepEqual(await crumbs(page), ["live memory", "main.server"]);
    const width = (await box.boundingBox()).width;
    assert.ok((await frameBox(box, "main.server")).width > width - 4);
    assert.ok((await frameBox(box, "main.pool")).width < 1, "what is beside it is out of sight");
    // 30 of 70.5 MB
    assert.ok(Math.abs((await frameBox(box, "map[string]main.Handler")).width / width - 30 / 70.5) < 0.005);
    await click(page, await frameBox(box, "live memory"));
    assert.deepEqual(await crumbs(page), ["live memory"]);
    assert.ok((await frameBox(box, "main.pool")).width > width / 2);
  });
  assert.deepEqual(complaints, []);
});

test("reset, the path and the table zoom too", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    const reset = page.locator(section).getByRole("button", { name: "Reset zoom" });
    assert.ok(await reset.isDisabled());
    await page.locator(`${section} .children`).getByRole("button", { name: "main.server" }).click();
    await settled(page);
    assert.deepEqual(await crumbs(page), ["live memory", "main.server"]);
    const rows = await page.locator(`${section} .children tbody tr`).allInnerTexts();
    assert.deepEqual(rows.map((row) => row.split("\t")[0].trim()), ["its own memory", "routes"]);
    assert.ok(rows[1].includes("70.0 MB"));
    await page.locator(`${section} .crumbs`).getByRole("button", { name: "live memory" }).click();
    await settled(page);
    await click(page, await frameBox(box, "inUse"));
    assert.deepEqual(await crumbs(page), ["live memory", "main.pool", "inUse"]);
    await reset.click();
    await settled(page);
    assert.deepEqual(await crumbs(page), ["live memory"]);
  });
  assert.deepEqual(complaints, []);
});

test("search marks frames, counts their bytes once and goes from one to the next", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    const found = page.locator(`${section} .found`);
    const search = page.locator(section).getByRole("searchbox");
    const before = await colourAt(box, (await frameBox(box, "main.server")).x + 40, (await frameBox(box, "main.server")).y + 6);
    // main.pool holds main.Conn: both match "main.", its bytes count once. All roots but the goroutine's match.
    await search.fill("MAIN.");
    await page.waitForFunction(() => /frame/.test(document.querySelector("section:has(#graph-title) .found").textContent));
    assert.equal(await found.innerText(), "5 frames, 817.5 MB (100.0 %)");
    await search.fill("[]uint8");
    await page.waitForFunction(() => /^2 frames/.test(document.querySelector("section:has(#graph-title) .found").textContent));
    assert.equal(await found.innerText(), "2 frames, 618.0 MB (75.6 %)");
    await settled(page);
    const after = await colourAt(box, (await frameBox(box, "main.server")).x + 40, (await frameBox(box, "main.server")).y + 6);
    assert.notEqual(after, before, "what does not match fades");
    await search.press("Enter");
    assert.match(await said(page), /^buffer \[\]uint8; 6\.0 MB/);
    await search.press("Enter");
    assert.match(await said(page), /^\[\]uint8; 612\.0 MB.*hidden/);
    await search.press("Enter");
    assert.match(await said(page), /^buffer/);
    await search.fill("no such thing");
    await page.waitForFunction(() => /nothing/.test(document.querySelector("section:has(#graph-title) .found").textContent));
    await search.fill("");
    await page.waitForFunction(() => document.querySelector("section:has(#graph-title) .found").textContent === "");
  });
  assert.deepEqual(complaints, []);
});

test("keys move, zoom in and out, and reach the search", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    await box.focus();
    await page.keyboard.press("ArrowDown");
    assert.match(await said(page), /^main\.pool; 740\.0 MB, 90\.5 %; .* objects; 738\.9 MB of it hidden; depth 1; 1 frame below$/);
    await page.keyboard.press("ArrowRight");
    assert.match(await said(page), /^main\.server; 70\.5 MB/);
    await page.keyboard.press("ArrowDown");
    assert.match(await said(page), /^routes; 70\.0 MB/);
    await page.keyboard.press("Enter");
    await settled(page);
    assert.deepEqual(await crumbs(page), ["live memory", "main.server", "routes"]);
    await page.keyboard.press("Escape");
    await settled(page);
    assert.deepEqual(await crumbs(page), ["live memory", "main.server"]);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowLeft"); // out of what is shown: the graph zooms out to it
    await settled(page);
    assert.match(await said(page), /^main\.pool/);
    assert.deepEqual(await crumbs(page), ["live memory"]);
    await page.keyboard.press("Home");
    assert.match(await said(page), /^live memory/);
    await page.keyboard.press("/");
    assert.ok(await page.locator(section).getByRole("searchbox").evaluate((input) => input === document.activeElement));
  });
  assert.deepEqual(complaints, []);
});

test("the root goes to the foot, and keys with it", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    await page.locator(section).getByRole("button", { name: "Root at bottom" }).click();
    await settled(page);
    assert.ok((await frameBox(box, "main.pool")).y > (await frameBox(box, "inUse")).y);
    await box.focus();
    await page.keyboard.press("ArrowUp");
    assert.match(await said(page), /^main\.pool/);
    await click(page, await frameBox(box, "inUse"));
    assert.deepEqual(await crumbs(page), ["live memory", "main.pool", "inUse"]);
    await page.locator(section).getByRole("button", { name: "Root at top" }).click();
    await settled(page);
    assert.ok((await frameBox(box, "main.pool")).y < (await frameBox(box, "inUse")).y);
  });
  assert.deepEqual(complaints, []);
});

test("reversed, what stands at the ends of paths comes first", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = await graph(page);
    const reverse = page.locator(section).getByRole("button", { name: "Reverse" });
    await reverse.click();
    await settled(page);
    const width = (await box.boundingBox()).width;
    const payload = await frameBox(box, "[]uint8");
    assert.ok(Math.abs(payload.width / width - 612000000 / 817500000) < 0.005);
    await click(page, payload);
    assert.deepEqual(await crumbs(page), ["live memory", "[]uint8"]);
    const children = page.locator(`${section} .children`);
    assert.match(await children.innerText(), /payload\s+612\.0 MB/);
    await reverse.click();
    await settled(page);
    assert.deepEqual(await crumbs(page), ["live memory"]);
    assert.ok(await frameBox(box, "main.pool"));
  });
  assert.deepEqual(complaints, []);
});

test("the dominator tree is beside the references", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    await page.getByRole("button", { name: "By dominator" }).click();
    await settled(page);
    assert.equal(await graphOf(page).evaluate((box) => box.flameGraph.tree.size), 3000);
  });
  assert.deepEqual(complaints, []);
});

test("a site has the parts of the tree that hang on it", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const box = page.locator(".details .flame-box");
    await box.scrollIntoViewIfNeeded();
    const [root, total] = await box.evaluate(({ flameGraph: { tree } }) => [tree.nameOf(0), tree.total(0)]);
    assert.equal(root, "[100000:]");
    assert.equal(total, 733900000);
    // Where its slots lead to several places, these stand side by side.
    await page.getByRole("button", { name: /^main\.header/ }).click();
    await settled(page);
    const several = await page.locator(".details .flame-box").nth(1).evaluate(({ flameGraph: { tree } }) => ({
      names: [0, ...tree.childrenOf(0)].map((frame) => tree.nameOf(frame)),
      total: tree.total(0),
    }));
    assert.deepEqual(several, { names: ["main.header", "routes", "goroutine main.(*Server).serve"], total: 77000000 });
  });
  assert.deepEqual(complaints, []);
});

// That it stays quick is held by what it does, which does not vary from run to run: each picture takes no more strokes
// than there are pixels in its rows, though the tree has 100,000 frames.
test("of 100,000 frames it draws those that can be seen", async () => {
  const complaints = await visit("large", {}, async (page) => {
    const box = await graph(page);
    await page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      const { fillRect, clearRect } = prototype;
      window.strokes = 0;
      window.most = 0;
      window.draws = 0;
      prototype.clearRect = function (...area) {
        window.strokes = 0;
        window.draws++;
        return clearRect.apply(this, area);
      };
      prototype.fillRect = function (...area) {
        window.most = Math.max(window.most, ++window.strokes);
        return fillRect.apply(this, area);
      };
    });
    const { size, width, rows } = await box.evaluate((element) => ({
      size: element.flameGraph.tree.size,
      width: element.clientWidth,
      rows: Math.ceil(element.clientHeight / 22) + 3,
    }));
    assert.equal(size, 100000);
    const search = page.locator(section).getByRole("searchbox");
    await search.fill("main.Needle");
    await page.waitForFunction(() => /frame/.test(document.querySelector("section:has(#graph-title) .found").textContent));
    await search.press("Enter");
    await settled(page);
    await box.focus();
    for (const key of ["Enter", "ArrowDown", "ArrowDown", "ArrowRight", "Enter", "Escape", "Escape"]) {
      await page.keyboard.press(key);
      await settled(page);
    }
    await box.evaluate((element) => (element.scrollTop = 400));
    await settled(page);
    const at = await box.boundingBox();
    await page.mouse.click(at.x + at.width / 3, at.y + 100);
    await settled(page);
    const [most, draws] = await page.evaluate(() => [window.most, window.draws]);
    assert.ok(draws > 10);
    assert.ok(most > 100, "it does draw");
    assert.ok(most < rows * width, `${most} strokes`);
    assert.ok(most < size / 4, `${most} strokes`);
    // The other way round too, where the frames are many times as many; the page draws on while that is made.
    const drawn = await page.locator(section).getByRole("button", { name: "Reverse" }).evaluate(async (button) => {
      const graph = button.closest(".flame").querySelector(".flame-box");
      button.click();
      let frames = 0;
      do await new Promise(requestAnimationFrame);
      while (++frames < 2 || graph.ariaBusy === "true");
      return frames;
    });
    assert.ok(drawn > 3, `${drawn} frames`);
    await settled(page);
    const [frames, total, made] = await box.evaluate(({ flameGraph: { tree } }) => [tree.size, tree.total(0), tree.rowsKept.size]);
    assert.ok(frames > 5 * size, `${frames} frames`);
    assert.ok(made > 3 && made <= rows, `${made} rows made`);
    assert.equal(total, await page.evaluate(() => JSON.parse(document.getElementById("overhang-data").textContent).references.total_bytes));
  });
  assert.deepEqual(complaints, []);
});

test("a list of 100,000 elements, each in the one before", async () => {
  const complaints = await visit("deep", {}, async (page) => {
    const box = await graph(page);
    await box.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await settled(page);
    const zoom = await box.evaluate((element) => element.flameGraph.zoom);
    assert.equal(zoom, 99_999);
    const last = await box.evaluate((element) => element.flameGraph.boxOf(99_999));
    assert.ok(last.width > 100 && last.y > 0 && last.y < 600, JSON.stringify(last));
    assert.equal((await crumbs(page)).length, 14);
    await page.keyboard.press("Home");
    await settled(page);
    assert.match(await said(page), /^next \*main\.node; 3\.2 MB, 100\.0 %; 100,000 objects/);
  });
  assert.deepEqual(complaints, []);
});
