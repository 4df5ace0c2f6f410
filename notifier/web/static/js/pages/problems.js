// The catalogue: what Streamwarden knows, and one page a problem.

import { h } from "../view.js";
import { link, route, setQuery } from "../router.js";
import * as store from "../store.js";
import { classWords, count, plural } from "../words.js";
import { icon, statusIcon, statusWord, waiting, withCode } from "../parts.js";

const SCOPE = { job: "job", vertex: "vertex", taskmanager: "TaskManager", cluster: "cluster" };

export function problemsPage() {
  const data = store.problems.data;
  if (!data) return { title: "Problems", view: waiting(store.problems, "the problems") };
  if (route.id) return one(data.problems.find((problem) => problem.slug === route.id || problem.code === route.id));
  const text = (route.query.get("q") ?? "").toLowerCase();
  const shown = data.problems.filter((problem) => text.split(/\s+/).every((word) => searchable(problem).includes(word)));
  return {
    title: "Problems",
    view: [
      h("div", { class: "page-h", key: "head" }, h("h1", {}, `${plural(data.problems.length, "problem")} that Streamwarden knows`), h("p", {}, "What it looks for, how it is recognised, and what helps.", data.pack && ` Experience pack ${data.pack.name} ${data.pack.version}.`, " ", h("a", { href: "#/models" }, "How good it is"))),
      h("div", { class: "tools", role: "search", key: "tools", "aria-label": "Problems" }, h("label", { class: "find wide" }, h("span", { class: "vh" }, "Find a problem"), icon("find"), h("input", { id: "search", type: "search", placeholder: "Code, name or what you see", autocomplete: "off", value: route.query.get("q") ?? "", oninput: (event) => setQuery({ q: event.target.value }) }), h("kbd", { "aria-hidden": "true" }, "/"))),
      shown.length === 0 ? h("section", { class: "card none", key: "none" }, h("h2", {}, `No problem matches “${route.query.get("q")}”`)) : groups(shown),
    ],
  };
}

const searchable = (problem) => [problem.code, problem.slug, problem.class, classWords(problem.class), problem.title, problem.summary, ...(problem.signals ?? []), ...(problem.changes ?? [])].filter(Boolean).join("\n").toLowerCase();

function groups(problems) {
  const byClass = new Map();
  for (const problem of problems) {
    if (!byClass.has(problem.class)) byClass.set(problem.class, []);
    byClass.get(problem.class).push(problem);
  }
  return h("section", { class: "card", key: "list" }, [...byClass].sort(([a], [b]) => a.localeCompare(b)).map(([name, members]) => h("section", { class: "class-group", key: name },
    h("h2", {}, classWords(name)),
    h("ul", { class: "problem-list" }, members.map((problem) => h("li", { key: problem.slug },
      problem.open > 0 ? statusIcon(problem.severity) : h("span", { class: "tone-quiet" }, icon(problem.severity)),
      h("div", {}, h("a", { href: link(["problems", problem.slug]) }, problem.title || problem.slug), h("span", { class: "two" }, `${problem.code} ${problem.slug} · ${SCOPE[problem.scope] ?? problem.scope}`)),
      problem.open > 0 ? h("a", { class: "open-now", href: link([], { q: problem.code }) }, `${count(problem.open)} open`) : null))))));
}

function one(problem) {
  if (!problem) return { title: "No such problem", view: h("section", { class: "card none first" }, h("h1", {}, `No problem is called “${route.id}”`), h("p", { class: "bar" }, h("a", { class: "btn", href: "#/problems" }, "All problems"))) };
  const points = (title, items) => items?.length > 0 && h("section", { class: "card block" }, h("div", { class: "sec-h" }, h("h2", {}, title)), h("ul", { class: "points" }, items.map((item) => h("li", {}, withCode(item)))));
  return {
    title: `${problem.code} ${problem.slug}`,
    view: [
      h("div", { class: "page-h", key: "head" }, h("nav", { class: "crumb", "aria-label": "Path" }, h("ol", {}, h("li", {}, h("a", { href: "#/problems" }, "Problems")), h("li", {}, classWords(problem.class)))), h("h1", {}, problem.title || problem.slug), h("p", { class: "meta" }, h("span", {}, h("code", {}, problem.code), ` ${problem.slug}`), h("span", {}, "Concerns a ", h("b", {}, SCOPE[problem.scope] ?? problem.scope)), statusWord(problem.severity)), problem.summary && h("p", {}, problem.summary)),
      points("How it is recognised", problem.signals),
      points("What helps", problem.changes),
      h("p", { class: "bar", key: "open" }, h("a", { class: "btn", href: link([], { q: problem.code }) }, problem.open > 0 ? `${plural(problem.open, "job has", "jobs have")} it now` : "No job has it now"), h("a", { class: "btn", href: link(["incidents"], { q: problem.slug }) }, "Its incidents")),
    ],
  };
}

