// The hold and the stop, of one delivery or of the consignments of a group, and the consent that is taken back from these: one press
// more, because minutes count. It is signed only if the bytes say exactly what stands on the page.

import { $, now, show } from "./page.js";
import { proved } from "./receipts.js";
import { composed, countersigned, data, faulty, inWords, notTheSame, ready, signAndHandIn, signForEach, statementIn, texts } from "./signing.js";

const HURRY = 1000; // milliseconds for which a stop waits until the ledger is compared
const [form, pop] = [$("form"), $("stop")];
const presses = [...form.querySelectorAll("button")];
const consented = new Set((data.consented ?? []).map(String));
const key = await ready();
for (const press of presses) press.disabled = $("check").disabled;
$("risk").addEventListener("change", () => show($("hold"), !$("risk").checked)); // danger to life stops it, and is no hold

// Opened anew after something was signed, there is a form again.
pop?.addEventListener("beforetoggle", ({ newState }) => {
  if (newState === "open") show(form);
});

// What was seen: compared, or what is known without that. A contradiction is shown, and holds no stop up. Of a group it is nothing.
async function seen() {
  if (data.group) return null;
  const otherwise = async () => (await proved(data)) ?? data.seen;
  const late = new Promise((resolve) => setTimeout(() => resolve(otherwise()), HURRY));
  return Promise.race([countersigned(key), late]).catch(async () => proved(data));
}

// Of which consignments it is said: those that are ticked, and of consent those to which it was given.
function ofGroup(kind) {
  const ticked = [...document.querySelectorAll("#members input:checked")];
  const chosen = kind === "authorisation_withdrawn" ? ticked.filter((one) => consented.has(one.value)) : ticked;
  data.members = chosen.map((one) => Number(one.value));
  data.deliveries = chosen.map((one) => one.dataset.delivery);
  return chosen.length > 0;
}

function contentOf(kind, reason) {
  if (kind === "incident") return { risk_to_life: "yes", what: reason };
  return kind === "authorisation_withdrawn" ? { state: data.state, ...(reason && { reason }) } : { reason };
}

// Whether the content says what was typed, and nothing else.
function isAsked({ kind: _kind, ...content }, kind, reason) {
  const asked = { ...contentOf(kind, reason), ...(kind === "incident" && { risk_to_life: true }) };
  return Object.entries(asked).every(([name, value]) => content[name] === value);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!key) return;
  const pressed = event.submitter?.value ?? "stop_requested";
  const kind = $("risk").checked && pressed !== "authorisation_withdrawn" ? "incident" : pressed;
  if (data.group && !ofGroup(kind)) {
    faulty([{ place: "members", problem: texts.noneTicked }]);
    return;
  }
  for (const press of presses) press.disabled = true;
  const reason = $("reason").value.trim();
  const known = await seen();
  const { group = null, members = null, plan } = data; // the page is followed: its plan may change while the bytes are made
  const bytes = await composed({ kind, happened_at: now(), fields: contentOf(kind, reason), plan, seen: known, group, members });
  for (const press of presses) press.disabled = false;
  if (bytes === null) return;
  try {
    const said = statementIn(bytes, kind, known, { plan });
    if (!isAsked(said.content, kind, reason)) throw new Error("content");
    inWords(said, $("words"));
  } catch (error) {
    notTheSame(error);
    return;
  }
  pop?.hidePopover(); // what was signed stood in it; on a page of its own it stays
  show($("said"), !pop);
  show($("sign"), false);
  show($("back"), false);
  await (data.group ? signForEach(bytes, key) : signAndHandIn(bytes, key));
});
