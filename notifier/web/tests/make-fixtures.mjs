// Writes notifier/web/fixtures from the scenario. `--check` only says whether they are what the scenario gives.

import { readFileSync, writeFileSync } from "node:fs";
import { jobs } from "./scenario.mjs";
import { job } from "./scenario-job.mjs";
import { channels, events, findings, incidents, models, problems, session, silences, status } from "./scenario-rest.mjs";

const folder = new URL("../fixtures/", import.meta.url);

/** JSON with two spaces, and arrays of numbers on one line. */
function pretty(value) {
  const lists = [];
  const text = JSON.stringify(value, (_, inner) => {
    if (!Array.isArray(inner) || inner.length < 8 || inner.some((item) => item !== null && typeof item !== "number")) return inner;
    lists.push(JSON.stringify(inner));
    return `@list ${lists.length - 1}`;
  }, 2);
  return `${text.replace(/"@list (\d+)"/g, (_, index) => lists[Number(index)])}\n`;
}

export function fixtures() {
  return {
    "status.json": pretty(status()), "jobs.json": pretty(jobs()), "job.json": pretty(job()), "findings.json": pretty(findings()), "incidents.json": pretty(incidents()),
    "problems.json": pretty(problems()), "models.json": pretty(models()), "session.json": pretty(session()), "channels.json": pretty(channels()), "silences.json": pretty(silences()), "events.txt": events(),
  };
}

const check = process.argv.includes("--check");
let stale = 0;
for (const [name, text] of Object.entries(fixtures())) {
  const path = new URL(name, folder);
  if (!check) { writeFileSync(path, text); continue; }
  if (readFileSync(path, "utf8") !== text) { stale += 1; process.stderr.write(`stale: fixtures/${name}\n`); }
}
process.exitCode = stale > 0 ? 1 : 0;
