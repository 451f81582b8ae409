// The page: asks every second what the chosen person sees, and changes only what differs.

import { renderBlock, renderInput, valuesOf } from "/blocks.js";
import { element, mrkdwn } from "/mrkdwn.js";

const HOME = "home";
const byId = (id) => document.getElementById(id);
const hash = new URLSearchParams(location.hash.slice(1));
const chosen = { as: hash.get("as") ?? "", channel: hash.get("channel") ?? "" };
const drawn = new Map();
const read = new Map();
let state = null;

async function refresh() {
  const answer = await fetch(`/ui/state?as=${encodeURIComponent(chosen.as)}`);
  state = await answer.json();
  chosen.as = state.me;
  const atHome = chosen.channel === HOME && state.has_home;
  if (!atHome && !state.channels.some((each) => each.id === chosen.channel)) chosen.channel = state.channels[0].id;
  location.replace(`#${new URLSearchParams(chosen)}`);
  draw("people", state.people, drawPeople);
  const channel = state.channels.find((each) => each.id === chosen.channel);
  if (channel) read.set(`${chosen.as} ${channel.id}`, channel.messages.length);
  draw("channels", state.channels.map((each) => [each.id, each.messages.length]), drawChannels);
  if (channel) draw("messages", channel, drawMessages);
  else draw("messages", state.home, drawHome);
  draw("view", state.view && { ...state.view, errors: null, offered: null }, drawView);
}

// Draw a part only if what it shows has changed: what is being typed, read or confirmed stays as it is.
function draw(part, shown, how) {
  const now = JSON.stringify([chosen, shown]);
  if (drawn.get(part) === now) return;
  drawn.set(part, now);
  how(shown);
}

function drawPeople() {
  byId("people").replaceChildren(...state.people.map((person) => {
    const made = element("button", { text: person.name, type: "button", "aria-pressed": person.id === chosen.as });
    made.addEventListener("click", () => { chosen.as = person.id; refresh(); });
    return made;
  }));
}

function drawChannels() {
  const home = element("button", { text: "⌂ Home", type: "button" });
  if (chosen.channel === HOME) home.setAttribute("aria-current", "page");
  home.addEventListener("click", () => { chosen.channel = HOME; act({ kind: "open_home" }); });
  byId("channels").replaceChildren(...(state.has_home ? [home] : []), ...state.channels.map((channel) => {
    const here = channel.id === chosen.channel;
    const unread = channel.messages.length > (read.get(`${chosen.as} ${channel.id}`) ?? 0);
    const made = element("button", { text: title(channel), type: "button", className: unread ? "new" : "" });
    if (here) made.setAttribute("aria-current", "page");
    if (unread) made.append(" •");
    made.addEventListener("click", () => { chosen.channel = channel.id; refresh(); });
    return made;
  }));
}

const title = (channel) => (channel.direct ? `✉ ${channel.name}` : `# ${channel.name}`);

function drawHome(home) {
  byId("title").textContent = "⌂ Home";
  const click = (button) => confirmed(button, () => act({ kind: "click", view: HOME, action_id: button.action_id, of: button.value }));
  const blocks = home ? home.blocks.map((block) => renderBlock(block, state.names, click)) : [];
  byId("messages").replaceChildren(element("article", {}, ...blocks));
  if (!home) act({ kind: "open_home" });
}

function drawMessages(channel) {
  byId("title").textContent = title(channel);
  const pane = byId("messages");
  const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 60;
  const top = channel.messages.filter((each) => !each.thread_ts);
  const ordered = top.flatMap((each) => [each, ...channel.messages.filter((reply) => reply.thread_ts === each.ts)]);
  pane.replaceChildren(...ordered.map((each) => drawMessage(channel, each)));
  if (!ordered.length) pane.append(element("p", { text: "Nothing here yet." }));
  if (atEnd) pane.scrollTop = pane.scrollHeight;
}

function drawMessage(channel, message) {
  const at = new Date(message.at * 1000).toLocaleTimeString(undefined, { timeStyle: "short" });
  const by = element("div", { className: "by", text: message.author }, element("time", { text: at }));
  const here = element("article", {}, by);
  if (message.thread_ts) here.classList.add("reply");
  if (message.private) {
    here.classList.add("private");
    here.append(element("div", { className: "alone", text: "Only visible to you" }));
  }
  const click = (button) => confirmed(button, () => act({ kind: "click", channel: channel.id, ts: message.ts, action_id: button.action_id, of: button.value }));
  if (message.blocks.length) here.append(...message.blocks.map((block) => renderBlock(block, state.names, click)));
  else here.append(element("div", { className: "block" }, ...mrkdwn(message.text, state.names)));
  for (const shortcut of state.shortcuts.filter((each) => each.type === "message" && !message.private)) {
    by.append(shortcutButton(shortcut, { channel: channel.id, ts: message.ts }));
  }
  return here;
}

function shortcutButton(shortcut, where) {
  const made = element("button", { text: shortcut.name, type: "button", className: "shortcut" });
  made.addEventListener("click", () => act({ kind: "shortcut", callback_id: shortcut.callback_id, ...where }));
  return made;
}

function confirmed(button, go) {
  const asked = button.confirm;
  if (!asked) { go(); return; }
  const dialog = byId("confirm");
  const yes = element("button", { text: asked.confirm.text, type: "button", className: asked.style ?? "primary" });
  const no = element("button", { text: asked.deny.text, type: "button" });
  yes.addEventListener("click", () => { dialog.close(); go(); });
  no.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(
    element("h2", { text: asked.title.text }),
    element("p", { text: asked.text.text }),
    element("footer", {}, no, yes),
  );
  dialog.showModal();
}

function drawView(view) {
  const dialog = byId("modal");
  if (!view) { dialog.close(); return; }
  const form = element("form", { novalidate: "" });
  form.append(element("h2", { text: view.title.text }));
  // What was put in before the bot changed the form stays in the fields of the same ids.
  const old = dialog.open && dialog.dataset.view === view.id ? dialog.querySelector("form") : null;
  const kept = old ? valuesOf(old) : {};
  dialog.dataset.view = view.id;
  const acts = {
    suggest: async (block, typed) => (await act({ kind: "suggest", block, typed })).options ?? [],
    choose: (block, value) => act({ kind: "choose", block, value }),
    option: (value) => choicesOf(state.view).get(value) ?? { text: { type: "plain_text", text: value }, value },
  };
  const click = (button) => confirmed(button, () => act({ kind: "click", view: "modal", action_id: button.action_id, of: button.value }));
  for (const block of view.blocks) {
    const wrong = state.view.errors[block.block_id];
    form.append(block.type === "input" ? renderInput(block, state.names, wrong, acts, kept[block.block_id]) : renderBlock(block, state.names, click));
  }
  const cancel = element("button", { text: view.close?.text ?? "Close", type: "button" });
  cancel.addEventListener("click", () => act({ kind: "close" }));
  const footer = element("footer", {}, cancel);
  if (view.submit) footer.append(element("button", { text: view.submit.text, type: "submit", className: "primary" }));
  form.append(footer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await act({ kind: "submit", values: valuesOf(form) });
    form.querySelectorAll(".wrong").forEach((each) => each.remove());
    for (const [block, wrong] of Object.entries(answer.errors ?? {})) {
      const field = form.querySelector(`[data-block="${CSS.escape(block)}"]`);
      field?.append(element("p", { className: "wrong", role: "alert", text: wrong }));
    }
  });
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => { event.preventDefault(); act({ kind: "close" }); };
  if (!dialog.open) dialog.showModal();
}

// Every option that the fields of a form came with or were offered since, by its value.
function choicesOf(view) {
  const there = view.blocks.flatMap(({ element: field }) => [
    ...(field?.options ?? []), ...(field?.initial_options ?? []), ...(field?.initial_option ? [field.initial_option] : []),
  ]);
  return new Map([...there, ...Object.values(view.offered)].map((option) => [option.value, option]));
}

async function act(deed) {
  const sent = { method: "POST", body: JSON.stringify({ as: chosen.as, ...deed }), headers: { "Content-Type": "application/json" } };
  const answer = await (await fetch("/ui/act", sent)).json();
  byId("notice").textContent = answer.error ?? "";
  await refresh();
  return answer;
}

byId("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text) return;
  const answer = await act({ kind: "command", channel: chosen.channel, text });
  if (!answer.error) byId("text").value = "";
});

refresh().then(() => {
  const everywhere = state.shortcuts.filter((each) => each.type === "global");
  byId("composer").append(...everywhere.map((each) => shortcutButton(each, {})));
});
setInterval(() => refresh().catch(() => { byId("notice").textContent = "The playground has ended."; }), 1000);
