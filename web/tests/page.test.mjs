// The page around the flame graph: figures, the table of sites, pictures of arrays, hostile names.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, visit } from "./pages.mjs";

const text = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim();

test("the headline and where live bytes are", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    assert.equal(await text(page.locator("h1")), "733.9 MB 89.8 % is kept alive only by slots that no slice can see");
    assert.match(await text(page.locator("header")), /relay \(pid 12923\) go1\.26\.8 linux\/amd64/);
    assert.equal(await text(page.locator(".legend tbody tr").nth(0)), "Overhang 733.9 MB 89.8 % kept alive only by slots that no slice can see");
    assert.equal(await text(page.locator(".legend tbody tr").nth(3)), "Visible 74.0 MB 9.1 % what the program can reach");
    // To scale: 733.9 of 817.5 MB.
    const bar = await page.locator(".bar").boundingBox();
    const overhang = await page.locator(".bar > .fill-overhang").boundingBox();
    assert.ok(Math.abs(overhang.width / bar.width - 733.9 / 817.5) < 0.01);
    assert.match(await text(page.locator(".notice").first()), /map directory out of bounds/);
    assert.equal(await page.title(), "overhang: relay (pid 12923)");
  });
  assert.deepEqual(complaints, []);
});

test("a heap that hides nothing", async () => {
  const complaints = await visit("nothing", {}, async (page) => {
    assert.equal(await text(page.locator("h1")), "Nothing is hidden: the program can see every object that it keeps alive");
    assert.equal(await page.locator(".sortable").count(), 0);
  });
  assert.deepEqual(complaints, []);
});

test("the table sorts by every column, both ways", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const sites = page.locator("section:has(#sites-title) > .scroll-x > table");
    const first = () => sites.locator(".site-name").first().innerText();
    const heading = (name) => sites.getByRole("button", { name, exact: true });
    const order = (name) => sites.getByRole("columnheader", { name, exact: true }).getAttribute("aria-sort");
    assert.equal(await order("Keeps alive"), "descending");
    await heading("Keeps alive").click();
    assert.equal(await order("Keeps alive"), "ascending");
    assert.notEqual(await first(), "main.pool.inUse");
    await heading("Site").click();
    assert.equal(await order("Site"), "ascending");
    assert.equal(await order("Keeps alive"), "none");
    assert.deepEqual(await sites.locator(".site-name").allInnerTexts(), ["main.header", "main.pool.inUse", "main.ring"]);
    await heading("Arrays").click();
    assert.equal(await first(), "main.header"); // two arrays, the others one
    await heading("Hides").click();
    assert.deepEqual(await sites.locator(".site-name").allInnerTexts(), ["main.pool.inUse", "main.header", "main.ring"]);
    await heading("Category").focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await sites.locator(".site-name").allInnerTexts(), ["main.ring", "main.pool.inUse", "main.header"]);
  });
  assert.deepEqual(complaints, []);
});

test("a site opens and closes, by click and by key", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const disclose = page.getByRole("button", { name: /^main\.header/ });
    assert.equal(await disclose.getAttribute("aria-expanded"), "false");
    await disclose.click();
    assert.equal(await disclose.getAttribute("aria-expanded"), "true");
    assert.equal(await page.locator(".details").count(), 2);
    await disclose.press("Enter");
    assert.equal(await page.locator(".details").count(), 1);
  });
  assert.deepEqual(complaints, []);
});

test("a site's path, statement, remedies and advice", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const details = page.locator(".details");
    assert.equal(await text(details.locator(".summary")), "len 100,000 of cap 1,135,616: 900,000 slots past len still hold references");
    assert.deepEqual(await details.locator(".steps code").allInnerTexts(), ["main.pool", "inUse", "[100000:]"]);
    assert.equal(await text(details.locator(".sources li")), "pool.go:41 (*Pool).remove p.inUse = p.inUse[:n]");
    const remedies = details.locator("table.bars").first().locator("tbody tr");
    assert.equal(await text(remedies.nth(0)), "clear 733.9 MB");
    assert.equal(await text(remedies.nth(1)), "copy 742.2 MB copies 800.0 KB");
    assert.equal(await text(remedies.last()), "s[:n:n] 0 B: it keeps the array");
    const bars = await details.locator(".frees").evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
    assert.ok(Math.abs(bars[0] / bars[1] - 733.9 / 742.2) < 0.02);
    assert.ok(bars.at(-1) <= 1);
    assert.match(await text(details.locator(".advice")), /^clear\(s\[n:\]\) before/);
  });
  assert.deepEqual(complaints, []);
});

test("the array is drawn to scale", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const track = await page.locator(".track.array").boundingBox();
    const place = async (selector) => {
      const box = await page.locator(selector).first().boundingBox();
      return [(box.x - track.x) / track.width, (box.x + box.width - track.x) / track.width];
    };
    const close = ([begin, end], wantBegin, wantEnd) => {
      assert.ok(Math.abs(begin - wantBegin / 1135616) < 0.003, `${begin} for ${wantBegin}`);
      assert.ok(Math.abs(end - wantEnd / 1135616) < 0.003, `${end} for ${wantEnd}`);
    };
    close(await place(".array .part-visible"), 0, 100000);
    close(await place(".array .part-tail"), 100000, 1135616);
    close(await place(".array .stale"), 100000, 1000000);
    close(await place(".window-len"), 0, 100000);
    close(await place(".window-cap"), 0, 1135616);
    assert.match(await text(page.locator(".picture figcaption")), /1,135,616 slots of 8 B, 9\.1 MB/);
    assert.match(await text(page.locator(".window-label")), /main\.pool\.inUse len 100,000 cap 1,135,616/);
  });
  assert.deepEqual(complaints, []);
});

test("many sites come a page at a time", async () => {
  const complaints = await visit("many", {}, async (page) => {
    assert.equal(await page.locator(".site-name").count(), 30);
    await page.getByRole("button", { name: "Show 30 more of 203" }).click();
    assert.equal(await page.locator(".site-name").count(), 60);
  });
  assert.deepEqual(complaints, []);
});

test("types are filtered", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const types = page.locator("section:has(#types-title)");
    assert.equal(await types.locator("tbody").count(), 3);
    await types.getByRole("searchbox").fill("handler");
    assert.deepEqual(await types.locator("tbody code").allInnerTexts(), ["main.Handler"]);
  });
  assert.deepEqual(complaints, []);
});

test("spare room of buffers and maps", async () => {
  const complaints = await visit("pool", {}, async (page) => {
    const habits = page.locator("section:has(#habits-title)");
    for (const summary of await habits.locator("summary").all()) await summary.click();
    const rows = await habits.locator("tr").allInnerTexts();
    assert.deepEqual(rows.map((row) => row.replace(/\s+/g, " ").trim()), [
      "held by element arrays spare",
      "main.buffers uint8 14 1.2 MB",
      "held by type entries slots spare",
      "main.index map[string]int 12 1,835,008 45.9 MB",
    ]);
  });
  assert.deepEqual(complaints, []);
});

test("light and dark follow the system, or the reader", async () => {
  const back = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const becomes = (page, theme) => page.waitForFunction((name) => document.documentElement.dataset.theme === name, theme);
  const complaints = await visit("pool", { dark: true }, async (page) => {
    const dark = await back(page);
    await page.emulateMedia({ colorScheme: "light" });
    await becomes(page, "light");
    const light = await back(page);
    assert.notEqual(light, dark);
    await page.getByRole("button", { name: "Colours: auto" }).click();
    assert.equal(await back(page), dark);
    await page.getByRole("button", { name: "Colours: dark" }).click();
    assert.equal(await back(page), light);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.equal(await back(page), light);
    await page.getByRole("button", { name: "Colours: light" }).click();
    assert.equal(await back(page), dark);
  });
  assert.deepEqual(complaints, []);
});

test("nothing is wider than a narrow screen", async () => {
  for (const name of ["pool", "heap"]) {
    const complaints = await visit(name, { width: 390 }, async (page) => {
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(inner <= outer, `${inner} of ${outer}`);
    });
    assert.deepEqual(complaints, []);
  }
});

test("names of the target are text, whatever they hold", async () => {
  const complaints = await visit("hostile", {}, async (page) => {
    for (const button of await page.locator(".disclose").all())
      if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
    for (const summary of await page.locator("summary").all()) await summary.click();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 2); // the data, and the page's own
    const name = await page.locator(".site-name").first().innerText();
    assert.ok(name.startsWith("</script><img src=x onerror="), name);
    assert.ok(name.includes("?\uFFFD"), "no character turns the text around");
  });
  assert.deepEqual(complaints, []);
});

test("growth: the headline, totals, sites and types", async () => {
  const complaints = await visit("diff", {}, async (page) => {
    assert.equal(await text(page.locator("h1")), "+721.9 MB more is kept alive only by slots that no slice can see");
    assert.equal(await page.title(), "overhang: relay (core before.core) → relay (pid 12923)");
    assert.equal(await text(page.locator(".totals tbody tr").nth(0)), "Live +720.0 MB 97.5 MB 817.5 MB");
    assert.equal(await text(page.locator(".totals tbody tr").nth(3)), "Lost −1.0 MB 2.0 MB 1.0 MB");
    const sites = page.locator("section:has(#sites-title) table");
    const names = () => sites.locator("tbody td:first-child b").allInnerTexts();
    assert.deepEqual(await names(), ["main.pool.inUse", "main.ring", "main.header"]);
    assert.match(await text(sites.locator("tbody").first()), /\+721\.9 MB 12\.0 MB 733\.9 MB 20,000 → 1,035,616/);
    assert.match(await text(sites.locator("tbody").last()), /−1\.0 MB/);
    await sites.getByRole("button", { name: "Growth" }).click();
    assert.deepEqual(await names(), ["main.header", "main.ring", "main.pool.inUse"]);
    assert.match(await text(page.locator("section:has(#types-title) tbody").first()), /main\.Conn \+56\.6 MB/);
  });
  assert.deepEqual(complaints, []);
});

test("growth of things with hostile names", async () => {
  const complaints = await visit("hostile_diff", {}, async (page) => {
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img").count(), 0);
    assert.ok((await page.locator("tbody b").allInnerTexts()).some((name) => name.startsWith("</script><img")));
  });
  assert.deepEqual(complaints, []);
});

test("the page is one small file", () => {
  assert.ok(statSync(join(folder, "nothing.html")).size < 3 << 20);
  assert.ok(!/\b(?:src|href)=["']?https?:/.test(readFileSync(join(folder, "pool.html"), "utf8")));
});
