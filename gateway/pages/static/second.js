// A second officer signs the same as a first one (R20): what the first has said is shown, and where the second says otherwise.

import { filled } from "./checks.js";
import { put } from "./page.js";
import { PATIENCE } from "./protocol.js";
import { data, inText, label, texts } from "./signing.js";

const sorted = (_name, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value);
const DIGEST = /^[0-9a-f]{64}$/;
const same = (one, other) => JSON.stringify(one ?? null, sorted) === JSON.stringify(other ?? null, sorted);

// What the first officer has said, each at its field, and several of one thing below one another.
export function showFirst() {
  for (const place of document.querySelectorAll("[data-said]")) {
    const value = data.first.content[place.dataset.said];
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = inText(place.dataset.said, one);
      put(put(place, "div"), DIGEST.test(text) ? "code" : "span", text);
    }
  }
}

// What is said of the thing itself: by a correction, what it should have said.
const content = (said) => (data.corrects ? said.content.content : said.content);

// Throws where what is about to be signed is not what stands there, though nothing else was typed.
export function takenOver(said, typed) {
  if (data.corrects && said.content.reason !== data.first.reason) throw new Error("reason");
  for (const [name, value] of Object.entries(data.first.content)) {
    if (!(typed[name] ?? "").trim() && !same(content(said)[name], value)) throw new Error(name);
  }
}

// Throws where it corrects another statement than the page is about, or by one of another kind.
export function raiseUnlessOf(said) {
  if (said.content.of !== data.corrects.of || content(said).kind !== data.corrects.content.kind) throw new Error("of");
}

// What a correction changes: each field, with what it said before.
export function changed(said) {
  const [before, after] = [data.corrects.content, content(said)];
  const words = (name, value) => inText(name, value) ?? texts.nothing;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !same(before[name], after[name]));
  return names.map((name) => filled(texts.changed, { field: label(name), before: words(name, before[name]), after: words(name, after[name]) }));
}

// What is to be looked at before it is signed: each field of which the first has said something else, and whose key this is. Where
// both say the same, that.
export async function besideFirst(bytes, said, key) {
  const { officer, keys } = data.first;
  const found = keys.includes(key.id) ? [filled(texts.sameKey, { officer })] : [];
  let differs;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(`/desk/deliveries/${data.delivery}/second`, { method: "POST", body: bytes, headers: { "Content-Type": "application/json" }, signal });
    if (!answer.ok) return { more: [...found, texts.uncompared] };
    ({ differs } = await answer.json());
  } catch {
    return { more: [...found, texts.uncompared] };
  }
  for (const [name, theirs] of Object.entries(differs)) {
    const yours = name === "attachments" ? said.attachments : content(said)[name];
    const words = (value) => inText(name, value) ?? texts.nothing;
    found.push(filled(texts.otherwise, { field: label(name), officer, theirs: words(theirs), yours: words(yours) }));
  }
  return { more: found, agreed: found.length ? "" : filled(texts.same, { officer }) };
}
