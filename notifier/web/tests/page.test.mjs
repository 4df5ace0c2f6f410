// The page in a real Chromium against the stand-in: what a person sees and does.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { DESK, PHONE, axe, becomes, close, open, shot, startBrowser, stopBrowser, troubles } from "./browser.mjs";
import { StandIn } from "./stand-in.mjs";

let standIn;
before(async () => { standIn = await new StandIn().start(); await startBrowser(); });
after(async () => { await stopBrowser(); await standIn.stop(); });
beforeEach(() => standIn.reset());

/** Opens a page, lets the test use it, and then demands that nothing forbidden happened. */
async function on(path, options, use) {
  const page = await open(standIn.address, { path, ...options });
  try {
    await use(page);
    assert.deepEqual(await troubles(page), []);
  } finally { await close(page); }
}

const jobNamed = (name) => standIn.answers.jobs.jobs.find((job) => job.job_name === name);
const orders = () => `#/jobs/${jobNamed("orders-enrichment").id}`;
const streamIsOpen = async (page) => { await page.locator(".live.is-live:not(.polling)").waitFor(); };
/** Text with ordinary spaces: numbers and their units are held together by others. */
const text = async (locator) => (await locator.innerText()).replaceAll("\u00a0", " ");
const names = (page) => page.locator(".jobs .jname").allInnerTexts();

describe("the overview", () => {
  test("says first how many jobs need someone, and which one most", () => on("", {}, async (page) => {
    await page.locator("h1").waitFor();
    assert.equal(await page.locator("h1").innerText(), "3 jobs need you now");
    assert.match(await page.locator(".verdict p").innerText(), /^Most urgent: orders-enrichment, 9 min 57 s behind, loses 22 s every minute\. 6 more show a warning/);
    assert.equal(await page.title(), "3 critical, 6 warnings, 1 unknown · Streamwarden");
    assert.deepEqual((await names(page)).slice(0, 3), ["orders-enrichment", "payments-fraud-score", "clicks-sessionizer"]);
  }));

  test("names every status beside its colour and folds healthy jobs", () => on("", {}, async (page) => {
    await page.locator(".row").first().waitFor();
    assert.equal(await page.locator(".row .score .vh").first().textContent(), "Critical, health ");
    assert.equal(await page.locator(".row.s-healthy").count(), 0);
    await page.getByRole("button", { name: "Show 24 healthy jobs, closest to a limit first" }).click();
    await becomes(() => page.locator(".row.s-healthy").count(), 24);
    assert.match(await page.locator(".row.s-healthy .fig").first().innerText(), /healthy below/);
  }));

  test("shows a cluster that does not answer as one row with the reason, without a score", () => on("", {}, async (page) => {
    const row = page.locator(".row.s-no_data");
    await row.waitFor();
    assert.equal(await row.count(), 1);
    const shown = await row.innerText();
    assert.match(shown, /6 jobs not judged/);
    assert.match(shown, /Flink REST address refuses connections/);
    assert.equal(await row.locator(".n").innerText(), "–");
    await row.locator(".jname").click();
    await page.getByRole("row", { name: /ads-stage-1/ }).waitFor();
    assert.equal(await page.locator(".row.s-no_data").count(), 6);
  }));

  test("finds a job by its vertex, says what it meant when there is none, and clears with escape", () => on("", {}, async (page) => {
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("impressions");
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 1);
    assert.deepEqual(await names(page), ["ads-attribution"]);
    await page.locator("#search").fill("warehuose");
    await page.getByText("No job matches “warehuose”").waitFor();
    await page.getByRole("link", { name: "warehouse", exact: true }).click();
    await page.getByRole("row", { name: /orders-enrichment/ }).waitFor();
    await page.locator("#search").focus();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.querySelectorAll(".row").length > 10);
  }));

  test("walks with j and k and opens with enter", () => on("", {}, async (page) => {
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await becomes(() => page.evaluate(() => document.activeElement.textContent), "payments-fraud-score");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "payments-fraud-score" }).waitFor();
  }));

  test("filters by status, groups by cluster and draws the map", () => on("", {}, async (page) => {
    await page.getByRole("button", { name: /^Warning 6/ }).click();
    await page.waitForFunction(() => document.querySelectorAll(".row").length === 6);
    await page.getByLabel("Group by").selectOption("cluster");
    await becomes(() => page.locator("tr.group th").allInnerTexts(), ["inventory-prod2 jobs", "clicks-prod2 jobs", "orders-prod1 job", "logistics-prod1 job"]);
    await page.getByRole("button", { name: "Map" }).click();
    await page.locator(".map").waitFor();
    assert.equal(await page.locator(".map .cell").count(), 6);
    assert.match(await page.locator(".map .cell").first().getAttribute("aria-label"), /^inventory-snapshot: Warning, /);
  }));

  test("keeps its address: a reload shows the same view", () => on("#/?view=compact&status=critical", {}, async (page) => {
    await page.locator(".dense .row").first().waitFor();
    assert.equal(await page.locator(".row").count(), 3);
    assert.ok((await page.locator(".row").first().boundingBox()).height < 34);
  }));
});

describe("live", () => {
  test("an event changes a figure in place, without a reload and without a request for the list", () => on("", {}, async (page) => {
    await streamIsOpen(page);
    await page.evaluate(() => { window.sameDocument = true; });
    await page.locator(".row").first().waitFor();
    standIn.requests.length = 0;
    const row = jobNamed("orders-enrichment");
    standIn.send("jobs", { window: new Date().toISOString(), changed: [{ ...row, health: 21, figure: { ...row.figure, value: 993 } }], removed: [] });
    await page.locator(".row .n", { hasText: "21" }).waitFor();
    assert.match(await page.locator(".row .fig").first().innerText(), /993\sms\/s/);
    assert.equal(await page.evaluate(() => window.sameDocument), true);
    assert.deepEqual(standIn.requests.filter((request) => request.path === "jobs"), []);
  }));

  test("a job that breaks appears, and one that is well again leaves", () => on("", {}, async (page) => {
    await streamIsOpen(page);
    await page.locator(".row").first().waitFor();
    const sick = jobNamed("orders-enrichment");
    const well = jobNamed("refund-router");
    standIn.send("jobs", { changed: [{ ...sick, status: "healthy", health: 100, finding: null, open_findings: 0 }, { ...well, status: "critical", health: 12, open_findings: 1, finding: { ...sick.finding, title: "Sink: ledger waits", subject: { ...sick.finding.subject, name: "Sink: ledger" } } }], removed: [] });
    await page.waitForFunction(() => document.querySelector(".jname").textContent === "refund-router");
    assert.ok(!(await names(page)).includes("orders-enrichment"));
    assert.equal(await page.locator("h1").innerText(), "3 jobs need you now");
  }));

  test("rows keep their places while the pointer is on the list, and take the new ones afterwards", () => on("", {}, async (page) => {
    await streamIsOpen(page);
    await page.locator(".row").nth(1).hover();
    const row = jobNamed("clicks-sessionizer");
    standIn.send("jobs", { changed: [{ ...row, health: 3 }], removed: [] });
    await page.locator(".row .n", { hasText: /^3$/ }).waitFor();
    assert.deepEqual((await names(page)).slice(0, 3), ["orders-enrichment", "payments-fraud-score", "clicks-sessionizer"]);
    await page.locator("h1").hover();
    await page.waitForFunction(() => document.querySelector(".jname").textContent === "clicks-sessionizer");
  }));

  test("an update leaves focus and what is typed alone", () => on("", {}, async (page) => {
    await streamIsOpen(page);
    await page.locator("#search").pressSequentially("orders");
    const row = jobNamed("orders-enrichment");
    standIn.send("jobs", { changed: [{ ...row, health: 30 }], removed: [] });
    await page.locator(".row .n", { hasText: "30" }).waitFor();
    await page.keyboard.type("-en");
    assert.equal(await page.locator("#search").inputValue(), "orders-en");
  }));

  test("without a stream it reads again by itself and says so", async () => {
    standIn.eventsOff = true;
    await on("", {}, async (page) => {
      await page.locator(".live.polling").waitFor();
      await page.locator(".row").first().waitFor();
      const list = standIn.answers.jobs.jobs;
      list[0] = { ...list[0], health: 5 };
      await page.locator(".row .n", { hasText: /^5$/ }).waitFor({ timeout: 25_000 });
      page.troubles = page.troubles.filter((text) => !text.includes("EventSource"));
    });
  });
});

describe("the job", () => {
  test("says cause, effect, change with its sum, what not to do, and why", () => on(orders(), {}, async (page) => {
    await page.locator("article h2").waitFor();
    assert.equal(await page.locator("article h2").innerText(), "Sink: warehouse waits for its database and blocks everything before it");
    assert.match(await text(page.locator(".effect").first()), /^9 min 57 s behind, loses 22 s every minute\. No data lost/);
    assert.equal(await page.locator(".act").first().locator("del").textContent(), "from 4");
    assert.equal(await page.locator(".act").first().locator("ins").innerText(), "8");
    assert.match(await text(page.locator(".act").first()), /12,400 records\/s ÷ \(1,980 per subtask × 80 % use\) = 7\.8, so 8\./);
    assert.match(await page.locator(".dont").innerText(), /Do not scale Source: orders\./);
    assert.deepEqual(await page.locator(".dec .kw").allInnerTexts(), ["IF", "AND", "AND", "THEN", "ELSE", "ELSE"]);
    assert.match(await page.locator(".ev li").first().innerText(), /985\sms\/s[\s\S]*healthy below 800/);
    const button = await page.locator(".bar .btn.primary").boundingBox();
    assert.ok(button.y + button.height <= DESK.height, `the button that copies is on the first screen, also in a wide font: it ends at ${button.y + button.height} px`);
  }));

  test("copies the changes as config.yaml and shows the difference", () => on(orders(), {}, async (page) => {
    await page.getByRole("button", { name: "Copy changes 1 and 2" }).click();
    await page.getByText("Copied 2 options for config.yaml").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^# orders-enrichment: SW1101 slow-sink, .* UTC\nsink\.parallelism: 8 +# was 4\nsink\.buffer-flush\.max-rows: 500 +# was 100\n$/);
    await page.getByText("config.yaml, before and after").click();
    const lines = async () => (await page.locator(".diff-box pre span").allInnerTexts()).map((line) => line.trim());
    await becomes(lines, ["--- config.yaml", "+++ config.yaml", "-sink.parallelism: 4", "+sink.parallelism: 8", "+sink.buffer-flush.max-rows: 500"]);
  }));

  test("draws the graph from left to right with the cause and the blocked edges", () => on(orders(), {}, async (page) => {
    await page.locator(".graph").waitFor();
    assert.equal(await page.locator(".graph .node").count(), 6);
    assert.match(await page.locator(".graph .fault").getAttribute("aria-label"), /^Sink: warehouse, parallelism 4, busy 979.* the cause$/);
    assert.equal(await page.locator(".graph .e.jam").count(), 2);
    assert.deepEqual((await page.locator(".graph .el.jam").allTextContents()).map((text) => text.replace(/\s/g, " ")), ["89 % blocked", "91 % blocked"]);
    const left = async (name) => (await page.locator(`.graph .node[aria-label^="${name}"] .box`).boundingBox()).x;
    assert.ok(await left("Source: orders") < await left("Join: customers") && await left("Join: customers") < await left("Sink: warehouse"));
    assert.match(await page.locator(".vt tbody tr").first().innerText(), /Sink: warehouse cause/);
  }));

  test("reads all four lines at one time with the arrow keys", () => on(orders(), {}, async (page) => {
    await page.locator(".lines").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await becomes(() => page.locator(".cross span").count(), 4);
    const shown = await page.locator(".cross span").allTextContents();
    assert.equal(new Set(shown.map((text) => text.slice(0, 8))).size, 1);
    assert.match(shown[1], /7\d\d\sms\/s$/);
    assert.match(await page.locator(".reading").innerText(), /Throughput 12,\d{3}\srecords\/s/);
  }));

  test("shows configuration with what is proposed, history and raw evidence", () => on(orders(), {}, async (page) => {
    await page.getByRole("tab", { name: "Configuration, 3 changes" }).waitFor();
    assert.match(await page.locator(".options tr.chg").first().innerText(), /sink\.parallelism\s+4\s+8|execution/);
    assert.equal(await page.locator(".options .red").innerText(), "redacted");
    await page.getByRole("tab", { name: /Configuration/ }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("tabpanel", { name: /History/ }).getByText("wrong: a planned reload").waitFor();
    await page.getByRole("tab", { name: "Raw evidence" }).click();
    await page.getByText("E-5F3A9C01").last().waitFor();
    assert.match(await page.locator("pre.tall").first().innerText(), /"finding_id"/);
  }));

  test("sends feedback and silence, and shows that they were taken", () => on(orders(), {}, async (page) => {
    await page.getByRole("button", { name: "No", exact: true }).click();
    await page.getByLabel("What was it?").selectOption("hot-key");
    await page.getByLabel("In your words").fill("one key");
    await page.getByRole("button", { name: "Say that it was wrong" }).click();
    await page.getByText("You said: this was wrong.").waitFor();
    const sent = standIn.requests.find((request) => request.path.endsWith("/feedback"));
    assert.deepEqual(sent.body, { actual_slug: "hot-key", comment: "one key", verdict: "wrong" });
    await page.getByRole("button", { name: "I take care of it" }).click();
    await page.getByText("Taken care of by dana").waitFor();
    await page.getByRole("button", { name: "Silence for 1 h" }).click();
    await page.getByText(/^Quiet until/).waitFor();
    assert.equal(standIn.requests.find((request) => request.method === "POST" && request.path === "silences").body.duration_s, 3600);
  }));

  test("follows its job live: a finding that is resolved leaves the page", () => on(orders(), {}, async (page) => {
    await streamIsOpen(page);
    await page.locator("article").waitFor();
    const job = standIn.jobs.get(jobNamed("orders-enrichment").id);
    standIn.jobs.set(job.id, { ...job, findings: [], status: "healthy", health: 100, open_findings: 0 });
    standIn.send("window", { window: new Date().toISOString(), now: new Date().toISOString() });
    await page.getByText("Nothing is wrong with this job").waitFor();
  }));

  test("a message's link opens the finding that it names", () => on("", {}, async (page) => {
    const job = standIn.jobs.get(jobNamed("orders-enrichment").id);
    await page.goto(`${standIn.address}/#/jobs/${job.id}?finding=${job.findings[1].finding.finding_id}`);
    await page.locator("article h2", { hasText: "One late checkpoint restarts the whole job" }).waitFor();
    assert.match(await page.locator(".others").innerText(), /Sink: warehouse waits for its database/);
  }));
});

describe("the other pages", () => {
  test("incidents tell what was changed and whether it was right", () => on("#/incidents", {}, async (page) => {
    await page.locator("h1").waitFor();
    assert.match(await page.locator("h1").innerText(), /^\d+ incidents in 30 days, 11 open$/);
    await page.locator("#search").fill("source-lag-grows orders");
    await page.getByText("parallelism.default 8 → 16").waitFor();
    assert.equal(await page.locator(".incidents tbody tr").count(), 1);
  }));

  test("the catalogue is searched by what a person sees, and has a page a problem", () => on("#/problems", {}, async (page) => {
    await page.locator("#search").fill("garbage");
    await page.getByRole("link", { name: "A TaskManager spends its time in garbage collection" }).click();
    await page.getByText("heap near its limit after collection").waitFor();
  }));

  test("a channel is tested by a button, and one that fails is the headline", () => on("#/channels", {}, async (page) => {
    await page.getByRole("heading", { level: 1, name: "ticket-system does not deliver" }).waitFor();
    await page.getByRole("region", { name: "flink-on-call" }).getByRole("button", { name: "Send a test message" }).click();
    await page.getByText("Received after 212 ms").first().waitFor();
    assert.ok(standIn.requests.some((request) => request.method === "POST" && request.path === "channels/flink-on-call/test"));
    await page.getByRole("button", { name: "End it now" }).click();
    await page.getByText("Every finding is told.").waitFor();
    await page.getByText("New silence").click();
    await page.getByLabel("Cluster").fill("sandbox-*");
    await page.getByLabel("For").selectOption("14400");
    await page.getByLabel("Why").fill("load test");
    await page.getByRole("button", { name: "Silence what fits" }).click();
    await page.getByText(/^Silenced for 4\sh$/).waitFor();
    assert.deepEqual(standIn.requests.find((request) => request.method === "POST" && request.path === "silences").body, { matcher: { cluster_id: "sandbox-*" }, duration_s: 14400, reason: "load test" });
  }));

  test("a maintenance window is planned ahead", () => on("#/channels", {}, async (page) => {
    const year = new Date().getUTCFullYear() + 1;
    await page.getByText("New silence").click();
    await page.getByLabel("Cluster").fill("sandbox-*");
    await page.getByLabel(/^From/).fill(`${year}-03-01T22:30`);
    await page.getByRole("button", { name: "Silence what fits" }).click();
    await page.getByText(/^Silenced from .*22:30 UTC for/).waitFor();
    const asked = standIn.requests.find((request) => request.method === "POST" && request.path === "silences");
    assert.equal(asked.body.starts_at, `${year}-03-01T22:30:00Z`);
  }));
});

describe("everywhere", () => {
  const ADDRESS = { overview: "#/", compact: "#/?view=compact&healthy=1", map: "#/?view=map", groups: "#/?group=cluster", incidents: "#/incidents", problems: "#/problems", problem: "#/problems/slow-sink", models: "#/models", channels: "#/channels", token: "#/token" };
  const OF_JOB = { job: "", history: "?tab=history", evidence: "?tab=evidence" };
  const PAGES = [...Object.keys(ADDRESS), ...Object.keys(OF_JOB)];
  const address = (title) => ADDRESS[title] ?? `${orders()}${OF_JOB[title]}`;

  for (const scheme of ["light", "dark"]) {
    for (const [name, size] of [["desk", DESK], ["phone", PHONE]]) {
      for (const title of PAGES) {
        // The two that matter most are looked at in all four ways, the others in two.
        if (!["overview", "job"].includes(title) && (name === "desk") !== (scheme === "light")) continue;
        test(`no rule of accessibility is broken and nothing is wider than the window: ${title}, ${name}, ${scheme}`, () => on(address(title), { size, scheme, touch: name === "phone" }, async (page) => {
          await page.locator("h1:not(.vh)").waitFor();
          assert.deepEqual(await axe(page), []);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "scrolls sideways");
          await shot(page, `${title}-${name}-${scheme}`);
        }));
      }
    }
  }

  test("the theme is chosen by hand and kept", () => on("", { scheme: "light" }, async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(await ground(), "rgb(244, 245, 246)");
    await page.getByRole("button", { name: /Theme/ }).click();
    await page.getByRole("button", { name: /Theme: Light/ }).click();
    assert.equal(await ground(), "rgb(14, 17, 19)");
    await page.reload();
    await page.locator("h1").waitFor();
    assert.equal(await ground(), "rgb(14, 17, 19)");
  }));

  test("hostile names are shown as they are and do nothing", async () => {
    const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'&{{7*7}}`;
    const row = jobNamed("orders-enrichment");
    const hostile = { ...row, job_name: evil, cluster_id: `${evil}/1`, finding: { ...row.finding, title: evil, slug: evil, code: evil, where: evil, effect: evil, subject: { ...row.finding.subject, name: evil } }, figure: { ...row.figure, label: evil, unit: evil } };
    standIn.answers.jobs.jobs[0] = hostile;
    const job = standIn.jobs.get(row.id);
    const bad = JSON.parse(JSON.stringify(job).replaceAll("Sink: warehouse", evil.replaceAll("\\", "\\\\").replaceAll('"', '\\"')));
    bad.job_name = evil;
    bad.flink_url = "javascript:window.hacked=1";
    standIn.jobs.set(row.id, bad);
    await on("", {}, async (page) => {
      await page.locator(".row").first().waitFor();
      assert.equal(await page.locator(".jname").first().innerText(), evil);
      await page.locator(".jname").first().click();
      await page.locator("article").waitFor();
      assert.equal(await page.locator(".jhead h1").innerText(), evil);
      assert.equal(await page.getByText("Open in Flink").count(), 0);
      await page.getByRole("tab", { name: "Raw evidence" }).click();
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator("img, main script").count(), 0);
      await shot(page, "hostile-desk-light");
    });
  });
});
