// The story that the fixtures tell: one night of a fleet of Flink jobs, built from a few facts a job.
// Deterministic: the same call gives the same bytes, so that the committed fixtures can be compared with it.

export const WINDOW = "2026-11-22T03:13:10Z";
const WINDOW_MS = Date.parse(WINDOW);
export const at = (secondsBefore) => new Date(WINDOW_MS - secondsBefore * 1000).toISOString().replace(".000Z", "Z");

/** A small repeatable source of randomness (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hex = (seed, length) => {
  const next = random(seed);
  return Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join("");
};

const round = (value, digits = 3) => Number(value.toPrecision(digits));

/** A line that stands at `before` and goes to `after` at `turn` (0 to 1) within `ramp`. */
export function course({ before, after, turn = 0.55, ramp = 0.02, noise = 0.012, count = 60, seed = 1, gaps = [] }) {
  const next = random(seed);
  return Array.from({ length: count }, (_, index) => {
    const x = index / (count - 1);
    if (gaps.some(([from, to]) => x >= from && x <= to)) return null;
    const share = Math.min(1, Math.max(0, (x - turn) / ramp));
    const level = before + (after - before) * share;
    return round(Math.max(0, level * (1 + (next() - 0.5) * 2 * noise)), 4);
  });
}

const series = (values, step_s = 60) => ({ start: at((values.length - 1) * step_s), step_s, values });

// name, cluster, status, health, code, slug, class, title, effect, subject, where, seconds open, figure
const TROUBLED = [
  ["orders-enrichment", "orders-prod", "critical", 34, "SW1101", "slow-sink", "backpressure_stall",
    "Sink: warehouse waits for its database and blocks everything before it",
    "9 min 57 s behind, loses 22 s every minute; no data lost, checkpoints still complete",
    { scope: "vertex", name: "Sink: warehouse", subtask: null }, "all 4 subtasks", 1610, 0.97,
    { feature: "busy_max", label: "busy", unit: "ms/s", healthy_max: 800, before: 744 }, { before: 744, after: 985, turn: 0.55 }],
  ["payments-fraud-score", "payments-prod", "critical", 38, "SW3201", "container-memory-killed", "container_killed_oom",
    "TaskManager 1-7 was killed 3 times at its memory limit",
    "each kill stops the job for 48 s and repeats 55 s of input; no data lost",
    { scope: "taskmanager", name: "TaskManager 1-7", subtask: null }, "needs 4.7 GiB", 2540, 0.94,
    { feature: "memory_process_used", label: "memory", unit: "bytes", healthy_max: 4080218931, before: 3435973836 }, { before: 2.9e9, after: 4.29e9, turn: 0.2, ramp: 0.7, noise: 0.06 }],
  ["clicks-sessionizer", "clicks-prod", "critical", 41, "SW2103", "checkpoint-timeout-alignment", "checkpoint_timeout",
    "Checkpoints of Window: sessions expire, because barriers wait behind queued data",
    "no checkpoint for 31 min; a restart now would repeat 31 min of input",
    { scope: "vertex", name: "Window: sessions", subtask: null }, "all 32 subtasks", 920, 0.96,
    { feature: "checkpoint_alignment_max", label: "alignment", unit: "ms", healthy_max: 30000, before: 900 }, { before: 900, after: 548000, turn: 0.4, ramp: 0.55 }],
  ["inventory-snapshot", "inventory-prod", "warning", 62, "SW1402", "hot-key", "data_skew",
    "Aggregate: by sku sends 61 % of its records to one of 24 subtasks",
    "2 min 10 s behind, steady; no data lost",
    { scope: "vertex", name: "Aggregate: by sku", subtask: 17 }, null, 6780, 0.91,
    { feature: "records_in_skew", label: "of the mean load", unit: "times", healthy_max: 3, before: 1.2 }, { before: 1.2, after: 14.6, turn: 0.3, ramp: 0.2 }],
  ["ads-attribution", "clicks-prod", "warning", 66, "SW1503", "source-lag-grows", "under_provisioned",
    "Source: impressions reads 2,100 records/s less than arrive",
    "41 min behind, loses 11 s every minute; data is safe for 6 d 20 h",
    { scope: "vertex", name: "Source: impressions", subtask: null }, "all 8 subtasks", 8940, 0.93,
    { feature: "source_pending_records", label: "waiting", unit: "records", healthy_max: 400000, before: 210000 }, { before: 6.1e6, after: 18.8e6, turn: 0.05, ramp: 0.95, noise: 0.004 }],
  ["invoice-export", "orders-prod", "warning", 68, "SW3104", "gc-pressure", "gc_overhead",
    "TaskManager 2-1 spends 41 % of its time in garbage collection",
    "throughput is down by a third; no data lost",
    { scope: "taskmanager", name: "TaskManager 2-1", subtask: null }, "heap 94 % after collection", 4080, 0.89,
    { feature: "gc_time_share", label: "in garbage collection", unit: "ratio", healthy_max: 0.1, before: 0.04 }, { before: 0.04, after: 0.41, turn: 0.3, ramp: 0.5, noise: 0.05 }],
  ["catalog-sync", "catalog-prod", "unknown", 70, "SW0001", "unknown", "unknown",
    "Join: attributes reads 44 % less, and the evidence fits no known problem",
    "output is 44 % lower since 02:52; no lag, no data lost",
    { scope: "vertex", name: "Join: attributes", subtask: null }, "all 6 subtasks", 1260, 0.31,
    { feature: "records_in_rate", label: "read", unit: "records/s", healthy_min: null, before: 2210 }, { before: 2210, after: 1240, turn: 0.62, ramp: 0.06 }],
  ["shipment-eta", "logistics-prod", "warning", 71, "SW2401", "unbounded-state", "state_growth",
    "Join: shipments × scans keeps every row; its state grows by 1.9 GiB a day",
    "checkpoints take 14 s longer every day; disk is full in 9 d",
    { scope: "vertex", name: "Join: shipments × scans", subtask: null }, "no time to live set", 367200, 0.9,
    { feature: "checkpoint_size", label: "state", unit: "bytes", healthy_max: null, before: 14.4e9 }, { before: 22.7e9, after: 23.0e9, turn: 0, ramp: 1, noise: 0.0005 }],
  ["customer-360", "clicks-prod", "warning", 74, "SW1701", "watermark-stalled", "watermark_or_time_problem",
    "Source: profile-updates holds the watermark: 2 of its 12 subtasks get no data",
    "windows have not fired for 38 min; nothing is lost, nothing comes out",
    { scope: "vertex", name: "Source: profile-updates", subtask: null }, "subtasks 3 and 9", 2280, 0.95,
    { feature: "watermark_lag", label: "behind", unit: "ms", healthy_max: 120000, before: 1800 }, { before: 1800, after: 2280000, turn: 0.37, ramp: 0.63, noise: 0.003 }],
  ["price-index", "inventory-prod", "warning", 78, "SW2107", "checkpoint-longer-than-interval", "checkpoint_timeout",
    "A checkpoint of Aggregate: by region takes 52 s of its 60 s interval",
    "the job does little else than checkpoints when it grows by another 15 %",
    { scope: "vertex", name: "Aggregate: by region", subtask: null }, "async part 47 s", 3660, 0.86,
    { feature: "checkpoint_duration", label: "checkpoint", unit: "ms", healthy_max: 30000, before: 31000 }, { before: 24000, after: 52000, turn: 0.1, ramp: 0.85, noise: 0.03 }],
  ["ledger-archive", "ledger-prod", "advice", 94, "SW6001", "over-provisioned", "over_provisioned",
    "12 TaskManagers do the work of 4",
    "nothing is late; two thirds of the machines could be given back",
    { scope: "job", name: "ledger-archive", subtask: null }, "whole job", 518400, 0.92,
    { feature: "cpu_load_mean", label: "CPU", unit: "ratio", healthy_min: 0.4, before: null }, { before: 0.14, after: 0.14, turn: 0.5, noise: 0.06 }],
];

const SEVERITY = { critical: "critical", warning: "warning", unknown: "warning", advice: "advice" };

function troubled(facts, index) {
  const [job_name, cluster_id, status, health, code, slug, problem_class, title, effect, subject, where, open_s, confidence, figure, line] = facts;
  const values = course({ ...line, seed: 100 + index });
  const job_id = hex(7000 + index, 32);
  return {
    id: job_id, cluster_id, job_id, job_name, state: "RUNNING", status, health, window: WINDOW, open_findings: 1, silenced_until: null,
    finding: {
      finding_id: `f-${hex(9000 + index, 12)}`, code, slug, class: problem_class, severity: SEVERITY[status], confidence, title, effect,
      subject: { scope: subject.scope, id: hex(500 + index, 32), name: subject.name, subtask: subject.subtask }, where,
      first_seen: at(open_s), last_seen: WINDOW,
    },
    figure: { ...figure, subject: subject.name, value: values.findLast((value) => value !== null), series: series(values) },
    learning: null,
  };
}

const HEALTHY_FIGURES = [
  { feature: "busy_max", label: "busy", unit: "ms/s", healthy_max: 800, subject: "Sink: ledger", low: 300, high: 772 },
  { feature: "checkpoint_duration", label: "checkpoint", unit: "ms", healthy_max: 30000, subject: "", low: 4000, high: 26000 },
  { feature: "gc_time_share", label: "in garbage collection", unit: "ratio", healthy_max: 0.1, subject: "TaskManager 1-2", low: 0.01, high: 0.06 },
  { feature: "watermark_lag", label: "behind", unit: "ms", healthy_max: 120000, subject: "Window: 30 min", low: 900, high: 84000 },
];
const WORDS = ["refund-router", "search-indexer", "ad-budget-pacer", "email-triggers", "risk-limits", "stock-alerts", "cart-abandonment", "media-transcode-log", "tax-rates", "coupon-use", "delivery-slots", "basket-totals", "returns-feed", "store-visits", "loyalty-points", "supplier-prices", "warehouse-moves", "address-check", "currency-rates", "seller-scores"];
export const CLUSTERS = [["orders-prod", 84], ["payments-prod", 61], ["clicks-prod", 97], ["inventory-prod", 72], ["ads-prod", 118], ["billing-prod", 43], ["logistics-prod", 66], ["customer-prod", 58], ["pricing-prod", 49], ["catalog-prod", 54], ["ledger-prod", 38], ["search-prod", 81], ["mail-prod", 27], ["risk-prod", 45], ["media-prod", 52], ["sandbox-eu", 34], ["sandbox-us", 27], ["ads-stage", 6]];

export function healthy(index, cluster_id) {
  const next = random(31 + index);
  const { low, high, ...figure } = HEALTHY_FIGURES[index % HEALTHY_FIGURES.length];
  const level = high - (high - low) * Math.min(1, index / 40 + next() * 0.1);
  const values = course({ before: level, after: level, noise: 0.05, seed: index + 1 });
  const job_id = hex(20000 + index, 32);
  const name = WORDS[index % WORDS.length];
  return {
    id: job_id, cluster_id, job_id, job_name: index < WORDS.length ? name : `${name}-${Math.floor(index / WORDS.length) + 1}`, state: "RUNNING",
    status: "healthy", health: 100, window: WINDOW, open_findings: 0, silenced_until: null, finding: null,
    figure: { ...figure, before: null, value: values.at(-1), series: series(values) }, learning: null,
  };
}

function learning() {
  return {
    id: hex(333, 32), cluster_id: "sandbox-eu", job_id: hex(333, 32), job_name: "orders-enrichment-canary", state: "RUNNING", status: "learning",
    health: null, window: WINDOW, open_findings: 0, silenced_until: null, finding: null, figure: null,
    learning: { windows: 2, needed: 6, due_at: at(-40) },
  };
}

function unreachable(index) {
  return {
    id: hex(40000 + index, 32), cluster_id: "ads-stage", job_id: hex(40000 + index, 32), job_name: `ads-stage-${index + 1}`, state: "RUNNING", status: "no_data",
    health: null, window: at(420), open_findings: 0, silenced_until: null, finding: null, figure: null, learning: null,
  };
}

const STATUSES = ["critical", "warning", "unknown", "advice", "no_data", "learning", "healthy"];

export function jobList(jobs) {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, jobs.filter((job) => job.status === status).length]));
  return { window: WINDOW, total: jobs.length, counts, jobs };
}

/** The jobs of the fixture: everything that is wrong, one that is learning, a dead cluster and some healthy ones. */
export function jobs(healthyCount = 24) {
  const names = CLUSTERS.map(([name]) => name).filter((name) => name !== "ads-stage");
  const rows = TROUBLED.map(troubled);
  rows.push(learning(), ...Array.from({ length: 6 }, (_, index) => unreachable(index)));
  for (let index = 0; index < healthyCount; index++) rows.push(healthy(index, names[(index * 5 + 1) % names.length]));
  return jobList(rows);
}

/** A fleet of the mock's size: 1,000 jobs and more in 18 clusters. */
export function fleet(count = 1012) {
  const rows = jobs(0).jobs;
  const room = CLUSTERS.filter(([name]) => name !== "ads-stage").flatMap(([name, many]) => Array(many).fill(name));
  for (let index = 0; rows.length < count; index++) rows.push(healthy(index, room[index % room.length]));
  return jobList(rows);
}
