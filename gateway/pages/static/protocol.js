// What docs/protocol.md asks of every caller: the envelope around what is said (section 4), and the proof of who asks (section 3).

import { base64, base64url, hex256, sign, utf8 } from "./keys.js";

const STATEMENT = "application/vnd.vigil.statement+json";
const RECEIPT = "application/vnd.vigil.receipt+json";

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// The envelope of a statement's bytes, as the bytes to send.
export async function envelope(payload, key) {
  const type = utf8(STATEMENT);
  const signed = joined(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
  const sig = base64(await sign(key, signed));
  return utf8(JSON.stringify({ payloadType: STATEMENT, payload: base64(payload), signatures: [{ keyid: key.id, sig }] }));
}

// The receipt that the gateway has signed with the installation's key. Throws where it is something else.
export function opened(answer) {
  if (answer.payloadType === undefined) return answer;
  if (answer.payloadType !== RECEIPT) throw new Error(answer.payloadType);
  const bytes = Uint8Array.from(atob(answer.payload), (one) => one.charCodeAt(0));
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

async function proof(who, key, method, url, body) {
  const header = { alg: "Ed25519", typ: "vigil-proof+jwt", kid: key.id };
  const claims = {
    iss: who.service,
    sub: who.officer,
    iat: Math.floor(Date.now() / 1000),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: url,
    bod: await hex256(body),
  };
  const parts = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  return `Vigil ${parts}.${base64url(await sign(key, utf8(parts)))}`;
}

// Hand a signed statement in. The same may be handed in again: it counts once.
export async function handIn(who, key, body) {
  const url = `${who.url}/v1/deliveries/${who.delivery}/statements`;
  const headers = { "Content-Type": "application/json", Authorization: await proof(who, key, "POST", url, body) };
  const answer = await fetch(url, { method: "POST", body, headers, credentials: "omit", cache: "no-store" });
  return { status: answer.status, told: await answer.json() };
}
