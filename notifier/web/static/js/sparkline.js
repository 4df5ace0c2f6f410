// Lines of figures. Pure: numbers in, path data out; the views wrap them in SVG.

import { h } from "./view.js";
import { present } from "./words.js";

/** Bounds of an axis: room for the limit, and never so narrow that noise looks like drama. */
export function bounds(values, limits = []) {
  const known = [...values, ...limits].filter((value) => present(value) && Number.isFinite(value));
  if (known.length === 0) return [0, 1];
  let low = Math.min(...known);
  const high = Math.max(...known);
  const least = Math.max(Math.abs(high) * 0.3, 1e-9);
  if (high - low < least) low = high - least;
  return [low, high];
}

/** A path through the values; null makes a gap. `step` draws stairs. */
export function linePath(values, { width, height, low, high, top = 0, step = false }) {
  const x = (index) => (values.length < 2 ? width : (index / (values.length - 1)) * width);
  const y = (value) => top + height - ((Math.min(Math.max(value, low), high) - low) / (high - low || 1)) * height;
  const fixed = (value) => Number(value.toFixed(1));
  let path = "";
  let pen = false;
  values.forEach((value, index) => {
    if (!present(value)) { pen = false; return; }
    if (!pen) path += `M${fixed(x(index))} ${fixed(y(value))}`;
    else path += step ? `H${fixed(x(index))}V${fixed(y(value))}` : `L${fixed(x(index))} ${fixed(y(value))}`;
    pen = true;
  });
  return path;
}

/** The small line of an hour beside a figure, with its limit dashed and the newest value as a dot. */
export function sparkline(figure) {
  const values = figure?.series?.values ?? [];
  if (values.filter(present).length < 2) return h("svg", { class: "spark", viewBox: "0 0 120 30", "aria-hidden": "true" });
  const limits = [figure.healthy_max, figure.healthy_min].filter(present);
  const [low, high] = bounds(values, limits);
  const frame = { width: 116, height: 24, top: 3, low, high };
  const y = (value) => (3 + 24 - ((value - low) / (high - low)) * 24).toFixed(1);
  const last = values.findLastIndex(present);
  return h("svg", { class: "spark", viewBox: "0 0 120 30", "aria-hidden": "true" },
    limits.map((limit) => h("path", { class: "lim", d: `M0 ${y(limit)}H116` })),
    h("path", { d: linePath(values, frame) }),
    h("circle", { cx: ((last / (values.length - 1)) * 116).toFixed(1), cy: y(values[last]), r: 2.3 }));
}

/** How many findings were open over a day. */
export function trend(series) {
  const values = series?.values ?? [];
  if (values.filter(present).length < 2) return null;
  const high = Math.max(1, ...values.filter(present));
  return h("svg", { class: "spark", viewBox: "0 0 240 44", "aria-hidden": "true" }, h("path", { class: "base", d: "M0 43.5H240" }), h("path", { d: linePath(values, { width: 240, height: 38, top: 4, low: 0, high, step: true }) }));
}
