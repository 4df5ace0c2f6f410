// Every job as one small cell, in blocks of clusters, troubled clusters first.

import { h } from "../view.js";
import { link } from "../router.js";
import { count } from "../words.js";
import { statusOf } from "../parts.js";
import { byNeed, clusterGroup } from "./select.js";

const SIGN = { critical: "!", warning: "!", unknown: "?", advice: "↓", learning: "…", no_data: "", healthy: "" };
const QUIET = new Set(["healthy", "advice", "learning"]);

const spoken = (job) => `${job.job_name}: ${statusOf(job.status).word}${job.finding ? `, ${job.finding.title}` : ""}`;

const drawn = new WeakMap();
function cell(job) {
  let made = drawn.get(job);
  if (!made) {
    const text = spoken(job);
    // A thousand stops on the way of the tab key help nobody: healthy cells are reached by pointer or search.
    made = h("a", { key: job.id, class: `cell s-${job.status}`, href: link(["jobs", job.id]), title: text, "aria-label": text, tabindex: job.status === "healthy" ? "-1" : null }, SIGN[job.status] ?? "?");
    drawn.set(job, made);
  }
  return made;
}

/** What is not healthy is large enough for a finger and comes first. */
const cells = (name, jobs) => jobs.length > 0 && h("div", { class: name }, jobs.map(cell));

export function map(jobs) {
  const clusters = new Map();
  for (const job of jobs) {
    const name = clusterGroup(job.cluster_id);
    if (!clusters.has(name)) clusters.set(name, []);
    clusters.get(name).push(job);
  }
  const blocks = [...clusters].map(([name, members]) => {
    const sorted = members.sort(byNeed);
    return { name, members: sorted, wrong: members.filter((job) => !QUIET.has(job.status)).length };
  });
  blocks.sort((a, b) => (b.wrong > 0) - (a.wrong > 0) || (a.wrong > 0 ? byNeed(a.members[0], b.members[0]) : a.name.localeCompare(b.name)));
  return h("section", { class: "card", "aria-label": "Map of all jobs", key: "map" },
    h("div", { class: "map" }, blocks.map(({ name, members, wrong }) => h("section", { key: name }, h("h2", {}, h("span", { class: "cname", title: name }, name), h("span", {}, wrong > 0 ? `${count(wrong)} of ${count(members.length)}` : count(members.length))), cells("cells wide", members.filter((job) => job.status !== "healthy")), cells("cells", members.filter((job) => job.status === "healthy"))))),
    h("p", { class: "legend" }, ["critical", "warning", "unknown", "no_data", "advice", "healthy"].map((status) => h("span", {}, h("i", { class: `cell${status === "healthy" ? "" : " wide"} s-${status}`, "aria-hidden": "true" }, SIGN[status]), statusOf(status).word, status === "warning" && " (round top)"))));
}
