// The smaller answers of the API: status, incidents, problems, channels, silences, events.

import { CLUSTERS, WINDOW, at, jobs } from "./scenario.mjs";
import { finding, history, job } from "./scenario-job.mjs";

const DAY = 86400;

/** GET /api/v1/status */
export function status() {
  const clusters = CLUSTERS.map(([cluster_id, many], index) => ({
    cluster_id, jobs: many, state: "reporting", newest_window: at(index % 3), since: null, reason: null, retry_at: null,
  }));
  Object.assign(clusters.find((cluster) => cluster.cluster_id === "ads-stage"), { state: "unreachable", newest_window: at(420), since: at(420), reason: "Flink REST address refuses connections", retry_at: at(-9) });
  const open = [4, 4, 4, 5, 5, 4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 7, 8, 8, 9, 10, 11];
  return {
    version: "0.1.0", now: at(-4), started_at: at(6 * DAY), window: WINDOW, window_s: 10, tape: null, clusters,
    unreadable_records_24h: 0, last_alert: { at: at(1560), channel: "flink-on-call", kind: "slack" }, last_test: { at: at(0.133 * DAY), channel: "flink-on-call", kind: "slack", outcome: "received" },
    open_findings: { start: at((open.length - 1) * 2273), step_s: 2273, values: open }, calm_since: null, incidents_30d: 41, rights: ["read", "feedback", "silence", "channels"],
  };
}

/** GET /api/v1/incidents */
export function incidents() {
  const rows = jobs().jobs.filter((row) => row.finding).map((row) => ({
    finding_id: row.finding.finding_id, status: "open", code: row.finding.code, slug: row.finding.slug, severity: row.finding.severity, cluster_id: row.cluster_id, job_id: row.job_id, id: row.id,
    job_name: row.job_name, subject: row.finding.subject, title: row.finding.title, began: row.finding.first_seen, ended: null, changed: null, feedback: null,
  }));
  const known = new Set(rows.map((row) => row.finding_id));
  const all = [...rows, ...history().filter((row) => !known.has(row.finding_id) && row.began > at(30 * DAY))].sort((a, b) => b.began.localeCompare(a.began));
  return { total: all.length, incidents: all };
}

/** GET /api/v1/findings */
export const findings = () => ({ total: 2, findings: job().findings.map((entry) => entry.finding) });

const problem = (code, slug, problem_class, scope, severity, title, summary, signals, changes) => ({ code, slug, class: problem_class, scope, severity, title, summary, signals, changes, open: jobs().jobs.filter((row) => row.finding?.slug === slug).length });

/** GET /api/v1/problems */
export function problems() {
  return {
    pack: { name: "streamwarden", version: "0.1.0" },
    problems: [
      problem("SW1101", "slow-sink", "backpressure_stall", "vertex", "critical", "A sink waits for the system that it writes to", "The sink spends nearly all its time in calls to another system, and every step before it waits.", ["busy of the sink near 1,000 ms/s", "blocked time of the step before it is high", "CPU is low"], ["sink.parallelism up, from the measured rate", "larger batches: sink.buffer-flush.max-rows", "do not scale the sources"]),
      problem("SW1402", "hot-key", "data_skew", "vertex", "warning", "One key gets most of the records", "Records are spread by key, and one key is far more frequent than the others, so one subtask works while the rest wait.", ["one subtask busy, others idle", "records in of one subtask many times the mean"], ["table.optimizer.agg-phase-strategy = TWO_PHASE, with mini-batch on", "split the hot key before the aggregation"]),
      problem("SW1503", "source-lag-grows", "under_provisioned", "vertex", "warning", "A source reads less than arrives", "The number of waiting records grows from window to window.", ["pending records grow", "source neither busy nor blocked: too few partitions"], ["parallelism up to the number of partitions"]),
      problem("SW1701", "watermark-stalled", "watermark_or_time_problem", "vertex", "warning", "Event time stands still", "One source subtask without data holds the watermark of all, so that no window closes.", ["watermark does not move while records arrive"], ["table.exec.source.idle-timeout", "parallelism at most the number of partitions"]),
      problem("SW2103", "checkpoint-timeout-alignment", "checkpoint_timeout", "vertex", "critical", "Checkpoints expire because barriers wait behind data", "Barriers queue behind records of a blocked step until the checkpoint's time is over.", ["alignment or start delay is long", "blocked time above 500 ms/s"], ["execution.checkpointing.unaligned = true", "taskmanager.network.memory.buffer-debloat.enabled = true"]),
      problem("SW3104", "gc-pressure", "gc_overhead", "taskmanager", "warning", "A TaskManager spends its time in garbage collection", "The heap is nearly full after each collection, so the next one follows at once.", ["share of time in garbage collection above 10 %", "heap near its limit after collection"], ["taskmanager.memory.task.heap.size up", "state.backend.type = rocksdb"]),
      problem("SW3201", "container-memory-killed", "container_killed_oom", "taskmanager", "critical", "The kernel kills a TaskManager at its memory limit", "The process used more memory than its container allows; the heap itself was fine.", ["exit code 137", "heartbeat lost"], ["taskmanager.memory.process.size up", "taskmanager.memory.jvm-overhead.fraction up"]),
      problem("SW6001", "over-provisioned", "over_provisioned", "job", "advice", "Far more machines than the load needs", "CPU stays below 40 % and nothing waits.", ["CPU low", "no lag"], ["parallelism down to 60 % use"]),
    ],
  };
}

/** GET /api/v1/models */
export function models() {
  const model = (scope, knows, runs, features) => ({
    name: scope, scope, version: "2026.11.20-0c1d2e3f", fingerprint: "a9c3e1eeeb5d7b7c", knows, rows: 9219, tapes: 131, runs,
    topologies: ["event-time-windows", "fan-out", "keyed-aggregation"], flink_versions: ["1.20.5", "2.2.1"], features: features.map(([name, unit, label]) => ({ name, unit, label })),
  });
  const measured = (slug, topologies, replays, right, subject_right, answers) => ({ slug, topologies, replays, right, subject_right, answers });
  return {
    models: [
      model("vertex", ["hot-key", "slow-sink"], { healthy: 37, "hot-key": 6, "slow-sink": 5 }, [["busy_max", "ms/s", "busy of the busiest subtask"], ["records_max_over_mean", "ratio", "records of the busiest subtask against the mean"]]),
      model("taskmanager", ["gc-pressure"], { healthy: 37, "gc-pressure": 5 }, [["heap_share", "ratio", "heap in use after collection"]]),
    ],
    reliability: [measured("gc-pressure", 5, 20, 16, 16, "gc-pressure 16, nothing 4"), measured("hot-key", 6, 24, 18, 18, "hot-key 18, nothing 6"), measured("slow-sink", 2, 20, 20, 20, "slow-sink 20")],
    card: [{ level: 1, title: "Model card", parts: [{ text: "Version `2026.11.20-0c1d2e3f`, one model a scope." }, { list: ["What they ask: shares, ratios and times, no absolute rates or sizes.", "How they were made: runs of real Flink with faults planted on purpose."] }] }],
    report: [
      { level: 1, title: "How good the models are", parts: [{ text: "No figure is typed by hand." }] },
      { level: 2, title: "On topologies never trained on", parts: [{ table: { head: ["what", "measured"], rows: [["replays", "64, 54 of them with a fault"], ["problem right", "54 of 64"]] } }] },
      { level: 3, title: "Confusion matrix", parts: [{ table: { head: ["", "healthy", "hot-key"], rows: [["hot-key", "", "20"]] } }] },
    ],
  };
}

/** GET /api/v1/session, for somebody who is not logged in. */
export const session = () => ({ name: null, role: null, rights: ["read"], csrf: null });

/** GET /api/v1/channels */
export function channels() {
  return {
    channels: [
      { name: "flink-on-call", kind: "slack", target: "#flink-on-call", state: "ok", waiting: 0, last_sent: { at: at(1560), what: "Critical: orders-enrichment" }, last_error: null, last_test: { at: at(0.133 * DAY), outcome: "received", took_ms: 212 } },
      { name: "ticket-system", kind: "webhook", target: "https://tickets.example.org/hooks/…", state: "failing", waiting: 3, last_sent: { at: at(9000), what: "Warning: ads-attribution" }, last_error: { at: at(340), text: "503 Service Unavailable; retried in 1 min" }, last_test: null },
      { name: "terminal", kind: "terminal", target: "standard output", state: "ok", waiting: 0, last_sent: { at: at(1560), what: "Critical: orders-enrichment" }, last_error: null, last_test: null },
    ],
    recent: [
      { at: at(1560), channel: "flink-on-call", event: "opened", job_name: "orders-enrichment", id: finding().job_id, text: "Critical: orders-enrichment. Sink: warehouse waits for its database. Set sink.parallelism 4 → 8 (restart).", outcome: "sent" },
      { at: at(340), channel: "ticket-system", event: "opened", job_name: "price-index", id: jobs().jobs.find((row) => row.job_name === "price-index").id, text: "Warning: price-index. A checkpoint takes 52 s of its 60 s interval.", outcome: "waiting" },
    ],
  };
}

/** GET /api/v1/silences */
export function silences() {
  return { silences: [{ id: "s-41c0", matcher: { finding_id: null, job_id: null, job_name: "media-transcode-log", cluster_id: null, slug: null }, reason: "planned load test", author: "dana", created_at: at(1800), ends_at: at(-5400), active: true }] };
}

/** GET /api/v1/events, as it comes over the wire. */
export function events() {
  const row = jobs().jobs[0];
  const line = (event, data) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  return [
    "retry: 3000\n\n",
    line("window", { window: at(-10), now: at(-13) }),
    line("jobs", { window: at(-10), changed: [{ ...row, health: 33, figure: { ...row.figure, value: 991 } }], removed: [] }),
    line("finding", { type: "updated", finding: finding() }),
    line("status", {}),
    ": keep-alive\n\n",
  ].join("");
}
