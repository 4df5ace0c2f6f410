// Reading needs nothing, unless it is set up otherwise; whoever logs in with a token may change something.

import { h } from "../view.js";
import { api } from "../api.js";
import * as store from "../store.js";
import { listed } from "../words.js";
import { say } from "../parts.js";

const ROLE = { viewer: "may look", operator: "may also say what was right, silence and take care of findings", admin: "may also test channels" };
const RIGHT = { read: "look", feedback: "say what was right", silence: "silence and take care of findings", channels: "test channels" };
const may = (rights) => listed(rights.map((right) => RIGHT[right] ?? right));
/** Why the last token was refused. */
let refused = null;

async function readAgain() {
  await Promise.all([store.session.refresh(), store.status.refresh()]);
  store.jobs.refresh();
  store.audit.refresh();
  store.changed();
}

async function logIn(event) {
  event.preventDefault();
  const field = event.target.elements.namedItem("token");
  const button = event.target.elements.namedItem("send");
  button.disabled = true;
  try {
    const session = await api.logIn(field.value.trim());
    refused = null;
    field.value = "";
    say(`Logged in as ${session.name}. You may now ${may(session.rights)}.`);
    await readAgain();
  } catch (error) {
    refused = error.status === 401 ? "This token is not known." : `${error.message}.`;
    store.changed();
    field.select();
  } finally {
    button.disabled = false;
  }
}

async function logOut() {
  try {
    await api.logOut();
    say("Logged out");
  } catch (error) {
    say(error.message);
  }
  await readAgain();
}

export function tokenPage() {
  const session = store.session.data;
  const rights = store.status.data?.rights ?? session?.rights ?? [];
  return {
    title: session?.name ? "Your rights" : "Log in",
    view: h("section", { class: "card none first token", key: "token" }, h("h1", {}, session?.name ? `You are ${session.name}` : "Log in"),
      h("p", {}, rights.length > 0 ? `${session?.name ? "You may" : "Without logging in, you may"} ${may(rights)}.` : "Whoever is not logged in may see nothing here."),
      session?.name ? [
        session.role && h("p", { class: "dim" }, `Role ${session.role}: ${ROLE[session.role] ?? ""}.`),
        session.csrf && h("p", { class: "bar" }, h("button", { class: "btn", type: "button", onclick: logOut }, "Log out")),
      ] : form(),
      h("p", { class: "dim" }, "Whoever runs Streamwarden gives tokens out. A login ends after 12 h, or when Streamwarden is started again.")),
  };
}

function form() {
  return h("form", { onsubmit: logIn, key: "form" },
    h("label", {}, h("span", { class: "lab" }, "Token"), h("input", { name: "token", type: "password", autocomplete: "current-password", spellcheck: "false", required: true, "aria-invalid": refused ? "true" : null, "aria-describedby": refused ? "refused" : null })),
    h("button", { class: "btn primary", name: "send", type: "submit" }, "Log in"),
    refused && h("p", { class: "refused", id: "refused", role: "alert" }, refused));
}
