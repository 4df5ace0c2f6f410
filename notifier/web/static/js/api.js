// The only place that talks to the notifier. Addresses are relative, so that the page works below any path.

const BASE = new URL("api/v1/", document.baseURI);

/** What went wrong, in a sentence a person can act on. `right` names the right that is missing. */
export class ApiError extends Error {
  constructor(message, { status = 0, right = null } = {}) {
    super(message);
    this.status = status;
    this.right = right;
  }
}

/** Whoever is logged in is known by a cookie that no script can read; changes also need this secret, which only our page gets. */
let csrf = null;

async function call(path, { method = "GET", body, timeout_ms = 10_000 } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf) headers["x-streamwarden-csrf"] = csrf;
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

/** Remembers the secret that goes with changes. */
function keep(session) {
  csrf = session?.csrf ?? null;
  return session;
}

/** A change. Somebody may have logged in or out in another tab meanwhile: then it is asked once more, with the secret of now. */
async function change(path, options) {
  const before = csrf;
  try {
    return await call(path, options);
  } catch (error) {
    if (error.status !== 403 || error.right) throw error;
    keep(await call("session"));
    if (csrf === before) throw error;
    return call(path, options);
  }
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
  models: () => call("models"),
  session: () => call("session").then(keep),
  logIn: (token) => call("session", { method: "POST", body: { token } }).then(keep),
  logOut: () => change("session", { method: "DELETE" }).then(() => keep(null)),
  feedback: (finding_id, body) => change(`findings/${part(finding_id)}/feedback`, { method: "POST", body }),
  acknowledge: (finding_id) => change(`findings/${part(finding_id)}/acknowledge`, { method: "POST", body: {} }),
  silence: (matcher, duration_s, reason, starts_at) => change("silences", { method: "POST", body: { matcher, duration_s, reason, starts_at } }),
  endSilence: (id) => change(`silences/${part(id)}`, { method: "DELETE" }),
  testChannel: (name) => change(`channels/${part(name)}/test`, { method: "POST", body: {}, timeout_ms: 30_000 }),
  eventsAddress: () => new URL("events", BASE).href,
};
