// The form of an answer: filled in, checked, shown in words, signed.

import { $, now, read, show } from "./page.js";
import { clear, composed, countersigned, data, faulty, inWords, notTheSame, ready, signAndHandIn, signForEach, statementIn } from "./signing.js";
import { besideFirst, changed, raiseUnlessOf, showFirst, takenOver } from "./second.js";
import { Chosen } from "./files.js";
import { lookedAt } from "./checks.js";
import { setMoment } from "./moments.js";
import { Contradiction, proved } from "./receipts.js";

const form = $("form");
const key = await ready();
let bytes = null;
const chosenFiles = $("files") ? new Chosen(data, read("file-texts")) : null; // what is said of several consignments has none

setMoment("happened_at", now());
if (data.first) showFirst();

// What was seen, compared: without the ledger it is what the newest receipt proves, or the request says.
async function seen() {
  if (data.deliveries) return null; // it is about what was seen of no one ledger
  try {
    return await countersigned(key);
  } catch (error) {
    if (error instanceof Contradiction) throw error;
    return (await proved(data)) ?? data.seen;
  }
}

function filled(known, attachments) {
  const given = new FormData(form);
  const fields = {};
  for (const name of new Set(given.keys())) {
    if (!name.startsWith("+")) fields[name] = given.getAll(name).join("; ");
  }
  const [code, caveat] = [given.get("+code"), given.get("+caveat")];
  return {
    kind: data.kind,
    group: data.group ?? null,
    members: data.members ?? null,
    checkpoint: data.checkpoint,
    plan: data.plan,
    seen: known,
    corrects: data.corrects?.entry ?? null,
    says: data.corrects?.says ?? null,
    second: data.first?.entry ?? null,
    on_behalf_of: data.on_behalf_of,
    happened_at: given.get("+happened_at"),
    fulfils: given.getAll("+fulfils"),
    attachments,
    handling: code || caveat ? `${code}:${caveat}` : "",
    fields,
  };
}

// What the statement says of the chosen files; null, with what is wrong, where one cannot be attached.
async function attachedFiles() {
  if (data.first) return data.first.attachments; // two officers sign the same files
  if (chosenFiles === null) return [];
  try {
    return await chosenFiles.said();
  } catch (error) {
    clear();
    faulty([{ place: "attachments", problem: error.message }]);
    $("check").disabled = false;
    return null;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!key) return;
  $("check").disabled = true;
  try {
    const attached = await attachedFiles();
    if (attached === null) return;
    const known = await seen();
    const form = filled(known, attached);
    bytes = await composed(form);
    $("check").disabled = false;
    if (bytes === null) return;
    const said = statementIn(bytes, data.kind, known, { files: attached });
    if (data.corrects) raiseUnlessOf(said);
    if (data.first) takenOver(said, form.fields);
    inWords(said, $("words"));
    lookedAt(bytes, said, data.first ? await besideFirst(bytes, said, key) : data.corrects ? { more: changed(said) } : {});
  } catch (error) {
    bytes = null;
    if (!(error instanceof Contradiction)) notTheSame(error); // else it stays so: nothing can be checked any more, or signed
    return;
  }
  show(form, false);
  for (const kinds of document.querySelectorAll("#kinds, #together")) show(kinds, false);
  show($("said"));
  $("said").focus();
});

$("back").addEventListener("click", () => {
  bytes = null;
  clear();
  show($("said"), false);
  show(form);
  for (const kinds of document.querySelectorAll("#kinds, #together")) show(kinds);
  form.querySelector("input, select, textarea").focus();
});

$("sign").addEventListener("click", async () => {
  if (bytes === null) return;
  const chosen = bytes;
  bytes = null; // pressed twice, it is signed once
  show($("back"), false);
  show($("sign"), false);
  if (data.deliveries) await signForEach(chosen, key);
  else await signAndHandIn(chosen, key, async () => chosenFiles?.handIn(key));
});
