// Whoever comes from a link of a message that says what to do is asked once: a link alone changes nothing.

import { h } from "../view.js";
import { route, setQuery } from "../router.js";
import { guarded, rightsNote } from "../parts.js";
import { send, silence, take } from "./feedback.js";

const WISHES = {
  acknowledge: { right: "silence", question: "You came to take care of this.", button: "I take care of it", act: take },
  silence: { right: "silence", question: "You came to silence this.", button: "Silence for 1 h", act: silence },
  right: { right: "feedback", question: "You came to say that this was right.", button: "It was right", act: (finding) => send(finding, { verdict: "right" }) },
  wrong: { right: "feedback", question: "You came to say that this was wrong.", button: "It was wrong", act: (finding) => send(finding, { verdict: "wrong" }) },
};

export function wish(entry) {
  const asked = WISHES[route.query.get("do")];
  if (!asked || !entry || route.query.get("finding") !== entry.finding.finding_id) return null;
  const done = () => setQuery({ do: null });
  return h("section", { class: "card wish", key: "wish", "aria-label": "From the message" },
    h("p", {}, h("b", {}, asked.question), ` ${entry.finding.title}`),
    h("p", { class: "bar" }, guarded(asked.right, { class: "primary", onclick: async () => { await asked.act(entry.finding); done(); } }, asked.button), h("button", { class: "btn quiet", type: "button", onclick: done }, "Not now")),
    rightsNote(asked.right));
}
