// The keys of a page: a letter, or two one after the other. They are off while somebody types, while a popover is open, with a
// modifier, and where this browser has turned them off. `keys.html` has the table of them, which `?` shows.

import { $ } from "./page.js";

const OFF = "vigil.keys.off";
const VIEW = "vigil.view";
const PATIENCE = 1500; // milliseconds within which the second of two letters comes
const MOST = 200; // deliveries of a view that are remembered
const bound = new Map();
const PLACES = { BracketLeft: "[", BracketRight: "]" };
let first = { key: "", at: 0 };

// On a keyboard that writes other letters than the Latin ones, a key is the one at its place: nobody changes the layout for a shortcut.
const named = ({ key, code }) => (key.length === 1 && key > "~" ? PLACES[code] ?? code.replace(/^(Key|Digit)/, "").toLowerCase() : key);

export const areOff = () => localStorage.getItem(OFF) !== null;

export function turn(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
}

// Bind `{ "j": action, "g f": action }`.
export function bind(actions) {
  for (const [keys, action] of Object.entries(actions)) bound.set(keys, action);
}

// Where a view of many deliveries was left: its address and their order, for this tab alone.
export function leave(names) {
  sessionStorage.setItem(VIEW, JSON.stringify({ address: location.pathname + location.search, names: names.slice(0, MOST) }));
}

// The same, for a delivery that is in it; null where one came from nowhere.
export function left(name) {
  const view = JSON.parse(sessionStorage.getItem(VIEW) ?? "null");
  return view?.names.includes(name) ? view : null;
}

export const forget = () => sessionStorage.removeItem(VIEW);

function actionOf(key) {
  const open = document.querySelector(":popover-open");
  if (open) return key === "?" && open.id === "keys" ? bound.get(key) : undefined;
  const two = Date.now() - first.at < PATIENCE ? bound.get(`${first.key} ${key}`) : undefined;
  return two ?? bound.get(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || areOff() || event.target.closest("input, textarea, select")) return;
  const key = named(event);
  const action = actionOf(key);
  first = { key: action ? "" : key, at: Date.now() };
  if (!action) return;
  event.preventDefault();
  action();
});

bind({ "?": () => $("keys")?.togglePopover(), p: () => print() });
// To a page: `g`, and the letter that its link has.
for (const link of document.querySelectorAll("[data-go]")) bind({ [`g ${link.dataset.go}`]: () => location.assign(link.href) });
