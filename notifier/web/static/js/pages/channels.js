// Where alerts go, whether they arrive, and what is silenced.

import { h } from "../view.js";
import { link } from "../router.js";
import { api } from "../api.js";
import * as store from "../store.js";
import { clock, count, dayAndClock, duration, plural, secondsBetween } from "../words.js";
import { guarded, icon, rightsNote, say, waiting } from "../parts.js";

const KIND = { slack: "Slack", webhook: "Webhook", terminal: "Terminal", alertmanager: "Alertmanager", pagerduty: "PagerDuty", teams: "Microsoft Teams", email: "E-mail" };
const STATE = { ok: ["healthy", "Delivers"], failing: ["warning", "Does not deliver"], untested: ["unknown", "Not tried yet"], off: ["no_data", "Off"] };

/** Tests under way and how they ended, by channel. */
const tests = new Map();

export function channelsPage() {
  const data = store.channels.data;
  if (!data) return { title: "Channels", view: waiting(store.channels, "the channels") };
  const now = store.now();
  return {
    title: "Channels",
    view: [
      h("div", { class: "page-h", key: "head" }, h("h1", {}, headline(data.channels)), h("p", {}, "Where findings are told, and whether they arrive. Channels are named in the section ", h("code", {}, "[notifier]"), " of the configuration."), rightsNote("channels", "silence")),
      data.channels.length === 0 ? nobody() : h("div", { class: "channels", key: "channels" }, data.channels.map((channel) => card(channel, now))),
      h("div", { class: "cols", key: "cols" }, recent(data.recent ?? [], now), silences(now)),
    ],
  };
}

function headline(channels) {
  if (channels.length === 0) return "Nobody is told yet";
  const failing = channels.filter((channel) => channel.state === "failing");
  if (failing.length === 0) return channels.length === 1 ? "The one channel delivers" : `All ${count(channels.length)} channels deliver`;
  return failing.length === 1 ? `${failing[0].name} does not deliver` : `${plural(failing.length, "channel")} do not deliver`;
}

const nobody = () => h("section", { class: "card none", key: "nobody" }, h("h2", {}, "No channel"), h("p", {}, "Findings are shown on this page and by the API only. A Slack channel takes three lines:"), h("pre", { tabindex: "0" }, "[[notifier.channels]]\nname = \"flink-on-call\"\nto.slack_webhook.url.file = \"/run/secrets/slack\""));

const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));

function card(channel, now) {
  const [mark, word] = STATE[channel.state] ?? STATE.untested;
  const sent = channel.last_sent;
  const test = tests.get(channel.name);
  return h("section", { class: `card channel${channel.state === "failing" ? " f-warning" : ""}`, key: channel.name, "aria-label": channel.name },
    h("div", { class: "sec-h" }, h("h2", {}, channel.name), h("p", { class: `st tone-${mark === "warning" ? "warn" : "plain"}` }, icon(mark), word)),
    h("p", { class: "target" }, KIND[channel.kind] ?? channel.kind, channel.target && [" · ", h("span", {}, channel.target)]),
    h("dl", { class: "facts" },
      fact("Last sent", sent ? [sent.what, h("span", { class: "two" }, `${dayAndClock(sent.at, now)} UTC`)] : "nothing yet"),
      channel.waiting > 0 && fact("Waiting to be sent", count(channel.waiting)),
      channel.last_error && fact("Last error", channel.last_error.text, h("span", { class: "two" }, `${dayAndClock(channel.last_error.at, now)} UTC`)),
      fact("Last test", channel.last_test ? [channel.last_test.outcome, h("span", { class: "two" }, `${dayAndClock(channel.last_test.at, now)} UTC`)] : "never")),
    h("p", { class: "bar" }, guarded("channels", { "aria-busy": test === "running" ? "true" : null, onclick: () => test !== "running" && tryOut(channel.name) }, test === "running" ? "Sending…" : "Send a test message"), test && test !== "running" && h("span", { class: "dim", role: "status" }, test)));
}

async function tryOut(name) {
  tests.set(name, "running");
  store.changed();
  try {
    const answer = await api.testChannel(name);
    const words = answer?.outcome === "received" ? `Received${answer.took_ms ? ` after ${duration(answer.took_ms / 1000, true)}` : ""}` : answer?.text ?? answer?.outcome ?? "Sent";
    tests.set(name, words);
    say(`${name}: ${words}`);
  } catch (error) {
    tests.set(name, error.message);
    say(error.message);
  }
  store.channels.refresh();
  store.changed();
}

function recent(entries, now) {
  return h("section", { class: "card", key: "recent" }, h("div", { class: "sec-h" }, h("h2", {}, "Last messages"), h("p", {}, "UTC")),
    entries.length === 0 ? h("p", { class: "pad dim" }, "No message has been sent yet.") : h("ul", { class: "messages" }, entries.map((entry) => h("li", { key: `${entry.at} ${entry.channel} ${entry.text}` }, h("p", { class: "who" }, h("b", {}, entry.channel), h("span", {}, dayAndClock(entry.at, now)), h("span", { class: entry.outcome === "sent" ? null : "tone-warn" }, entry.outcome)), h("p", {}, entry.id ? h("a", { href: link(["jobs", entry.id]) }, entry.text) : entry.text)))));
}

function matcherWords(matcher) {
  const parts = Object.entries(matcher).filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => `${name.replace(/_(id|name)$/, "")} ${value}`);
  return parts.length === 0 ? "everything" : parts.join(", ");
}

const LENGTHS = [[1800, "30 min"], [3600, "1 h"], [4 * 3600, "4 h"], [24 * 3600, "1 d"], [7 * 24 * 3600, "7 d"]];
const FIELDS = [["job_name", "Job", "orders-*"], ["cluster_id", "Cluster", "sandbox-*"], ["slug", "Problem", "slow-sink"]];

function silences(now) {
  const data = store.silences.data;
  const active = (data?.silences ?? []).filter((silence) => Date.parse(silence.ends_at) > now);
  return h("section", { class: "card", key: "silences" }, h("div", { class: "sec-h" }, h("h2", {}, "Silences"), h("p", {}, active.length === 0 ? "none" : count(active.length))),
    !data ? h("p", { class: "pad dim" }, store.silences.error?.message ?? "") : active.length === 0 ? h("p", { class: "pad dim" }, "Every finding is told.") : h("ul", { class: "messages" }, active.map((silence) => silenceItem(silence, now))),
    form());
}

function silenceItem(silence, now) {
  const begins = silence.starts_at && Date.parse(silence.starts_at) > now ? `from ${dayAndClock(silence.starts_at, now)} ` : "";
  return h("li", { key: silence.id },
    h("p", {}, h("b", {}, matcherWords(silence.matcher))),
    h("p", { class: "who" }, h("span", {}, `${begins}until ${clock(silence.ends_at)}, ${duration(Math.max(0, secondsBetween(now, silence.ends_at)))} left`), h("span", {}, `by ${silence.author}`), silence.reason && h("span", {}, silence.reason)),
    h("p", {}, guarded("silence", { class: "quiet", onclick: () => end(silence.id) }, "End it now")));
}

/** Whatever is filled in must fit; findings are still shown on this page. */
function form() {
  return h("details", { class: "how pad", key: "new" }, h("summary", {}, "New silence"), h("form", { class: "wrong-form", onsubmit: make },
    FIELDS.map(([name, word, example]) => h("label", { class: "grow" }, h("span", { class: "lab" }, word), h("input", { name, placeholder: example, maxlength: "200", autocomplete: "off", spellcheck: "false" }))),
    h("label", {}, h("span", { class: "lab" }, "From, UTC (empty: now)"), h("input", { name: "starts_at", type: "datetime-local" })),
    h("label", {}, h("span", { class: "lab" }, "For"), h("select", { name: "duration_s" }, LENGTHS.map(([seconds, word]) => h("option", { value: String(seconds) }, word)))),
    h("label", { class: "grow" }, h("span", { class: "lab" }, "Why"), h("input", { name: "reason", maxlength: "500", autocomplete: "off" })),
    guarded("silence", { type: "submit" }, "Silence what fits")));
}

async function make(event) {
  event.preventDefault();
  if (!store.may("silence")) return;
  const given = Object.fromEntries(new FormData(event.target));
  const matcher = Object.fromEntries(FIELDS.map(([name]) => [name, given[name].trim()]).filter(([, value]) => value !== ""));
  if (Object.keys(matcher).length === 0) { say("Say which job, cluster or problem"); return; }
  try {
    const starts_at = given.starts_at ? `${given.starts_at.slice(0, 16)}:00Z` : undefined;
    await api.silence(matcher, Number(given.duration_s), given.reason.trim(), starts_at);
    event.target.reset();
    const from = starts_at && Date.parse(starts_at) > store.now() ? ` from ${dayAndClock(starts_at, store.now())} UTC` : "";
    say(`Silenced${from} for ${duration(Number(given.duration_s))}`);
  } catch (error) { say(error.message); }
  store.silences.refresh();
  store.jobs.refresh();
}

async function end(id) {
  try { await api.endSilence(id); say("The silence is over"); } catch (error) { say(error.message); }
  store.silences.refresh();
  store.jobs.refresh();
}
