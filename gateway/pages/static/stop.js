// The stop: one press more, because minutes count. It is signed only if the bytes say exactly what stands on the page.

import { $, now, show } from "./page.js";
import { composed, inWords, notTheSame, ready, signAndHandIn, statementIn } from "./signing.js";

const key = await ready();

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!key) return;
  $("check").disabled = true;
  const reason = $("reason").value.trim();
  const risk = $("risk").checked;
  const kind = risk ? "incident" : "stop_requested";
  const fields = risk ? { risk_to_life: "yes", what: reason } : { reason };
  const bytes = await composed({ kind, happened_at: now(), fields });
  $("check").disabled = false;
  if (bytes === null) return;
  try {
    const said = statementIn(bytes, kind);
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
