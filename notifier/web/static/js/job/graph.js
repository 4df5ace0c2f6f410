// Where: the job's graph with how each vertex spends its time, and the same as a table.

import { h } from "../view.js";
import { NONE, number, present, count } from "../words.js";
import { icon } from "../parts.js";
import { BOX, layout } from "./layout.js";

/** Blocked time from which an edge is drawn as jammed: what Flink's own page calls high backpressure. */
const JAMMED_MS_PER_S = 500;
const BAR = BOX.width - 28;
/** How far the drawing follows the width of the page before it scrolls sideways, or stands in the middle. */
const LEAST_SCALE = 0.8;
const MOST_SCALE = 1.1;

const share = (value) => Math.min(1, Math.max(0, (value ?? 0) / 1000));
const whole = (value) => (present(value) ? count(Math.round(value)) : NONE);

/** Tint by busy; red and amber only where that is wrong. */
const tint = (busy) => (busy >= 900 ? "b3" : busy >= 800 ? "b2" : busy >= 400 ? "b1" : "b0");

let placed = { shape: "", result: null };
/** The places change only when the graph does, not with every window. */
function placesOf({ vertices, edges }) {
  const shape = JSON.stringify([vertices.map((vertex) => vertex.id), edges.map((edge) => [edge.from, edge.to])]);
  if (placed.shape !== shape) placed = { shape, result: layout(vertices, edges) };
  return placed.result;
}

/** Letters of a name that fit in one line of a box. */
const ROOM = 25;
const cut = (text) => (text.length <= ROOM ? text : `${text.slice(0, ROOM - 1)}…`);

/** One or two lines of a name; the whole of it is in the title and in the table. Chains break at their arrows. */
function nameLines(name) {
  if (name.length <= ROOM) return [name];
  const parts = name.split(/(?<= -> |[\s,:])/);
  let first = "";
  while (parts.length > 0 && (first + parts[0]).trimEnd().length <= ROOM) first += parts.shift();
  if (first === "") return [cut(name)];
  return [first.trim(), cut(parts.join("").trim())];
}

/** Labels in one gap between columns are moved apart until none covers another. */
function spread(labels) {
  const gaps = new Map();
  for (const label of labels) gaps.set(label.x, [...(gaps.get(label.x) ?? []), label]);
  for (const gap of gaps.values()) {
    gap.sort((a, b) => a.y - b.y);
    for (let sweep = 0; sweep < 8; sweep++) {
      for (let index = 1; index < gap.length; index++) {
        const [upper, lower] = [gap[index - 1], gap[index]];
        const overlap = (upper.height + lower.height) / 2 + 2 - (lower.y - upper.y);
        if (overlap > 0) { upper.y -= overlap / 2; lower.y += overlap / 2; }
      }
    }
  }
}

export function graph(data, causes, jobName) {
  const vertices = data?.vertices ?? [];
  if (vertices.length === 0) return null;
  const { width, height, boxes, routes } = placesOf(data);
  const numbers = new Map(data.edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  const drawn = routes.map(({ edge, points }) => line(numbers.get(`${edge.from} ${edge.to}`) ?? edge, points));
  spread(drawn);
  return h("section", { class: "card block", "aria-labelledby": "where", key: "where" },
    h("div", { class: "sec-h" }, h("h2", { id: "where" }, "Where: data flows from left to right"), h("p", {}, "Busy and blocked in ms/s, mean of all subtasks over the last window")),
    h("div", { class: "scroll graph-area", tabindex: "0", role: "region", "aria-label": "Job graph, scrolls sideways", ref: startAtCause },
      h("svg", { class: "graph", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Graph of ${jobName}`, style: { "min-width": `${Math.round(width * LEAST_SCALE)}px`, "max-width": `${Math.round(width * MOST_SCALE)}px` } }, drawn.map((each) => each.line), drawn.map(label), vertices.map((vertex) => node(vertex, boxes.get(vertex.id), causes.get(vertex.id))))),
    h("p", { class: "key" }, sample("busy", "busy"), sample("blocked", "blocked by what follows (backpressure)"), sample("idle", "idle"), h("span", {}, h("b", { class: "ticks-key", "aria-hidden": "true" }, "❘❘❘"), " on an edge: data queues here")),
    table(vertices, causes, byId));
}

const sample = (name, words) => h("span", {}, h("svg", { viewBox: "0 0 22 10", "aria-hidden": "true" }, h("rect", { class: name, x: 0.5, y: 0.5, width: 21, height: 9, rx: 2 })), words);

/** A phone shows a part of the graph; that part is where the cause is. */
function startAtCause(area) {
  requestAnimationFrame(() => {
    const fault = area.querySelector(".fault");
    if (!fault || area.scrollWidth <= area.clientWidth) return;
    const box = fault.getBoundingClientRect();
    const view = area.getBoundingClientRect();
    area.scrollLeft += box.left + box.width / 2 - view.left - view.width / 2;
  });
}

function curve(points) {
  let path = `M${points[0].join(" ")}`;
  for (let index = 1; index < points.length; index++) {
    const [x1, y1] = points[index - 1];
    const [x2, y2] = points[index];
    const bend = (x2 - x1) / 2;
    path += `C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  return path;
}

function line(edge, points) {
  const jam = (edge.blocked ?? 0) >= JAMMED_MS_PER_S;
  const [endX, endY] = points.at(-1);
  const name = `${edge.from} ${edge.to}`;
  // The label sits in the last gap, in front of the vertex that the data goes to.
  const [fromX, fromY] = points.at(-2);
  const tip = [endX - 9, endY];
  return {
    name, edge, jam, x: (fromX + endX) / 2, y: (fromY + endY) / 2, height: jam ? 42 : 20,
    line: h("g", { key: name }, h("path", { class: `e${jam ? " jam" : ""}`, d: curve([...points.slice(0, -1), tip]) }), h("path", { class: `arrow${jam ? " jam" : ""}`, d: `M${endX} ${endY}l-10 -5v10z` })),
  };
}

function label({ name, edge, jam, x, y }) {
  const rate = present(edge.records_per_s) ? `${number(edge.records_per_s)}\u00a0/s` : "";
  return jam ? jamLabel(name, edge, x, y, rate) : plainLabel(name, x, y, rate);
}

function jamLabel(key, edge, x, y, rate) {
  const text = `${Math.round(share(edge.blocked) * 100)}\u00a0% blocked`;
  return h("g", { key: `label ${key}` }, h("rect", { class: "pill", x: x - 58, y: y - 21, width: 116, height: 42, rx: 6 }), [0, 5, 10].map((dx) => h("path", { class: "ticks", d: `M${x - 46 + dx} ${y - 11.5}v9` })), h("text", { class: "el jam", x: x + 9, y: y - 3 }, text), h("text", { class: "el", x, y: y + 14 }, rate));
}

function plainLabel(key, x, y, rate) {
  if (rate === "") return null;
  const width = 14 + rate.length * 7;
  return h("g", { key: `label ${key}` }, h("rect", { class: "mask", x: x - width / 2, y: y - 10, width, height: 20, rx: 4 }), h("text", { class: "el", x, y: y + 4 }, rate));
}

function spoken(vertex, cause) {
  return `${vertex.name}, parallelism ${vertex.parallelism}, busy ${whole(vertex.busy)}, blocked ${whole(vertex.blocked)}, idle ${whole(vertex.idle)} ms/s${cause ? ", the cause" : ""}`;
}

function node(vertex, { x, y }, cause) {
  const busy = vertex.busy_max ?? vertex.busy ?? 0;
  const rest = (vertex.blocked ?? 0) > (vertex.idle ?? 0) ? `blocked ${whole(vertex.blocked)}` : `idle ${whole(vertex.idle)}`;
  const measured = present(vertex.busy) || present(vertex.blocked);
  const go = () => document.getElementById(`vertex-${vertex.id}`)?.scrollIntoView({ block: "center", behavior: "auto" });
  return h("g", { key: vertex.id, class: `node ${tint(busy)}${cause ? ` fault f-${cause}` : ""}`, role: "img", "aria-label": spoken(vertex, cause), onclick: go },
    cause && h("g", { class: `tag f-${cause}` }, h("path", { class: "tagbox", d: `M${x + 12} ${y + 2}v-18a6 6 0 0 1 6 -6h58a6 6 0 0 1 6 6v18z` }), h("text", { class: "tagtx", x: x + 22, y: y - 7 }, "! Cause")),
    h("rect", { class: "box", x, y, width: BOX.width, height: BOX.height, rx: 8 }),
    h("title", {}, vertex.name),
    nameLines(vertex.name).map((text, index, all) => h("text", { class: all.length > 1 || text.length > 21 ? "nm small" : "nm", x: x + 14, y: y + (all.length > 1 ? 21 + index * 16 : 28) }, text)),
    bar(vertex, x + 14, y + 48, BAR, 10),
    h("text", { class: "sm", x: x + 14, y: y + 76 }, measured ? `busy ${whole(vertex.busy)} · ${rest}` : "not measured"),
    h("text", { class: "sm end", x: x + BOX.width - 14, y: y + 76 }, `× ${vertex.parallelism}`));
}

function bar(vertex, x, y, width, height) {
  const busy = share(vertex.busy) * width;
  const blocked = Math.min(width - busy, share(vertex.blocked) * width);
  return h("g", {}, h("rect", { class: "idle", x, y, width, height, rx: 2 }), blocked > 0.5 && h("rect", { class: "blocked", x: x + busy, y, width: blocked, height }), (vertex.busy ?? 0) > 0 && h("rect", { class: "busy", x, y, width: Math.max(1.5, busy), height, rx: 1 }));
}

/** Causes first, then what waits for them, then the busiest. */
function byNeed(causes) {
  const weight = (vertex) => (causes.has(vertex.id) ? 1e6 : 0) + (vertex.blocked ?? 0) * 2 + (vertex.busy ?? 0);
  return (a, b) => weight(b) - weight(a);
}

function table(vertices, causes) {
  const head = (name, numeric) => h("th", { scope: "col", class: numeric ? "num" : null }, name);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Vertices" }, h("table", { class: "plain vt" },
    h("thead", {}, h("tr", {}, head("Vertex"), head("Parallelism", true), head("Time, of 1,000 ms/s"), head("Busy", true), head("Blocked", true), head("Idle", true), head("Records in /s", true), head("Records out /s", true))),
    h("tbody", {}, [...vertices].sort(byNeed(causes)).map((vertex) => vertexRow(vertex, causes.get(vertex.id))))));
}

function vertexRow(vertex, cause) {
  const cell = (...children) => h("td", { class: "num" }, ...children);
  return h("tr", { key: vertex.id, id: `vertex-${vertex.id}`, class: cause ? `hot f-${cause}` : null },
    h("td", { class: "nmv" }, cause && [icon(cause, { class: "ic cause-ic" }), " "], vertex.name, cause && h("span", { class: "dim" }, " cause")), cell(String(vertex.parallelism)),
    h("td", {}, h("svg", { class: `tri ${tint(vertex.busy_max ?? vertex.busy ?? 0)}${cause ? ` f-${cause}` : ""}`, viewBox: "0 0 150 10", "aria-hidden": "true" }, bar(vertex, 0, 0, 150, 10))),
    cell(whole(vertex.busy)), cell(whole(vertex.blocked)), cell(whole(vertex.idle)), cell(number(vertex.records_in_per_s)), cell(number(vertex.records_out_per_s)));
}
