// More about a job: configuration with what is proposed, history, raw evidence.

import { h } from "../view.js";
import { route, setQuery } from "../router.js";
import { NONE, clock, count, dayAndClock, duration, plural, secondsBetween } from "../words.js";
import { copy, findingStatus, icon, statusIcon } from "../parts.js";
import { settings } from "./change.js";

export function tabs(job, entries, now) {
  const proposed = new Map(entries.flatMap((entry) => settings(entry.finding)).map((action) => [action.key, action]));
  const all = [
    { id: "config", name: proposed.size > 0 ? `Configuration, ${plural(proposed.size, "change")}` : "Configuration", view: () => configuration(job, proposed, now) },
    { id: "history", name: job.history?.length > 0 ? `History, ${plural(job.history.length, "incident")}` : "History", view: () => history(job, now) },
    { id: "evidence", name: "Raw evidence", view: () => evidence(job, entries, now) },
  ];
  const chosen = all.find((tab) => tab.id === route.query.get("tab")) ?? all[0];
  const choose = (tab, focus) => {
    setQuery({ tab: tab.id });
    if (focus) requestAnimationFrame(() => document.getElementById(`tab-${tab.id}`)?.focus());
  };
  const walk = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { event.preventDefault(); choose(all[(all.indexOf(chosen) + step + all.length) % all.length], true); }
  };
  return h("section", { class: "card block", id: "more", "aria-label": "More about this job", key: "more" },
    h("div", { class: "tabs", role: "tablist", "aria-label": "More about this job", onkeydown: walk }, all.map((tab) => h("button", { key: tab.id, role: "tab", type: "button", id: `tab-${tab.id}`, "aria-controls": `panel-${tab.id}`, "aria-selected": String(tab === chosen), tabindex: tab === chosen ? "0" : "-1", onclick: () => choose(tab) }, tab.name))),
    all.map((tab) => h("div", { key: tab.id, class: "panel scroll", role: "tabpanel", id: `panel-${tab.id}`, "aria-labelledby": `tab-${tab.id}`, tabindex: "0", hidden: tab !== chosen }, tab === chosen && tab.view())));
}

function configuration(job, proposed, now) {
  const options = [...(job.configuration ?? [])];
  const known = new Set(options.map((option) => option.key));
  for (const [key, action] of proposed) if (!known.has(key)) options.unshift({ key, value: action.from ?? "", set_by: action.from === null ? "" : "default", changed_at: null, redacted: false });
  if (options.length === 0) return h("p", { class: "pad dim" }, "The configuration of this job has not been read yet.");
  const rank = { job: 0, cluster: 1, default: 2 };
  options.sort((a, b) => proposed.has(b.key) - proposed.has(a.key) || (rank[a.set_by] ?? 3) - (rank[b.set_by] ?? 3) || a.key.localeCompare(b.key));
  return h("table", { class: "plain options" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Option"), h("th", { scope: "col", class: "num" }, "Now"), h("th", { scope: "col", class: "num" }, "Proposed"), h("th", { scope: "col" }, "Set by"), h("th", { scope: "col" }, "Last change"))),
    h("tbody", {}, options.map((option) => optionRow(option, proposed.get(option.key), now))));
}

function optionRow(option, action, now) {
  const value = option.redacted ? h("span", { class: "red" }, "redacted") : option.value === "" ? h("span", { class: "dim" }, NONE) : option.value;
  return h("tr", { key: option.key, class: action ? "chg" : null }, h("td", {}, h("code", {}, option.key)), h("td", { class: "num val" }, value), h("td", { class: "num val" }, action ? h("ins", {}, action.to) : h("span", { class: "dim" }, NONE)), h("td", {}, option.set_by), h("td", { class: "nowrap" }, option.changed_at ? dayAndClock(option.changed_at, now) : option.set_by === "default" ? "never" : "not seen"));
}

export function verdictWords(feedback, open) {
  if (!feedback) return open ? "not yet" : "nobody said";
  const by = feedback.by === "outcome" ? "by the outcome" : "said by a person";
  if (feedback.verdict === "right") return `right, ${by}`;
  return `wrong${feedback.actual_slug ? `: it was ${feedback.actual_slug}` : feedback.comment ? `: ${feedback.comment}` : `, ${by}`}`;
}

function history(job, now) {
  if (!(job.history?.length > 0)) return h("p", { class: "pad dim" }, "No incident of this job is known.");
  return h("table", { class: "plain hist" },
    h("thead", {}, h("tr", {}, ["Began", "Lasted", "Problem", "Where", "What was changed", "Was it right?"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, job.history.map((incident) => h("tr", { key: incident.finding_id },
      h("td", { class: "nowrap" }, dayAndClock(incident.began, now)),
      h("td", { class: "nowrap" }, duration(secondsBetween(incident.began, incident.ended ?? now)), !incident.ended && ", open"),
      h("td", {}, h("span", { class: "prob" }, statusIcon(findingStatus(incident)), ` ${incident.code} ${incident.slug}`)),
      h("td", {}, incident.subject.scope === "job" ? "whole job" : incident.subject.name),
      h("td", {}, incident.changed ?? h("span", { class: "dim" }, incident.ended ? "nothing" : "nothing yet")),
      h("td", {}, verdictWords(incident.feedback, !incident.ended))))));
}

function evidence(job, entries, now) {
  const logs = job.logs ?? [];
  return [
    logs.map((log) => h("div", { class: "log", key: `${log.template} ${log.first_at}` },
      h("p", { class: "log-h" }, h("code", {}, log.template), log.level && h("span", {}, log.level), h("span", {}, log.count > 1 ? `${count(log.count)} times since ${clock(log.first_at, true)}` : `at ${clock(log.first_at, true)}`), log.processes?.length > 0 && h("span", {}, log.processes.join(", ")), log.explained_by && h("span", {}, `explained by ${log.explained_by}`), h("button", { class: "btn quiet", type: "button", onclick: () => copy(log.template, "Copied the code") }, icon("copy"), "Copy code")),
      h("pre", { tabindex: "0", "aria-label": `Log text of ${log.template}` }, logText(log.text)))),
    logs.length === 0 && h("p", { class: "pad dim" }, "No error or warning of this job was logged in the last hour."),
    entries.map(({ finding }) => json(finding)),
  ];
}

/** Stack traces read by their causes: these lines stand out. */
function logText(text) {
  return String(text).split("\n").map((line) => (/^(Caused by:|Exception in|\S*(?:Exception|Error)\b)/.test(line) ? h("b", {}, `${line}\n`) : `${line}\n`));
}

function json(finding) {
  const text = JSON.stringify(finding, null, 2);
  return h("div", { class: "log", key: finding.finding_id }, h("p", { class: "log-h" }, h("b", {}, "The finding as it was sent"), h("span", {}, "topic streamwarden.recommendations"), h("button", { class: "btn quiet", type: "button", onclick: () => copy(text, "Copied the finding") }, icon("copy"), "Copy JSON")), h("pre", { class: "tall", tabindex: "0", "aria-label": `Finding ${finding.finding_id} as JSON` }, text));
}

