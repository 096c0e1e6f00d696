// Overdue live: each service is replaced where it stands. And the note that one has taken over to chase a service: said in a sentence,
// signed, handed in. Without this script the page shows the same, as of the moment it was loaded, and the command line signs.

import { held, utf8 } from "./keys.js";
import { fill, follow } from "./live.js";
import { $, read, show } from "./page.js";
import { letGo, replace, still } from "./parts.js";
import { CHASE, envelope, post } from "./protocol.js";

const data = read("data");
const key = await held(data).catch(() => null);
const able = key !== null && key.id in data.keys;
const moment = (milliseconds) => new Date(milliseconds).toISOString().replace("Z", "000Z"); // to the microsecond, as in the record

show($("print"));
$("print").addEventListener("click", () => window.print());

// What is signed: its members in their order, which is its one form (RFC 8785).
function note(chased, hours) {
  const now = Date.now();
  const { officer, service } = data;
  return { at: moment(now), chased, officer, service, until: moment(now + hours * 3_600_000), vigil: "chase/1" };
}

function inWords({ chased, officer, service, at, until }) {
  const time = `${until.slice(0, 10)} ${until.slice(11, 16)} UTC`;
  return fill(at === until ? data.words.gives_back : data.words.signs, { chased, officer, service, time });
}

async function take(form) {
  const [button, fault] = [form.querySelector("button"), form.querySelector(".fault")];
  const said = note(form.dataset.chased, Number(form.elements.hours.value));
  form.querySelector(".signs").textContent = inWords(said);
  button.disabled = true;
  try {
    const body = await envelope(utf8(JSON.stringify(said)), key, CHASE);
    const { status, told } = await post(data, key, "/v1/overdue/chases", body);
    if (status < 300) {
      location.reload();
      return;
    }
    fault.textContent = [told.detail, told.hint].filter(Boolean).join(". ");
  } catch {
    fault.textContent = data.words.unsent;
  }
  button.disabled = false;
}

function ready(element) {
  const form = element.querySelector("form.chase");
  if (!form) return;
  const said = () => (form.querySelector(".signs").textContent = inWords(note(form.dataset.chased, Number(form.elements.hours.value))));
  show(form, able);
  show(form.parentElement.querySelector(".no-key"), !able);
  said();
  form.addEventListener("change", said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(form);
  });
}

// What changed: a service that is new, or another order, waits, so that nothing moves under the hand

const blocks = () => [...document.querySelectorAll(".box[data-live]")];

function changed({ parts, order }) {
  still(() => {
    for (const [name, tree] of Object.entries(parts)) if ($(name)) replace(name, tree, ready);
  });
  for (const one of blocks()) one.classList.toggle("gone", !order.includes(one.id));
  const fresh = order.filter((name) => !$(name)).length;
  const gone = blocks().filter((one) => one.classList.contains("gone")).length;
  const moved = blocks().map((one) => one.id).join() !== order.join();
  $("new").textContent = fill(data.live.words[fresh + gone ? "silent" : "order"], { fresh, gone });
  show($("new"), moved);
}

blocks().forEach(ready);
$("new").addEventListener("click", () => location.reload());
follow(data.live, (said) => said.kind === "changed" && changed(said));
letGo();
