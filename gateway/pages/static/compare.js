// What a page shows of a ledger, compared with the receipts that this browser keeps of it.

import { $, read, show } from "./page.js";
import { Contradiction, compare } from "./receipts.js";

const shown = read("shown");

try {
  await compare(shown, shown);
} catch (error) {
  if (!(error instanceof Contradiction)) throw error;
  show($("contradicted"));
  $("contradicted").focus();
}
