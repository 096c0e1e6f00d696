// What a page that follows a stream does: it says how old its figures are and what is wrong, and shows elements that the server has
// made. Scripts of the desk make none of texts.

import { $, show } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";
const SLOW = 10_000; // milliseconds without news after which that is said
const STALE = 30_000;
const AGAIN = 5_000;
const WHY = { 401: "out", 403: "out", 404: "out", 429: "many", 503: "archive" }; // a stream is refused, by the status of the answer

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (gap, name) => values[name] ?? gap);

// What the server has made as a tree of [name, attributes, children], as elements.
export function build([name, attributes, children], drawn = false) {
  const inside = drawn || name === "svg";
  const element = inside ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [one, value] of Object.entries(attributes)) element.setAttribute(one, value);
  for (const one of children) element.append(typeof one === "string" ? one : build(one, inside));
  return element;
}

// A span of time in words, two units at most.
export function span(milliseconds, words) {
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

const clock = (moment) => new Date(moment).toISOString().slice(11, 16);

// A sentence in its place; an empty one hides it.
export function say(element, text) {
  const paragraph = element.querySelector("p");
  if (paragraph.textContent !== text) paragraph.textContent = text;
  show(element, Boolean(text));
}

// Follow a stream, from what the page knew when it was made. `take` is given what it says; a beat says how things stand. Given back:
// `now`, the time by the clock of the server; `turn`, which follows another stream.
export function follow({ stream, words, ...begun }, take) {
  let [address, source, over] = [stream, null, false];
  let ahead = Date.parse(begun.at) - Date.now(); // of the clock of this machine, at most by how long the page was on its way
  let at = Date.parse(begun.at);
  let [heard, began] = [Date.now(), 0];
  let state = { archive: "up", engine: begun.engine, due: begun.due };
  let why = ""; // the stream broke: the sentence that says why, until it is there again
  let broke = 0; // how often it broke since it was there
  const now = () => Date.now() + ahead;

  function tell() {
    if (over) {
      $("live").className = "live";
      $("live").querySelector("b").textContent = words.over;
      show($("live").querySelector("span"), false);
      return;
    }
    const silent = Date.now() - heard;
    const stale = why || (silent > STALE ? "stale" : state.archive === "away" ? "archive" : "");
    const time = `${clock(at)} UTC`;
    say($("stale"), stale && fill(words[stale], { time }));
    const broken = { no_worker: words.no_worker_means, away: words.away_means }[state.engine];
    say($("engine"), broken ? fill(broken, { count: state.due }) : "");
    const [word, more] = [$("live").querySelector("b"), $("live").querySelector("span")];
    $("live").className = stale ? "live soon" : broken ? "live late" : "live";
    word.textContent = stale ? words.not_live : broken ? words[state.engine] : words.live;
    more.textContent = stale ? fill(words.since, { time }) : fill(words.ago, { seconds: Math.max(0, Math.round(silent / 1000)) });
    show(more, Boolean(stale) || silent > SLOW || !broken);
    const told = new Date(now()).toISOString();
    $("clock").querySelector("b").textContent = `${told.slice(11, 16)} UTC`;
    $("clock").querySelector("span").textContent = told.slice(0, 10);
  }

  // In the head of the page, how many services are silent; who is not told how many keeps what is there.
  function count(silent) {
    $("silent").lastElementChild.textContent = silent;
    show($("silent"), silent > 0);
  }

  // As of when the page is, for paper.
  function dated() {
    const text = `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    for (const one of document.querySelectorAll(".as-of")) if (one.textContent !== text) one.textContent = text;
  }

  function hear(event) {
    heard = Date.now();
    [why, broke] = ["", 0];
    const said = JSON.parse(event.data);
    if (said.kind === "beat") {
      at = Date.parse(said.at);
      if (said.archive === "up") ahead = at - Date.now();
      dated();
      state = { archive: said.archive, engine: said.engine, due: said.due };
      if (Number.isInteger(said.silent)) count(said.silent);
    }
    take(said);
    tell();
  }

  function listen() {
    const mine = new EventSource(address);
    [source, began] = [mine, Date.now()];
    mine.onmessage = hear;
    mine.addEventListener("end", () => {
      over = true;
      mine.close();
      tell();
    });
    mine.onerror = () => {
      if (mine !== source) return;
      broke += 1;
      if (mine.readyState !== EventSource.CLOSED) {
        if (broke > 1) because("stale"); // it comes back by itself, and did not
        return;
      }
      because(why || "stale");
      fetch(address, { method: "HEAD" }).then(({ status }) => mine === source && because(WHY[status] ?? "stale"), () => {});
      setTimeout(() => mine === source && listen(), AGAIN);
    };
  }

  function because(reason) {
    why = reason;
    tell();
  }

  function turn(another) {
    source.close();
    address = another;
    listen();
  }

  // A connection that hangs is not said to be lost: after a silence another is made.
  function beat() {
    if (!over && Date.now() - Math.max(heard, began) > STALE) turn(address);
    tell();
  }

  addEventListener("pagehide", () => source.close(), { once: true });
  tell();
  listen();
  setInterval(beat, 1000);
  return { now, turn };
}
