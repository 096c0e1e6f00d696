// Notices of the desk's own: that something waits, and of how many deliveries. The browser itself says so only where its officer
// has turned that on, here and for this browser alone.

import { $, put, read, show } from "./page.js";

const words = read("told");
const OFTEN = 15_000;
const SOON = 2_500; // milliseconds after a row has changed until the gateway has noted it; and after a look that failed
const ON = "vigil.notify";
const SAID = "vigil.notified"; // up to which number this browser has notified: of several pages one does

const able = "Notification" in window;
const wanted = () => able && Notification.permission === "granted" && localStorage.getItem(ON) === "yes";
const post = (path, body) => fetch(`/desk/notices${path}`, { method: "POST", body, headers: body ? { "Content-Type": "application/json" } : {} });

// From look to look it is the same one: somebody may be about to press it.
function toPress(box) {
  const button = put(box, "button", words.seen);
  button.type = "button";
  button.className = "plain";
  button.addEventListener("click", () => post(`/seen/${button.value}`).then(({ ok }) => show(box, !ok), () => {}));
  return button;
}

function tell({ count, upto }) {
  const box = $("waiting");
  const text = words.waits.replace("{count}", count);
  const said = box.querySelector("p");
  if (count && box.dataset.text !== text) {
    box.dataset.text = text;
    if (said.firstChild) said.firstChild.textContent = `${text} · `;
    else said.textContent = text;
  }
  const form = box.querySelector("form");
  if (form) form.action = `/desk/notices/seen/${upto}`;
  else if (count) (box.querySelector("button") ?? toPress(box)).value = upto;
  show(box, count > 0);
  if (!count || !wanted() || Number(localStorage.getItem(SAID)) >= upto) return;
  localStorage.setItem(SAID, upto);
  const notice = new Notification(words.title, { body: text, tag: "vigil" });
  notice.addEventListener("click", () => focus());
}

let timer = 0;
let due = Infinity;

// Look in so many milliseconds, or earlier where that is meant already.
function lookIn(milliseconds) {
  if (Date.now() + milliseconds >= due) return;
  clearTimeout(timer);
  due = Date.now() + milliseconds;
  timer = setTimeout(look, milliseconds);
}

async function look() {
  due = Infinity;
  let failed = true;
  try {
    const answer = await fetch("/desk/notices");
    failed = answer.status === 429 || answer.status >= 500;
    if (answer.ok) tell(await answer.json());
  } catch {
    // the gateway is away, which the page says by itself
  }
  lookIn(failed ? SOON : OFTEN);
}

addEventListener("moved", () => lookIn(SOON));
look();

// The page You: to subscribe, and to turn the browser's own notices on

const form = $("subscribe");
if (form) {
  show(form);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone?.includes("/")) $("zone").value = zone;
  form.addEventListener("change", () => show($("where"), form.elements.by.value !== "page"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    $("wrong").textContent = "";
    const by = form.elements.by.value;
    const to = $("to").value.trim();
    const hours = $("quiet").value.split(",").map((one) => one.trim()).filter(Boolean);
    const spans = hours.map((one) => /^(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)$/.exec(one));
    if (spans.includes(null)) {
      $("wrong").textContent = words.hours;
      return;
    }
    const wish = {
      subjects: [...form.querySelectorAll("[name=subjects]:checked")].map((one) => one.value),
      way: by === "page" ? { by } : { by, [by === "webhook" ? "url" : "to"]: to },
      quiet: spans.length ? { zone: $("zone").value.trim(), spans: spans.map(([, since, until]) => ({ since, until })) } : null,
    };
    try {
      const answer = await post("", JSON.stringify(wish));
      if (answer.ok) {
        location.reload();
        return;
      }
      const problem = await answer.json();
      $("wrong").textContent = [problem.detail, ...(problem.faults ?? []).map((one) => `${one.place}: ${one.problem}`)].join(" · ");
    } catch {
      $("wrong").textContent = words.away;
    }
  });
  const state = () => {
    $("notify").textContent = wanted() ? words.stop : words.start;
    $("notifies").textContent = wanted() ? words.on : words.off;
  };
  if (able) {
    show($("notify"));
    state();
  }
  $("notify").addEventListener("click", async () => {
    if (wanted()) localStorage.removeItem(ON);
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(ON, "yes");
    state();
  });
}
