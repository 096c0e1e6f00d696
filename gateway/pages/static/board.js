// The watch floor live: rows are replaced where they stand, figures say how old they are, and keys lead through it. Without this
// script the page is the same, as of the moment it was loaded.

import { build, fill, follow, say, span } from "./live.js";
import { $, read, show } from "./page.js";
import { bind, leave } from "./shortcuts.js";

const data = read("data");
const { words } = data;
const POLITE = 60_000; // milliseconds between two sentences that are merely spoken
const { now } = follow(data, take);

function count() {
  for (const cell of document.querySelectorAll("td[data-until]")) {
    const left = Number(cell.dataset.until) * 1000 - now();
    const text = left <= 0 ? fill(words.late, { span: span(left, words) }) : span(left, words);
    if (cell.textContent !== text) cell.textContent = text;
  }
}

// What changed since the order was made: it waits, so that nothing moves under the hand

const changed = new Set();
const worse = new Set();
const fresh = new Set();
let spoken = 0;

function offer() {
  const all = new Set([...changed, ...fresh]);
  $("new").textContent = fill(words.changed, { count: changed.size, worse: worse.size, new: fresh.size });
  show($("new"), worse.size + fresh.size > 0 || [...all].some((name) => $(`r-${name}`)?.classList.contains("gone")));
  if (Date.now() - spoken > POLITE) {
    spoken = Date.now();
    $("said").textContent = $("new").textContent;
  }
}

function replace({ delivery, tree, rank, act, reason }) {
  const old = $(`r-${delivery}`);
  const before = old ? Number(old.dataset.rank) : Infinity;
  if (old) {
    const row = build(tree);
    const band = old.querySelector(".band");
    if (band) row.prepend(band);
    if (old.classList.contains("at")) row.classList.add("at");
    const focused = old.contains(document.activeElement);
    row.classList.add("changed");
    old.replaceWith(row);
    if (focused) row.querySelector("a").focus({ preventScroll: true });
    changed.add(delivery);
  } else {
    fresh.add(delivery);
  }
  if (rank < before && old) worse.add(delivery);
  if (act && rank < before) $("alarm").textContent = fill(words.alarm, { delivery, reason });
}

function beat({ counters, open, chased }) {
  for (const one of counters) {
    const counter = $(`c-${one.reason}`);
    counter.className = one.tone;
    counter.querySelector(".n").textContent = one.count;
    counter.querySelector(".worst").textContent = one.worst;
  }
  $("open").textContent = open;
  say($("chased"), chased);
}

function take(said) {
  if (said.kind === "beat") beat(said);
  else if (said.kind === "anew") location.reload();
  else if (said.kind === "row") replace(said);
  else if ($(`r-${said.delivery}`)) {
    $(`r-${said.delivery}`).classList.add("gone");
    changed.add(said.delivery);
  }
  if (said.kind !== "beat") {
    offer();
    dispatchEvent(new Event("moved"));
  }
}

// Keys

function go(row) {
  if (!row) return;
  document.querySelector(".board .at")?.classList.remove("at");
  row.classList.add("at");
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const rows = () => [...document.querySelectorAll(".board tbody tr")];
const step = (by) => go(rows()[rows().findIndex((row) => row.classList.contains("at")) + by]);

bind({
  j: () => step(1),
  k: () => step(-1),
  "/": () => $("q").focus(),
  r: () => location.reload(),
  ...Object.fromEntries([...document.querySelectorAll("[data-key]")].map((counter) => [counter.dataset.key, () => location.assign(counter.href)])),
});

// The order of the rows is what `[` and `]` go by on the page of a delivery; who comes back from there is at its row.
addEventListener("pagehide", () => leave(rows().map((row) => row.id.slice(2))));
if (location.hash.startsWith("#r-")) go($(location.hash.slice(1)));

// Views that this browser keeps: a name for an address

const SAVED = "vigil.floor.views";
const MOST_SAVED = 20;
const views = () => JSON.parse(localStorage.getItem(SAVED) ?? "[]");

function list() {
  $("saved").replaceChildren(
    ...views().map(({ name, address }) => {
      const [item, link, drop] = ["li", "a", "button"].map((tag) => document.createElement(tag));
      link.textContent = name;
      link.href = address;
      drop.type = "button";
      drop.textContent = "×";
      drop.ariaLabel = `${words.forget}: ${name}`;
      drop.addEventListener("click", () => { localStorage.setItem(SAVED, JSON.stringify(views().filter((one) => one.name !== name))); list(); });
      item.append(link, drop);
      return item;
    }),
  );
  show($("saved"), views().length > 0);
}

$("save").addEventListener("click", () => {
  const name = prompt(words.name)?.trim().slice(0, 40);
  if (!name) return;
  const kept = views().filter((one) => one.name !== name);
  localStorage.setItem(SAVED, JSON.stringify([...kept, { name, address: location.pathname + location.search }].slice(-MOST_SAVED)));
  list();
});
show($("save"));
list();

$("new").addEventListener("click", () => location.reload());
if (matchMedia("(max-width: 40rem)").matches) document.querySelector(".rail details")?.removeAttribute("open");
setInterval(count, 5000);
