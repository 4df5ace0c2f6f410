// When: up to four lines over one time axis, with one reading line through all of them.

import { h } from "../view.js";
import { clock, figureText, limitText, NONE, present } from "../words.js";
import { linePath } from "../sparkline.js";

const WIDTH = 1000;
const HEIGHT = 100;
const TICKS = 4;

/** Top of the axis: what is known of it, else the next round number above all values and limits. */
export function scaleTop(line) {
  if (present(line.scale_max)) return line.scale_max;
  const highest = Math.max(0, ...line.values.filter(present), line.healthy_max ?? 0, line.healthy_min ?? 0);
  return roundUp(highest);
}

function roundUp(value) {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.4, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * size).find((step) => step >= value * 1.02) ?? 10 * size;
}

const lastOf = (values) => values.findLast(present);

/** A young job has no hour yet: its axis begins a little before its first figure, and spans at least this. */
const LEAST_STEPS = 30;

/** The series from its first figure on. */
export function trimmed(series) {
  const known = (series?.lines ?? []).filter((line) => line.values.some(present));
  if (known.length === 0) return { lines: [], start: 0, steps: 0 };
  const steps = Math.max(...known.map((line) => line.values.length));
  const first = Math.min(...known.map((line) => line.values.findIndex(present)));
  const from = Math.max(0, Math.min(first - 1, steps - LEAST_STEPS));
  return { lines: known.map((line) => ({ ...line, values: line.values.slice(from) })), start: Date.parse(series.start) + from * series.step_s * 1000, steps: steps - from };
}

export function lines(series) {
  const { lines: shown, start, steps } = trimmed(series);
  if (shown.length === 0) return null;
  const span_ms = (steps - 1) * series.step_s * 1000;
  const marks = (series.marks ?? []).map((mark) => ({ ...mark, x: (Date.parse(mark.at) - start) / span_ms })).filter((mark) => mark.x >= 0 && mark.x <= 1);
  const axis = Array.from({ length: TICKS + 1 }, (_, index) => clock(start + (span_ms * index) / TICKS));
  return h("section", { class: "card block", "aria-labelledby": "when", key: "when" },
    h("div", { class: "sec-h" }, h("h2", { id: "when" }, span_ms > 50 * 60e3 ? "When: the last hour" : "When"), h("p", {}, `${axis[0]} to ${axis.at(-1)} UTC, steps of ${series.step_s} s`)),
    h("div", { class: "lines", tabindex: "0", role: "group", "aria-label": "Time lines. Arrow keys move a reading line.", ref: reading, "data-start": String(start), "data-step": String(series.step_s * 1000) },
      marks.length > 0 && h("div", { class: "flag" }, marks.map((mark) => h("span", { key: `${mark.at} ${mark.label}`, class: `k-${mark.kind}${mark.x > 0.85 ? " left" : mark.x < 0.12 ? " right" : ""}`, style: { left: `${mark.x * 100}%` } }, `${clock(mark.at)} ${mark.label}`))),
      shown.map((line) => chart(line, marks)),
      h("div", { class: "axis", "aria-hidden": "true" }, axis.map((label) => h("span", {}, label))),
      h("p", { class: "vh reading", role: "status" })));
}

function chart(line, marks) {
  const top = scaleTop(line);
  const last = lastOf(line.values);
  const frame = { width: WIDTH, height: HEIGHT, low: 0, high: top };
  const y = (value) => HEIGHT - (Math.min(value, top) / top) * HEIGHT;
  const limit = line.healthy_max ?? line.healthy_min;
  const name = [line.subject, line.label].filter(Boolean).join(" ");
  const healthy = limitText({ ...line, value: last });
  const shown = present(limit) && limit <= top && y(limit) > 16;
  const before = present(line.before) ? `before ${figureText(line.before, line.unit, last)}` : "";
  const beside = [before, !shown && healthy].filter(Boolean).join(", ");
  const notes = [before, healthy].filter(Boolean).join(", ");
  const plot = h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    h("path", { class: "base", d: `M0 ${HEIGHT}H${WIDTH}` }),
    line.kind === "bars" ? bars(line.values, y) : area(line.values, frame),
    present(limit) && limit <= top && h("path", { class: "lim", d: `M0 ${y(limit)}H${WIDTH}` }),
    line.kind !== "bars" && h("path", { class: "curve", d: linePath(line.values, frame) }),
    marks.map((mark) => h("path", { class: `mark k-${mark.kind}`, d: `M${mark.x * WIDTH} -4V${HEIGHT}` })));
  return h("div", { class: "chart", key: `${line.feature} ${line.subject}` },
    h("div", { class: "cap" }, h("span", { class: "t" }, name), h("b", {}, present(last) ? figureText(last, line.unit) : NONE), beside && h("span", { class: "was" }, beside)),
    h("div", { class: "plot", role: "img", "aria-label": `${name}: now ${present(last) ? figureText(last, line.unit) : "not measured"}${notes ? `, ${notes}` : ""}`, "data-line": remembered(line) },
      plot,
      h("span", { class: "yl", "aria-hidden": "true" }, figureText(top, line.unit)),
      shown && h("span", { class: "ll", "aria-hidden": "true", style: { top: `${y(limit)}%` } }, `limit ${figureText(limit, line.unit)}`),
      h("span", { class: "cross", "aria-hidden": "true" }, h("span", {}))));
}

/** Newest data by plot: what the reading line reads. */
const newest = new Map();
function remembered(line) {
  newest.set(`${line.feature} ${line.subject}`, line);
  return `${line.feature} ${line.subject}`;
}

function area(values, frame) {
  // Each stretch between gaps is closed down to the ground.
  let path = "";
  let from = -1;
  for (let index = 0; index <= values.length; index++) {
    if (index < values.length && present(values[index])) { if (from < 0) from = index; continue; }
    if (from >= 0) {
      const x = (at) => ((at / (values.length - 1 || 1)) * frame.width).toFixed(1);
      const masked = values.map((value, at) => (at >= from && at < index ? value : null));
      path += `${linePath(masked, frame)}L${x(index - 1)} ${frame.height}L${x(from)} ${frame.height}Z`;
      from = -1;
    }
  }
  return h("path", { class: "area", d: path });
}

function bars(values, y) {
  const width = 6;
  let path = "";
  values.forEach((value, index) => {
    if (!present(value)) return;
    const x = (index / (values.length - 1 || 1)) * WIDTH - width / 2;
    path += `M${x.toFixed(1)} ${HEIGHT}V${Math.min(HEIGHT - 1, y(value)).toFixed(1)}h${width}V${HEIGHT}z`;
  });
  return h("path", { class: "bars", d: path });
}

/** The reading line: follows the pointer or the arrow keys, through all plots at once. */
function reading(box) {
  let at = null;
  const plots = () => [...box.querySelectorAll(".plot")];
  const show = (index) => {
    const all = plots();
    const last = Math.max(...all.map((plot) => newest.get(plot.dataset.line).values.length)) - 1;
    at = Math.max(0, Math.min(last, index));
    const time = clock(Number(box.dataset.start) + at * Number(box.dataset.step), true);
    const spoken = [];
    for (const plot of all) {
      const line = newest.get(plot.dataset.line);
      const text = present(line.values[at]) ? figureText(line.values[at], line.unit) : line.kind === "bars" ? "none ended" : "not measured";
      const cross = plot.querySelector(".cross");
      cross.style.left = `${(at / last) * 100}%`;
      cross.classList.toggle("flip", at > last * 0.75);
      cross.firstElementChild.textContent = `${time}  ${text}`;
      spoken.push(`${[line.subject, line.label].filter(Boolean).join(" ")} ${text}`);
    }
    box.classList.add("on");
    return `${time}: ${spoken.join(", ")}`;
  };
  box.addEventListener("pointermove", (event) => {
    const plot = event.target.closest(".plot");
    if (!plot) return;
    const frame = plot.getBoundingClientRect();
    const last = newest.get(plot.dataset.line).values.length - 1;
    show(Math.round(((event.clientX - frame.left) / frame.width) * last));
  });
  box.addEventListener("pointerleave", () => box.classList.remove("on"));
  box.addEventListener("blur", () => box.classList.remove("on"));
  box.addEventListener("keydown", (event) => {
    const many = event.shiftKey ? 10 : 1;
    const step = { ArrowRight: many, ArrowLeft: -many, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = Math.max(...plots().map((plot) => newest.get(plot.dataset.line).values.length)) - 1;
    box.querySelector(".reading").textContent = show((at ?? last) + step);
  });
}
