// The page of a running Go program (subjects/gallery), held against the JSON report on the same process.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bytes, graphOf, settled, visit } from "./pages.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const overhang = process.env.OVERHANG_BINARY ?? join(root, "build/release/overhang");
let work;
let program;
let report;
let page;

before(async () => {
  work = mkdtempSync(join(tmpdir(), "overhang-page-"));
  const environment = { ...process.env, GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" };
  execFileSync(join(root, "tools/go"), ["build", "-o", join(work, "gallery"), "."], { cwd: join(root, "subjects/gallery"), env: environment });
  program = spawn(join(work, "gallery"), { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((ready, failed) => {
    program.stdout.once("data", ready);
    program.once("exit", failed);
  });
  report = JSON.parse(execFileSync(overhang, [String(program.pid), "--format", "json", "--quiet"]));
  page = join(work, "report.html");
  execFileSync(overhang, [String(program.pid), "--format", "html", "--quiet", "-o", page]);
});
after(() => {
  program?.kill();
  if (work) rmSync(work, { recursive: true, force: true });
});

test("shows the figures of the JSON report", async () => {
  const complaints = await visit(page, {}, async (shown) => {
    const headline = await shown.locator("h1").innerText();
    assert.ok(headline.startsWith(bytes(report.heap.overhang_bytes)), headline);
    const sites = shown.locator("section:has(#sites-title) > .scroll-x > table > tbody");
    assert.equal(await sites.count(), report.sites.length);
    const names = await sites.locator(".site-name").allInnerTexts();
    assert.deepEqual([...names].sort(), report.sites.map(({ site }) => site).sort());
    assert.ok(names.includes("main.jobs") && names.includes("main.queue") && names.includes("main.clipped"));
    for (const { site, category, retained_bytes } of report.sites) {
      const row = sites.filter({ has: shown.getByText(site, { exact: true }) }).filter({ has: shown.getByText(category, { exact: true }) });
      assert.ok((await row.first().innerText()).includes(bytes(retained_bytes)), site);
    }
  });
  assert.deepEqual(complaints, []);
});

test("the page of its heap: the parts of its memory, and its types, add up", async () => {
  const path = join(work, "heap.html");
  execFileSync(overhang, ["heap", String(program.pid), "--format", "html", "--quiet", "-o", path]);
  const complaints = await visit(path, {}, async (shown) => {
    const { heap, dominators } = await shown.evaluate(() => JSON.parse(document.getElementById("overhang-data").textContent));
    assert.ok((await shown.locator("h1").innerText()).startsWith(bytes(heap.heap.live_bytes)));
    const { memory } = heap;
    const of = memory.memstats;
    const whole = memory.heap_inuse_bytes + of.sys - of.heap_inuse - of.heap_released + memory.program_bytes + memory.outside_bytes;
    assert.ok((await shown.locator("section:has(#memory-title) figcaption").innerText()).includes(bytes(whole)));
    assert.equal(heap.types.reduce((sum, type) => sum + type.bytes, 0), heap.heap.live_bytes);
    assert.equal(dominators.bytes.reduce((sum, own) => sum + own, 0), heap.heap.live_bytes);
    const total = await graphOf(shown).evaluate(({ flameGraph: { tree } }) => [tree.total(0), tree.hidden(0)]);
    assert.deepEqual(total, [heap.heap.live_bytes, heap.heap.hidden_bytes]);
  });
  assert.deepEqual(complaints, []);
});

test("its trees hold the live heap, and each site's part hangs on hidden slots", async () => {
  const complaints = await visit(page, {}, async (shown) => {
    await settled(shown);
    // Of the same image as the trees: the program's runtime goes on between two.
    const { heap } = await shown.evaluate(() => JSON.parse(document.getElementById("overhang-data").textContent).leaks);
    const total = () => graphOf(shown).evaluate(({ flameGraph: { tree } }) => [tree.total(0), tree.hidden(0)]);
    const both = [heap.live_bytes, heap.overhang_bytes + heap.spare_bytes + heap.lost_bytes];
    assert.deepEqual(await total(), both);
    await shown.getByRole("button", { name: "By dominator" }).click();
    await settled(shown);
    assert.deepEqual(await total(), both);
    await shown.getByRole("button", { name: "By reference path" }).click();
    // main.clipped is alone with what it hides: at its slots hang the array's hidden part and what it retains.
    const clipped = report.sites.find(({ site }) => site === "main.clipped");
    const open = shown.getByRole("button", { name: "main.clipped []*main.job" });
    if ((await open.getAttribute("aria-expanded")) === "false") await open.click();
    await settled(shown);
    const part = await shown
      .locator("tbody", { has: open })
      .locator(".details .flame-box")
      .evaluate(({ flameGraph: { tree } }) => [tree.total(0), tree.hidden(0)]);
    const all = clipped.retained_bytes + clipped.hidden_bytes;
    assert.deepEqual(part, [all, all]);
  });
  assert.deepEqual(complaints, []);
});
