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

export async function hex256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode) {
  const opening = indexedDB.open("vigil", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  return (await done(opening)).transaction("keys", mode).objectStore("keys");
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
  const pair = await done((await store("readonly")).get(nameOf(who)));
  return pair ? described(pair) : null;
}

// A new key. Throws where the browser has no Ed25519.
export async function make(who) {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  await done((await store("readwrite")).add(pair, nameOf(who)));
  return described(pair);
}

export async function forget(who) {
  await done((await store("readwrite")).delete(nameOf(who)));
}

export async function sign(key, bytes) {
  return new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, key.pair.privateKey, bytes));
}

export function utf8(text) {
  return ENCODER.encode(text);
}
