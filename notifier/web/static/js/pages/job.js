// One job: what is wrong, what to change, why, where, when, and everything that was known.

import { h } from "../view.js";
import { link, route } from "../router.js";
import * as store from "../store.js";
import { NONE, clock, closeness, dayAndClock, duration, figureText, limitText, plural, present, secondsBetween } from "../words.js";
import { findingStatus, icon, statusOf, waiting, webAddress } from "../parts.js";
import { hero, others } from "../job/hero.js";
import { graph } from "../job/graph.js";
import { lines } from "../job/lines.js";
import { tabs } from "../job/tabs.js";
import { wish } from "../job/wish.js";

export function jobPage() {
  const resource = store.job(route.id);
  const data = resource.data;
  if (resource.error?.status === 404) return { title: "No such job", view: gone() };
  if (!data) return { title: "Job", view: waiting(resource, "this job") };
  const now = store.now();
  const entries = data.findings ?? [];
  const asked = route.query.get("finding");
  const first = entries.find((entry) => entry.finding.finding_id === asked) ?? entries[0];
  const causes = new Map(entries.filter((entry) => entry.finding.subject.scope === "vertex").map((entry) => [entry.finding.subject.id, findingStatus(entry.finding)]));
  return {
    title: `${statusOf(data.status).word}: ${data.job_name}${first ? `, ${first.finding.slug}` : ""}`,
    view: [
      head(data, entries, now),
      wish(first),
      first ? hero(first, data, now) : quiet(data),
      others(entries.filter((entry) => entry !== first), data, now),
      graph(data.graph, causes, data.job_name),
      lines(data.series),
      tabs(data, entries, now),
      h("p", { class: "foot-facts", key: "facts" }, data.window && h("span", {}, `Figures are of ${clock(data.window, true)} UTC`), h("span", {}, `job id ${data.job_id}`)),
    ],
  };
}

function head(data, entries, now) {
  const address = webAddress(data.flink_url);
  const worst = entries[0] ? findingStatus(entries[0].finding) : data.status;
  const same = entries.filter((entry) => findingStatus(entry.finding) === worst).length;
  const meta = [
    ["Cluster ", h("b", {}, data.cluster_id)],
    data.flink_version && ["Flink ", h("b", {}, data.flink_version)],
    data.state && data.state !== "RUNNING" && ["State ", h("b", {}, data.state)],
    data.started_at && ["Running for ", h("b", {}, duration(Math.max(0, secondsBetween(data.started_at, now)))), present(data.restarts) && `, ${plural(data.restarts, "restart")}`],
    present(data.task_managers) && [h("b", {}, String(data.task_managers)), ` ${data.task_managers === 1 ? "TaskManager" : "TaskManagers"}`, present(data.slots) && [", ", h("b", {}, String(data.slots)), ` ${data.slots === 1 ? "slot" : "slots"}`]],
    data.last_change && ["Last change ", h("b", {}, dayAndClock(data.last_change, now))],
    address && h("a", { href: address, rel: "noreferrer", target: "_blank" }, "Open in Flink"),
  ].filter(Boolean);
  return h("div", { class: "jhead", key: "head" },
    h("div", {}, h("nav", { class: "crumb", "aria-label": "Path" }, h("ol", {}, h("li", {}, h("a", { href: "#/" }, "Jobs")), h("li", {}, h("a", { href: link([], { cluster: data.cluster_id.split("/")[0] }) }, data.cluster_id)))), h("h1", {}, data.job_name || "(no name)")),
    h("div", { class: "health" }, h("span", { class: `big tone-${statusOf(data.status).tone}` }, icon(data.status), h("span", { class: "vh" }, `${statusOf(data.status).word}, health `), h("span", { class: "n" }, present(data.health) ? String(data.health) : NONE), h("span", { class: "of" }, " / 100")), h("p", { class: "why" }, entries.length > 0 ? plural(same, `${statusOf(worst).word.toLowerCase()} finding`) : statusOf(data.status).word)),
    h("p", { class: "meta" }, meta.map((part) => h("span", {}, part))));
}

/** A job without a finding still says where it stands. */
function quiet(data) {
  if (data.status === "learning") return h("section", { class: "card calm-job", key: "quiet" }, h("h2", {}, icon("learning"), "Not judged yet"), h("p", {}, data.learning ? `${data.job_name} has ${data.learning.windows} of ${data.learning.needed} windows. A first verdict is due at ${clock(data.learning.due_at, true)} UTC.` : "A first verdict follows within a minute."));
  if (data.status === "no_data") return away(data);
  const near = (data.series?.lines ?? []).map((line) => ({ ...line, value: line.values.findLast(present) })).filter((line) => closeness(line) >= 0).sort((a, b) => closeness(b) - closeness(a))[0];
  return h("section", { class: "card calm-job", key: "quiet" }, h("h2", {}, icon("healthy"), "Nothing is wrong with this job"), h("p", {}, near ? `Closest to a limit: ${[near.subject, near.label].filter(Boolean).join(" ")} at ${figureText(near.value, near.unit, near.healthy_max ?? near.healthy_min)}, ${limitText(near)}.` : "All its figures are where healthy jobs are."));
}

function away(data) {
  const cluster = store.status.data?.clusters?.find((each) => each.cluster_id === data.cluster_id);
  const since = cluster?.since ? ` since ${clock(cluster.since)} UTC` : "";
  const retry = cluster?.retry_at ? Math.max(0, secondsBetween(store.now(), cluster.retry_at)) : null;
  return h("section", { class: "card calm-job", key: "quiet" }, h("h2", {}, icon("no_data"), `No data from ${data.cluster_id}${since}`), h("p", {}, `${cluster?.reason ?? "It does not answer"}. The job is not judged; what was found before is kept.`, retry !== null && ` Next try in ${duration(retry)}.`));
}

function gone() {
  return h("section", { class: "card none first" }, h("h1", {}, "This job is not known"), h("p", {}, "It may have ended, or the address is not complete. What happened to it is among the incidents."), h("p", { class: "bar" }, h("a", { class: "btn", href: "#/" }, "All jobs"), h("a", { class: "btn", href: "#/incidents" }, "Incidents")));
}
