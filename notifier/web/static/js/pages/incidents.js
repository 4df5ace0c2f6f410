// What went wrong before: open and resolved findings, newest first.

import { h } from "../view.js";
import { link, route, setQuery } from "../router.js";
import * as store from "../store.js";
import { count, dayAndClock, duration, plural, secondsBetween } from "../words.js";
import { findingStatus, icon, statusIcon, statusOf, waiting } from "../parts.js";
import { verdictWords } from "../job/tabs.js";

/** More rows than anyone reads at once; the rest is one button away. */
const AT_ONCE = 200;

export function incidentsPage() {
  const data = store.incidents.data;
  if (!data) return { title: "Incidents", view: waiting(store.incidents, "the incidents") };
  const now = store.now();
  const text = (route.query.get("q") ?? "").toLowerCase();
  const state = route.query.get("state") ?? "";
  const found = data.incidents.filter((incident) => text.split(/\s+/).every((word) => searchable(incident).includes(word)));
  const open = found.filter((incident) => !incident.ended).length;
  const shown = found.filter((incident) => state === "" || (state === "open") === !incident.ended);
  const all = route.query.get("all") === "1";
  const chip = (name, word, many) => h("button", { class: "chip", type: "button", "aria-pressed": String(state === name), onclick: () => setQuery({ state: state === name ? "" : name }) }, `${word} `, h("b", {}, count(many)));
  return {
    title: "Incidents",
    view: [
      h("div", { class: "page-h", key: "head" }, h("h1", {}, headline(data)), h("p", {}, "Each finding from its opening to its end, newest first. Times are UTC.")),
      h("div", { class: "tools", role: "search", key: "tools", "aria-label": "Incidents" },
        h("label", { class: "find" }, h("span", { class: "vh" }, "Find an incident"), icon("find"), h("input", { id: "search", type: "search", placeholder: "Job, vertex, cluster or code", autocomplete: "off", value: route.query.get("q") ?? "", oninput: (event) => setQuery({ q: event.target.value }) }), h("kbd", { "aria-hidden": "true" }, "/")),
        h("div", { class: "chips", role: "group", "aria-label": "Show" }, chip("", "All", found.length), chip("open", "Open", open), chip("ended", "Over", found.length - open))),
      shown.length === 0 ? h("section", { class: "card none", key: "none" }, h("h2", {}, data.incidents.length === 0 ? "No incident in 30 days" : "No incident matches")) : table(all ? shown : shown.slice(0, AT_ONCE), now),
      !all && shown.length > AT_ONCE && h("p", { class: "more", key: "more" }, h("button", { class: "btn", type: "button", onclick: () => setQuery({ all: "1" }) }, `Show ${count(shown.length - AT_ONCE)} more`)),
    ],
  };
}

function headline(data) {
  const open = data.incidents.filter((incident) => !incident.ended).length;
  if (data.total === 0) return "No incident in 30 days";
  return `${plural(data.total, "incident")} in 30 days, ${open === 0 ? "none open" : `${count(open)} open`}`;
}

const searchable = (incident) => [incident.job_name, incident.cluster_id, incident.code, incident.slug, incident.title, incident.subject?.name].filter(Boolean).join("\n").toLowerCase();

function table(incidents, now) {
  return h("section", { class: "card scroll", key: "table", tabindex: "0", role: "region", "aria-label": "Incidents" }, h("table", { class: "plain incidents" },
    h("thead", {}, h("tr", {}, ["Began", "Lasted", "Job", "What was wrong", "What was changed", "Was it right?"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, incidents.map((incident) => incidentRow(incident, now)))));
}

function incidentRow(incident, now) {
  const status = findingStatus(incident);
  return h("tr", { key: incident.finding_id, class: incident.ended ? "over" : "open" },
    h("td", { class: "nowrap" }, dayAndClock(incident.began, now)),
    h("td", { class: "nowrap" }, duration(secondsBetween(incident.began, incident.ended ?? now)), h("span", { class: "two" }, incident.ended ? "over" : "open")),
    h("td", {}, h("a", { href: link(["jobs", incident.id ?? incident.job_id], incident.ended ? { tab: "history" } : { finding: incident.finding_id }) }, incident.job_name), h("span", { class: "two" }, incident.cluster_id)),
    h("td", {}, h("span", { class: "prob" }, statusIcon(status), h("span", { class: "vh" }, `${statusOf(status).word}: `), h("span", {}, incident.title, h("span", { class: "two" }, `${incident.code} ${incident.slug}`)))),
    h("td", {}, incident.changed ?? h("span", { class: "dim" }, incident.ended ? "nothing" : "nothing yet")),
    h("td", {}, verdictWords(incident.feedback, !incident.ended)));
}
