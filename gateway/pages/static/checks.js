// What is to be looked at before it is signed: the statement as one sentence, and where it says more or other than was asked. All of
// it is read from the bytes that will be signed.

import { $, legible, put, show } from "./page.js";
import { data, inText, mass, texts } from "./signing.js";

export const filled = (text, values) => text.replace(/{([a-z_]+)}/g, (_whole, name) => values[name] ?? "–");

function* remarks({ content, fulfils = [] }) {
  const asked = data.asked;
  if (!asked) return;
  const beyond = (name, known) => (content[name] ?? []).filter((one) => !known.includes(one));
  for (const [name, known] of [["modalities", [asked.modality]], ["permits", asked.permissions], ["permissions", asked.permissions]]) {
    const more = beyond(name, known);
    if (more.length) yield filled(texts.more, { values: inText(name, more) });
  }
  if (asked.valid_until && content.valid_until) {
    const [ends, needed] = [content.valid_until, asked.valid_until].map((one) => new Date(one).getTime());
    const said = { needed: asked.valid_until.slice(0, 16).replace("T", " ") + " UTC" };
    if (ends < needed) yield filled(texts.short, said);
    if (ends >= needed + 60_000) yield filled(texts.long, said);
  }
  if (data.compares && typeof content.gross === "number" && typeof asked.gross === "number" && asked.tolerance !== null) {
    const by = Math.abs(content.gross - asked.gross);
    if (by > asked.tolerance) yield filled(texts.weight, { by: mass(by), expected: mass(asked.gross), tolerance: mass(asked.tolerance) });
  }
  const [found, expected] = [content.seals, asked.seals].map((seals) => (seals ?? []).map((one) => one.number).sort().join(", "));
  const others = data.compares && content.seals !== undefined && expected && found !== expected;
  if (others || content.seals_intact === false) yield filled(texts.seals, { expected });
  if (data.confirms && fulfils.length < asked.conditions.length) yield filled(texts.unmet, { all: asked.conditions.length, met: fulfils.length });
}

// Show both, and the bytes; `more`: what else is to be looked at, and `agreed` what need not be.
export function lookedAt(bytes, said, { more = [], agreed = "" } = {}) {
  const all = { ...said, ...said.content };
  const values = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, inText(name, value)]));
  $("sentence").textContent = filled(data.unwritten?.[said.content.form] ?? texts.sentence, values);
  $("remarks").replaceChildren();
  for (const one of [...remarks(said), ...more]) put($("remarks"), "li", one);
  $("agreed").textContent = agreed;
  show($("agreed"), agreed !== "");
  $("bytes").textContent = legible(new TextDecoder().decode(bytes));
}
