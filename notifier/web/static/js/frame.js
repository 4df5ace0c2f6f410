// What stands around every page: the bar with its live mark, strips that say when the page cannot be trusted, the foot.

import { h } from "./view.js";
import { live } from "./live.js";
import { route } from "./router.js";
import * as store from "./store.js";
import { clock, duration, secondsBetween } from "./words.js";
import { icon } from "./parts.js";

/** Older than three windows: no longer live. */
const STALE_S = 30;
/** Older than this, a strip says of what time the page is. */
const STRIP_S = 120;
const PAGES = [["", "Jobs", "jobs"], ["incidents", "Incidents", "incidents"], ["problems", "Problems", "problems"], ["channels", "Channels", "channels"]];
const THEMES = ["system", "light", "dark"];
const THEME_WORD = { system: "Auto", light: "Light", dark: "Dark" };

let theme = document.documentElement.dataset.theme ?? "system";

function nextTheme() {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  if (theme === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  try { if (theme === "system") localStorage.removeItem("theme"); else localStorage.setItem("theme", theme); } catch { /* private window */ }
  store.changed();
}

/** How far the page can be trusted: "live", "stale", "old", "lost", or "waiting" before the first window. */
export function freshness() {
  const window = store.newestWindow();
  const lost = store.status.error && store.status.error.status === 0;
  if (!window) return { state: lost ? "lost" : "waiting", window, age_s: null };
  const age_s = Math.max(0, secondsBetween(window, store.now()));
  const state = lost ? "lost" : age_s > STRIP_S ? "old" : age_s > STALE_S ? "stale" : "live";
  return { state, window, age_s };
}

export function bar() {
  const current = route.page === "jobs" ? "" : route.page;
  return h("div", { class: "wrap" },
    h("a", { class: "brand", href: "#/" }, h("svg", { "aria-hidden": "true", fill: "currentColor" }, h("use", { href: "#i-mark" })), "Streamwarden"),
    h("nav", { "aria-label": "Main" }, h("ul", {}, PAGES.map(([page, name, image]) => h("li", {}, h("a", { href: `#/${page}`, "aria-current": current === page ? "page" : null }, icon(image), h("span", {}, name)))))),
    h("div", { class: "right" }, liveMark(), h("button", { class: "btn quiet theme", type: "button", onclick: nextTheme }, h("span", { class: "vh" }, "Theme: "), THEME_WORD[theme])));
}

function liveMark() {
  const { state, window, age_s } = freshness();
  const tape = store.status.data?.tape;
  const over = tape?.ended && state !== "lost";
  const word = over ? "Tape over" : { lost: "Not connected", waiting: "Waiting", stale: "Stale", old: "Stale", live: tape ? "Tape" : "Live" }[state];
  const how = live.mode === "polling" && state === "live" ? "Read again every 10 s; the live stream is not open" : null;
  return h("span", { class: `live is-${state}${live.mode === "polling" ? " polling" : ""}`, title: how }, h("i", { "aria-hidden": "true" }), h("span", {}, h("b", {}, word), window && [h("span", { class: "at" }, ` · window ${clock(window, true)} UTC,`), " ", h("span", { class: "age" }, `${duration(Math.round(age_s))} ago`)]));
}

/** Strips above the page. */
export function strips() {
  const { state, window, age_s } = freshness();
  const tape = store.status.data?.tape;
  return h("div", { class: "strips", key: "strips", role: "status" },
    state === "lost" && h("p", { class: "strip" }, icon("warning"), h("span", {}, "Streamwarden cannot be reached. ", window ? `What you see is of ${clock(window, true)} UTC.` : "It is tried again every 10 s.")),
    state === "old" && !tape?.ended && h("p", { class: "strip" }, icon("warning"), h("span", {}, `Nothing new for ${duration(Math.round(age_s), true)}. What you see is of ${clock(window, true)} UTC.`)),
    tape?.ended && h("p", { class: "strip calm-strip" }, icon("incidents"), h("span", {}, h("b", {}, "The recording is over. "), `The page stays as it was at the end of ${tape.name}. Start the demo again to see it come; watch a cluster of yours with `, h("code", {}, "streamwarden run --flink URL"), ".")),
    tape && !tape.ended && h("p", { class: "strip calm-strip" }, icon("incidents"), h("span", {}, h("b", {}, "A recorded incident is played, "), `as if live: ${tape.name}`, tape.speed && tape.speed !== 1 ? `, ${tape.speed} times as fast` : "", ".")));
}

export function foot() {
  const data = store.status.data;
  return [data && h("span", {}, `Streamwarden ${data.version}`), h("span", {}, "Times are UTC"), h("a", { href: "api/v1/openapi.json" }, "API"), h("a", { href: "#/audit" }, "What people did"), h("a", { href: "#/models" }, "How good it is"), h("a", { href: "#/token" }, store.session.data?.name ? `Logged in as ${store.session.data.name}` : "Log in")];
}
