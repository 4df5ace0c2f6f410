// What people did: silences, acknowledgements, feedback, tests of channels.

import { h } from "../view.js";
import * as store from "../store.js";
import { count, dayAndClock } from "../words.js";
import { waiting } from "../parts.js";

const WORDS = { silence: "made the silence", "end silence": "ended the silence", acknowledge: "takes care of the finding", feedback: "gave feedback on the finding", "test channel": "tested the channel", "log in": "logged in", "log out": "logged out" };

export function auditPage() {
  const resource = store.audit;
  const title = "What people did";
  if (resource.error?.right) return { title, view: h("section", { class: "card none first", key: "none" }, h("h1", {}, "Names of people are not shown to everybody"), h("p", {}, `This page needs a token with the right ${resource.error.right}.`), h("p", { class: "bar" }, h("a", { class: "btn", href: "#/token" }, "Log in"))) };
  if (!resource.data) return { title, view: waiting(resource, "what people did") };
  const { total, deeds } = resource.data;
  const now = store.now();
  return {
    title,
    view: [
      h("div", { class: "page-h", key: "head" }, h("h1", {}, title), h("p", {}, total === 0 ? "Nobody has silenced, acknowledged or judged anything yet." : total > deeds.length ? `The newest ${count(deeds.length)} of ${count(total)}.` : "Newest first, times are UTC.")),
      deeds.length > 0 && h("section", { class: "card", key: "list" }, h("ul", { class: "messages" }, deeds.map((deed, at) => h("li", { key: `${deed.at} ${at}` }, h("p", { class: "who" }, h("b", {}, deed.author), h("span", {}, dayAndClock(deed.at, now))), h("p", {}, `${WORDS[deed.action] ?? deed.action} `, deed.subject && h("code", {}, deed.subject)))))),
    ],
  };
}
