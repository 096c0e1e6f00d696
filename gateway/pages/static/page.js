// What the scripts of the pages share.

export const $ = (id) => document.getElementById(id);

// What the page tells its scripts, read once: they share it.
const told = new Map();
export function read(id) {
  if (!told.has(id)) told.set(id, JSON.parse($(id).textContent));
  return told.get(id);
}

export function show(element, shown = true) {
  element.hidden = !shown;
}

// A text as it is seen: what is not seen in it is written out, as `domain.words.text.shown` does it on the server.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };
export function legible(text) {
  return text.replace(UNSEEN, (one) => {
    const digits = one.codePointAt(0).toString(16);
    const [letter, width] = digits.length > 4 ? ["U", 8] : digits.length > 2 ? ["u", 4] : ["x", 2];
    return SHORT[one] ?? `\\${letter}${digits.padStart(width, "0")}`;
  });
}

export function put(parent, tag, text) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = legible(String(text));
  parent.append(element);
  return element;
}

export function row(list, name, value) {
  const pair = put(list, "div");
  put(pair, "dt", name);
  const where = put(pair, "dd");
  if (typeof value === "string") put(where, /^[0-9a-f]{32,64}$/.test(value) ? "code" : "span", value);
  else where.append(value);
}

// This moment, with the offset of the clock on this desk: RFC 3339.
export function now() {
  const date = new Date();
  const offset = -date.getTimezoneOffset();
  const two = (number) => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

export function aloud(id) {
  return id.match(/.{4}/g).join(" ");
}
