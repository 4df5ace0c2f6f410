// Keeps the page current: server-sent events while they flow, polling while they do not.

import { api } from "./api.js";
import * as store from "./store.js";

/** Polling rhythm of the fall-back: the length of a window. */
const POLL_MS = 10_000;
/** After this much silence on an open stream (comments come every 15 s) it counts as broken. */
const QUIET_MS = 45_000;
/** Findings may come in storms: what they change is read again at most this often. */
const CALM_MS = 2_000;

export const live = { mode: "connecting", since: Date.now() };
let source = null;
let lastSign = 0;
let refreshVisible = () => {};

function setMode(mode) {
  if (live.mode === mode) return;
  live.mode = mode;
  live.since = Date.now();
  store.changed();
}

/** `refresh` reads again whatever the visible page shows. */
export function start(refresh) {
  refreshVisible = refresh;
  connect();
  setInterval(watch, POLL_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) watch(); });
}

function connect() {
  source?.close();
  if (typeof EventSource === "undefined") { setMode("polling"); return; }
  source = new EventSource(api.eventsAddress());
  source.onopen = () => {
    lastSign = Date.now();
    // What happened while nobody listened is read once; from here on events suffice.
    if (live.mode !== "connecting" || store.jobs.data) readAll();
    setMode("live");
  };
  source.onerror = () => setMode("polling");
  on("window", ({ now, window }) => {
    store.setNow(now);
    if (store.status.data && window) store.status.data.window = window;
    if (store.currentJob().id) store.currentJob().resource.refresh();
    store.changed();
  });
  on("jobs", (data) => store.applyJobs(data));
  on("finding", soon);
  on("status", () => store.status.refresh());
}

function on(name, use) {
  source.addEventListener(name, (event) => {
    lastSign = Date.now();
    setMode("live");
    let data;
    try { data = JSON.parse(event.data); } catch { return; }
    use(data);
  });
}

function readAll() {
  store.status.refresh();
  store.jobs.refresh();
  refreshVisible();
}

let waiting = false;
function soon() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => { waiting = false; store.status.refresh(); refreshVisible(); }, CALM_MS);
}

/** Once a window: polls where the stream is broken, and tries the stream again. */
function watch() {
  if (document.hidden) return;
  // The end of a tape comes with no event: nothing happens any more.
  const tape = store.status.data?.tape;
  if (tape && !tape.ended) store.status.refresh();
  if (source && source.readyState === EventSource.OPEN && Date.now() - lastSign < QUIET_MS) return;
  setMode("polling");
  readAll();
  if (!source || source.readyState === EventSource.CLOSED || (source.readyState === EventSource.OPEN && Date.now() - lastSign >= QUIET_MS)) connect();
}
