// The page of a delivery live: each part is replaced where it stands once something in it has changed, new entries come on top of the
// ledger, and nothing moves under the hand. Without this script the page is the same, as of the moment it was loaded.

import { build, fill, follow, span } from "./live.js";
import { $, put, read, show } from "./page.js";
import { letGo, replace, still } from "./parts.js";
import { compare, Contradiction } from "./receipts.js";
import { bind, left } from "./shortcuts.js";

const { live, home, words } = read("following");
const shown = read("shown");
const data = read("data");
const POLITE = 60_000; // milliseconds between two sentences that are merely spoken
const LATER = 1_000;
let following = null;

// What is recorded

let spoken = 0;
let act = live?.act;

async function proved(said) {
  try {
    await compare(shown, said);
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error;
    show($("contradicted"));
    $("contradicted").focus();
  }
}

function changed({ parts, entries, count, shown: seen, plan, installation, act: loud }) {
  still(() => {
    for (const [name, tree] of Object.entries(parts)) replace(name, tree);
    const story = document.querySelector(".story");
    for (const tree of entries.reverse()) {
      if ($(tree[1].id)) continue;
      const entry = build(tree);
      entry.classList.add("fresh");
      story.prepend(entry);
    }
  });
  show($("attached"), $("l-files").childElementCount > 0);
  Object.assign(data, { plan, installation, seen: { size: seen.size, root: seen.root } });
  proved(seen);
  if (loud && loud !== act) $("alarm").textContent = loud;
  act = loud;
  if (count > 0 && Date.now() - spoken > POLITE) {
    spoken = Date.now();
    $("said-live").textContent = fill(words.new, { count });
  }
  countDown();
}

function take(said) {
  if (said.kind === "changed") changed(said);
  else if (said.kind === "anew") anew();
}

// Load the page once nobody is about to stop it here, or has yet to send again what was signed, which is on this page only.
function anew() {
  const again = $("again");
  if ($("stop")?.matches(":popover-open") || again?.disabled || again?.hidden === false) setTimeout(anew, LATER);
  else location.reload();
}

function countDown() {
  for (const due of document.querySelectorAll(".due")) {
    const time = due.querySelector("time");
    if (!time) continue;
    const remains = Date.parse(time.dateTime) - following.now();
    const late = due.classList.contains("late") || remains < 0;
    const text = fill(late ? words.overdue : words.in, { span: span(remains, live.words) });
    if (due.firstElementChild.textContent !== text) due.firstElementChild.textContent = text;
    due.classList.toggle("late", late);
    due.classList.toggle("soon", !late && remains < 7_200_000);
  }
}

if (live) {
  following = follow(live, take);
  setInterval(countDown, 5000);
  letGo();
}

// The ledger, narrowed and searched where it stands

const SECTION = "ledger";

async function asked(query) {
  const answer = await fetch(`${home}/story?${query}`);
  if (!answer.ok) return null;
  const { tree, shown: seen, place } = await answer.json();
  proved(seen);
  return { fresh: build(tree), place };
}

async function narrow(query) {
  const found = await asked(query);
  if (found === null) {
    location.assign(`?${query}#${SECTION}`);
    return;
  }
  const { fresh, place } = found;
  const old = $(SECTION);
  const { name, value } = document.activeElement ?? {};
  const focused = old.contains(document.activeElement);
  still(() => old.replaceWith(fresh));
  if (focused) [...fresh.querySelectorAll("[name]:not([type=hidden]), a[aria-current]")].find((one) => one.name === name || (!name && one.matches("a")))?.focus({ preventScroll: true });
  if (focused && name === "text") fresh.querySelector("[name=text]").value = value;
  history.replaceState(null, "", query ? `?${query}#${SECTION}` : home);
  following?.turn(`${home}/changes?${new URLSearchParams([...new URLSearchParams(query), ["since", place]])}`);
}

async function more(link) {
  const found = await asked(link.search.slice(1));
  if (found === null) {
    location.assign(link.href);
    return;
  }
  if (!link.isConnected) return; // the ledger was narrowed meanwhile
  const { fresh } = found;
  const [first] = fresh.querySelectorAll(".story > li");
  document.querySelector(".story").append(...fresh.querySelectorAll(".story > li"));
  const [old, next] = [link.closest("p"), fresh.querySelector(".more")?.closest("p")];
  if (next) old.replaceWith(next);
  else old.remove();
  if (first) {
    first.tabIndex = -1;
    first.focus({ preventScroll: true });
  }
}

const filled = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest(".chips a, a.more");
  if (!link || link.closest("#ledger") === null) return;
  event.preventDefault();
  if (link.matches(".more")) more(link);
  else narrow(link.search.slice(1));
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "narrow") return;
  event.preventDefault();
  narrow(filled(event.target));
});
document.addEventListener("change", (event) => {
  if (event.target.matches("#narrow select")) narrow(filled(event.target.form));
});

// Keys, and the view that one came from

const view = left(shown.delivery);
const here = view ? view.names.indexOf(shown.delivery) : -1;
const named = (name) => `${home.slice(0, home.lastIndexOf("/"))}/${name}`;

function go(by) {
  const name = view?.names[here + by];
  if (name) location.assign(named(name));
}

function around() {
  const box = $("around");
  for (const [by, text] of [[-1, words.before], [1, words.after]]) {
    const name = view.names[here + by];
    if (name) put(box, "a", fill(text, { name })).href = named(name);
  }
  put(box, "a", words.back).href = `${view.address}#r-${shown.delivery}`;
  show(box);
}

if (view) around();

bind({
  s: () => $("stop")?.showPopover(),
  c: () => document.querySelector("a[href^='tel:']")?.focus(),
  p: () => location.assign("?print"),
  "/": () => document.querySelector("#narrow [name=text]").focus(),
  "[": () => go(-1),
  "]": () => go(1),
  ...(view && { Escape: () => location.assign(`${view.address}#r-${shown.delivery}`) }),
});
