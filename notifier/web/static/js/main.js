// Wires the page: which view an address shows, what is read for it, keys, and when it is drawn.

import { h, render } from "./view.js";
import * as router from "./router.js";
import * as store from "./store.js";
import * as live from "./live.js";
import { bar, foot, freshness, strips } from "./frame.js";
import { overview } from "./pages/overview.js";
import { jobPage } from "./pages/job.js";
import { incidentsPage } from "./pages/incidents.js";
import { problemsPage } from "./pages/problems.js";
import { modelsPage } from "./pages/models.js";
import { channelsPage } from "./pages/channels.js";
import { auditPage } from "./pages/audit.js";
import { tokenPage } from "./pages/token.js";
import { release, step } from "./overview/list.js";

/** A page: its view, and what is read when it is opened and when a finding changes. */
const PAGES = {
  "": { view: overview, needs: () => [store.incidents] },
  jobs: { view: jobPage, needs: () => (router.route.id ? [store.job(router.route.id)] : []) },
  incidents: { view: incidentsPage, needs: () => [store.incidents] },
  problems: { view: problemsPage, needs: () => [store.problems] },
  models: { view: modelsPage, needs: () => [store.models] },
  channels: { view: channelsPage, needs: () => [store.channels, store.silences] },
  audit: { view: auditPage, needs: () => [store.audit] },
  token: { view: tokenPage, needs: () => [] },
};
const unknownPage = () => ({ title: "No such page", view: h("section", { class: "card none first" }, h("h1", {}, "This page does not exist"), h("p", { class: "bar" }, h("a", { class: "btn", href: "#/" }, "All jobs"))) });

const page = () => (router.route.page === "jobs" && !router.route.id ? PAGES[""] : PAGES[router.route.page]);
const main = document.getElementById("main");

function draw() {
  const { title, view } = (page()?.view ?? unknownPage)();
  document.title = `${title} · Streamwarden`;
  const { state } = freshness();
  document.documentElement.classList.toggle("stale", state === "stale" || state === "old" || state === "lost");
  render(document.getElementById("top"), bar());
  render(main, strips(), h("div", { key: `${router.route.page} ${router.route.id ?? ""}`, class: `page p-${router.route.page || "overview"}` }, view));
  render(document.getElementById("foot"), foot());
}

/** Reads what the visible page needs, newest state first. */
function refreshVisible() {
  for (const resource of page()?.needs() ?? []) resource.refresh();
}

function onMove(moved) {
  if (!moved) return;
  release();
  refreshVisible();
  // A new page begins at its top, for eyes and for screen readers.
  requestAnimationFrame(() => { scrollTo(0, 0); main.focus({ preventScroll: true }); });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.getElementById("search");
  const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (typing) {
    if (event.key === "Escape" && event.target === search) { search.value = ""; router.setQuery({ q: "" }); search.blur(); }
    return;
  }
  if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
}

main.replaceChildren();
store.onChange(draw);
router.start(onMove);
addEventListener("keydown", onKey);
document.getElementById("skip").addEventListener("click", () => main.focus());
store.session.refresh();
store.status.refresh();
store.jobs.refresh();
refreshVisible();
live.start(refreshVisible);
// Ages count on between two windows.
setInterval(() => { if (!document.hidden) render(document.getElementById("top"), bar()); }, 1000);
setInterval(() => { if (!document.hidden) store.changed(); }, 10_000);
draw();
