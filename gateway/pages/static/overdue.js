// The note that one has taken over to chase a service: said in a sentence, signed, handed in. Without this script the page shows the
// same, and the command line signs.

import { held, utf8 } from "./keys.js";
import { $, read, show } from "./page.js";
import { CHASE, envelope, post } from "./protocol.js";

const data = read("data");
const key = await held(data).catch(() => null);
const able = key !== null && key.id in data.keys;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);
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

for (const form of document.querySelectorAll("form.chase")) {
  const say = () => (form.querySelector(".signs").textContent = inWords(note(form.dataset.chased, Number(form.elements.hours.value))));
  show(form, able);
  show(form.parentElement.querySelector(".no-key"), !able);
  say();
  form.addEventListener("change", say);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(form);
  });
}
