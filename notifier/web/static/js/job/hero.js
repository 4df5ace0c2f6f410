// A finding: cause, effect, what to change, why, how it was decided.

import { h } from "../view.js";
import { link, setQuery } from "../router.js";
import { beyondLimit, clock, confidence, dayAndClock, duration, figure, figureText, limitText, listed, present, secondsBetween, together } from "../words.js";
import { copy, findingStatus, icon, statusOf, statusWord, time, withCode, withFigures } from "../parts.js";
import { asYaml, diff, settingNumbers, settings } from "./change.js";
import { feedback } from "./feedback.js";

const RESTART = { none: "none", job: "job", taskmanager: "TaskManagers", cluster: "cluster" };
const OUTSIDE = { change_code: "in the code", change_infrastructure: "outside Flink" };

export function hero(entry, job, now) {
  const { finding } = entry;
  const status = findingStatus(finding);
  return h("article", { class: `card hero f-${status}`, "aria-labelledby": "cause", key: `hero ${finding.finding_id}` },
    strip(entry, status, now),
    cause(entry, job, now),
    h("div", { class: "hero-grid" }, change(entry, job, now), why(finding)),
    feedback(entry, now));
}

function strip({ finding, where }, status, now) {
  const name = finding.subject.scope === "job" ? null : finding.subject.name;
  const note = where ?? (present(finding.subject.subtask) ? `subtask ${finding.subject.subtask}` : null);
  return h("div", { class: "hero-top" },
    statusWord(status),
    name ? h("span", {}, "At ", h("b", {}, name), note && `, ${note}`) : h("span", {}, h("b", {}, "Whole job")),
    h("span", {}, "Since ", h("b", {}, time(finding.first_seen, now), " UTC"), `, ${duration(secondsBetween(finding.first_seen, now))}`),
    h("span", { class: "conf" }, h("span", {}, "Confidence ", h("b", {}, confidence(finding.confidence))), h("svg", { viewBox: "0 0 64 6", "aria-hidden": "true" }, h("rect", { class: "t", width: 64, height: 6, rx: 3 }), h("rect", { class: "f", width: Math.min(0.99, finding.confidence) * 64, height: 6, rx: 3 }))),
    h("span", { class: "end" }, h("a", { href: link(["problems", finding.slug]) }, h("code", {}, finding.code), ` ${finding.slug}`)));
}

/** Effects are written without a full stop; two parts are two sentences. */
function effectText(effect) {
  return effect.split(/;\s*/).filter(Boolean).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)).join(" ");
}

function cause({ finding, earlier = [] }, job, now) {
  const before = [...earlier].filter((incident) => incident.ended).sort((a, b) => b.began.localeCompare(a.began))[0];
  return h("div", { class: "cause" },
    h("h2", { id: "cause" }, together(finding.title)),
    finding.effect && h("p", { class: "effect" }, withFigures(effectText(finding.effect))),
    h("p", { class: "expl" }, together(finding.explanation), before && [" Seen ", earlier.length === 1 ? "once" : `${earlier.length} times`, " before: ", h("a", { href: link(["jobs", job.id], { tab: "history" }), onclick: showTabs }, dayAndClock(before.began, now)), `, over after ${duration(secondsBetween(before.began, before.ended))}${before.feedback?.comment ? ` (${before.feedback.comment})` : ""}.`]));
}

function showTabs() {
  requestAnimationFrame(() => document.getElementById("more")?.scrollIntoView({ block: "start" }));
}

function change(entry, job, now) {
  const { finding, apply, collect_next: next = [] } = entry;
  const chosen = settings(finding);
  const numbers = settingNumbers(finding);
  const oneRestart = chosen.length > 1 && chosen.every((action) => action.restart === chosen[0].restart) && chosen[0].restart !== "none";
  return h("section", { "aria-labelledby": "change" },
    h("h3", { class: "h3", id: "change" }, finding.actions.length > 0 || next.length === 0 ? "What to change" : "What to collect next", oneRestart && h("span", {}, `${listed(numbers)} in one restart`)),
    next.length > 0 && h("ol", { class: "acts" }, next.map((text, index) => h("li", { class: `act${index === 0 ? " first" : ""}` }, h("p", {}, withCode(text))))),
    finding.actions.length === 0 && next.length === 0 && h("p", { class: "dim" }, "Nothing that is known to help. What decided is beside this."),
    h("ol", { class: "acts" }, finding.actions.map((action, index) => act(action, index, finding, apply))),
    finding.avoid.map((move) => h("p", { class: "dont" }, icon("dont"), h("span", {}, h("b", {}, `Do not ${move.what.replace(/^do not /i, "").replace(/\.$/, "")}.`), ` ${move.why}`))),
    chosen.length > 0 && h("div", { class: "bar" },
      h("button", { class: "btn primary", type: "button", onclick: () => copy(asYaml(finding, minute(now)), `Copied ${chosen.length === 1 ? "the option" : `${chosen.length} options`} for config.yaml`) }, icon("copy"), numbers.length === 1 ? "Copy the change" : `Copy changes ${listed(numbers)}`),
      h("button", { class: "btn", type: "button", onclick: () => { setQuery({ tab: "config" }); showTabs(); } }, "See in configuration")),
    chosen.length > 0 && details("config.yaml, before and after", diffView(finding, job)),
    apply?.steps?.length > 0 && details("How to apply it, and what happens then", h("ol", {}, apply.steps.map((step) => h("li", {}, withCode(step))), present(apply.catch_up_s) && h("li", {}, `Started now, the job has caught up in about ${duration(apply.catch_up_s)}.`))));
}

const minute = (now) => new Date(now).toISOString().slice(0, 16).replace("T", " ");
const details = (summary, ...inside) => h("details", { class: "how", key: summary }, h("summary", {}, summary), ...inside);

function diffView(finding, job) {
  const lines = diff(finding, job.configuration);
  return h("div", { class: "diff-box" },
    h("pre", { tabindex: "0", "aria-label": "Difference" }, lines.map(({ kind, text }) => h("span", { class: `d-${kind}` }, `${text}\n`))),
    h("button", { class: "btn quiet", type: "button", onclick: () => copy(`${lines.map(({ text }) => text).join("\n")}\n`, "Copied the difference") }, icon("copy"), "Copy the difference"));
}

function act(action, index, finding, apply) {
  const isOption = /^[\w.-]+$/.test(action.key);
  const same = index > 0 && action.restart !== "none" && finding.actions[index - 1].restart === action.restart ? "same restart" : null;
  const tag = [String(index + 1), index === 0 ? "do this first" : OUTSIDE[action.kind] ?? same].filter(Boolean).join(" · ");
  const restart = apply?.restart_s && action.restart === "job" && index === 0 ? `, about ${duration(apply.restart_s)}` : "";
  const sum = action.computation ? (/[.!?]$/.test(action.computation) ? action.computation : `${action.computation}.`) : "";
  return h("li", { class: `act${index === 0 ? " first" : ""}`, key: `${action.kind} ${action.key}` },
    h("div", { class: "act-k" }, isOption ? h("code", {}, action.key) : h("b", {}, action.key), h("span", { class: "tag" }, tag)),
    (present(action.to) && action.to !== "") && h("div", { class: "diff" }, present(action.from) && [h("del", {}, h("span", { class: "vh" }, "from "), action.from), h("span", { class: "ar" }, h("span", { class: "vh" }, "to"), h("span", { "aria-hidden": "true" }, "→"))], h("ins", {}, action.to), action.unit && h("span", { class: "u" }, action.unit)),
    sum && h("p", {}, together(sum)),
    action.why && h("p", {}, together(action.why)),
    h("p", { class: "cost" }, h("span", {}, "Restart: ", h("b", {}, RESTART[action.restart] ?? action.restart), restart), h("span", {}, "Risk: ", h("b", {}, action.risk))));
}

function why(finding) {
  const figures = finding.evidence.filter((item) => !item.log);
  const logs = finding.evidence.filter((item) => item.log).map((item) => item.log);
  return h("section", { "aria-labelledby": "why" },
    h("h3", { class: "h3", id: "why" }, "Why", figures.length > 0 && h("span", {}, "bar: healthy range, tick: now")),
    figures.length > 0 && h("ul", { class: "ev" }, [...figures].sort((a, b) => b.contribution - a.contribution).slice(0, 5).map((item) => evidence(item, findingStatus(finding)))),
    logs.length > 0 && h("ul", { class: "ev-log" }, logs.slice(0, 3).map(({ template, text, at }) => h("li", { key: `${template} ${at}` }, h("p", {}, h("code", {}, template), ` logged at ${clock(at, true)}`), h("p", { class: "text" }, text)))),
    h("h3", { class: "h3", id: "rule" }, "How it was decided"),
    h("ol", { class: "dec", "aria-labelledby": "rule" }, decision(finding)));
}

/** The axis of a range bar: room for the value and for the limits, from 0 where figures are not negative. */
function axisOf({ value, healthy_min: min, healthy_max: max, unit }) {
  const known = [value, min, max].filter(present);
  if (unit === "ms/s") return [0, 1000];
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low + 1e-9);
  if (unit === "ratio" && high <= 1 && low >= 0) return [0, 1];
  return [low, low + (high - low) * 1.12];
}

function evidence(item, status) {
  const [low, high] = axisOf(item);
  const x = (value) => Math.min(1, Math.max(0, (value - low) / (high - low))) * 400;
  const from = present(item.healthy_min) ? x(item.healthy_min) : 0;
  const to = present(item.healthy_max) ? x(item.healthy_max) : 400;
  const known = present(item.healthy_min) || present(item.healthy_max);
  const bad = beyondLimit(item);
  const { value, unit } = figure(item.value, item.unit, item.healthy_max ?? item.healthy_min ?? item.value);
  const limit = limitText(item);
  return h("li", { key: item.feature },
    h("div", { class: "line" }, h("span", {}, item.label), h("b", {}, value, unit && h("small", {}, unit === "×" ? "×" : ` ${unit}`))),
    h("svg", { class: "range", viewBox: "0 0 400 14", preserveAspectRatio: "none", "aria-hidden": "true" }, h("rect", { class: "t", y: 4, width: 400, height: 6, rx: 3 }), known && h("rect", { class: "g", x: from, y: 4, width: Math.max(0, to - from), height: 6, rx: 3 }), h("rect", { class: `m${bad ? ` bad f-${status}` : ""}`, x: Math.min(396, Math.max(0, x(item.value) - 2)), width: 4, height: 14, rx: 1.5 })),
    h("p", { class: "ft" }, h("span", {}, limit || "no healthy range known"), h("span", {}, `weight ${item.contribution.toFixed(2)}`)));
}

function decision(finding) {
  const steps = finding.decision.map((step, index) => h("li", { key: `${index} ${step.feature}` }, h("span", { class: "kw" }, index === 0 ? "IF" : "AND"), h("span", {}, together(step.text)), h("span", { class: "is" }, present(step.value) ? figureText(step.value, step.unit, step.threshold) : "missing", " ", h("span", { class: "vh" }, "holds"), icon("healthy"))));
  const then = h("li", { class: `then f-${findingStatus(finding)}`, key: "then" }, h("span", { class: "kw" }, finding.decision.length > 0 ? "THEN" : "IS"), h("span", {}, finding.slug), h("span", { class: "is" }, confidence(finding.confidence)));
  const others = finding.alternatives.map((other) => h("li", { class: "else", key: `else ${other.slug}` }, h("span", { class: "kw" }, "ELSE"), h("span", {}, other.slug === "healthy" ? "nothing is wrong" : h("a", { href: link(["problems", other.slug]) }, other.slug)), h("span", { class: "is" }, other.confidence < 0.005 ? "below 1 %" : confidence(other.confidence))));
  return [...steps, then, ...others];
}

/** Findings that are not the worst: one line each, opened in place. */
export function others(entries, job, now) {
  if (entries.length === 0) return null;
  return h("section", { class: "card block others", "aria-label": "More findings of this job", key: "others" }, entries.map((entry) => {
    const status = findingStatus(entry.finding);
    return h("details", { key: entry.finding.finding_id },
      h("summary", {}, h("span", { class: `tone-${statusOf(status).tone}` }, icon(status)), h("span", { class: "vh" }, `${statusOf(status).word}: `), h("b", {}, entry.finding.title), h("span", { class: "dim" }, `${entry.finding.code} ${entry.finding.slug}, ${duration(secondsBetween(entry.finding.first_seen, now))}`)),
      h("div", { class: "inside" }, h("p", { class: "effect" }, withFigures(effectText(entry.finding.effect))), h("p", { class: "expl" }, together(entry.finding.explanation)), h("p", { class: "bar" }, h("a", { class: "btn", href: link(["jobs", job.id], { finding: entry.finding.finding_id }) }, "Show what to change, and why"))));
  }));
}
