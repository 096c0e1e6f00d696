// Receipts: checked with the installation's keys, kept in this browser, and compared with whatever is shown of their delivery later
// (docs/protocol.md, section 7).

import { bytesOf, done, hex, hex256, joined, sha256, stored, unhex, utf8 } from "./keys.js";
import { ask, signedBytes } from "./protocol.js";

const RECEIPT = "application/vnd.vigil.receipt+json";
const MOST = 500; // receipts of one delivery; the oldest give way
const MOST_DELIVERIES = 200; // those of which nothing was kept for longest give way
const BEHIND = 30_000; // milliseconds for which what is shown may have been looked up before a receipt was given

// Something contradicts a receipt that is kept here: nothing it is about is signed.
export class Contradiction extends Error {}

// The one form of a JSON value (RFC 8785), without fractions.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

// The receipt in an envelope, if a key of the installation that counted then has signed it, and it proves its own entry. Throws an
// error that says which of the two is not so: `key` or `proof`.
export async function opened(envelope, keys) {
  try {
    const payload = bytesOf(envelope.payload);
    const receipt = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (!(await isSigned(envelope, payload, keys, receipt.entry.at))) throw new Error("key");
    if (!(await isWhole(receipt, payload))) throw new Error("proof");
    return receipt;
  } catch (error) {
    throw error.message === "key" ? error : new Error("proof");
  }
}

async function isSigned({ payloadType, signatures }, payload, keys, at) {
  if (payloadType !== RECEIPT || !signatures.length) return false;
  const signed = signedBytes(RECEIPT, payload);
  for (const { keyid, sig } of signatures) {
    const known = Object.hasOwn(keys, keyid) ? keys[keyid] : null;
    const moment = Date.parse(at);
    if (known === null || !(moment >= Date.parse(known.from)) || (known.until !== null && !(moment < Date.parse(known.until)))) return false;
    const raw = bytesOf(known.public.slice("ed25519:".length));
    const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, bytesOf(sig), signed))) return false;
  }
  return true;
}

async function isWhole(receipt, payload) {
  const { entry, size } = receipt;
  const said = bytesOf(entry.event.envelope.payload);
  const { id, delivery, members } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(said));
  const edge = edgeBefore(receipt);
  await grow(edge, await leafOf(entry));
  return (
    canonical(receipt) === new TextDecoder().decode(payload) &&
    entry.event.event === "stated" &&
    size === entry.seq + 1 &&
    receipt.proof.length === onesIn(entry.seq) &&
    (await rootAt(edge)) === receipt.root &&
    receipt.fingerprint === (await hex256(said)) &&
    id === receipt.statement &&
    (members !== undefined || delivery === receipt.delivery) // what is said of several names their group
  );
}

// The tree: its right edge is its size, and the roots of its full subtrees, the largest first.

function onesIn(number) {
  return number.toString(2).replaceAll("0", "").length;
}

async function leafOf(entry) {
  return "leaf" in entry ? unhex(entry.leaf) : sha256(new Uint8Array([0]), utf8(canonical(entry)));
}

async function node(left, right) {
  return sha256(new Uint8Array([1]), left, right);
}

function edgeBefore(receipt) {
  return { size: receipt.entry.seq, peaks: receipt.proof.map(unhex).reverse() };
}

async function grow(edge, leaf) {
  edge.size += 1;
  let joint = leaf;
  for (let size = edge.size; size % 2 === 0; size /= 2) joint = await node(edge.peaks.pop(), joint);
  edge.peaks.push(joint);
}

async function rootAt({ peaks }) {
  let root = peaks.at(-1);
  for (const peak of peaks.slice(0, -1).reverse()) root = await node(peak, root);
  return hex(root);
}

// What is kept.

function nameOf(who) {
  return `${who.service} ${who.officer} ${who.delivery}`;
}

// Of a delivery: the receipts that this officer was given, and how far its ledger was compared with them; null without one.
export async function kept(who) {
  return (await done((await stored("ledgers", "readonly")).get(nameOf(who)))) ?? null;
}

async function keepOf(who, change) {
  const store = await stored("ledgers", "readwrite");
  const known = (await done(store.get(nameOf(who)))) ?? { receipts: [], edge: null };
  change(known);
  known.receipts = known.receipts.sort((one, other) => one.size - other.size).slice(-MOST);
  await done(store.put({ ...known, at: Date.now() }, nameOf(who)));
  const names = await done(store.getAllKeys());
  if (names.length <= MOST_DELIVERIES) return;
  const all = await done(store.getAll());
  const oldest = names.map((name, place) => [all[place].at, name]).sort(([one], [other]) => one - other);
  for (const [, name] of oldest.slice(0, -MOST_DELIVERIES)) await done(store.delete(name));
}

// Keep a good receipt. Throws a Contradiction where another one is kept of the same size, once it is kept beside that.
export async function keep(who, receipt, envelope) {
  const held = (await kept(who))?.receipts ?? [];
  if (held.some((one) => one.root === receipt.root)) return;
  const edge = edgeBefore(receipt);
  await grow(edge, await leafOf(receipt.entry));
  const one = { size: receipt.size, root: receipt.root, leaf: hex(await leafOf(receipt.entry)), statement: receipt.statement, at: Date.now() };
  await keepOf(who, (known) => {
    known.receipts.push({ ...one, envelope: JSON.stringify(envelope) });
    known.edge ??= edge;
  });
  had(held, receipt.size, receipt.root);
}

// The newest receipt's tree: what is known to be so without asking anybody.
export async function proved(who) {
  const newest = (await kept(who))?.receipts.at(-1);
  return newest ? { size: newest.size, root: newest.root } : null;
}

// What is compared.

function had(receipts, size, root) {
  const other = receipts.find((one) => one.size === size && one.root !== root);
  if (other) throw new Contradiction(other.statement);
}

// A page shows that a ledger has so many entries by now and this root, or some of its leaves: `[number, leaf]`. Throws a
// Contradiction where a receipt says otherwise.
export async function compare(who, { size, root, leaves = [] }) {
  const held = (await kept(who))?.receipts ?? [];
  const tooLong = size === undefined ? undefined : held.find((one) => one.size > size && !(Date.now() - one.at < BEHIND));
  if (tooLong) throw new Contradiction(tooLong.statement);
  if (root !== undefined) had(held, size, root);
  const shown = new Map(leaves);
  const other = held.find((one) => shown.has(one.size - 1) && shown.get(one.size - 1) !== one.leaf);
  if (other) throw new Contradiction(other.statement);
}

// How far the ledger goes on from the receipts that are kept, entry by entry: what may be countersigned. Where none is kept, it is
// what is shown. Throws a Contradiction, or whatever keeps it from being asked.
export async function compared(who, key, shown) {
  const known = await kept(who);
  if (known === null) return shown;
  const { receipts, edge } = known;
  const roots = shown === null ? [] : [shown];
  if (shown === null || shown.size <= edge.size) {
    const { entries, root } = await ask(who, key, "");
    roots.push({ size: entries, root });
  }
  const check = async () => {
    const root = await rootAt(edge);
    for (const one of [...receipts, ...roots]) if (one.size === edge.size && one.root !== root) throw new Contradiction(one.statement ?? "");
  };
  for (const one of roots) had(receipts, one.size, one.root);
  await check();
  for (let next = edge.size; next !== null; ) {
    const page = await ask(who, key, `/ledger?since=${next}`);
    for (const entry of page.entries) {
      if (entry.seq !== edge.size) break;
      await grow(edge, await leafOf(entry));
      await check();
    }
    ({ next } = page);
  }
  await keepOf(who, (there) => {
    const all = there.receipts.every((one) => receipts.some(({ root }) => root === one.root)); // another page may have kept one
    if (all) there.edge = edge;
  });
  return { size: edge.size, root: await rootAt(edge) };
}

// A link that saves an envelope as a file, as `vigil verify --receipts` takes it.
export function asFile(link, envelope, name) {
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([JSON.stringify(envelope)], { type: "application/json" }));
  link.download = `${name}.receipt.json`;
}
