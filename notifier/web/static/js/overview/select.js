// Which jobs the overview shows, in which order and groups. Pure.

import { closeness } from "../words.js";

export const STATUS_ORDER = ["critical", "warning", "unknown", "advice", "no_data", "learning", "healthy"];

/** Where a cluster is a job, clusters belong together by what stands before the slash. */
export const clusterGroup = (cluster_id) => cluster_id.split("/")[0];

export function counts(jobs) {
  const counted = Object.fromEntries(STATUS_ORDER.map((status) => [status, 0]));
  for (const job of jobs) counted[job.status] = (counted[job.status] ?? 0) + 1;
  return counted;
}

const haystacks = new WeakMap();

/** Everything of a job that can be searched for, in lower case. */
export function haystack(job) {
  let text = haystacks.get(job);
  if (text === undefined) {
    const finding = job.finding;
    text = [job.job_name, job.cluster_id, job.job_id, finding?.title, finding?.code, finding?.slug, finding?.subject?.name, finding?.class, job.figure?.subject].filter(Boolean).join("\n").toLowerCase();
    haystacks.set(job, text);
  }
  return text;
}

/** Every word of the search must be somewhere in the job. */
export function matches(job, filter) {
  if (filter.cluster && clusterGroup(job.cluster_id) !== filter.cluster) return false;
  return filter.words.every((word) => haystack(job).includes(word));
}

/** Most in need first; healthy ones by how close they are to a limit. */
export function byNeed(a, b) {
  const status = STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status);
  const bothWrong = a.health !== null && b.health !== null && a.status !== "healthy" && b.status !== "healthy";
  if (bothWrong && a.health !== b.health) return a.health - b.health;
  if (status !== 0) return status;
  if (a.status === "healthy") {
    const near = closeness(b.figure ?? {}) - closeness(a.figure ?? {});
    if (near !== 0) return near;
  }
  return a.job_name.localeCompare(b.job_name) || a.id.localeCompare(b.id);
}

/** While a hand is on the list, rows stay where they are: known ones in their old order, new ones at the end. */
export function held(rows, order) {
  const place = new Map(order.map((key, index) => [key, index]));
  const end = order.length;
  return rows.map((row, index) => [place.get(row.key) ?? end + index, row]).sort((a, b) => a[0] - b[0]).map(([, row]) => row);
}

/** Jobs become rows; the jobs of a cluster that does not answer become one row. */
export function toRows(jobs) {
  const rows = [];
  const away = new Map();
  for (const job of jobs) {
    if (job.status !== "no_data") { rows.push({ key: job.id, job }); continue; }
    const known = away.get(job.cluster_id);
    if (known) { known.jobs.push(job); continue; }
    const row = { key: `cluster ${job.cluster_id}`, job, jobs: [job] };
    away.set(job.cluster_id, row);
    rows.push(row);
  }
  return rows;
}

export const GROUPS = { cluster: "cluster", problem: "problem" };

/** Names of groups in the order of their first, most urgent row. */
export function group(rows, by) {
  const groups = new Map();
  for (const row of rows) {
    const name = by === "cluster" ? clusterGroup(row.job.cluster_id) : row.job.finding ? `${row.job.finding.code} ${row.job.finding.slug}` : row.job.status === "no_data" ? "No data" : row.job.status === "learning" ? "Not judged yet" : "Healthy";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return groups;
}

/** The known word that is nearest to what was typed, or null. */
export function didYouMean(text, jobs) {
  const wanted = text.toLowerCase();
  if (wanted.length < 3) return null;
  const known = new Set();
  for (const job of jobs) for (const part of haystack(job).split(/[\s\n:/,]+/)) if (part.length >= 3) known.add(part);
  let best = null;
  for (const word of known) {
    if (Math.abs(word.length - wanted.length) > 2) continue;
    const far = distance(wanted, word);
    if (far <= Math.max(1, Math.floor(wanted.length / 4)) && (best === null || far < best.far)) best = { word, far };
  }
  return best?.word ?? null;
}

/** Edits between two words; two swapped letters are one edit. */
function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, index) => [index]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}
