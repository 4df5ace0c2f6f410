// Every state of the page: when there is nothing, not yet something, or something that cannot be trusted.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { PHONE, axe, close, open, shot, startBrowser, stopBrowser, troubles } from "./browser.mjs";
import { jobList } from "./scenario.mjs";
import { StandIn } from "./stand-in.mjs";

let standIn;
before(async () => { standIn = await new StandIn().start(); await startBrowser(); });
after(async () => { await stopBrowser(); await standIn.stop(); });
beforeEach(() => standIn.reset());

async function on(path, name, use, options = {}) {
  const page = await open(standIn.address, { path, ...options });
  try {
    await use(page);
    assert.deepEqual(await axe(page), []);
    await shot(page, `state-${name}`);
    assert.deepEqual(await troubles(page), []);
  } finally { await close(page); }
}

const only = (wanted) => {
  const rows = standIn.answers.jobs.jobs.filter(wanted);
  standIn.answers.jobs = { ...jobList(rows), window: standIn.answers.jobs.window };
};

test("loading: grey bars after a moment, of the height that rows will have", async () => {
  standIn.delay_ms = 3000;
  await on("", "loading", async (page) => {
    await page.locator(".sk-row").first().waitFor();
    assert.equal((await page.locator(".sk-row").first().boundingBox()).height, 57);
    assert.equal(await page.getByText("Loading the jobs").count(), 1);
  });
});

test("no answer: says what does not answer, and comes back by itself", async () => {
  standIn.failing = { code: 503, error: "the database is not reachable" };
  await on("", "no-answer", async (page) => {
    await page.getByText("No answer with the jobs").waitFor();
    await page.getByText("the database is not reachable.").waitFor();
    standIn.failing = null;
    await page.getByRole("button", { name: "Ask again now" }).click();
    await page.getByText("3 jobs need you now").waitFor();
    page.troubles = page.troubles.filter((text) => !text.includes("EventSource"));
  });
});

test("empty: the first start says what to do", async () => {
  only(() => false);
  standIn.answers.status.clusters = [];
  await on("", "empty", async (page) => {
    await page.getByRole("heading", { name: "No job yet" }).waitFor();
    await page.getByText("streamwarden demo").waitFor();
  });
});

test("empty because the only cluster does not answer: says which and why", async () => {
  only(() => false);
  standIn.answers.status.clusters = standIn.answers.status.clusters.filter((cluster) => cluster.cluster_id === "ads-stage");
  await on("", "unreachable", async (page) => {
    await page.getByRole("heading", { name: "No data from ads-stage" }).waitFor();
    await page.getByText("Flink REST address refuses connections").waitFor();
  });
});

test("learning: no verdict and no score before there is evidence", async () => {
  only((job) => job.status === "learning");
  await on("", "learning", async (page) => {
    await page.getByRole("heading", { name: "1 job is being learned" }).waitFor();
    assert.equal(await page.locator(".row .n").innerText(), "–");
    await page.locator(".jname").click();
    await page.getByText(/orders-enrichment-canary has 2 of 6 windows\. A first verdict is due at/).waitFor();
  });
});

test("calm: says so and proves that it is watching", async () => {
  only((job) => job.status === "healthy");
  Object.assign(standIn.answers.status, { calm_since: new Date(Date.now() - 187_200_000).toISOString(), clusters: standIn.answers.status.clusters.filter((cluster) => cluster.state === "reporting") });
  const look = async (page) => {
    await page.getByRole("heading", { name: "All 24 jobs are healthy" }).waitFor();
    await page.getByText(/Nothing has been open for 2\sd 4\sh/).waitFor();
    await page.getByText("17 of 17").waitFor();
    assert.match(await page.locator(".near tbody tr").first().innerText(), /of 800\sms\/s/);
    await page.locator(".facts a").first().waitFor();
  };
  await on("", "calm", look);
  await on("", "calm-dark", look, { scheme: "dark" });
  await on("", "calm-phone", look, { size: PHONE });
});

test("stale: the mark says so, then a strip says of what time the page is", async () => {
  standIn.stopped = true;
  const old = new Date(Date.now() - 130_000).toISOString();
  standIn.answers.status.window = old;
  standIn.answers.jobs.window = old;
  await on("", "stale", async (page) => {
    await page.getByText(/Nothing new for 2\smin \d+\ss\. What you see is of/).waitFor();
    assert.equal(await page.locator(".live b").innerText(), "Stale");
    assert.equal(await page.locator(".row .n").first().innerText(), "34");
  });
});

test("lost: when nothing answers any more, what was read stays and its time is said", async () => {
  const page = await open(standIn.address, {});
  await page.getByText("3 jobs need you now").waitFor();
  const port = standIn.server.address().port;
  await standIn.stop();
  await page.getByText(/Streamwarden cannot be reached\. What you see is of/).waitFor({ timeout: 30_000 });
  assert.equal(await page.locator("h1").innerText(), "3 jobs need you now");
  await shot(page, "state-lost");
  standIn.port = port;
  await standIn.start();
  await page.locator(".live.is-live").waitFor({ timeout: 30_000 });
  await close(page);
});

test("no permission: reading works, buttons say which right they need", async () => {
  standIn.answers.status.rights = ["read"];
  await on(`#/jobs/${standIn.answers.jobs.jobs[0].id}`, "no-permission", async (page) => {
    await page.getByText("You may read, not change: this needs the rights “feedback” and “silence”.").waitFor();
    await page.getByRole("button", { name: "Silence for 1 h" }).click({ force: true });
    await page.getByText("This needs a token with the right “silence”.").waitFor();
    assert.deepEqual(standIn.requests.filter((request) => request.method === "POST"), []);
  });
});

test("unknown: says that it fits nothing, what is closest, and what to collect next", async () => {
  const row = standIn.answers.jobs.jobs.find((job) => job.status === "unknown");
  const known = standIn.jobs.values().next().value;
  const finding = { ...known.findings[0].finding, ...row.finding, explanation: "No problem that is known explains these figures.", evidence: [{ feature: "records_in_rate", label: "Records read", value: 1240, unit: "records/s", healthy_min: 1900, contribution: 0.4 }], decision: [], alternatives: [{ slug: "hot-key", confidence: 0.31 }], actions: [], avoid: [] };
  standIn.jobs.set(row.id, { ...known, ...row, findings: [{ finding, where: row.finding.where, apply: { steps: [] }, earlier: [], collect_next: ["A thread dump of subtask 5: `jstack`"], silenced_until: null, feedback: null }] });
  await on(`#/jobs/${row.id}`, "unknown", async (page) => {
    await page.getByRole("heading", { name: "What to collect next" }).waitFor();
    assert.equal(await page.locator(".hero-top .st").innerText(), "Unknown");
    assert.match(await page.locator(".dec .else").innerText(), /hot-key\s+31\s%/);
  });
});

test("a job that is gone has a page that says so", () => on("#/jobs/ffff", "gone", async (page) => {
  await page.getByRole("heading", { name: "This job is not known" }).waitFor();
}));

test("a tape that is played is never taken for the present", async () => {
  standIn.answers.status.tape = { name: "slow-sink.tape", speed: 1 };
  await on("", "tape", async (page) => {
    await page.getByText(/A recorded incident is played, as if live: slow-sink\.tape\./).waitFor();
    assert.equal(await page.locator(".live b").innerText(), "Tape");
  });
});
