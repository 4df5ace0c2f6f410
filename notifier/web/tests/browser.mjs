// Chromium for the tests: started once, one fresh context a test, and everything that must not happen is collected.

import { deepStrictEqual as deepEqual } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const modules = process.env.WEB_TESTS_MODULES ?? process.cwd();
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.STREAMWARDEN_SCREENSHOTS ?? "target/screenshots";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"];
export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

let browser;
let profile;

export async function startBrowser() {
  profile = mkdtempSync(join(tmpdir(), "web-tests-"));
  // A temporary home, so that nothing of the person who runs the tests is touched.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS, env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile } });
}

export async function stopBrowser() {
  await browser?.close();
  if (profile) rmSync(profile, { recursive: true, force: true });
}

/** A page of its own. `page.troubles` collects errors, violations of the policy and requests to other hosts. */
export async function open(address, { size = DESK, scheme = "light", path = "", touch = false } = {}) {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, reducedMotion: "reduce", hasTouch: touch, deviceScaleFactor: 1 });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: address });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(`error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.troubles.push(`console: ${message.text()}`); });
  page.on("request", (request) => { if (!request.url().startsWith(address) && !request.url().startsWith("data:")) page.troubles.push(`foreign request: ${request.url()}`); });
  await page.addInitScript(() => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  await page.goto(`${address}/${path}`);
  return page;
}

/** The page answers a hand a moment later: reads until it is what is expected, and says after ten seconds what it is instead. */
export async function becomes(read, expected) {
  const end = Date.now() + 10_000;
  while (!isDeepStrictEqual(await read(), expected) && Date.now() < end) await new Promise((done) => { setTimeout(done, 50); });
  deepEqual(await read(), expected);
}

/** What must never be there, after a test has done its work. */
export async function troubles(page) {
  const violations = await page.evaluate(() => window.policyViolations);
  return [...page.troubles, ...violations.map((text) => `policy: ${text}`)];
}

/** Everything axe finds, as one readable line each. */
export async function axe(page) {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\n").slice(1).join(" ").trim()}`));
}

/** A picture for a person to look at. The window grows to the page, so that bars that stick stand where they belong. */
export async function shot(page, name, { full = true } = {}) {
  const size = page.viewportSize();
  if (full) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
    // Rows that were off screen are drawn now, and may be higher than was thought.
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    await page.setViewportSize({ width: size.width, height: Math.max(size.height, await page.evaluate(() => document.documentElement.scrollHeight)) });
  }
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  await page.setViewportSize(size);
}

export const close = (page) => page.context().close();
