// The key of this browser: made, shown and forgotten here.

import { forget, held, make } from "./keys.js";
import { $, aloud, read, show } from "./page.js";

const data = read("data");
const texts = read("mine");

function present(key) {
  show($("none"), !key);
  show($("key"), Boolean(key));
  if (!key) return;
  const known = data.keys[key.id];
  $("key-id").textContent = aloud(key.id);
  $("public").textContent = key.public;
  $("known").textContent = known
    ? [["since", known.from], ["until", known.until]]
        .filter(([, moment]) => moment)
        .map(([name, moment]) => texts[name].replace("{moment}", moment))
        .join(", ")
    : texts.notYet;
  $("known").className = known ? "good" : "warn";
  $("command").textContent = `vigil keys add ${data.service} ${key.public} --for ${data.officer} --until 90d --gateway ${data.url}`;
  show($("how"), !known);
}

$("make").addEventListener("click", async () => {
  try {
    present(await make(data));
    $("key").focus();
  } catch {
    show($("none"), false);
    show($("unable"));
  }
});

$("forget").addEventListener("click", async () => {
  if ($("sure").hidden) {
    show($("sure"));
    return;
  }
  await forget(data);
  show($("sure"), false);
  present(null);
});

present(await held(data));
