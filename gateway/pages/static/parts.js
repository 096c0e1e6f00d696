// Parts of a page that follows a stream: each is replaced where it stands, and nothing moves under the hand.

import { build } from "./live.js";
import { $ } from "./page.js";

const LOOK = 1_000; // milliseconds between two looks whether the hand has let go
const waiting = new Map(); // parts that have changed while somebody had something of them in hand
const fields = (element) => [...element.querySelectorAll("a, button, summary")];

function inHand(element) {
  const selected = getSelection();
  const typing = element.contains(document.activeElement) && document.activeElement.closest("input, select, textarea");
  const signing = element.querySelector("details[open] form:not([hidden])");
  return Boolean(typing || signing) || (!selected.isCollapsed && element.contains(selected.anchorNode));
}

// The same element in its new form keeps what is open, how far it is scrolled, and the focus.
function carryOver(old, fresh) {
  const opened = [...old.querySelectorAll("details")].map((one) => one.open);
  [...fresh.querySelectorAll("details")].forEach((one, place) => (one.open = opened[place] ?? one.open));
  const at = fields(old).indexOf(document.activeElement);
  const scrolled = [...old.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  return () => {
    [...fresh.querySelectorAll(".scroll")].forEach((one, place) => (one.scrollLeft = scrolled[place] ?? 0));
    if (at >= 0) (fields(fresh)[at] ?? fresh.closest("section, main"))?.focus({ preventScroll: true });
  };
}

// Put a part in the place of what it was; `ready` is given the new one, once it is there.
export function replace(name, tree, ready = () => {}) {
  const old = $(name);
  if (inHand(old)) {
    waiting.set(name, [tree, ready]);
    return;
  }
  waiting.delete(name);
  const fresh = build(tree);
  const settle = carryOver(old, fresh);
  old.replaceWith(fresh);
  settle();
  ready(fresh);
}

// Whatever is done above it, what is being read stays where it is on the screen.
export function still(change) {
  const read = [...document.querySelectorAll("[data-live], .story > li")].find((one) => one.getBoundingClientRect().bottom > 0);
  const name = scrollY > 0 ? read?.id : "";
  const before = name ? $(name).getBoundingClientRect().top : 0;
  change();
  if (name && $(name)) scrollBy({ top: $(name).getBoundingClientRect().top - before, behavior: "instant" });
}

// From now on, replace what waits as soon as the hand has let go.
export function letGo() {
  setInterval(() => still(() => [...waiting].forEach(([name, [tree, ready]]) => replace(name, tree, ready))), LOOK);
}
