// mrkdwn into nodes. Every text becomes a text node, so nothing in it can be markup of the page.

const EMOJI = {
  white_check_mark: "✅", x: "❌", warning: "⚠️", no_entry: "⛔", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  arrows_counterclockwise: "🔄", repeat: "🔁", key: "🔑", mag: "🔍", lock: "🔒", tada: "🎉", rocket: "🚀",
  moneybag: "💰", bell: "🔔", scissors: "✂️", wastebasket: "🗑️",
};
const INLINE = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|:([a-z_]+):|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<!\w)_([^_\n]+)_(?!\w)/g;

export function element(tag, { text, className, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function control(inside, names) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@") || target.startsWith("#")) {
    return element("span", { className: "mention", text: names[target.slice(1)] ?? target });
  }
  if (target.startsWith("!date^")) {
    const at = new Date(Number(target.split("^")[1]) * 1000);
    const shown = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    return element("time", { text: shown, datetime: at.toISOString() });
  }
  if (target.startsWith("!subteam^")) {
    return element("span", { className: "mention", text: names[target.slice(9)] ?? target });
  }
  if (target.startsWith("!")) return element("span", { className: "mention", text: `@${target.slice(1)}` });
  if (!/^https?:/.test(target)) return document.createTextNode(unescape(label ?? target));
  return element("a", { text: unescape(label ?? target), href: target, rel: "noreferrer", target: "_blank" });
}

function inline(text, names) {
  const nodes = [];
  let done = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(document.createTextNode(unescape(text.slice(done, found.index))));
    done = found.index + found[0].length;
    const [whole, pre, code, inside, emoji, bold, italic] = found;
    if (pre !== undefined) nodes.push(element("pre", { text: unescape(pre.replace(/^\n|\n$/g, "")) }));
    else if (code !== undefined) nodes.push(element("code", { text: unescape(code) }));
    else if (inside !== undefined) nodes.push(control(inside, names));
    else if (emoji !== undefined) nodes.push(document.createTextNode(EMOJI[emoji] ?? whole));
    else if (bold !== undefined) nodes.push(element("strong", {}, ...inline(bold, names)));
    else nodes.push(element("em", {}, ...inline(italic, names)));
  }
  nodes.push(document.createTextNode(unescape(text.slice(done))));
  return nodes;
}

export function mrkdwn(text, names) {
  const nodes = [];
  for (const [index, part] of text.split(/(```[\s\S]+?```)/).entries()) {
    if (index % 2) { nodes.push(...inline(part, names)); continue; }
    for (const [number, line] of part.split("\n").entries()) {
      const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
      if (quoted) { nodes.push(element("blockquote", {}, ...inline(quoted[1], names))); continue; }
      if (number && !(nodes.at(-1) instanceof HTMLQuoteElement)) nodes.push(document.createElement("br"));
      nodes.push(...inline(line, names));
    }
  }
  return nodes;
}
