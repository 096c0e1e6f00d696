// The print layout: its button opens the browser's own dialog.

import { $, show } from "./page.js";

show($("print"));
$("print").addEventListener("click", () => print());
