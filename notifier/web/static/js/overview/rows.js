// Rows of the overview's table.

import { h } from "../view.js";
import { link } from "../router.js";
import { NONE, clock, count, duration, figure, limitText, plural, present, figureText, secondsBetween, together } from "../words.js";
import { findingStatus, icon, statusOf, time } from "../parts.js";
import { sparkline } from "../sparkline.js";

const cell = (name, ...children) => h("td", { class: name, role: "cell" }, ...children);
const two = (...children) => h("span", { class: "two" }, ...children);

/** Drawn rows by the job they show: a row whose job did not change is not drawn again. */
const drawn = new WeakMap();

export function row({ key, job, jobs }, now) {
  if (jobs) return awayRow(key, jobs, now);
  if (job.status === "no_data") return awayRow(key, [job], now);
  const minute = job.finding || job.learning ? Math.floor(now / 10_000) : 0;
  const known = drawn.get(job);
  if (known?.minute === minute) return known.row;
  const made = job.status === "learning" ? learningRow(job) : job.finding ? troubledRow(job, now) : healthyRow(job);
  drawn.set(job, { minute, row: made });
  return made;
}

function shell(key, status, ...cells) {
  return h("tr", { key, class: `row s-${status} t-${statusOf(status).tone}`, role: "row" }, ...cells);
}

function score(status, health) {
  const word = statusOf(status).word;
  return cell("c-h", h("span", { class: `score tone-${statusOf(status).tone}` }, icon(status), h("span", { class: "vh" }, `${word}, health `), h("span", { class: "n" }, present(health) ? String(health) : NONE)));
}

function name(job, ...notes) {
  return cell("c-j", h("a", { class: "jname", href: link(["jobs", job.id]), title: job.job_name }, job.job_name || "(no name)"), two(job.cluster_id, ...notes));
}

function troubledRow(job, now) {
  const { finding } = job;
  const status = job.status === "healthy" ? findingStatus(finding) : job.status;
  const more = job.open_findings > 1 ? `, and ${plural(job.open_findings - 1, "more finding")}` : "";
  return shell(job.id, status,
    score(status, job.health),
    name(job, job.silenced_until && h("span", { class: "mute" }, icon("silenced"), `silenced until ${clock(job.silenced_until)}`)),
    cell("c-w", h("span", { class: "incode" }, finding.code), h("span", { class: "wrong", title: finding.title }, together(withoutSubject(finding))), two(`${finding.code} ${finding.slug}${more}`)),
    cell("c-v", h("span", { class: "where", title: finding.subject?.name }, whereName(finding)), two(where(finding))),
    cell("c-s", time(finding.first_seen, now), two(duration(secondsBetween(finding.first_seen, now)))),
    figureCell(job.figure));
}

/** The subject stands in the next column: a title that begins with it goes on from there. */
function withoutSubject({ title, subject }) {
  const name = subject?.name ?? "";
  if (name === "" || !title.startsWith(`${name} `) || subject.scope === "job") return title;
  const rest = title.slice(name.length + 1);
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

const whereName = (finding) => (finding.subject?.scope === "job" ? "Whole job" : finding.subject?.name ?? "");

function where(finding) {
  if (finding.where) return finding.subject?.scope === "job" && finding.where === "whole job" ? "" : finding.where;
  return present(finding.subject?.subtask) ? `subtask ${finding.subject.subtask}` : "";
}

function healthyRow(job) {
  const near = job.figure?.subject ? [h("span", { class: "to-limit" }, "closest to its limit: "), job.figure.subject] : null;
  return shell(job.id, "healthy", score("healthy", job.health), name(job), cell("c-w dim", "Nothing"), cell("c-v dim", near), cell("c-s"), figureCell(job.figure));
}

function learningRow(job) {
  const { learning } = job;
  const due = learning?.due_at ? `A first verdict is due at ${clock(learning.due_at, true)}` : "";
  return shell(job.id, "learning", score("learning", null), name(job), cell("c-w", h("span", { class: "wrong" }, "Not judged yet"), two(due)), cell("c-v dim", learning ? `${count(learning.windows)} of ${plural(learning.needed, "window")}` : ""), cell("c-s"), cell("c-f dim", "not measured long enough"));
}

/** A cluster that does not answer is one row, not one a job. */
function awayRow(key, jobs, now) {
  const cluster = jobs[0].away;
  const name = jobs[0].cluster_id;
  const address = jobs.length === 1 ? link(["jobs", jobs[0].id]) : link([], { cluster: name.split("/")[0], status: "no_data", flat: "1" });
  return shell(key, "no_data",
    score("no_data", null),
    cell("c-j", h("a", { class: "jname", href: address }, jobs.length === 1 ? jobs[0].job_name : `${plural(jobs.length, "job")} not judged`), two(name)),
    cell("c-w", h("span", { class: "wrong" }, cluster?.reason ?? "Its cluster does not answer"), two("Findings of these jobs are kept as they were")),
    cell("c-v", h("span", { class: "where" }, `cluster ${name}`), two(jobs[0].window ? `last window ${clock(jobs[0].window, true)}` : "no window yet")),
    cell("c-s", cluster?.since ? [time(cluster.since, now), two(duration(secondsBetween(cluster.since, now)))] : null),
    cell("c-f dim", "not measured"));
}

function figureCell(shown) {
  if (!shown || !present(shown.value)) return cell("c-f dim", "not measured");
  const beside = shown.healthy_max ?? shown.healthy_min ?? shown.value;
  const { value, unit } = figure(shown.value, shown.unit, beside);
  const limit = limitText(shown) || (present(shown.before) ? `before ${figureText(shown.before, shown.unit, shown.value)}` : "no limit known");
  return cell("c-f", h("div", { class: "fig" }, h("span", { class: "v" }, h("b", {}, value), unit === "×" ? "× " : unit ? `\u00a0${unit} ` : " ", h("span", { class: "q", title: shown.label }, shown.label), two(limit)), sparkline(shown)));
}

