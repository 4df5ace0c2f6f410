// Logging in, and the model card: what the page asks for, what it keeps, what it shows.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { close, open, shot, startBrowser, stopBrowser, troubles } from "./browser.mjs";
import { StandIn } from "./stand-in.mjs";

let standIn;
before(async () => { standIn = await new StandIn().start(); await startBrowser(); });
after(async () => { await stopBrowser(); await standIn.stop(); });
beforeEach(() => { standIn.reset(); standIn.answers.status.rights = ["read"]; });

async function on(path, use) {
  const page = await open(standIn.address, { path });
  try {
    await use(page);
    assert.deepEqual(await troubles(page), []);
  } finally { await close(page); }
}

async function logIn(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

const silence = async (page) => {
  await page.getByText("New silence").click();
  await page.getByLabel("Cluster").fill("sandbox-*");
  await page.getByRole("button", { name: "Silence what fits" }).click();
};
const changes = () => standIn.requests.filter((request) => request.method === "POST" && request.path === "silences");

describe("logging in", () => {
  test("a login with a wrong token is refused, says so, and changes nothing", () => on("#/token", async (page) => {
    await logIn(page, "guess");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.equal(await alert.innerText(), "This token is not known.");
    assert.equal(await page.getByLabel("Token").getAttribute("aria-invalid"), "true");
    assert.deepEqual(await page.context().cookies(), []);
    for (let many = 0; many < 3; many += 1) await logIn(page, "guess");
    await page.getByRole("alert").filter({ hasText: "too many wrong tokens" }).waitFor();
    await shot(page, "login-refused");
  }));

  test("whoever logs in is known by a cookie that no script can read, and changes go with the session's secret", () => on("#/token", async (page) => {
    await logIn(page, "s3cret");
    await page.getByRole("heading", { name: "You are dana" }).waitFor();
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
    assert.equal(await page.evaluate(() => document.cookie + JSON.stringify({ ...sessionStorage, ...localStorage })), "{}", "a script finds nothing to steal");
    await page.getByRole("link", { name: "Channels" }).click();
    await silence(page);
    await page.getByText(/^Silenced for/).waitFor();
    assert.deepEqual([changes()[0].csrf, changes()[0].cookie, changes()[0].authorization], ["c5rf", "streamwarden-session=0123", null]);
  }));

  test("after the page is loaded again one is still logged in", () => on("#/token", async (page) => {
    await logIn(page, "s3cret");
    await page.getByRole("heading", { name: "You are dana" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "You are dana" }).waitFor();
    await shot(page, "login-done");
    await page.getByRole("link", { name: "Channels" }).click();
    await silence(page);
    await page.getByText(/^Silenced for/).waitFor();
    assert.equal(changes().length, 1);
  }));

  test("a login in another tab does not stop this one", () => on("#/channels", async (page) => {
    standIn.answers.status.rights = ["read", "feedback", "silence"];
    standIn.csrf = "of the other tab";
    standIn.answers.session = { name: "dana", role: "operator", rights: standIn.answers.status.rights, csrf: standIn.csrf };
    await page.reload();
    await page.getByText("New silence").waitFor();
    standIn.csrf = "newer";
    standIn.answers.session = { ...standIn.answers.session, csrf: "newer" };
    await silence(page);
    await page.getByText(/^Silenced for/).waitFor();
    assert.deepEqual(changes().map((request) => request.csrf), ["of the other tab", "newer"]);
  }));

  test("whoever logs out may only look", () => on("#/token", async (page) => {
    await logIn(page, "s3cret");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    await page.getByText("Without logging in, you may look.").waitFor();
  }));
});

describe("the model card", () => {
  test("says how good it is, where it is weak and what it was trained on", () => on("#/models", async (page) => {
    await page.getByRole("heading", { level: 1, name: /^84\s% of the planted faults were named rightly$/ }).waitFor();
    const weak = page.locator("section", { has: page.getByRole("heading", { name: "Where it is weak" }) });
    assert.match(await weak.innerText(), /hot-key was named in 18 of 24 replays/);
    assert.match(await weak.innerText(), /one or two shapes of jobs only.*: slow-sink/);
    assert.doesNotMatch(await weak.innerText(), /gc-pressure was named/);
    await page.getByText("Trained on 9,219 rows of 131 recorded incidents").first().waitFor();
    await page.getByText("What it looks at: 2 features").click();
    await page.getByText("busy of the busiest subtask").waitFor();
    await page.getByText("The whole report").click();
    await page.getByRole("cell", { name: "64, 54 of them with a fault" }).waitFor();
    await page.getByRole("link", { name: "slow-sink" }).first().click();
    await page.getByRole("heading", { name: "A sink waits for the system that it writes to" }).waitFor();
  }));

  test("without models it says what judges then", () => on("#/models", async (page) => {
    standIn.answers.models = { models: [], reliability: [], card: [], report: [] };
    await page.reload();
    await page.getByRole("heading", { name: "No model judges here" }).waitFor();
  }));
});
