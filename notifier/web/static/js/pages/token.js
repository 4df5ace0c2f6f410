// Reading needs nothing; a token gives the right to change something. It is kept until the tab is closed.

import { h } from "../view.js";
import { token } from "../api.js";
import * as store from "../store.js";
import { listed } from "../words.js";
import { say } from "../parts.js";

export function tokenPage() {
  const rights = store.status.data?.rights ?? [];
  const save = async (event) => {
    event.preventDefault();
    const field = event.target.elements.namedItem("token");
    token.set(field.value.trim());
    field.value = "";
    await store.status.refresh();
    store.audit.refresh();
    say(store.status.error ? store.status.error.message : `You may now: ${listed(store.status.data?.rights ?? [])}`);
    store.changed();
  };
  return {
    title: "Rights",
    view: h("section", { class: "card none first token", key: "token" }, h("h1", {}, "What you may do"),
      h("p", {}, store.status.error?.status === 401 ? "This token is not known." : rights.length > 0 ? `With this page as it is, you may: ${listed(rights)}.` : "Nothing is known about your rights yet."),
      h("form", { onsubmit: save }, h("label", {}, h("span", { class: "lab" }, "Token"), h("input", { name: "token", type: "password", autocomplete: "off", spellcheck: "false" })), h("button", { class: "btn primary", type: "submit" }, "Use this token")),
      token.get() && h("p", {}, h("button", { class: "btn quiet", type: "button", onclick: () => { token.set(""); store.status.refresh(); store.changed(); } }, "Forget the token")),
      h("p", { class: "dim" }, "Whoever runs Streamwarden gives tokens out. It stays in this tab and is forgotten when the tab is closed.")),
  };
}
