// Small parts that several pages share.

import { h } from "./view.js";
import * as words from "./words.js";
import { may } from "./store.js";

export const STATUS = {
  critical: { word: "Critical", tone: "crit" },
  warning: { word: "Warning", tone: "warn" },
  unknown: { word: "Unknown", tone: "plain" },
  advice: { word: "Advice", tone: "plain" },
  no_data: { word: "No data", tone: "plain" },
  learning: { word: "Learning", tone: "plain" },
  healthy: { word: "Healthy", tone: "quiet" },
};
export const statusOf = (name) => STATUS[name] ?? STATUS.unknown;

/** The status of a finding: a severity, unless nobody knows what it is. */
export const findingStatus = (finding) => (finding.slug === "unknown" ? "unknown" : finding.severity);

export const icon = (name, props = {}) => h("svg", { class: "ic", "aria-hidden": "true", ...props }, h("use", { href: `#i-${name}` }));

export const statusIcon = (name) => h("span", { class: `tone-${statusOf(name).tone}` }, icon(name in STATUS ? name : "unknown"));

/** Shape, word and colour together. */
export const statusWord = (name) => h("span", { class: `st tone-${statusOf(name).tone}` }, icon(name), statusOf(name).word);

export const time = (text, now, form = words.when) => h("time", { datetime: text, title: `${words.dayAndClock(text, now)} UTC` }, form(text, now));

/** Text with code between backticks, as elements. */
export function withCode(text) {
  return String(text).split(/(`[^`]+`)/).map((part) => (part.startsWith("`") && part.endsWith("`") && part.length > 2 ? h("code", {}, part.slice(1, -1)) : part));
}

/** Times and amounts in a sentence stand out. */
export function withFigures(text) {
  const figures = /(\d[\d.,]*[\s\u00a0](?:ms|s|min|h|d|%|GiB|MiB|records\/s|records)(?:\s\d+[\s\u00a0](?:s|min|h))?(?![A-Za-z]))/;
  return words.together(text).split(figures).map((part, index) => (index % 2 === 1 ? h("b", {}, part) : part));
}

/** Only what is surely a web address becomes a link. */
export function webAddress(text) {
  try { const url = new URL(text); return url.protocol === "http:" || url.protocol === "https:" ? url.href : null; } catch { return null; }
}

/** A button that changes something; without the right it stays and says which right it needs. */
export function guarded(right, props, ...children) {
  const allowed = may(right);
  return h("button", { type: "button", ...props, class: `btn ${props.class ?? ""}`, "aria-disabled": allowed ? null : "true", title: allowed ? props.title ?? null : `Needs a token with the right “${right}”`, onclick: allowed ? props.onclick : (event) => { event.preventDefault(); say(`This needs a token with the right “${right}”.`); } }, ...children);
}

/** Says which rights are missing, and where to enter a token; nothing when all are there. */
export function rightsNote(...rights) {
  const missing = rights.filter((right) => !may(right));
  if (missing.length === 0) return null;
  return h("p", { class: "rights" }, icon("dont"), h("span", {}, `You may read, not change: this needs the ${missing.length === 1 ? "right" : "rights"} `, words.listed(missing.map((right) => `“${right}”`)), ". ", h("a", { href: "#/token" }, "Log in")));
}

let forget;
/** One line at the bottom, for a moment, read by screen readers. */
export function say(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(forget);
  forget = setTimeout(() => { toast.textContent = ""; }, 4000);
}

export async function copy(text, said) {
  try { await navigator.clipboard.writeText(text); say(said); } catch { copyByHand(text, said); }
}

/** Pages served over plain HTTP have no clipboard; a selection still copies. */
function copyByHand(text, said) {
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "vh";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  say(done ? said : "The browser did not allow copying");
}

/** What stands where data will stand: nothing, grey bars, or the reason why there is none. */
export function waiting(resource, what) {
  if (resource.error) return failure(resource, what);
  if (!resource.slow) return h("div", { class: "waiting", "aria-busy": "true" });
  return h("div", { class: "card waiting", "aria-busy": "true" }, h("h1", { class: "vh" }, `Loading ${what}`), Array.from({ length: 8 }, () => h("div", { class: "sk-row" }, h("i", { class: "sk w3" }), h("i", { class: "sk w1" }), h("i", { class: "sk w2" }))));
}

function failure(resource, what) {
  const denied = resource.error.status === 401 || resource.error.status === 403;
  return h("section", { class: "card none" },
    h("h1", {}, icon(denied ? "dont" : "no_data"), denied ? `You may not see ${what}` : `No answer with ${what}`),
    h("p", {}, resource.error.message, ". ", denied ? "" : "It is asked again every 10 s."),
    h("p", { class: "bar" }, denied ? h("a", { class: "btn", href: "#/token" }, "Log in") : h("button", { class: "btn", type: "button", onclick: () => resource.refresh() }, "Ask again now")));
}
