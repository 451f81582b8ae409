// Block Kit into nodes: what a message shows, and the fields of a form.

import { element, mrkdwn } from "/mrkdwn.js";

const words = (text, names) => (text.type === "mrkdwn" ? mrkdwn(text.text, names) : [document.createTextNode(text.text)]);

export function renderBlock(block, names, click) {
  const here = element("div", { className: "block" });
  switch (block.type) {
    case "header":
      here.append(element("h3", { text: block.text.text }));
      break;
    case "section":
      if (block.text) here.append(...words(block.text, names));
      if (block.fields) {
        const fields = block.fields.map((field) => element("div", {}, ...words(field, names)));
        here.append(element("div", { className: "fields" }, ...fields));
      }
      if (block.accessory?.type === "button") here.append(button(block.accessory, click));
      break;
    case "context":
      here.classList.add("context");
      for (const part of block.elements.filter((each) => each.text)) here.append(...words(part, names), " ");
      break;
    case "actions":
      here.classList.add("actions");
      here.append(...block.elements.filter((each) => each.type === "button").map((each) => button(each, click)));
      break;
    case "divider":
      here.append(element("hr"));
      break;
    default:
      here.append(element("em", { text: `(${block.type} can't be shown here)` }));
  }
  return here;
}

function button(of, click) {
  const made = element("button", { text: of.text.text, className: of.style ?? "", type: "button" });
  if (of.accessibility_label) made.setAttribute("aria-label", of.accessibility_label);
  made.addEventListener("click", () => click(of));
  return made;
}

// `acts` says what to do as somebody types into a menu or changes a field, `kept` what they put in before an update.
export function renderInput(block, names, wrong, acts, kept) {
  const { element: field, label, hint } = block;
  const external = field.type === "multi_external_select";
  const choices = field.options ?? [];
  const several = external || ["multi_static_select", "checkboxes"].includes(field.type);
  const grouped = external || choices.length > 0;
  const here = element(grouped ? "fieldset" : "div", { className: "field", "data-block": block.block_id });
  here.dataset.kind = grouped ? (several ? "several" : "one") : "text";
  const id = `field-${block.block_id}`;
  const title = element(grouped ? "legend" : "label", { text: label.text });
  if (block.optional) title.append(element("span", { className: "optional", text: " (optional)" }));
  here.append(title);
  const initial = [...(field.initial_options ?? []), ...(field.initial_option ? [field.initial_option] : [])];
  const before = kept === undefined || !grouped ? initial : [kept ?? []].flat().map(acts.option);
  const chosen = new Set(before.map((option) => option.value));
  if (external) {
    here.append(...typed(field, id, before, names, (text) => acts.suggest(block.block_id, text)));
  } else if (grouped) {
    here.append(...choices.map((option) => choice(option, id, several, chosen.has(option.value), names)));
  } else {
    title.htmlFor = id;
    const input = element(field.multiline ? "textarea" : "input", { id, maxlength: field.max_length ?? 3000 });
    if (field.type === "datepicker") input.type = "date";
    input.placeholder = field.placeholder?.text ?? "";
    input.value = kept ?? field.initial_value ?? field.initial_date ?? "";
    here.append(input);
  }
  if (block.dispatch_action) {
    here.addEventListener("change", (event) => {
      if (event.target.type !== "search") acts.choose(block.block_id, valueOf(here));
    });
  }
  if (hint) here.append(element("small", { text: hint.text }));
  if (wrong) here.append(element("p", { className: "wrong", role: "alert", text: wrong }));
  return here;
}

function choice(option, name, several, checked, names) {
  const box = element("input", { type: several ? "checkbox" : "radio", name, value: option.value });
  box.checked = checked;
  const text = element("span", {}, ...words(option.text, names));
  if (option.description) text.append(element("small", { text: `: ${option.description.text}` }));
  return element("label", { className: "choice" }, box, text);
}

// A menu whose options come while one types: what is chosen stays, what is offered changes.
function typed(field, id, before, names, suggest) {
  const input = element("input", { id, type: "search", "aria-label": field.placeholder?.text ?? "" });
  input.placeholder = field.placeholder?.text ?? "";
  const offered = element("div", {}, ...before.map((option) => choice(option, id, true, true, names)));
  const offer = async () => {
    const options = await suggest(input.value);
    const kept = [...offered.querySelectorAll("label")].filter((each) => each.querySelector("input").checked);
    const there = new Set(kept.map((each) => each.querySelector("input").value));
    const fresh = options.filter((option) => !there.has(option.value));
    offered.replaceChildren(...kept, ...fresh.map((option) => choice(option, id, true, false, names)));
  };
  input.addEventListener("input", offer);
  input.addEventListener("focus", offer, { once: true });
  return [input, offered];
}

export function valuesOf(form) {
  const values = {};
  for (const field of form.querySelectorAll(".field")) values[field.dataset.block] = valueOf(field);
  return values;
}

function valueOf(field) {
  if (field.dataset.kind === "text") return field.querySelector("input, textarea").value;
  const chosen = [...field.querySelectorAll("input:checked")].map((box) => box.value);
  return field.dataset.kind === "several" ? chosen : (chosen[0] ?? null);
}
