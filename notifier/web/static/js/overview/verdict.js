// The overview's answer to its question, as a sentence. Pure.

import { h } from "../view.js";
import { link } from "../router.js";
import { count, listed, plural } from "../words.js";
import { byNeed, counts } from "./select.js";

/** The largest text of the page. */
export function headline(counted, total) {
  if (counted.critical > 0) return `${plural(counted.critical, "job needs", "jobs need")} you now`;
  if (counted.warning > 0) return `${plural(counted.warning, "job shows", "jobs show")} a warning`;
  if (counted.unknown > 0) return `${plural(counted.unknown, "job is", "jobs are")} not understood yet`;
  if (counted.no_data > 0) return `${plural(counted.no_data, "job", "jobs")} cannot be judged`;
  if (counted.learning === total) return `${plural(total, "job is", "jobs are")} being learned`;
  return calmHeadline(counted);
}

export function calmHeadline(counted) {
  const healthy = counted.healthy + counted.advice;
  return healthy === 1 ? "The one job is healthy" : `All ${count(healthy)} jobs are healthy`;
}

/** Nothing is wrong and nothing is hidden. */
export const isCalm = (counted, total) => total > 0 && counted.healthy + counted.advice > 0 && counted.critical + counted.warning + counted.unknown + counted.no_data === 0;

/** The effect up to its first semicolon, to stand in a sentence. */
const inShort = (effect) => (effect ?? "").split(";")[0];

export function sentence(jobs) {
  const counted = counts(jobs);
  if (counted.learning === jobs.length) return "Nothing is judged before there is evidence for it; a first verdict takes about a minute.";
  const worst = [...jobs].filter((job) => job.finding).sort(byNeed)[0];
  const more = [];
  if (counted.critical > 0 && counted.warning > 0) more.push(`${count(counted.warning)} more ${counted.warning === 1 ? "shows" : "show"} a warning`);
  if (counted.unknown > 0 && counted.critical + counted.warning > 0) more.push(`${count(counted.unknown)} ${counted.unknown === 1 ? "is" : "are"} not understood yet`);
  if (counted.no_data > 0 && worst) more.push(`${count(counted.no_data)} cannot be judged`);
  if (counted.learning > 0) more.push(`${count(counted.learning)} ${counted.learning === 1 ? "is" : "are"} being learned`);
  const rest = more.length > 0 ? `${listed(more)}; ` : "";
  const healthy = `${count(counted.healthy)} of ${count(jobs.length)} ${counted.healthy === 1 ? "is" : "are"} healthy.`;
  return [
    worst && ["Most urgent: ", h("a", { href: link(["jobs", worst.id]) }, h("b", {}, worst.job_name)), inShort(worst.finding.effect) && `, ${inShort(worst.finding.effect)}`, ". "],
    capital(rest + healthy),
  ];
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function title(jobs) {
  const counted = counts(jobs);
  const parts = [counted.critical > 0 && `${count(counted.critical)} critical`, counted.warning > 0 && plural(counted.warning, "warning"), counted.unknown > 0 && `${count(counted.unknown)} unknown`].filter(Boolean);
  if (parts.length > 0) return parts.join(", ");
  return isCalm(counted, jobs.length) ? "All healthy" : "Jobs";
}
