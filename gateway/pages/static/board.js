// The watch floor live: rows are replaced where they stand, figures say how old they are, and keys lead through it. Without this
// script the page is the same, as of the moment it was loaded.

import { $, read, show } from "./page.js";

const { stream, words, ...begun } = read("data");
const SVG = "http://www.w3.org/2000/svg";
const SLOW = 10_000; // milliseconds without news after which that is said
const STALE = 30_000;
const AGAIN = 5_000;
const POLITE = 60_000; // between two sentences that are merely spoken

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);

// What the server has made as a tree of [name, attributes, children], as elements: none are made of texts here.
function build([name, attributes, children], drawn = false) {
  const inside = drawn || name === "svg";
  const element = inside ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [one, value] of Object.entries(attributes)) element.setAttribute(one, value);
  for (const one of children) element.append(typeof one === "string" ? one : build(one, inside));
  return element;
}

// Time

function span(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), words.days],
    [Math.floor(minutes / 60) % 24, words.hours],
    [minutes % 60, words.minutes],
  ];
  const first = parts.findIndex(([count]) => count);
  const from = first < 0 ? 2 : first;
  return parts.slice(from, from + 2).map(([count, text]) => text.replace("%d", count)).join(" ");
}

function count() {
  const now = Date.now() + ahead;
  for (const cell of document.querySelectorAll("td[data-until]")) {
    const left = Number(cell.dataset.until) * 1000 - now;
    const text = left <= 0 ? fill(words.late, { span: span(left) }) : span(left);
    if (cell.textContent !== text) cell.textContent = text;
  }
}

// How old it is, and what is wrong

let ahead = Date.parse(begun.at) - Date.now(); // of the clock of this machine, at most by how long the page was on its way
let at = Date.parse(begun.at);
let heard = Date.now();
let state = { archive: "up", engine: begun.engine, due: begun.due, out: false };

const clock = (moment) => new Date(moment).toISOString().slice(11, 16);

function say(element, text) {
  const paragraph = element.querySelector("p");
  if (paragraph.textContent !== text) paragraph.textContent = text;
  show(element, Boolean(text));
}

function tell() {
  const silent = Date.now() - heard;
  const stale = silent > STALE || state.out || state.archive === "away";
  const time = `${clock(at)} UTC`;
  say($("stale"), !stale ? "" : fill(state.out ? words.out : state.archive === "away" && silent <= STALE ? words.archive : words.stale, { time }));
  const broken = { no_worker: words.no_worker_means, away: words.away_means }[state.engine];
  say($("engine"), broken ? fill(broken, { count: state.due }) : "");
  const [word, more] = [$("live").querySelector("b"), $("live").querySelector("span")];
  $("live").className = stale ? "live soon" : broken ? "live late" : "live";
  word.textContent = stale ? words.not_live : broken ? words[state.engine] : words.live;
  more.textContent = stale ? fill(words.since, { time }) : fill(words.ago, { seconds: Math.max(0, Math.round(silent / 1000)) });
  show(more, stale || silent > SLOW || !broken);
  const now = new Date(Date.now() + ahead).toISOString();
  $("clock").querySelector("b").textContent = `${now.slice(11, 16)} UTC`;
  $("clock").querySelector("span").textContent = now.slice(0, 10);
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

function beat({ at: looked, archive, engine, due, counters, open, chased }) {
  at = Date.parse(looked);
  if (archive === "up") ahead = at - Date.now();
  state = { archive, engine, due, out: false };
  for (const one of counters) {
    const counter = $(`c-${one.reason}`);
    counter.className = one.tone;
    counter.querySelector(".n").textContent = one.count;
    counter.querySelector(".worst").textContent = one.worst;
  }
  $("open").textContent = open;
  say($("chased"), chased);
}

function take(event) {
  heard = Date.now();
  const said = JSON.parse(event.data);
  if (said.kind === "beat") beat(said);
  else if (said.kind === "anew") location.reload();
  else if (said.kind === "row") replace(said);
  else if ($(`r-${said.delivery}`)) {
    $(`r-${said.delivery}`).classList.add("gone");
    changed.add(said.delivery);
  }
  if (said.kind !== "beat") offer();
  tell();
}

function follow() {
  const source = new EventSource(stream);
  source.onmessage = take;
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    source.close();
    fetch("/desk/me", { method: "HEAD" }).then(({ status }) => {
      state.out = status === 401 || status === 403;
      tell();
    }, () => {});
    setTimeout(follow, AGAIN);
  };
  addEventListener("pagehide", () => source.close(), { once: true });
}

// Keys: off while somebody types

function go(row) {
  if (!row) return;
  document.querySelector(".board .at")?.classList.remove("at");
  row.classList.add("at");
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: (rows, here) => go(rows[here + 1]),
  k: (rows, here) => go(rows[here - 1]),
  "/": () => $("q").focus(),
  "?": () => $("keys").togglePopover(),
  r: () => location.reload(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const rows = [...document.querySelectorAll(".board tbody tr")];
  const counter = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (KEYS[event.key]) KEYS[event.key](rows, rows.findIndex((row) => row.classList.contains("at")));
  else if (counter) location.assign(counter.href);
  else return;
  event.preventDefault();
});

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
tell();
follow();
setInterval(tell, 1000);
setInterval(count, 5000);
