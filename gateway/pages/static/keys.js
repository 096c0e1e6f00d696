// The key of this browser: an Ed25519 key pair whose private half cannot be taken out of it, by us neither (WebCrypto, not
// extractable; kept in IndexedDB). One for each officer of each service who signs in here.

const ENCODER = new TextEncoder();

export function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The bytes of a base64 text in its one form. Throws where it is not in that.
export function bytesOf(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  if (base64(bytes) !== text) throw new Error("base64");
  return bytes;
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

export async function hex256(bytes) {
  return hex(await sha256(bytes));
}

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// A store of this browser: `keys`, or `ledgers` for what is kept of deliveries.
export async function stored(name, mode) {
  const opening = indexedDB.open("vigil", 2);
  opening.onupgradeneeded = () => {
    const there = opening.result.objectStoreNames;
    for (const one of ["keys", "ledgers"]) if (!there.contains(one)) opening.result.createObjectStore(one);
  };
  return (await done(opening)).transaction(name, mode).objectStore(name);
}

function nameOf(who) {
  return `${who.service} ${who.officer}`;
}

async function described(pair) {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { pair, public: `ed25519:${base64(raw)}`, id: (await hex256(raw)).slice(0, 32) };
}

// The key of whoever is signed in, or null.
export async function held(who) {
  const pair = await done((await stored("keys", "readonly")).get(nameOf(who)));
  return pair ? described(pair) : null;
}

// A new key. Throws where the browser has no Ed25519.
export async function make(who) {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  await done((await stored("keys", "readwrite")).add(pair, nameOf(who)));
  return described(pair);
}

export async function forget(who) {
  await done((await stored("keys", "readwrite")).delete(nameOf(who)));
}

export async function sign(key, bytes) {
  return new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, key.pair.privateKey, bytes));
}

export function utf8(text) {
  return ENCODER.encode(text);
}
