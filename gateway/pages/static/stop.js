// The hold and the stop: one press more, because minutes count. It is signed only if the bytes say exactly what stands on the page.

import { $, now, show } from "./page.js";
import { proved } from "./receipts.js";
import { composed, countersigned, data, inWords, notTheSame, ready, signAndHandIn, statementIn } from "./signing.js";

const HURRY = 1000; // milliseconds for which a stop waits until the ledger is compared
const key = await ready();
const presses = [$("check"), $("hold")];
$("hold").disabled = $("check").disabled;
$("risk").addEventListener("change", () => show($("hold"), !$("risk").checked)); // danger to life stops it, and is no hold

// What was seen: compared, or what is known without that. A contradiction is shown, and holds no stop up.
async function seen() {
  const otherwise = async () => (await proved(data)) ?? data.seen;
  const late = new Promise((resolve) => setTimeout(() => resolve(otherwise()), HURRY));
  return Promise.race([countersigned(key), late]).catch(async () => proved(data));
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!key) return;
  for (const press of presses) press.disabled = true;
  const reason = $("reason").value.trim();
  const risk = $("risk").checked;
  const kind = risk ? "incident" : event.submitter === $("hold") ? "hold_requested" : "stop_requested";
  const fields = risk ? { risk_to_life: "yes", what: reason } : { reason };
  const known = await seen();
  const bytes = await composed({ kind, happened_at: now(), fields, plan: data.plan, seen: known });
  for (const press of presses) press.disabled = false;
  if (bytes === null) return;
  try {
    const said = statementIn(bytes, kind, known);
    if ((risk ? said.content.what : said.content.reason) !== reason || (risk && said.content.risk_to_life !== true)) throw new Error("content");
    inWords(said, $("words"));
  } catch {
    notTheSame();
    return;
  }
  show($("said"));
  show($("sign"), false);
  show($("back"), false);
  await signAndHandIn(bytes, key);
});
