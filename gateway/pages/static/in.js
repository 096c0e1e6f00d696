// Use the one-time link: its token stands after the `#`, where no server and no log sees it, until here.

import { $, show } from "./page.js";

async function enter() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const answer = await fetch(location.pathname, {
    method: "POST",
    body: JSON.stringify({ token }),
    headers: { "Content-Type": "application/json" },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  location.replace("/desk");
}

enter().catch(() => {
  show($("wait"), false);
  show($("refused"));
});
