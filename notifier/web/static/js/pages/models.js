// How good the judgement is: what the models know, what they were trained on, how often they were right, where they are weak.

import { h } from "../view.js";
import { link } from "../router.js";
import * as store from "../store.js";
import { count, listed, plural } from "../words.js";
import { waiting, withCode } from "../parts.js";

const SCOPE = { job: "job", vertex: "vertex", taskmanager: "TaskManager" };
/** Below this share of right answers a problem is named as one to be careful with. */
const WEAK = 0.8;

export function modelsPage() {
  const data = store.models.data;
  const title = "How good it is";
  if (!data) return { title, view: waiting(store.models, "the models") };
  if (data.models.length === 0) return { title, view: h("section", { class: "card none first", key: "none" }, h("h1", {}, "No model judges here"), h("p", {}, "Only errors in logs are judged, by the rules of the catalogue. A folder with models is named by inference.models."), h("p", { class: "bar" }, h("a", { class: "btn", href: "#/problems" }, "All problems"))) };
  const rows = data.reliability;
  return {
    title,
    view: [
      h("div", { class: "page-h", key: "head" }, h("h1", {}, headline(rows)), h("p", {}, "Measured on jobs of a kind that the models were never trained on. ", h("a", { href: "#/problems" }, "All problems"), " that Streamwarden knows, also those that only errors tell, are in the catalogue.")),
      rows.length > 0 && weak(rows),
      rows.length > 0 && reliability(rows),
      data.models.map(card),
      data.card.length > 0 && document_("What stands on the model card", data.card, "card", true),
      data.report.length > 0 && document_("The whole report", data.report, "report", false),
    ],
  };
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);
/** As the report rounds; all of them only where none was wrong. */
const share = (right, of) => (of === 0 ? "–" : `${right < of ? Math.min(99, Math.round((100 * right) / of)) : 100}\u00a0%`);

function headline(rows) {
  const replays = sum(rows, "replays");
  if (replays === 0) return "What the models know";
  return `${share(sum(rows, "right"), replays)} of the planted faults were named rightly`;
}

function weak(rows) {
  const poor = rows.filter((row) => row.right < WEAK * row.replays);
  const few = rows.filter((row) => row.topologies < 3 && !poor.includes(row));
  const name = (row) => h("li", {}, problem(row.slug), ` was named in ${count(row.right)} of ${count(row.replays)} replays; all answers: ${row.answers}.`);
  return h("section", { class: "card block", key: "weak" }, h("div", { class: "sec-h" }, h("h2", {}, "Where it is weak")),
    h("ul", { class: "points" }, poor.map(name), poor.length === 0 && h("li", {}, "Every problem was named in at least four of five replays."),
      few.length > 0 && h("li", {}, `Seen on one or two shapes of jobs only, so that little is known of how well it carries over: ${listed(few.map((row) => row.slug))}.`),
      h("li", {}, "What none of the models knows comes out as ", h("code", {}, "unknown"), ", or is found by its errors.")));
}

const problem = (slug) => h("a", { href: link(["problems", slug]) }, slug);

function reliability(rows) {
  return h("section", { class: "card block scroll", key: "reliability", tabindex: "0", role: "region", "aria-label": "How often each problem was named rightly" },
    h("div", { class: "sec-h" }, h("h2", {}, "How often it was right"), h("p", {}, "each recorded incident is replayed four times")),
    h("table", { class: "plain reliability" },
      h("thead", {}, h("tr", {}, ["Planted", "Named rightly", "At the right place", "Replays", "Shapes of jobs"].map((name, at) => h("th", { scope: "col", class: at > 0 ? "num" : null }, name)))),
      h("tbody", {}, rows.map((row) => h("tr", { key: row.slug },
        h("td", {}, problem(row.slug)),
        h("td", { class: "num" }, h("b", {}, share(row.right, row.replays)), ` ${count(row.right)}`),
        h("td", { class: "num" }, row.right === 0 ? "–" : count(row.subject_right)),
        h("td", { class: "num" }, count(row.replays)),
        h("td", { class: "num" }, count(row.topologies)))))));
}

function card(model) {
  const runs = (slug) => model.runs[slug] ?? 0;
  return h("section", { class: "card block model", key: `model ${model.scope}` },
    h("div", { class: "sec-h" }, h("h2", {}, `The model of a ${SCOPE[model.scope] ?? model.scope}`), h("p", {}, h("code", {}, model.version))),
    h("p", { class: "para" }, `Trained on ${plural(model.rows, "row")} of ${plural(model.tapes, "recorded incident")}, ${plural(model.topologies.length, "shape")} of jobs (${listed(model.topologies)}), Flink ${listed(model.flink_versions)}.`),
    h("ul", { class: "points" }, model.knows.map((slug) => h("li", { key: slug }, problem(slug), `, ${plural(runs(slug), "incident")}`)), h("li", {}, `healthy, ${plural(runs("healthy"), "run")}`)),
    h("details", { class: "more-of" }, h("summary", {}, `What it looks at: ${plural(model.features.length, "feature")}`),
      h("ul", { class: "points features" }, model.features.map((feature) => h("li", { key: feature.name }, h("code", {}, feature.name), ` ${feature.label}`, feature.unit && h("span", { class: "dim" }, `, ${feature.unit}`))))));
}

/** A document that training wrote, as it is. */
function document_(title, chapters, key, open) {
  return h("section", { class: "card block", key },
    h("details", { class: "more-of written", open }, h("summary", {}, title), chapters.map((chapter) => [
      chapter.level > 1 && h(chapter.level === 2 ? "h3" : "h4", {}, chapter.title),
      chapter.parts.map((part) => written(part, chapter.title)),
    ])));
}

function written(part, title) {
  if (part.text !== undefined) return h("p", { class: "para" }, withCode(part.text));
  if (part.list !== undefined) return h("ul", { class: "points" }, part.list.map((item) => h("li", {}, withCode(item))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${title}` }, h("table", { class: "plain" },
    h("thead", {}, h("tr", {}, part.table.head.map((cell) => (cell === "" ? h("td", {}) : h("th", { scope: "col" }, cell))))),
    h("tbody", {}, part.table.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, withCode(cell))))))));
}
