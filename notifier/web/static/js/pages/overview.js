// The first page: which jobs need someone, in one sentence, then by need.

import { h } from "../view.js";
import { route, setQuery, link } from "../router.js";
import * as store from "../store.js";
import { count, plural } from "../words.js";
import { icon, statusOf, waiting } from "../parts.js";
import { trend } from "../sparkline.js";
import { clusterGroup, counts, didYouMean, matches, STATUS_ORDER } from "../overview/select.js";
import { headline, isCalm, sentence, title } from "../overview/verdict.js";
import { list } from "../overview/list.js";
import { map } from "../overview/map.js";
import { calm } from "../overview/calm.js";

/** Chips that stand even when nothing is in them: their zero is news. */
const ALWAYS = new Set(["critical", "warning", "healthy"]);

function filterOf(query) {
  const get = (name) => query.get(name) ?? "";
  return { words: get("q").toLowerCase().split(/\s+/).filter(Boolean), text: get("q"), status: get("status"), cluster: get("cluster"), group: ["cluster", "problem"].includes(get("group")) ? get("group") : "", view: ["compact", "map"].includes(get("view")) ? get("view") : "list", healthy: get("healthy") === "1", flat: get("flat") === "1", asked: query.size > 0 };
}

export function overview() {
  const data = store.jobs.data;
  if (!data) return { title: "Jobs", view: waiting(store.jobs, "the jobs") };
  const jobs = withClusters([...data.byId.values()]);
  if (jobs.length === 0) return { title: "No job yet", view: empty() };
  const filter = filterOf(route.query);
  const now = store.now();
  const counted = counts(jobs);
  if (!filter.asked && isCalm(counted, jobs.length)) return { title: "All healthy", view: calm(jobs, counted, now) };
  const inScope = jobs.filter((job) => matches(job, filter));
  const shown = filter.status ? inScope.filter((job) => job.status === filter.status) : inScope;
  return {
    title: title(jobs),
    view: [
      verdict(jobs, counted),
      tools(jobs, inScope, filter),
      shown.length === 0 ? nothing(filter, jobs) : filter.view === "map" ? map(shown) : list(shown, filter, now),
      h("p", { class: "keys", key: "keys" }, key("/", "search"), h("span", {}, h("kbd", {}, "j"), " ", h("kbd", {}, "k"), " next and previous job"), key("Enter", "open"), h("span", {}, "The order changes only while no row is hovered or focused.")),
    ],
  };
}

const key = (name, what) => h("span", {}, h("kbd", {}, name), ` ${what}`);

const withAway = new WeakMap();
/** Jobs of a cluster that does not answer carry the reason, so that a row needs nothing else. */
function withClusters(jobs) {
  const away = new Map((store.status.data?.clusters ?? []).filter((cluster) => cluster.state !== "reporting").map((cluster) => [cluster.cluster_id, cluster]));
  return jobs.map((job) => {
    if (job.status !== "no_data") return job;
    const cluster = away.get(job.cluster_id);
    const known = withAway.get(job);
    if (known && known.away === cluster) return known;
    const made = { ...job, away: cluster };
    withAway.set(job, made);
    return made;
  });
}

function verdict(jobs, counted) {
  const series = store.status.data?.open_findings;
  const values = series?.values?.filter((value) => value !== null) ?? [];
  return h("div", { class: "verdict", key: "verdict" },
    h("div", {}, h("h1", {}, headline(counted, jobs.length)), h("p", {}, sentence(jobs))),
    values.length > 1 && h("figure", { class: "trend" }, h("figcaption", {}, `Open findings, last 24 h: ${count(values[0])}, now ${count(values.at(-1))}`), trend(series)));
}

function tools(jobs, inScope, filter) {
  const counted = counts(inScope);
  const clusters = [...new Set(jobs.map((job) => clusterGroup(job.cluster_id)))].sort();
  return h("div", { class: "tools", role: "search", key: "tools", "aria-label": "Jobs" },
    h("label", { class: "find" }, h("span", { class: "vh" }, "Find a job, vertex, cluster or code"), icon("find"), h("input", { id: "search", type: "search", placeholder: "Job, vertex, cluster or code", autocomplete: "off", spellcheck: "false", value: filter.text, oninput: (event) => setQuery({ q: event.target.value }) }), h("kbd", { "aria-hidden": "true" }, "/")),
    h("div", { class: "chips", role: "group", "aria-label": "Show status" }, chip("", "All", inScope.length, filter), STATUS_ORDER.filter((status) => counted[status] > 0 || ALWAYS.has(status) || filter.status === status).map((status) => chip(status, statusOf(status).word, counted[status], filter))),
    h("div", { class: "tools-2" },
      clusters.length > 1 && h("label", { class: "sel" }, h("span", { class: "lab" }, "Cluster"), h("select", { onchange: (event) => setQuery({ cluster: event.target.value, flat: "" }), value: filter.cluster }, h("option", { value: "" }, `All ${clusters.length}`), clusters.map((name) => h("option", { key: name, value: name }, name)))),
      h("label", { class: "sel" }, h("span", { class: "lab" }, "Group by"), h("select", { onchange: (event) => setQuery({ group: event.target.value }), value: filter.group }, h("option", { value: "" }, "nothing"), h("option", { value: "cluster" }, "cluster"), h("option", { value: "problem" }, "problem"))),
      h("span", { class: "lab push", "aria-hidden": "true" }, "View"),
      h("div", { class: "seg", role: "group", "aria-label": "View" }, [["list", "List"], ["compact", "Compact"], ["map", "Map"]].map(([name, word]) => h("button", { type: "button", "aria-pressed": String(filter.view === name), onclick: () => setQuery({ view: name }) }, word)))));
}

function chip(status, word, many, filter) {
  const on = filter.status === status;
  return h("button", { key: status || "all", class: "chip", type: "button", "aria-pressed": String(on), onclick: () => setQuery({ status: on ? "" : status, flat: "" }) }, status && h("span", { class: `tone-${statusOf(status).tone}` }, icon(status)), `${word} `, h("b", {}, count(many)));
}

function nothing(filter, jobs) {
  const guess = filter.text ? didYouMean(filter.text.trim(), jobs) : null;
  const guessed = guess ? jobs.filter((job) => matches(job, { ...filter, words: [guess] })).length : 0;
  const clear = h("button", { class: "btn", type: "button", onclick: () => setQuery({ q: "", status: "", cluster: "", flat: "" }) }, "Show all jobs");
  return h("section", { class: "card none", key: "none" },
    h("h2", {}, filter.text ? `No job matches “${filter.text}”` : `No job is ${statusOf(filter.status).word.toLowerCase()} here`),
    guess && guessed > 0 && h("p", {}, "Did you mean ", h("a", { href: link([], { ...Object.fromEntries(route.query), q: guess }) }, guess), `? It is in ${plural(guessed, "job")}.`),
    h("p", { class: "bar" }, clear));
}

function empty() {
  const clusters = store.status.data?.clusters ?? [];
  const silent = clusters.filter((cluster) => cluster.state !== "reporting");
  if (silent.length > 0) return h("section", { class: "card none first" }, h("h1", {}, icon("no_data"), silent.length === 1 ? `No data from ${silent[0].cluster_id}` : `No data from ${plural(silent.length, "cluster")}`), h("ul", { class: "reasons" }, silent.map((cluster) => h("li", { key: cluster.cluster_id }, h("b", {}, cluster.cluster_id), `: ${cluster.reason ?? "not answered yet"}`))), h("p", {}, "It is asked again by itself; jobs appear here as soon as it answers."));
  if (clusters.length > 0) return h("section", { class: "card none first" }, h("h1", {}, "No job runs"), h("p", {}, `${clusters.length === 1 ? `${clusters[0].cluster_id} reports` : `All ${count(clusters.length)} clusters report`}, and nothing runs there. A job appears here within a few seconds of its start.`));
  return h("section", { class: "card none first" }, h("h1", {}, "No job yet"), h("p", {}, "Streamwarden watches no cluster. Name one in the section ", h("code", {}, "[collector]"), " or at the start, or try it on a recorded incident:"), h("pre", { tabindex: "0" }, "streamwarden run --flink http://jobmanager:8081\nstreamwarden demo"));
}
