// Come in: with a one-time link, whose token stands after the `#`, where no server and no log sees it, until here; or, where there
// is an OpenID provider, through that: there by a button, and back with what it has said.

import { $, show } from "./page.js";

async function post(path, said) {
  const answer = await fetch(path, {
    method: "POST",
    body: JSON.stringify(said),
    headers: { "Content-Type": "application/json" },
  });
  if (!answer.ok) throw await answer.json();
  return answer;
}

// Why it was not done, as Vigil says; where it says nothing, it does not answer, which stands there.
function refused({ detail, hint }) {
  show($("wait"), false);
  if ($("choice")) show($("choice"));
  if (detail) $("why").textContent = [detail, hint].filter(Boolean).join(". ");
  show($("unable"));
}

async function enter() {
  const token = location.hash.slice(1);
  const said = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  if (token || !$("choice")) {
    await post(location.pathname, { token });
  } else if (said.has("state")) {
    const known = ["state", "code", "iss", "error"].filter((name) => said.has(name));
    await post(`${location.pathname}/back`, Object.fromEntries(known.map((name) => [name, said.get(name)])));
  } else {
    show($("wait"), false);
    show($("choice"));
    return;
  }
  location.replace("/desk");
}

async function go() {
  show($("unable"), false);
  location.assign((await (await post(`${location.pathname}/go`, {})).json()).address);
}

$("go")?.addEventListener("click", () => go().catch(refused));
function come() {
  const linked = location.hash || !$("choice");
  enter().catch((problem) => {
    if (!linked || problem.status !== 401) return refused(problem);
    show($("wait"), false);
    show($("refused"));
  });
}

// A fresh link that is opened where one failed: the browser stays on the page.
addEventListener("hashchange", () => {
  if (!location.hash) return;
  for (const one of document.querySelectorAll("#refused, #unable, #choice")) show(one, false);
  show($("wait"));
  come();
});
come();
