// The key of this browser: made, shown and forgotten here.

import { forget, held, make } from "./keys.js";
import { $, aloud, read, show } from "./page.js";

const data = read("data");
const texts = read("mine");

let shown = null; // the key that stands on the page

function present(key) {
  shown = key;
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
    present((await held(data)) ?? (await make(data))); // another page may have made one meanwhile
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
  const there = await held(data);
  if (there?.id === shown.id) await forget(data); // another page may have made another meanwhile, which stays
  show($("sure"), false);
  present(there?.id === shown.id ? null : there);
});

present(await held(data));
