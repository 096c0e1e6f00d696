// The search: every word must stand in a section. What stands in a heading comes first. Nothing is asked of any server.
"use strict";

const MOST = 60;
const AROUND = 90;

const wanted = new URLSearchParams(location.search).get("q") ?? "";
const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);

function worth([, title, heading, text]) {
  let sum = 0;
  for (const word of words) {
    const here = [heading, title, text].map((one) => one.toLocaleLowerCase().includes(word));
    if (!here.includes(true)) return 0;
    sum += (here[0] ? 8 : 0) + (here[1] ? 4 : 0) + (here[2] ? 1 : 0);
  }
  return sum;
}

function marked(element, text) {
  const small = text.toLocaleLowerCase();
  const first = Math.max(0, Math.min(...words.map((word) => small.indexOf(word)).filter((at) => at >= 0)) - AROUND);
  const shown = Number.isFinite(first) ? text.slice(first, first + 3 * AROUND) : text.slice(0, 3 * AROUND);
  const low = shown.toLocaleLowerCase();
  let at = 0;
  while (at < shown.length) {
    const found = words.map((word) => [low.indexOf(word, at), word.length]).filter(([where]) => where >= 0).sort((a, b) => a[0] - b[0])[0];
    if (found === undefined) break;
    element.append(shown.slice(at, found[0]));
    const mark = document.createElement("mark");
    mark.textContent = shown.slice(found[0], found[0] + found[1]);
    element.append(mark);
    at = found[0] + found[1];
  }
  element.append(shown.slice(at));
}

function show() {
  document.getElementById("q").value = wanted;
  const found = SEARCH_INDEX.map((one) => [worth(one), one]).filter(([sum]) => sum > 0).sort((a, b) => b[0] - a[0]);
  document.getElementById("found").textContent =
    found.length === 0 ? `Nothing has “${wanted}”. Try fewer or shorter words.` : `${found.length} ${found.length === 1 ? "section" : "sections"}${found.length > MOST ? `, the first ${MOST} shown` : ""}.`;
  for (const [, [where, title, heading, text]] of found.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = where;
    link.textContent = heading === title ? title : `${title}: ${heading}`;
    const shown = document.createElement("p");
    marked(shown, text);
    item.append(link, shown);
    document.getElementById("results").append(item);
  }
}

if (words.length > 0) show();
