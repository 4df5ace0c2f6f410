// What people do, and what the page says around it: links from messages, who did what, the end of a tape.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { DESK, PHONE, axe, close, open, shot, startBrowser, stopBrowser, troubles } from "./browser.mjs";
import { StandIn } from "./stand-in.mjs";

let standIn;
before(async () => { standIn = await new StandIn().start(); await startBrowser(); });
after(async () => { await stopBrowser(); await standIn.stop(); });
beforeEach(() => standIn.reset());

async function on(path, options, use) {
  const page = await open(standIn.address, { path, ...options });
  try {
    await use(page);
    assert.deepEqual(await troubles(page), []);
  } finally { await close(page); }
}

const orders = () => standIn.answers.jobs.jobs.find((job) => job.job_name === "orders-enrichment");
const asked = (deed) => `#/jobs/${orders().id}?finding=${standIn.job(orders().id).findings[0].finding.finding_id}&do=${deed}`;
const sent = (path) => standIn.requests.filter((request) => request.method === "POST" && path.test(request.path));

describe("a link of a message", () => {
  for (const [deed, button, path] of [["acknowledge", "I take care of it", /acknowledge$/], ["silence", "Silence for 1 h", /^silences$/], ["right", "It was right", /feedback$/], ["wrong", "It was wrong", /feedback$/]]) {
    test(`asks before it does what it says: ${deed}`, () => on(asked(deed), {}, async (page) => {
      const strip = page.getByRole("region", { name: "From the message" });
      await strip.waitFor();
      assert.equal(sent(path).length, 0, "opening a link changes nothing");
      await strip.getByRole("button", { name: button }).click();
      await strip.waitFor({ state: "detached" });
      assert.equal(sent(path).length, 1);
      if (path.test("feedback")) assert.equal(sent(path)[0].body.verdict, deed);
    }));
  }

  test("with a deed that nobody knows shows the job and nothing else", () => on(asked("delete"), {}, async (page) => {
    await page.locator("h1").waitFor();
    assert.equal(await page.getByRole("region", { name: "From the message" }).count(), 0);
  }));

  test("is readable by everybody, on a phone as on a desk", () => on(asked("silence"), { size: PHONE, scheme: "dark" }, async (page) => {
    await page.getByRole("region", { name: "From the message" }).waitFor();
    assert.deepEqual(await axe(page), []);
    await shot(page, "wish-phone-dark", { full: false });
    await page.setViewportSize(DESK);
    await shot(page, "wish-desk", { full: false });
  }));
});

describe("what people did", () => {
  const deeds = [
    { at: "2026-11-22T03:10:00Z", author: "dana (Slack)", action: "acknowledge", subject: "f-09c20950966f" },
    { at: "2026-11-22T03:02:00Z", author: "<b>root</b>", action: "test channel", subject: "flink-on-call" },
  ];

  test("is told with its author, newest first", async () => {
    standIn.answers.audit = { total: 2, deeds };
    await on("#/audit", {}, async (page) => {
      const first = page.locator(".messages li").first();
      await first.waitFor();
      assert.match(await first.innerText(), /dana \(Slack\)[\s\S]*takes care of the finding f-09c20950966f/);
      assert.match(await page.locator(".messages li").nth(1).innerText(), /<b>root<\/b>/);
      assert.deepEqual(await axe(page), []);
      await shot(page, "audit");
    });
  });

  test("is not shown to whoever may only look, who is told which right it takes", async () => {
    standIn.failing = { code: 403, error: "this token lacks the right silence" };
    await on("#/audit", {}, async (page) => {
      await page.getByText("this token lacks the right silence").first().waitFor();
    });
  });
});

test("when a tape is over the page says so and does not call itself stale", async () => {
  standIn.answers.status.tape = { name: "slow-sink", speed: 6, ended: true };
  await on("", {}, async (page) => {
    await page.getByText("The recording is over.").waitFor();
    assert.match(await page.locator(".live").innerText(), /Tape over/);
    assert.equal(await page.getByText("Nothing new for").count(), 0);
    await shot(page, "tape-over", { full: false });
  });
});
