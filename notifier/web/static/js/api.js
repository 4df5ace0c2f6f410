// The only place that talks to the notifier. Addresses are relative, so that the page works below any path.

const BASE = new URL("api/v1/", document.baseURI);
const TOKEN = "streamwarden-token";

/** What went wrong, in a sentence a person can act on. `right` names the right that is missing. */
export class ApiError extends Error {
  constructor(message, { status = 0, right = null } = {}) {
    super(message);
    this.status = status;
    this.right = right;
  }
}

export const token = {
  get() { try { return sessionStorage.getItem(TOKEN) ?? ""; } catch { return ""; } },
  set(value) { try { if (value) sessionStorage.setItem(TOKEN, value); else sessionStorage.removeItem(TOKEN); } catch { /* private window: lives until reload */ } },
};

async function call(path, { method = "GET", body, timeout_ms = 10_000 } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token.get()) headers.authorization = `Bearer ${token.get()}`;
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(timeout_ms), credentials: "same-origin" });
  } catch (error) {
    throw new ApiError(error.name === "TimeoutError" ? `Streamwarden did not answer within ${timeout_ms / 1000} s` : "Streamwarden cannot be reached");
  }
  const text = await answer.text();
  let data = null;
  try { data = text === "" ? null : JSON.parse(text); } catch { data = null; }
  if (answer.ok) {
    if (data === null && text !== "") throw new ApiError("Streamwarden gave an answer that cannot be read", { status: answer.status });
    return data;
  }
  throw new ApiError(data?.error ?? `Streamwarden answered ${answer.status}`, { status: answer.status, right: data?.right ?? null });
}

const part = encodeURIComponent;

export const api = {
  status: () => call("status"),
  jobs: () => call("jobs"),
  job: (id) => call(`jobs/${part(id)}`),
  incidents: () => call("incidents?days=30"),
  problems: () => call("problems"),
  channels: () => call("channels"),
  silences: () => call("silences"),
  audit: () => call("audit"),
  feedback: (finding_id, body) => call(`findings/${part(finding_id)}/feedback`, { method: "POST", body }),
  acknowledge: (finding_id) => call(`findings/${part(finding_id)}/acknowledge`, { method: "POST", body: {} }),
  silence: (matcher, duration_s, reason) => call("silences", { method: "POST", body: { matcher, duration_s, reason } }),
  endSilence: (id) => call(`silences/${part(id)}`, { method: "DELETE" }),
  testChannel: (name) => call(`channels/${part(name)}/test`, { method: "POST", body: {}, timeout_ms: 30_000 }),
  eventsAddress: () => new URL("events", BASE).href,
};
