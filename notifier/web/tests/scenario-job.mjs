// The story's main job in full: what GET /api/v1/jobs/{id} answers for orders-enrichment.

import { WINDOW, at, course, jobs } from "./scenario.mjs";

const hour = (options) => course({ count: 361, ...options });
const step = 10;
const vertexId = { orders: "bc764cd8ddf7a0cff126f51c16239658", customers: "ea632d67b7d595e5b851708ae9ad79d6", join: "0a448493b4782967b150582570326227", totals: "6cdc5bb954874d922eaee11a8e7b5dd5", window: "90bea66de1c231edf33913ecd54406c1" };

function incident(finding_id, job, code, slug, severity, subject, began_s, lasted_s, changed, feedback, title) {
  return {
    finding_id, status: lasted_s === null ? "open" : "resolved", code, slug, severity, cluster_id: job.cluster_id, job_id: job.job_id, id: job.id, job_name: job.job_name,
    subject, title, began: at(began_s), ended: lasted_s === null ? null : at(began_s - lasted_s), changed, feedback,
  };
}

const said = (verdict, by, comment = "") => ({ verdict, by, comment, actual_slug: null });
const DAY = 86400;
const vertexNamed = (name) => ({ scope: "vertex", id: "00", name, subtask: null });

export function history() {
  const rows = jobs().jobs;
  const job = (name) => rows.find((row) => row.job_name === name);
  const orders = job("orders-enrichment");
  return [
    incident(orders.finding.finding_id, orders, "SW1101", "slow-sink", "critical", orders.finding.subject, 1610, null, null, null, orders.finding.title),
    incident("f-1b0c77a2e4d1", orders, "SW1503", "source-lag-grows", "warning", vertexNamed("Source: orders"), 12.2 * DAY, 2520, "parallelism.default 8 → 16", said("right", "person"), "Source: orders reads less than arrives"),
    incident("f-77aa02c9b1f0", orders, "SW1101", "slow-sink", "critical", vertexNamed("Sink: warehouse"), 19.08 * DAY, 1140, null, said("right", "person", "the database failed over"), "Sink: warehouse waits for its database and blocks everything before it"),
    incident("f-5d20e1f7c3aa", orders, "SW2107", "checkpoint-longer-than-interval", "warning", vertexNamed("Join: customers"), 31.7 * DAY, 2280, "execution.checkpointing.interval 30 s → 1 min", said("right", "outcome"), "A checkpoint takes 29 s of its 30 s interval"),
    incident("f-90f3bb6a7e21", orders, "SW1402", "hot-key", "warning", vertexNamed("Join: customers"), 43.4 * DAY, 660, null, said("wrong", "person", "a planned reload"), "Join: customers sends most of its records to one subtask"),
  ];
}

const decisionStep = (feature, op, threshold, unit, value, text) => ({ feature, op, threshold, unit, value, text });
const figure = (feature, label, value, unit, healthy, contribution) => ({ feature, label, value, unit, ...healthy, contribution });
const LOG_TEXT = "JDBC executeBatch error, retry times = 0";

export function finding() {
  const row = jobs().jobs.find((job) => job.job_name === "orders-enrichment");
  const { where: _where, ...short } = row.finding;
  return {
    finding_id: short.finding_id, status: "open", code: short.code, slug: short.slug, class: short.class, confidence: short.confidence, severity: short.severity,
    cluster_id: row.cluster_id, job_id: row.job_id, job_name: row.job_name, subject: short.subject, title: short.title, effect: short.effect,
    explanation: "Each sink subtask writes 1,980 records per busy second; until 02:46 it wrote 4,170. The CPU is at 21 %, so the sink waits, it does not compute. Nothing in this job changed in the last 11 days.",
    evidence: [
      figure("busy_max", "Sink: warehouse, busy", 985, "ms/s", { healthy_max: 800 }, 0.41),
      figure("upstream_backpressured_mean", "Join: customers, blocked", 912, "ms/s", { healthy_max: 500 }, 0.33),
      figure("cpu_load_mean", "CPU of the TaskManagers", 0.21, "ratio", { healthy_max: 0.6 }, 0.17),
      { log: { template: "E-5F3A9C01", text: LOG_TEXT, at: "2026-11-22T02:51:44.118Z" } },
    ],
    decision: [
      decisionStep("busy_max", ">=", 950, "ms/s", 985, "busy of the sink is at least 950 ms/s"),
      decisionStep("upstream_backpressured_mean", ">=", 900, "ms/s", 912, "blocked time before it is at least 900 ms/s"),
      decisionStep("cpu_load_mean", "<", 0.6, "ratio", 0.21, "CPU is below 60 %"),
    ],
    alternatives: [{ slug: "under-provisioned-operator", confidence: 0.02 }, { slug: "hot-key", confidence: 0.01 }],
    actions: [
      { kind: "rescale", key: "sink.parallelism", from: "4", to: "8", unit: "subtasks", computation: "12,400 records/s ÷ (1,980 per subtask × 80 % use) = 7.8, so 8", restart: "job", risk: "medium", why: "Twice the subtasks wait for the database at the same time; it opens 4 more connections." },
      { kind: "set_config", key: "sink.buffer-flush.max-rows", from: "100", to: "500", unit: "rows", computation: "500 rows fill in 0.3 s, inside the 1 s flush interval", restart: "job", risk: "low", why: "A fifth of the round trips." },
      { kind: "change_infrastructure", key: "Ask the owner of warehouse-db", from: null, to: null, unit: "", computation: "", restart: "none", risk: "low", why: "Writing 100 rows takes 50 ms since 02:46; before, it took 24 ms." },
    ],
    avoid: [{ what: "scale Source: orders", why: "It is blocked, not slow; more of it only queues more." }],
    first_seen: short.first_seen, last_seen: WINDOW, model: { name: "vertex", version: "0.4.1" },
  };
}

function advice() {
  return {
    finding_id: "f-2ac41d90be77", status: "open", code: "SW2203", slug: "checkpoint-zero-tolerance", class: "checkpoint_timeout", confidence: 0.9, severity: "advice",
    cluster_id: "orders-prod", job_id: finding().job_id, job_name: "orders-enrichment", subject: { scope: "job", id: finding().job_id, name: "orders-enrichment", subtask: null },
    title: "One late checkpoint restarts the whole job", effect: "nothing yet; a checkpoint that expires would restart the job, about 40 s",
    explanation: "The number of checkpoints that may fail in a row is 0, and checkpoints have grown to half of their timeout.",
    evidence: [figure("checkpoint_duration", "Checkpoint", 312000, "ms", { healthy_max: 300000 }, 0.6)],
    decision: [decisionStep("config_tolerable_failed_checkpoints", "<", 1, "count", 0, "no checkpoint may fail")],
    alternatives: [], avoid: [],
    actions: [{ kind: "set_config", key: "execution.checkpointing.tolerable-failed-checkpoints", from: "0", to: "3", unit: "", computation: "3 intervals of 1 min, below the 10 min that your consumers accept", restart: "job", risk: "low", why: "A single late checkpoint is then a warning, not a restart." }],
    first_seen: at(2400), last_seen: WINDOW, model: { name: "rules", version: "0.1.0" },
  };
}

const vertex = (id, name, parallelism, busy, blocked, records_in, records_out, busy_max = busy) => ({ id, name, parallelism, busy, busy_max, blocked, idle: 1000 - busy - blocked, records_in_per_s: records_in, records_out_per_s: records_out, status: "RUNNING" });
const edge = (from, to, ship, records_per_s, blocked) => ({ from, to, ship, records_per_s, blocked });

function graph(sink) {
  return {
    window: WINDOW,
    vertices: [
      vertex(vertexId.orders, "Source: orders", 16, 88, 893, null, 7800), vertex(vertexId.customers, "Source: customers", 4, 4, 0, null, 12),
      vertex(vertexId.join, "Join: customers", 16, 76, 912, 7812, 7800), vertex(sink, "Sink: warehouse", 4, 979, 0, 7800, null, 985),
      vertex(vertexId.window, "Window: totals", 8, 61, 0, 7800, 42), vertex(vertexId.totals, "Sink: totals", 4, 3, 0, 42, null),
    ],
    edges: [
      edge(vertexId.orders, vertexId.join, "HASH", 7800, 893), edge(vertexId.customers, vertexId.join, "HASH", 12, 0),
      edge(vertexId.join, sink, "REBALANCE", 7800, 912), edge(vertexId.join, vertexId.window, "HASH", 7800, 0), edge(vertexId.window, vertexId.totals, "FORWARD", 42, 0),
    ],
  };
}

function checkpoints() {
  const values = Array(361).fill(null);
  for (let minute = 0; minute < 33; minute++) values[minute * 6 + 3] = 1900 + (minute % 4) * 90;
  for (const [index, seconds] of [[204, 38], [218, 96], [239, 171], [264, 228], [294, 274], [328, 301], [355, 312]]) values[index] = seconds * 1000;
  return values;
}

function series() {
  const line = (feature, label, subject, unit, kind, values, rest) => ({ feature, label, subject, unit, kind, values, healthy_min: null, healthy_max: null, scale_max: null, before: null, ...rest });
  return {
    start: at(360 * step), step_s: step,
    lines: [
      line("records_in_rate", "Throughput", "", "records/s", "line", hour({ before: 12400, after: 7800, seed: 1 }), { before: 12400 }),
      line("busy_max", "busy", "Sink: warehouse", "ms/s", "line", hour({ before: 744, after: 985, noise: 0.008, seed: 2 }), { healthy_max: 800, scale_max: 1000, before: 744 }),
      line("backpressured_mean", "blocked", "Join: customers", "ms/s", "line", hour({ before: 24, after: 912, noise: 0.015, seed: 3, gaps: [[0.2, 0.215]] }), { healthy_max: 500, scale_max: 1000, before: 24 }),
      line("checkpoint_duration", "Checkpoint duration", "", "ms", "bars", checkpoints(), { healthy_max: 30000, scale_max: 600000, before: 1900 }),
    ],
    marks: [{ at: at(1560), label: "finding opened", kind: "opened", finding_id: finding().finding_id }],
  };
}

const option = (key, value, set_by, changed_at, redacted = false) => ({ key, value, set_by, changed_at, redacted });

function configuration() {
  return [
    option("sink.parallelism", "4", "job", at(11.2 * DAY)), option("sink.buffer-flush.max-rows", "100", "default", null), option("sink.buffer-flush.interval", "1 s", "default", null),
    option("sink.max-retries", "3", "default", null), option("parallelism.default", "16", "job", at(11.2 * DAY)), option("execution.checkpointing.interval", "1 min", "job", at(31.7 * DAY)),
    option("execution.checkpointing.timeout", "10 min", "default", null), option("execution.checkpointing.tolerable-failed-checkpoints", "0", "default", null), option("state.backend.type", "rocksdb", "cluster", at(173 * DAY)),
    option("taskmanager.memory.process.size", "4 GiB", "cluster", at(173 * DAY)), option("taskmanager.numberOfTaskSlots", "4", "cluster", at(173 * DAY)), option("url", "", "job", at(255 * DAY), true),
  ];
}

const STACK = `2026-11-22 02:51:44,118 ERROR org.apache.flink.connector.jdbc.internal.JdbcOutputFormat [] - ${LOG_TEXT}
java.sql.BatchUpdateException: Batch entry 0 INSERT INTO orders_enriched(…) VALUES (redacted) was aborted: An I/O error occurred while sending to the backend.
    at org.postgresql.jdbc.BatchResultHandler.handleError(BatchResultHandler.java:165)
    … 14 frames
Caused by: java.net.SocketTimeoutException: Read timed out`;

/** GET /api/v1/jobs/{id} */
export function job() {
  const row = jobs().jobs.find((candidate) => candidate.job_name === "orders-enrichment");
  const first = finding();
  const { finding: _finding, figure: _figure, ...head } = row;
  return {
    ...head, open_findings: 2, flink_version: "1.20.1", flink_url: "http://jobmanager.orders-prod:8081/#/job/running", started_at: at(11.18 * DAY), restarts: 0, task_managers: 4, slots: 16, last_change: at(11.2 * DAY),
    findings: [
      {
        finding: first, where: row.finding.where, silenced_until: null, acknowledged_by: null, feedback: null, collect_next: [],
        apply: {
          steps: ["Stop with a savepoint: `flink stop --savepointPath s3://savepoints/orders " + row.job_id + "`", "Put the two options into the `WITH (…)` clause of the table `warehouse`.", "Start from the savepoint that step 1 printed.", "This finding closes when the sink is below 800 ms/s busy for 2 min."],
          restart_s: 40, catch_up_s: 2280,
        },
        earlier: history().filter((entry) => entry.slug === "slow-sink" && entry.ended),
      },
      { finding: advice(), where: "whole job", silenced_until: null, feedback: null, collect_next: [], apply: { steps: [], restart_s: 40, catch_up_s: null }, earlier: [] },
    ],
    graph: graph(first.subject.id), series: series(), configuration: configuration(), history: history(),
    logs: [{ template: "E-5F3A9C01", level: "ERROR", text: STACK, count: 3, first_at: "2026-11-22T02:51:44.118Z", last_at: "2026-11-22T03:08:12.400Z", processes: ["TaskManager 1-1", "TaskManager 1-3"], explained_by: "SW1101" }],
  };
}
