// What docs/protocol.md asks of every caller: the envelope around what is said (section 4), and the proof of who asks (section 3).

import { base64, base64url, hex256, joined, sign, utf8 } from "./keys.js";

const STATEMENT = "application/vnd.vigil.statement+json";
export const CHASE = "application/vnd.vigil.chase+json";
export const PATIENCE = 30_000; // milliseconds after which a connection hangs: the gateway has answered by then, or left it for later

// Whether this answer leaves open what became of what was sent: the same may be sent again, and counts once.
export const isOpen = (status) => status >= 500 || status === 429 || status === 408;

// What is signed in an envelope (DSSE): its type and its bytes.
export function signedBytes(type, payload) {
  const kind = utf8(type);
  return joined(utf8(`DSSEv1 ${kind.length} `), kind, utf8(` ${payload.length} `), payload);
}

// The envelope of these bytes, a statement's unless it says another type, as the bytes to send.
export async function envelope(payload, key, payloadType = STATEMENT) {
  const sig = base64(await sign(key, signedBytes(payloadType, payload)));
  return utf8(JSON.stringify({ payloadType, payload: base64(payload), signatures: [{ keyid: key.id, sig }] }));
}

// Of a body that is a file, its digest is given.
async function proof(who, key, method, url, body) {
  const header = { alg: "Ed25519", typ: "vigil-proof+jwt", kid: key.id };
  const claims = {
    iss: who.service,
    sub: who.officer,
    iat: Math.floor(Date.now() / 1000),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: url,
    bod: typeof body === "string" ? body : await hex256(body),
  };
  const parts = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  return `Vigil ${parts}.${base64url(await sign(key, utf8(parts)))}`;
}

// Hand a signed statement in. The same may be handed in again: it counts once.
export async function handIn(who, key, body) {
  return post(who, key, `/v1/deliveries/${who.delivery}/statements`, body);
}

// Send what is signed to a path of the API; the status of the answer, and what it says.
export async function post(who, key, path, body) {
  const url = `${who.url}${path}`;
  const headers = { "Content-Type": "application/json", Authorization: await proof(who, key, "POST", url, body) };
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(url, { method: "POST", body, headers, credentials: "omit", cache: "no-store", signal });
  return { status: answer.status, told: await answer.json() };
}

// Hand in a file; the status of the answer, and what it says. `moved` is told how much of it has gone. Sent again it changes nothing.
export async function handInFile(who, key, { file, said }, moved) {
  const url = `${who.url}/v1/deliveries/${who.delivery}/attachments/${said.digest}?media_type=${encodeURIComponent(said.media_type)}`;
  const sending = new XMLHttpRequest(); // `fetch` does not tell how far it is
  sending.open("PUT", url);
  sending.setRequestHeader("Content-Type", "application/octet-stream");
  sending.setRequestHeader("Authorization", await proof(who, key, "PUT", url, said.digest));
  sending.upload.onprogress = (event) => moved(event.loaded / event.total);
  return new Promise((resolve, reject) => {
    sending.onload = () => resolve({ status: sending.status, told: JSON.parse(sending.responseText) });
    sending.onerror = () => reject(new Error("away"));
    sending.send(file);
  });
}

// What the API shows at a path below that of the delivery. Throws where it does not.
export async function ask(who, key, below) {
  const url = `${who.url}/v1/deliveries/${who.delivery}${below}`;
  const headers = { Authorization: await proof(who, key, "GET", url, new Uint8Array()) };
  const answer = await fetch(url, { headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
