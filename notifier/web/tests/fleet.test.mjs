// A thousand jobs: the page stays quick, and one screen still shows them all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, close, open, shot, startBrowser, stopBrowser, troubles } from "./browser.mjs";
import { fleet } from "./scenario.mjs";
import { StandIn, shifted } from "./stand-in.mjs";

/**
 * Processor time of the page's own thread, not the clock's: whatever else the machine does meanwhile does not count.
 * What is measured stands in the output.
 */
const FIRST_VIEW_MS = 1500;
const DEED_MS = 2000;

let standIn;
before(async () => {
  standIn = await new StandIn().start();
  standIn.answers.jobs = shifted(fleet(1012), standIn.by_ms);
  await startBrowser();
});
after(async () => { await stopBrowser(); await standIn.stop(); });

test("the first view of a thousand jobs is there at once, and so is everything after it", async () => {
  const page = await open(standIn.address);
  const thread = await page.context().newCDPSession(page);
  await thread.send("Performance.enable");
  await page.getByText(/of 1,012 are healthy/).waitFor();
  const first = Math.round(await worked_ms(thread));
  const rows = (many) => page.waitForFunction(([least, most]) => { const { length } = document.querySelectorAll(".row"); return length >= least && length <= most; }, many);
  const unfold = await measure(page, thread, async () => { await page.evaluate(() => document.querySelector(".more button").click()); await rows([1000, 2000]); });
  const search = await measure(page, thread, async () => { await page.locator("#search").fill("refund"); await rows([1, 100]); });
  const clear = await measure(page, thread, async () => { await page.locator("#search").fill(""); await rows([1000, 2000]); });
  const update = await measure(page, thread, async () => {
    const changed = standIn.answers.jobs.jobs.map((job) => ({ ...job, health: job.health === null ? null : Math.max(0, job.health - 1), figure: job.figure && { ...job.figure, value: job.figure.value * 1.01 } }));
    standIn.send("jobs", { window: new Date().toISOString(), changed, removed: [] });
    await page.locator(".row .n", { hasText: /^33$/ }).waitFor();
  });
  process.stdout.write(`# 1,012 jobs, processor time: first view ${first} ms; then unfold ${unfold} ms, search ${search} ms, clear ${clear} ms, an update of every job ${update} ms\n`);
  assert.ok(first < FIRST_VIEW_MS, `first view took ${first} ms`);
  for (const [what, took] of Object.entries({ unfold, search, clear, update })) assert.ok(took > 0 && took < DEED_MS, `${what} kept the page at work for ${took} ms`);
  assert.deepEqual(await troubles(page), []);
  await close(page);
});

/** How long the page's thread has worked since it began. */
async function worked_ms(thread) {
  const { metrics } = await thread.send("Performance.getMetrics");
  return 1000 * metrics.find((metric) => metric.name === "ThreadTime").value;
}

/** How long it works on what `act` asks for, drawing included. */
async function measure(page, thread, act) {
  const before = await worked_ms(thread);
  await act();
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))); }));
  return Math.round(await worked_ms(thread) - before);
}

test("the map shows every job of the fleet on one screen", async () => {
  const page = await open(standIn.address, { path: "#/?view=map" });
  await page.locator(".map").waitFor();
  assert.equal(await page.locator(".map .cell").count(), 1012);
  assert.deepEqual((await page.locator(".map h2 .cname").allInnerTexts()).slice(0, 3), ["orders-prod", "payments-prod", "clicks-prod"]);
  assert.deepEqual(await axe(page), []);
  await shot(page, "fleet-map");
  await page.goto(`${standIn.address}/#/`);
  await page.locator(".row").first().waitFor();
  await shot(page, "fleet-overview");
  await close(page);
});
