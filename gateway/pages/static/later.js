// Files that a delivery names and that are handed in later, from its page: each must be one that is named.

import { held } from "./keys.js";
import { $, put, read, show } from "./page.js";
import { handInRow, known } from "./files.js";

const data = read("data");
const texts = read("file-texts");
const named = new Set(read("named")); // beside those that stand on the page
const look = () => document.querySelectorAll("#l-files [data-digest]").forEach((one) => named.add(one.dataset.digest));
const key = await held(data).catch(() => null);
look();
show($("hand-in"), key !== null && key.id in data.keys);

$("files").addEventListener("change", async () => {
  const files = [...$("files").files];
  $("files").value = "";
  look();
  for (const file of files) {
    let said = null;
    try {
      said = await known(file, data.types);
    } catch (error) {
      put($("uploads"), "li", `${file.name}: ${texts.wrong[error.message] ?? texts.wrong.unread}`);
    }
    show($("uploads"));
    if (said !== null && named.has(said.digest)) await handInRow(data, key, { file, said }, texts);
    else if (said !== null) put($("uploads"), "li", `${file.name}: ${texts.wrong.unnamed}`);
  }
});
