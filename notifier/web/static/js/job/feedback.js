// Below a finding: was it right, who decided, and quiet for a while.

import { h } from "../view.js";
import { api } from "../api.js";
import * as store from "../store.js";
import { clock } from "../words.js";
import { guarded, icon, rightsNote, say } from "../parts.js";

/** What is being said about which finding, until it is sent. */
let asking = null;
/** What was said since the page was opened: the answer of the API follows a moment later. */
const told = new Map();
const HOUR_S = 3600;

export function feedback({ finding, feedback: known, silenced_until: until, acknowledged_by: owner }, now) {
  const id = finding.finding_id;
  const said = told.get(id) ?? known?.verdict ?? known;
  return h("div", { class: "feedback" },
    said ? h("span", { role: "status" }, said === "right" ? "You said: this was right." : "You said: this was wrong.") : h("span", { id: "right" }, "Was this right?"),
    !said && guarded("feedback", { key: "yes", onclick: () => send(finding, { verdict: "right" }) }, "Yes"),
    !said && guarded("feedback", { key: "no", "aria-expanded": String(asking === id), onclick: () => { asking = asking === id ? null : id; store.problems.refresh(); store.changed(); } }, "No"),
    asking === id && !said && wrongForm(finding),
    h("span", { class: "end" }, `${finding.model.name === "rules" ? "Rules" : `Model ${finding.model.name}`} ${finding.model.version} · last confirmed ${clock(finding.last_seen, true)} UTC`),
    owner ? h("span", { class: "quiet-until" }, `Taken care of by ${owner}`) : guarded("silence", { key: "take", onclick: () => take(finding) }, "I take care of it"),
    until && Date.parse(until) > now ? h("span", { class: "quiet-until" }, icon("silenced"), ` Silenced until ${clock(until)} UTC`) : guarded("silence", { key: "silence", onclick: () => silence(finding) }, "Silence for 1 h"),
    rightsNote("feedback", "silence"));
}

function wrongForm(finding) {
  const problems = store.problems.data?.problems ?? [];
  const read = (form) => Object.fromEntries(new FormData(form));
  return h("form", { class: "wrong-form", key: "wrong", onsubmit: (event) => { event.preventDefault(); const { actual, comment } = read(event.target); send(finding, { verdict: "wrong", actual_slug: actual || null, comment: comment ?? "" }); } },
    h("label", {}, h("span", { class: "lab" }, "What was it?"), h("select", { name: "actual" }, h("option", { value: "" }, "I do not know"), h("option", { value: "healthy" }, "nothing was wrong"), problems.map((problem) => h("option", { key: problem.slug, value: problem.slug }, problem.slug)))),
    h("label", { class: "grow" }, h("span", { class: "lab" }, "In your words"), h("input", { name: "comment", maxlength: "500", autocomplete: "off" })),
    h("button", { class: "btn", type: "submit" }, "Say that it was wrong"));
}

export async function send(finding, body) {
  try {
    await api.feedback(finding.finding_id, { actual_slug: null, comment: "", ...body });
    told.set(finding.finding_id, body.verdict);
    asking = null;
    say(body.verdict === "right" ? "Noted: right" : "Noted: wrong");
  } catch (error) { say(error.message); }
  store.changed();
}

export async function take(finding) {
  try {
    await api.acknowledge(finding.finding_id);
    say("Noted: you take care of it");
    store.currentJob().resource?.refresh();
  } catch (error) { say(error.message); }
}

export async function silence(finding) {
  try {
    const made = await api.silence({ finding_id: finding.finding_id }, HOUR_S, "");
    say(`Quiet until ${clock(made?.ends_at ?? store.now() + HOUR_S * 1000)} UTC`);
    store.currentJob().resource?.refresh();
    store.jobs.refresh();
  } catch (error) { say(error.message); }
}
