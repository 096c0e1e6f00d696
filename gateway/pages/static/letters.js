// Whether letters are keys in this browser (WCAG 2.1.4).

import { $, show } from "./page.js";
import { areOff, turn } from "./shortcuts.js";

$("letters-on").checked = !areOff();
$("letters-on").addEventListener("change", ({ target }) => turn(target.checked));
show($("letters"));
