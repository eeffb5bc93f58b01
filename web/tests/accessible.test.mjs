// axe-core finds no serious fault, whatever is open, in light and dark, wide and narrow.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { settled, visit } from "./pages.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function faults(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  assert.ok(result.passes.length > 10, "axe has looked");
  return result.violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}

for (const [name, options] of [
  ["pool", {}],
  ["pool", { dark: true }],
  ["pool", { width: 390 }],
  ["many", { dark: true, width: 390 }],
  ["nothing", {}],
  ["hostile", {}],
  ["heap", {}],
  ["heap", { dark: true, width: 390 }],
  ["diff", {}],
  ["diff", { dark: true, width: 390 }],
])
  test(`${name} ${JSON.stringify(options)}`, async () => {
    await visit(name, options, async (page) => {
      for (const button of (await page.locator(".disclose").all()).slice(0, 4))
        if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
      for (const summary of await page.locator("summary").all()) await summary.click();
      if (name === "pool") {
        await page.locator("section:has(#graph-title)").getByRole("searchbox").fill("main.");
        await page.waitForTimeout(150);
        await settled(page);
      }
      assert.deepEqual(await faults(page), []);
    });
  });

// That axe would find one: a page with its faults put in.
test("axe sees faults", async () => {
  await visit("nothing", {}, async (page) => {
    await page.evaluate(() => {
      document.querySelector("h1").style.color = "#ddd";
      document.querySelector("h1").style.backgroundColor = "#fff";
    });
    assert.match((await faults(page)).join(), /color-contrast/);
  });
});
