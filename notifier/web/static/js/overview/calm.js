// Nothing is wrong: says so, and proves that it is watching.

import { h } from "../view.js";
import { link } from "../router.js";
import * as store from "../store.js";
import { closeness, count, dayAndClock, duration, figure, figureText, listed, plural, present, secondsBetween } from "../words.js";
import { icon } from "../parts.js";
import { calmHeadline, isCalm } from "./verdict.js";

const NEAREST = 5;
const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));

export { isCalm };

export function calm(jobs, counted, now) {
  const status = store.status.data;
  return [
    h("div", { class: "calm", key: "calm" }, h("svg", { class: "mark", "aria-hidden": "true", fill: "currentColor" }, h("use", { href: "#i-mark" })),
      h("h1", {}, calmHeadline(counted)),
      h("p", {}, calmSentence(status, counted, now)),
      h("p", { class: "bar" }, h("a", { class: "btn", href: link([], { view: "map" }) }, "Map of all jobs"), h("a", { class: "btn", href: link([], { view: "list", healthy: "1" }) }, "All jobs as a list"))),
    h("div", { class: "cols", key: "calm-cols" }, nearest(jobs), h("div", { class: "stack" }, watching(status, now), lastIncidents(now))),
  ];
}

function calmSentence(status, counted, now) {
  const parts = [];
  if (status?.calm_since) parts.push(`Nothing has been open for ${duration(secondsBetween(status.calm_since, now))}.`);
  if (counted.advice > 0) parts.push(`${plural(counted.advice, "job", "jobs")} could do with less.`);
  if (counted.learning > 0) parts.push(`${plural(counted.learning, "job is", "jobs are")} not judged yet.`);
  const clusters = status?.clusters ?? [];
  if (clusters.length > 0) {
    const oldest = Math.max(...clusters.map((cluster) => (cluster.newest_window ? secondsBetween(cluster.newest_window, now) : 0)));
    parts.push(clusters.length === 1 ? `Its cluster reports; it answered ${duration(Math.max(0, oldest))} ago.` : `All ${count(clusters.length)} clusters report; the slowest answered ${duration(Math.max(0, oldest))} ago.`);
  }
  return parts.join(" ");
}

function nearest(jobs) {
  const near = jobs.filter((job) => closeness(job.figure ?? {}) >= 0).sort((a, b) => closeness(b.figure) - closeness(a.figure)).slice(0, NEAREST);
  return h("section", { class: "card" },
    h("div", { class: "sec-h" }, h("h2", {}, "Closest to a limit"), h("p", {}, "No finding, nothing to do now")),
    near.length === 0 ? h("p", { class: "pad dim" }, "No figure with a known limit has been measured yet.") : h("table", { class: "plain near" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Job"), h("th", { scope: "col" }, "Figure"), h("th", { scope: "col", class: "num" }, "Now"), h("th", { scope: "col" }, h("span", { class: "vh" }, "Room to the limit")))),
      h("tbody", {}, near.map((job) => h("tr", { key: job.id }, h("td", {}, h("a", { href: link(["jobs", job.id]) }, job.job_name), h("span", { class: "two" }, job.cluster_id)), h("td", {}, capital([job.figure.subject, job.figure.label].filter(Boolean).join(", "))), h("td", { class: "num" }, ofLimit(job.figure)), h("td", {}, room(job.figure)))))));
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function ofLimit(shown) {
  const limit = shown.healthy_max ?? shown.healthy_min;
  const now = figure(shown.value, shown.unit, limit);
  const end = figure(limit, shown.unit, shown.value);
  const words = present(shown.healthy_max) ? "of" : "above";
  return now.unit === end.unit ? `${now.value} ${words} ${figureText(limit, shown.unit, shown.value)}` : `${figureText(shown.value, shown.unit, limit)} ${words} ${figureText(limit, shown.unit, shown.value)}`;
}

/** How much of the room to the limit is used; the limit is the tick at seven eighths. */
function room(shown) {
  const used = Math.min(160, Math.max(2, closeness(shown) * 140)).toFixed(1);
  return h("svg", { class: "room", viewBox: "0 0 160 10", "aria-hidden": "true" }, h("rect", { class: "t", width: 160, height: 10, rx: 3 }), h("rect", { class: "f", width: used, height: 10, rx: 3 }), h("path", { class: "l", d: "M140 -1V11" }));
}

export function watching(status, now) {
  if (!status) return null;
  const clusters = status.clusters ?? [];
  const reporting = clusters.filter((cluster) => cluster.state === "reporting");
  const windows = reporting.map((cluster) => cluster.newest_window).filter(Boolean).sort();
  const told = (alert) => (alert ? `${dayAndClock(alert.at, now)}, ${alert.channel}${alert.outcome ? `, ${alert.outcome}` : ""}` : "none yet");
  const away = clusters.filter((cluster) => cluster.state !== "reporting").map((cluster) => cluster.cluster_id);
  return h("section", { class: "card" }, h("div", { class: "sec-h" }, h("h2", {}, "Is it really watching?")), h("dl", { class: "facts" },
    fact("Clusters that report", `${count(reporting.length)} of ${count(clusters.length)}`, away.length > 0 && h("span", { class: "two" }, `not ${listed(away.slice(0, 3))}`)),
    fact("Oldest window", windows.length > 0 ? duration(Math.max(0, secondsBetween(windows[0], now))) : "none yet"),
    fact("Records not readable, 24 h", count(status.unreadable_records_24h ?? 0)),
    fact("Last alert delivered", told(status.last_alert)),
    fact("Last test alert", told(status.last_test)),
    fact("Watching since", `${dayAndClock(status.started_at, now)} UTC`)));
}

function lastIncidents(now) {
  const known = store.incidents.data?.incidents ?? [];
  const last = known.filter((incident) => incident.ended).slice(0, 3);
  const total = store.status.data?.incidents_30d;
  return h("section", { class: "card" },
    h("div", { class: "sec-h" }, h("h2", {}, "Last incidents"), h("p", {}, h("a", { href: "#/incidents" }, present(total) ? `All ${count(total)} in 30 days` : "All incidents"))),
    last.length === 0 ? h("p", { class: "pad dim" }, "None in 30 days.") : h("dl", { class: "facts" }, last.map((incident) => fact(h("span", {}, h("a", { href: link(["jobs", incident.id ?? incident.job_id]) }, incident.job_name), `, ${incident.slug}`), `${dayAndClock(incident.began, now)}, ${duration(secondsBetween(incident.began, incident.ended))}`))));
}

