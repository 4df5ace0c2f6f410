// Addresses are fragments, `#/jobs/{id}?tab=config`, so that any web server can serve the page and below any path.

import { changed } from "./store.js";

export let route = parse();

function parse() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean).map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  return { page: parts[0] ?? "", id: parts[1] ?? null, query: new URLSearchParams(query) };
}

/** An address on this page. Values that are empty are left out. */
export function link(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return `#/${path.map(encodeURIComponent).join("/")}${search.size > 0 ? `?${search}` : ""}`;
}

/** Changes the query in place, without a step in the history. */
export function setQuery(changes) {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(changes)) if (value) query.set(name, value); else query.delete(name);
  const path = [route.page, route.id].filter(Boolean).map(encodeURIComponent).join("/");
  history.replaceState(null, "", `#/${path}${query.size > 0 ? `?${query}` : ""}`);
  route = { ...route, query };
  changed();
}

export function start(onMove) {
  addEventListener("hashchange", () => {
    const before = route;
    route = parse();
    const moved = before.page !== route.page || before.id !== route.id;
    onMove(moved);
    changed();
  });
}
