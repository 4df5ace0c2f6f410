// The overview's table: rows by need, groups, the fold of healthy jobs, and the order that keeps still under a hand.

import { h } from "../view.js";
import { changed } from "../store.js";
import { setQuery } from "../router.js";
import { count, plural } from "../words.js";
import { byNeed, group, held, toRows } from "./select.js";
import { row } from "./rows.js";

const hand = { over: false, focus: false };
let order = [];
const isHeld = () => hand.over || hand.focus;

/** The hand on the list: a pointer over it or the focus within. */
function watchHand(body) {
  const set = (name, value) => () => {
    const before = isHeld();
    hand[name] = value;
    if (before && !isHeld()) changed();
  };
  body.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") set("over", true)(); });
  body.addEventListener("pointerleave", set("over", false));
  body.addEventListener("focusin", set("focus", true));
  body.addEventListener("focusout", set("focus", false));
}

/** A list that is left without a pointer leaving it (another page, another view) is not held. */
export function release() {
  hand.over = false;
  hand.focus = false;
}

const head = (name, ...children) => h("th", { class: name, scope: "col", role: "columnheader" }, ...children);

export function list(jobs, filter, now) {
  const healthyAsked = filter.status === "healthy" || filter.words.length > 0 || filter.healthy;
  const folded = healthyAsked ? [] : jobs.filter((job) => job.status === "healthy");
  const shown = healthyAsked ? jobs : jobs.filter((job) => job.status !== "healthy");
  let rows = filter.flat ? shown.map((job) => ({ key: job.id, job })) : toRows(shown);
  rows.sort((a, b) => byNeed(a.job, b.job));
  if (isHeld()) rows = held(rows, order);
  order = rows.map(({ key }) => key);
  const body = filter.group ? grouped(rows, filter.group, now) : rows.map((each) => row(each, now));
  return h("section", { class: `card${filter.view === "compact" ? " dense" : ""}`, "aria-label": "Jobs by need", key: "list" },
    h("table", { class: "jobs", role: "table" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        h("th", { class: "c-h", scope: "col", role: "columnheader", "aria-sort": "ascending" }, "Health", h("span", { class: "vh" }, ", worst first"), h("span", { "aria-hidden": "true" }, " ↑")), head("c-j", "Job"), head("c-w", "What is wrong"), head("c-v", "Where"), head("c-s", "Since (UTC)"), head("c-f", "Deciding figure, last hour"))),
      h("tbody", { role: "rowgroup", ref: watchHand }, body)),
    foldButton(folded, filter));
}

function grouped(rows, by, now) {
  return [...group(rows, by)].flatMap(([name, members]) => {
    const jobs = members.reduce((sum, member) => sum + (member.jobs?.length ?? 1), 0);
    return [
      h("tr", { key: `group ${name}`, class: "group", role: "row" }, h("th", { scope: "colgroup", role: "rowheader" }, name, h("span", {}, plural(jobs, "job")))),
      ...members.map((member) => row(member, now)),
    ];
  });
}

function foldButton(folded, filter) {
  if (filter.healthy && filter.words.length === 0 && filter.status === "") return h("p", { class: "more" }, h("button", { class: "btn quiet", type: "button", "aria-expanded": "true", onclick: () => setQuery({ healthy: "" }) }, "Fold the healthy jobs"));
  if (folded.length === 0) return null;
  return h("p", { class: "more" }, h("button", { class: "btn quiet", type: "button", "aria-expanded": "false", onclick: () => setQuery({ healthy: "1" }) }, `Show ${folded.length === 1 ? "1 healthy job" : `${count(folded.length)} healthy jobs, closest to a limit first`}`));
}

/** j and k walk through the rows. */
export function step(direction) {
  const links = [...document.querySelectorAll("tbody .jname")];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + direction))].focus();
}
