// From a form to a receipt. What is signed are the bytes that the gateway made of the form; what is shown before is read from
// these very bytes, here, and never from the form or from anything else that the gateway says about them.

import { held, hex256 } from "./keys.js";
import { $, legible, put, read, row, show } from "./page.js";
import { PATIENCE, envelope, handIn, isOpen } from "./protocol.js";
import { Contradiction, asFile, compared, keep, opened } from "./receipts.js";

export const data = read("data");
export const texts = read("texts");
const MASSES = new Set(["gross", "net", "received", "spent", "left", "division"]);
const CODES = new Set(["modality", "modalities", "permissions", "because", "what", "decision", "kind"]);
const SOON = 5_000; // milliseconds that a receipt waits for words
let findings = null; // what the rules may have found, in words
const WHOLE = ["delivery", "members", "checkpoint", "service", "on_behalf_of", "officer", "happened_at", "fulfils", "handling", "attachments", "id"];

// The key to sign with, or null, which the page then says. Until then the button cannot be pressed: a form that a browser sends by
// itself would put what is in it into the address.
export async function ready() {
  const key = await held(data).catch(() => null);
  const able = key !== null && key.id in data.keys;
  show($("no-key"), !able);
  $("check").disabled = !able;
  return able ? key : null;
}

// The bytes of a statement; null, with every fault shown at its field, while the form is not right.
export async function composed(filled) {
  clear();
  let answer;
  try {
    answer = await fetch(`/desk/deliveries/${data.delivery}/statement`, {
      method: "POST",
      body: JSON.stringify(filled),
      headers: { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    const problem = await answer.json();
    faulty(problem.faults ?? [{ place: "", problem: [problem.detail, problem.hint].filter(Boolean).join(". ") }]);
  } catch {
    faulty([{ place: "", problem: texts.away }]);
  }
  return null;
}

export function clear() {
  for (const one of document.querySelectorAll(".fault")) one.textContent = "";
  for (const one of document.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  $("faults").querySelector("ul").replaceChildren();
  show($("faults"), false);
}

export function faulty(faults) {
  const list = $("faults").querySelector("ul");
  for (const { place, problem } of faults) {
    const field = place.split(".")[0];
    const at = $(`fault-${field}`);
    const rest = place.split(".").slice(1).join(".");
    const text = rest && rest !== field ? `${rest}: ${problem}` : problem;
    if (at) {
      at.textContent = at.textContent ? `${at.textContent}; ${text}` : text;
      for (const one of at.closest(".field").querySelectorAll("input, select, textarea")) one.setAttribute("aria-invalid", "true");
    }
    put(list, "li", [at ? data.words.FIELDS[field] : field, text].filter(Boolean).join(": "));
  }
  show($("faults"));
  $("faults").focus();
}

// What may be said to have been seen of the ledger, once it has been compared with the receipts of this browser. Throws a
// Contradiction, and says so on the page.
export async function countersigned(key) {
  try {
    return await compared(data, key, data.seen);
  } catch (error) {
    if (error instanceof Contradiction) contradicted();
    throw error;
  }
}

export function contradicted() {
  show($("contradicted"));
  $("contradicted").focus();
}

// The statement in these bytes. Throws unless it is one by this officer, about this delivery, of this kind, at this checkpoint, and
// names this plan and this root as seen, and these files.
export function statementIn(bytes, kind, seen, { files = [], plan = data.plan } = {}) {
  const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const asked = { delivery: data.group ?? data.delivery, service: data.service, officer: data.officer, vigil: "statement/2" };
  const more = { checkpoint: data.checkpoint, on_behalf_of: data.on_behalf_of, plan };
  for (const [name, value] of Object.entries({ ...asked, ...more })) {
    if (said[name] !== value) throw new Error(name);
  }
  for (const name of ["size", "root"]) if (said.seen?.[name] !== seen?.[name]) throw new Error("seen");
  if (said.content.kind !== kind) throw new Error("kind");
  if (String(said.members ?? "") !== String(data.members ?? "")) throw new Error("members");
  if (flat(said.attachments ?? []) !== flat(files)) throw new Error("attachments");
  return said;
}

const flat = (files) => JSON.stringify(files.map((one) => Object.entries(one).sort()));

// A statement in words: every member that it has, so that nothing is signed unseen.
export function inWords(said, list) {
  list.replaceChildren();
  const { vigil: _form, content, ...rest } = said;
  const { kind, ...parts } = content;
  row(list, label("kind"), word("kind", kind));
  const asForm = [...document.querySelectorAll("[data-field]")].map((field) => field.dataset.field);
  for (const name of sorted(Object.keys(parts), asForm)) member(list, name, parts[name]);
  for (const name of sorted(Object.keys(rest), WHOLE)) member(list, name, rest[name]);
}

// In this order; what it does not name comes last.
function sorted(names, order) {
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return names.sort((one, other) => place(one) - place(other));
}

function member(list, name, value, called = label(name)) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return;
  row(list, called, told(name, value));
}

function told(name, value) {
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "number") return MASSES.has(name) ? mass(value) : String(value);
  if (typeof value === "string") return legible(word(name, value));
  if (Array.isArray(value)) {
    const list = document.createElement("ul");
    for (const one of value) {
      const item = put(list, "li");
      const text = told(name, one);
      item.append(text);
    }
    return list;
  }
  const list = document.createElement("dl");
  for (const [inner, one] of Object.entries(value)) {
    const called = name === "seen" ? texts[inner] : label(inner); // of a ledger
    member(list, inner === "about" ? name : inner, one, called); // an estimate is of what it is an estimate of
  }
  return list;
}

// A value as words in a sentence.
export function inText(name, value) {
  if (value === null || value === undefined || value === "") return undefined;
  if (Array.isArray(value)) return value.length ? value.map((one) => inText(name, one)).join(typeof value[0] === "object" ? "; " : ", ") : undefined;
  if (typeof value === "object") return Object.entries(value).map(([inner, one]) => ofMember(inner === "about" ? name : inner, one)).filter((one) => one !== undefined).join(", ");
  const text = told(name, value);
  return typeof text === "string" ? text : String(value);
}

// Of a yes what it is called, of a no nothing.
function ofMember(name, value) {
  if (typeof value === "boolean") return value ? label(name) : undefined;
  return inText(name, value);
}

export function label(name) {
  return data.words.FIELDS[`${data.kind}.${name}`] ?? data.words.FIELDS[name] ?? name;
}

function word(name, value) {
  const table = name === "kind" ? data.words.KINDS : CODES.has(name) || data.codes.includes(name) ? data.words.CHOICES : data.words.WITHIN[name] ?? {};
  return Object.hasOwn(table, value) ? table[value] : value;
}

// Whole milligrams, in the largest unit that keeps every digit.
export function mass(milligrams) {
  const [unit, digits] = milligrams >= 1e6 ? ["kg", 6] : milligrams >= 1e3 ? ["g", 3] : ["mg", 0];
  const text = String(milligrams).padStart(digits + 1, "0");
  const number = digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, "") : text;
  return data.words.UNITS[unit].replace("{number}", number);
}

// Sign these bytes and hand them in; then show what became of it. `then` is done once, when they have been taken.
export async function signAndHandIn(bytes, key, then = async () => {}) {
  const body = await envelope(bytes, key);
  let [taken, followed] = [false, false];
  const send = async () => {
    onItsWay();
    try {
      const { status, told: answer } = await handIn(data, key, body);
      if (status >= 200 && status < 300) taken = true;
      if (status === 200 || status === 201) await receipt(answer, bytes);
      else if (status === 202) outcome("warn", texts.kept, texts.keptMore, { [texts.statement]: answer.statement });
      else if (isOpen(status)) unsent(answer.detail);
      else outcome("bad", texts.rejected, [answer.detail, answer.hint].filter(Boolean).join(". "), {});
    } catch {
      unsent("");
    }
    $("again").disabled = false;
    if (taken && !followed) {
      followed = true;
      await then();
    }
  };
  $("again").onclick = send;
  await send();
}

// Sign these bytes once, and hand the same in to each consignment that they name; what became of it stands beside the name of each.
// One that fails or hangs keeps none back, and is sent again alone.
export async function signForEach(bytes, key) {
  const body = await envelope(bytes, key);
  const became = new Map(data.deliveries.map((delivery) => [delivery, { done: false }]));
  const send = async () => {
    onItsWay();
    const left = [...became.keys()].filter((delivery) => !became.get(delivery).done);
    await Promise.all(left.map(async (delivery) => became.set(delivery, await inOne({ ...data, delivery }, key, body, bytes))));
    const all = [...became.values()];
    const good = all.every((one) => one.good);
    outcome(good ? "good" : "bad", good ? texts.signed : texts.notByAll, "", {});
    for (const [delivery, one] of became) {
      const told = document.createElement("span");
      told.textContent = `${one.good ? "✓" : "!"} ${one.text} `;
      if (one.receipt) {
        const link = put(told, "a", $("save").textContent);
        asFile(link, one.receipt, `${delivery}.${one.name}`);
      }
      row($("receipt"), delivery, told);
    }
    show($("again"), all.some((one) => !one.done));
    $("again").disabled = false;
  };
  $("again").onclick = send;
  await send();
}

// What became of these bytes in one delivery: whether that is settled, whether it is well, in words, and the receipt.
async function inOne(who, key, body, bytes) {
  let status, answer;
  try {
    ({ status, told: answer } = await handIn(who, key, body));
  } catch {
    return { done: false, good: false, text: texts.unsentMore };
  }
  if (status === 202) return { done: true, good: true, text: `${texts.kept}. ${texts.keptMore}` };
  if (isOpen(status)) return { done: false, good: false, text: [texts.unsentMore, answer.detail].filter(Boolean).join(" ") };
  if (status !== 200 && status !== 201) return { done: true, good: false, text: [texts.rejected, answer.detail, answer.hint].filter(Boolean).join(". ") };
  try {
    const given = await opened(answer, data.installation);
    if (given.fingerprint !== (await hex256(bytes)) || given.delivery !== who.delivery) throw new Error("another");
    const { verdict } = given.entry.event.verdict;
    const why = await Promise.all(allFound(given).map(async (one) => [one.rule, await sentence(one)].filter(Boolean).join(": ")));
    const words = [data.words.VERDICTS[verdict] ?? verdict, ...why, `${texts.entry} ${given.entry.seq}`];
    const settled = { done: true, good: verdict !== "refused", text: words.filter(Boolean).join(", "), receipt: answer, name: given.entry.seq };
    try {
      await keep(who, given, answer);
    } catch (error) {
      if (error instanceof Contradiction) contradicted();
      else settled.text = `${settled.text}. ${$("not-kept").textContent}`;
    }
    return settled;
  } catch (error) {
    return { done: false, good: false, text: `${texts[`unproved_${error.message}`]} ${texts.unprovedMore}`, receipt: answer, name: "unproved" };
  }
}

// Whether what was said counts, or will once its time has come.
const counts = (verdict) => verdict === "accepted" || verdict === "early";

// All that the rules found of what was said; of what counts it may be several things.
function allFound(given) {
  const { finding, also = [] } = given.entry.event.verdict;
  return finding ? [finding, ...also] : [];
}

// What was found, as a sentence: `domain.views.sentences` does the same on the server, which is asked once for the words. Without
// them nothing is said but the rule, which stands beside it.
async function sentence({ code, parameters }) {
  findings ??= await fetch("/desk/findings", { signal: AbortSignal.timeout(SOON) }).then((answer) => (answer.ok ? answer.json() : null), () => null);
  if (findings === null) return "";
  const [text, shapes] = findings.sentences[code];
  return text.replace(/{([a-z_]+)}/g, (_whole, name) => parameter(shapes[name], parameters[name], parameters));
}

function parameter(shape, value, all) {
  if (shape === "mass") return mass(value);
  if (shape === "money") return money(value, all.currency);
  if (shape === "span") return span(value);
  if (shape === "kind") return findings.kinds[value] ?? value;
  if (shape === "word") return findings.words[value] ?? value;
  if (shape === "words") return value.map((one) => findings.words[one] ?? one).join(", ");
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function money(minor, currency) {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const text = String(minor).padStart(digits + 1, "0");
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

function span(milliseconds) {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]];
  const parts = [];
  for (const [unit, size] of units) {
    if (milliseconds >= size) parts.push(data.words.UNITS[unit].replace("{number}", Math.trunc(milliseconds / size)));
    milliseconds %= size;
  }
  return parts.join(" ");
}

// What came back for these bytes: a receipt for exactly them, which is kept and offered as a file, or something that proves nothing.
async function receipt(answer, bytes) {
  let given;
  try {
    given = await opened(answer, data.installation);
    if (given.fingerprint !== (await hex256(bytes))) throw new Error("another");
  } catch (error) {
    outcome("bad", texts.unproved, `${texts[`unproved_${error.message}`]} ${texts.unprovedMore}`, {});
    offer(answer, "unproved");
    show($("again"));
    return;
  }
  const { verdict } = given.entry.event.verdict;
  const found = allFound(given);
  const [how, title, more] = verdict === "refused" ? ["bad", texts.refused, texts.refusedMore] : counts(verdict) ? ["good", texts.signed, ""] : ["warn", texts.late, texts.lateMore];
  outcome(how, title, more, {
    [texts.verdict]: data.words.VERDICTS[verdict] ?? verdict,
    [texts.rule]: [...new Set(found.map((one) => one.rule))].join(", "),
    [texts.why]: (await Promise.all(found.map(sentence))).filter(Boolean).join("; "),
    [texts.entry]: String(given.entry.seq),
    [texts.recorded]: given.entry.at,
    [texts.root]: given.root,
    [texts.size]: String(given.size),
    [texts.statement]: given.statement,
  });
  offer(answer, given.entry.seq);
  try {
    await keep(data, given, answer);
  } catch (error) {
    if (error instanceof Contradiction) contradicted();
    else show($("not-kept"));
  }
}

function offer(answer, name) {
  asFile($("save"), answer, `${data.delivery}.${name}`);
  show($("file"));
}

// Until it is known what became of it nothing leads away from here, where the second of two presses might fall.
function onItsWay() {
  outcome("", texts.moment, "", {});
  show($("then"), false);
  $("again").disabled = true;
}

function unsent(detail) {
  outcome("bad", texts.unsent, [texts.unsentMore, detail].filter(Boolean).join(" "), {});
  show($("again"));
}

function outcome(how, title, text, rows) {
  $("outcome").className = how;
  $("outcome-title").textContent = title;
  $("outcome-text").textContent = text;
  $("receipt").replaceChildren();
  for (const [name, value] of Object.entries(rows)) if (value) row($("receipt"), name, value);
  for (const one of ["again", "file", "not-kept", "form"]) show($(one), false);
  show($("then"));
  show($("outcome"));
  $("outcome").focus();
}

// Nothing was signed, because what came was not what was asked for; where it is of somebody else, the browser is theirs by now.
export function notTheSame({ message }) {
  faulty([{ place: "", problem: ["service", "officer"].includes(message) ? texts.somebodyElse : texts.other }]);
}
