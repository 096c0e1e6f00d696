// Files that belong to a statement: chosen, described, and handed in once it is signed. No statement waits for them.

import { hex } from "./keys.js";
import { $, put, show } from "./page.js";
import { handInFile } from "./protocol.js";

export const MOST = 256 * 1024 * 1024; // a browser digests a file as a whole; the command line does not

// What is known of a file: digest, size and type. Throws the name of what is wrong with it.
export async function known(file, types) {
  const type = types[file.name.split(".").at(-1).toLowerCase()];
  if (!type || !file.name.includes(".")) throw new Error("kind");
  if (file.size > MOST) throw new Error("large");
  if (!file.size) throw new Error("nothing");
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  return { digest, size: file.size, media_type: type };
}

// The files that a form has chosen, each with what it shows and its code.
export class Chosen {
  constructor(data, texts) {
    this.data = data;
    this.texts = texts;
    this.rows = [];
    $("files").addEventListener("change", () => {
      for (const file of $("files").files) this.add(file);
      $("files").value = "";
    });
  }

  add(file) {
    const item = put($("chosen"), "li");
    const label = put(item, "label", `${file.name}: ${this.texts.shows}`);
    const shows = put(label, "input");
    shows.maxLength = 120;
    shows.required = true;
    const code = put(item, "select");
    code.ariaLabel = this.texts.code;
    for (const one of ["", "H0", "H1", "H2", "H3"]) put(code, "option", one);
    const drop = put(item, "button", this.texts.drop);
    drop.type = "button";
    drop.className = "button plain small";
    const row = { file, shows, code };
    this.rows.push(row);
    drop.addEventListener("click", () => {
      this.rows.splice(this.rows.indexOf(row), 1);
      item.remove();
    });
    shows.focus();
  }

  // What the statement says of them. Throws what is wrong, in words.
  async said() {
    const found = [];
    for (const row of this.rows) {
      try {
        row.said = { ...(await known(row.file, this.data.types)), shows: row.shows.value.trim().replaceAll(/\s+/g, " ") };
      } catch (error) {
        throw new Error(`${row.file.name}: ${this.texts.wrong[error.message] ?? this.texts.wrong.unread}`, { cause: error });
      }
      if (row.code.value) row.said.handling = row.code.value;
      found.push(row.said);
    }
    return found;
  }

  // Hand them in, each with how far it is; what was not taken can be sent again.
  async handIn(key) {
    for (const row of this.rows) await handInRow(this.data, key, row, this.texts);
  }
}

// Hand one in, and show how far it is.
export async function handInRow(data, key, row, texts) {
  const item = put($("uploads"), "li", `${row.file.name} `);
  const bar = put(item, "progress");
  bar.max = 1;
  bar.value = 0;
  const told = put(item, "span");
  const again = put(item, "button", texts.again);
  again.type = "button";
  again.className = "button plain small";
  show($("uploads"));
  const send = async () => {
    show(again, false);
    told.textContent = "";
    try {
      const { status, told: answer } = await handInFile(data, key, row, (part) => (bar.value = part));
      const fine = status === 200 || status === 201;
      told.textContent = fine ? texts.handedIn : `${texts.notTaken}: ${[answer.detail, answer.hint].filter(Boolean).join(". ")}`;
      show(again, !fine && status !== 403 && status !== 422); // what is refused would be refused again
      item.className = fine ? "done" : "";
    } catch {
      told.textContent = texts.away;
      show(again);
    }
  };
  again.addEventListener("click", send);
  await send();
}
