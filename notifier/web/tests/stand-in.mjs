// A stand-in for the notifier: serves the shipped files under the strict content security policy, answers of the API
// from memory, and server-sent events. What it answers can be changed while it runs.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { jobs } from "./scenario.mjs";
import { job } from "./scenario-job.mjs";
import { channels, findings, incidents, models, problems, session, silences, status } from "./scenario-rest.mjs";

const STATIC = fileURLToPath(new URL("../static/", import.meta.url));
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml" };

/** The story as if it happened now: all its times are moved by the same amount, so that the page is live. */
export function shifted(value, by_ms) {
  return JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(inner) ? new Date(Date.parse(inner) + by_ms).toISOString() : inner));
}

export class StandIn {
  constructor() {
    this.requests = [];
    this.violations = [];
    this.streams = new Set();
    this.reset();
  }

  /** Back to the story of the fixtures. */
  reset() {
    const by_ms = Date.now() - Date.parse(status().now);
    const move = (value) => shifted(value, by_ms);
    this.answers = { status: move(status()), jobs: move(jobs()), incidents: move(incidents()), problems: problems(), models: models(), session: session(), channels: move(channels()), silences: move(silences()), findings: move(findings()) };
    const known = move(job());
    this.jobs = new Map([[known.id, known]]);
    this.by_ms = by_ms;
    this.csrf = null;
    this.wrong = 0;
    this.failing = null;
    this.delay_ms = 0;
    this.eventsOff = false;
    this.stopped = false;
    this.requests.length = 0;
    for (const stream of this.streams) stream.end();
    this.streams.clear();
  }

  async start() {
    this.server = createServer((request, response) => this.handle(request, response));
    await new Promise((resolve) => this.server.listen(this.port ?? 0, "127.0.0.1", resolve));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    for (const stream of this.streams) stream.end();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Sends one event to every page that listens. */
  send(event, data) {
    for (const stream of this.streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  handle(request, response) {
    const { pathname } = new URL(request.url, this.address);
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    if (!pathname.startsWith("/api/v1/")) return this.file(pathname, response);
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      this.requests.push({ method: request.method, path: pathname.slice("/api/v1/".length), body: body === "" ? null : JSON.parse(body), authorization: request.headers.authorization ?? null, cookie: request.headers.cookie ?? null, csrf: request.headers["x-streamwarden-csrf"] ?? null });
      setTimeout(() => this.api(request, pathname.slice("/api/v1/".length), response), this.delay_ms);
    });
  }

  file(pathname, response) {
    const path = join(STATIC, normalize(pathname === "/" ? "index.html" : decodeURIComponent(pathname)));
    if (!path.startsWith(STATIC) || !existsSync(path) || !statSync(path).isFile()) { response.writeHead(404).end(); return; }
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    createReadStream(path).pipe(response);
  }

  json(response, code, data) {
    response.writeHead(code, { "content-type": "application/json" }).end(data === undefined ? "" : JSON.stringify(data));
  }

  api(request, path, response) {
    if (this.failing) { this.json(response, this.failing.code, { error: this.failing.error }); return; }
    const [name, id, verb] = path.split("/").map(decodeURIComponent);
    if (name === "events") { this.events(response); return; }
    if (name === "session" && request.method !== "GET") { this.session(request, response); return; }
    if (request.method !== "GET" && this.csrf !== null && request.headers["x-streamwarden-csrf"] !== this.csrf) { this.json(response, 403, { error: "the page's session has changed; load the page again" }); return; }
    if (request.method !== "GET" && this.answers.status.rights.length < 2) { this.json(response, 403, { error: "this needs a token", right: name }); return; }
    if (name === "jobs" && id) { const known = this.job(id); this.json(response, known ? 200 : 404, known ?? { error: "no such job" }); return; }
    if (name === "findings" && verb === "acknowledge") {
      for (const job of this.jobs.values()) for (const entry of job.findings) if (entry.finding.finding_id === id) entry.acknowledged_by = "dana";
      this.json(response, 200, {});
      return;
    }
    if (name === "findings" && verb === "feedback") { this.json(response, 200, {}); return; }
    if (name === "silences" && request.method === "POST") { this.json(response, 201, { id: "s-1", ends_at: new Date(Date.now() + 3600e3).toISOString() }); return; }
    if (name === "silences" && request.method === "DELETE") { this.answers.silences = { silences: [] }; response.writeHead(204).end(); return; }
    if (name === "channels" && verb === "test") { this.json(response, 200, { outcome: "received", took_ms: 212 }); return; }
    const answer = this.answers[name];
    if (name === "status") Object.assign(answer, { now: new Date().toISOString() }, this.stopped ? {} : { window: new Date(Date.now() - 4000).toISOString() });
    this.json(response, answer ? 200 : 404, answer ?? { error: "no such thing" });
  }

  /** Logging in with the token "s3cret", and out; the cookie as the notifier sets it. */
  session(request, response) {
    if (request.method === "DELETE") {
      this.csrf = null;
      this.answers.session = session();
      this.answers.status.rights = ["read"];
      response.writeHead(204, { "set-cookie": "streamwarden-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict" }).end();
      return;
    }
    if (this.requests.at(-1).body?.token !== "s3cret") {
      this.wrong += 1;
      this.json(response, this.wrong > 3 ? 429 : 401, { error: this.wrong > 3 ? "too many wrong tokens from this address; wait a minute" : "this token is not known" });
      return;
    }
    this.csrf = "c5rf";
    this.answers.status.rights = ["read", "feedback", "silence"];
    this.answers.session = { name: "dana", role: "operator", rights: this.answers.status.rights, csrf: this.csrf };
    response.setHeader("set-cookie", "streamwarden-session=0123; Path=/; HttpOnly; SameSite=Strict");
    this.json(response, 200, this.answers.session);
  }

  /** A job that the story does not tell in full is told from its row. */
  job(id) {
    if (this.jobs.has(id)) return this.jobs.get(id);
    const row = this.answers.jobs.jobs.find((each) => each.id === id);
    if (!row) return null;
    return { ...row, findings: [], graph: { window: row.window, vertices: [], edges: [] }, series: null, configuration: [], history: [], logs: [] };
  }

  events(response) {
    if (this.eventsOff) { response.writeHead(503).end(); return; }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("retry: 500\n\n");
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  }
}

// `node stand-in.mjs [port]` serves the story for a person to look at; a window passes every 10 s.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const standIn = new StandIn();
  standIn.port = Number(process.argv[2] ?? 0);
  await standIn.start();
  process.stdout.write(`${standIn.address}\n`);
  setInterval(() => {
    const window = new Date(Math.floor(Date.now() / 10_000) * 10_000).toISOString();
    standIn.answers.status.window = window;
    standIn.send("window", { window, now: new Date().toISOString() });
  }, 10_000);
}
