// What the page knows, and who is told when it changes. Views read it and never write it.

import { api } from "./api.js";

const listeners = new Set();
let scheduled = false;

/** Asks for one new drawing of the page, however often it is called before. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  const draw = () => { scheduled = false; for (const listener of listeners) listener(); };
  if (document.hidden) setTimeout(draw, 0); else requestAnimationFrame(draw);
}

export const onChange = (listener) => listeners.add(listener);

/** One answer of the API: the newest data, the newest error, and since when an answer is awaited. */
export class Resource {
  constructor(load) {
    this.load = load;
    this.data = null;
    this.error = null;
    this.awaitedSince = null;
    this.again = false;
  }

  /** Reads it again. Calls while one is under way lead to one more reading, not to many. */
  async refresh() {
    if (this.awaitedSince !== null) { this.again = true; return; }
    this.awaitedSince = Date.now();
    if (this.data === null) { setTimeout(changed, 400); }
    try {
      const data = await this.load();
      this.data = this.take ? this.take(data) : data;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.awaitedSince = null;
    changed();
    if (this.again) { this.again = false; await this.refresh(); }
  }

  /** Long enough that an empty page would be a riddle. */
  get slow() { return this.awaitedSince !== null && Date.now() - this.awaitedSince >= 400; }
}

let offset_ms = 0;
/** The time by which ages are judged: the notifier's, or that of the tape which is played. */
export const now = () => Date.now() + offset_ms;

export function setNow(text) {
  const time = Date.parse(text);
  if (Number.isFinite(time)) offset_ms = time - Date.now();
}

export const status = new Resource(api.status);
status.take = (data) => {
  setNow(data.now);
  return data;
};

/** The list of jobs, by id, so that one job can be replaced when an event brings it. */
export const jobs = new Resource(api.jobs);
jobs.take = (data) => ({ window: data.window, byId: new Map(data.jobs.map((job) => [job.id, job])) });

export function applyJobs({ window, changed: rows = [], removed = [] }) {
  if (!jobs.data) return;
  const byId = new Map(jobs.data.byId);
  for (const row of rows) byId.set(row.id, row);
  for (const id of removed) byId.delete(id);
  jobs.data = { window: window ?? jobs.data.window, byId };
  changed();
}

export const incidents = new Resource(api.incidents);
export const problems = new Resource(api.problems);
export const channels = new Resource(api.channels);
export const silences = new Resource(api.silences);
export const audit = new Resource(api.audit);
export const models = new Resource(api.models);
export const session = new Resource(api.session);

/** The job that is looked at. Another id is another resource, so that an old answer never shows under a new name. */
let current = { id: null, resource: null };
export function job(id) {
  if (current.id !== id) {
    current = { id, resource: new Resource(() => api.job(id)) };
    current.resource.refresh();
  }
  return current.resource;
}
export const currentJob = () => current;

/** The newest window that anyone told us of. */
export function newestWindow() {
  const times = [status.data?.window, jobs.data?.window].filter(Boolean);
  return times.length === 0 ? null : times.reduce((a, b) => (a > b ? a : b));
}

/** May this caller do it? Before the status is known: no. */
export const may = (right) => status.data?.rights?.includes(right) ?? false;
