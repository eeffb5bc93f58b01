// The page of `overhang heap`: figures of heap_report() in tests/unit/report/models.h.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frameBox, graphOf, settled, visit } from "./pages.mjs";

const text = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim();
const texts = async (locator) => (await locator.allInnerTexts()).map((one) => one.replace(/\s+/g, " ").trim());

test("the headline, and where the process's memory is", async () => {
  const complaints = await visit("heap", {}, async (page) => {
    assert.equal(await page.title(), "overhang: relay (pid 12923)");
    assert.equal(await text(page.locator("h1")), "817.5 MB live in 1,000,013 objects");
    assert.match(await text(page.locator(".headline p")), /^660\.0 MB \(80\.7 %\) of it is hidden/);
    const memory = page.locator("section:has(#memory-title)");
    // Sys, less what was given back, the program, and what is outside: 896.416 - 3 + 2 + 7 MB.
    assert.match(await text(memory.locator("figcaption")), /902\.4 MB/);
    const rows = await texts(memory.locator(".legend tbody tr"));
    assert.equal(rows.length, 13);
    assert.match(rows[0], /^Live 157\.5 MB 17\.5 %/); // 817.5 - 660 MB
    assert.match(rows[1], /^Live, hidden 660\.0 MB 73\.1 %/);
    assert.match(rows[5], /^Idle 13\.0 MB/);
    assert.match(rows[8], /^Allocator 16\.5 MB/);
    assert.match(await text(memory.locator("p")), /^851\.0 MB are spans in use .* 896\.4 MB of address space \(Sys\), 3\.0 MB of it given back/);
    const bar = await memory.locator(".bar").boundingBox();
    const hidden = await memory.locator(".bar > .fill-overhang").boundingBox();
    assert.ok(Math.abs(hidden.width / bar.width - 660 / 902.416) < 0.02);
  });
  assert.deepEqual(complaints, []);
});

test("who keeps it, and what it is", async () => {
  const complaints = await visit("heap", {}, async (page) => {
    assert.deepEqual(await texts(page.locator("section:has(#roots-title) tbody tr")), [
      "main.pool 810.0 MB 99.1 %",
      "main.(*Pool).run, 12 goroutines 4.0 MB 0.5 %",
      "finalizers 1.0 MB 0.1 %",
      "main.other 100 B <0.1 %",
      "several roots together 2.5 MB 0.3 %",
    ]);
    const types = page.locator("section:has(#types-title)");
    assert.equal(await text(types.locator("tbody").first()), "[]uint8 900,000 700.0 MB 650.0 MB 700.0 MB");
    await types.getByRole("button", { name: "Retained" }).click();
    assert.match(await text(types.locator("tbody").first()), /^\[\]\*main\.Conn/);
    await types.getByRole("searchbox").fill("pool");
    assert.deepEqual(await texts(types.locator("tbody code")), ["main.Pool"]);
  });
  assert.deepEqual(complaints, []);
});

test("the dominator tree, and nothing to choose beside it", async () => {
  const complaints = await visit("heap", {}, async (page) => {
    const box = graphOf(page);
    await box.scrollIntoViewIfNeeded();
    await settled(page);
    const width = (await box.boundingBox()).width;
    const conns = await frameBox(box, "[]*main.Conn");
    assert.ok(Math.abs(conns.width / width - 810 / 814) < 0.005); // of what the tree holds
    assert.equal(await page.locator(".choice").count(), 0);
    assert.equal(await page.locator("#sites-title").count(), 0);
  });
  assert.deepEqual(complaints, []);
});

test("without the runtime's counts, under hostile names", async () => {
  const complaints = await visit("hostile_heap", {}, async (page) => {
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img").count(), 0);
    const memory = page.locator("section:has(#memory-title)");
    assert.equal(await memory.locator(".legend tbody tr").count(), 7);
    assert.match(await text(memory.locator("p")), /counts were not found/);
    assert.match(await text(page.locator("p.notice")), /no DWARF/);
    assert.ok((await texts(page.locator("section:has(#types-title) tbody code")))[0].startsWith("</script><img"));
  });
  assert.deepEqual(complaints, []);
});
