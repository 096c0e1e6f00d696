// A shift is handed over, or taken over: what is signed is the digest of the sheet, worked out here from the bytes that the
// installation has signed; the key does not leave this browser.

import { bytesOf, held, hex256, utf8 } from "./keys.js";
import { $, legible, put, read, row, show } from "./page.js";
import { envelope, isOpen, post } from "./protocol.js";

const data = read("data");
const texts = read("texts");
const key = await held(data).catch(() => null);
const able = key !== null && key.id in data.keys;
show($("no-key"), !able);
$("check").disabled = !able;
let said = null;

// The bytes in their one form (RFC 8785): names in order, and values that need no escape.
function bytesToSign() {
  const { officer, part, service } = data;
  const at = new Date().toISOString().replace("Z", "000Z");
  return utf8(JSON.stringify({ at, officer, part, service, sheet: data.digest, vigil: "shift/1" }));
}

$("check").addEventListener("click", async () => {
  const payload = bytesOf(data.sheet.payload);
  if ((await hex256(payload)) !== data.digest || $("digest").textContent !== data.digest) {
    outcome("bad", texts.rejected, texts.other);
    return;
  }
  const sheet = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  said = bytesToSign();
  $("sentence").textContent = texts[data.part].replace("{service}", data.service).replace("{officer}", data.officer);
  $("words").replaceChildren();
  const shown = { from: sheet.since, to: sheet.at, open: String(sheet.open), needing: String(sheet.needing), heads: sheet.heads, sheet: data.digest };
  for (const [name, value] of Object.entries(shown)) row($("words"), texts[name], value);
  $("bytes").textContent = legible(new TextDecoder().decode(said));
  $("sheet").textContent = JSON.stringify(sheet, null, 2).split("\n").map(legible).join("\n");
  show($("outcome"), false);
  show($("said"));
  $("said").focus();
});

$("back").addEventListener("click", () => {
  said = null;
  show($("said"), false);
  $("check").focus();
});

$("sign").addEventListener("click", async () => {
  if (!able || said === null) return;
  $("sign").disabled = true;
  const signed = await envelope(said, key, data.type);
  const over = data.part === "hands_over";
  const body = over ? utf8(JSON.stringify({ sheet: data.sheet, signed: JSON.parse(new TextDecoder().decode(signed)) })) : signed;
  const send = async () => {
    show($("again"), false);
    try {
      const { status, told } = await post(data, key, over ? "/v1/shift/hand-over" : "/v1/shift/take-over", body);
      if (status === 201) closed(over, told);
      else if (isOpen(status)) unsent(told.detail);
      else outcome("bad", texts.rejected, [told.detail, told.hint].filter(Boolean).join(". "), told.faults ?? []);
    } catch {
      unsent("");
    }
  };
  $("again").onclick = send;
  await send();
  $("sign").disabled = false;
});

function closed(over, handover) {
  outcome("good", over ? texts.given : texts.taken, over ? texts.givenMore : texts.takenMore);
  $("there").textContent = texts.record;
  $("there").href = `/desk/shift/handovers/${handover.number}`;
  show($("check"), false);
}

function unsent(detail) {
  outcome("bad", texts.unsent, [texts.unsentMore, detail].filter(Boolean).join(" "));
  show($("again"));
}

function outcome(how, title, text, faults = []) {
  $("outcome").className = how;
  $("outcome-title").textContent = title;
  $("outcome-text").textContent = text;
  $("outcome-faults").replaceChildren();
  for (const one of faults) put($("outcome-faults"), "li", `${one.place}: ${one.problem}`);
  show($("said"), false);
  show($("outcome"));
  $("outcome").focus();
}
