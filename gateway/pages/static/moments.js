// A moment as a day, a time of 24 hours and an offset. What is signed is the exact text that they make, which is read back.

import { $ } from "./page.js";

const MOMENT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const parts = (box) => box.querySelectorAll("input:not([type=hidden]), select");

function readBack(id) {
  const { value } = $(id);
  const at = new Date(value);
  const known = MOMENT.test(value) && !Number.isNaN(at.getTime());
  $(`read-${id}`).textContent = known ? `${value} = ${at.toISOString().slice(0, 16).replace("T", " ")} UTC` : value;
}

// Show a moment, and have it be the one that is signed. Its offset is kept as it is written.
export function setMoment(id, text) {
  $(id).value = text;
  const found = MOMENT.exec(text);
  const [day, time, offset] = parts($(id).closest(".moment"));
  if (found) {
    const zone = found[4] === "Z" ? "+00:00" : found[4];
    if (![...offset.options].some((one) => one.value === zone)) offset.add(new Option(`UTC ${zone}`, zone), 0);
    [day.value, time.value, offset.value] = [found[1], found[2], zone];
  }
  readBack(id);
}

for (const box of document.querySelectorAll("[data-moment]")) {
  const id = box.dataset.moment;
  const [day, time, offset] = parts(box);
  const changed = () => {
    const whole = /^\d{1,2}:\d{2}$/.test(time.value) ? `${time.value.padStart(5, "0")}:00` : time.value;
    $(id).value = day.value || time.value ? `${day.value}T${whole}${offset.value}` : "";
    readBack(id);
  };
  for (const one of [day, time, offset]) one.addEventListener("input", changed);
  setMoment(id, $(id).value);
}
