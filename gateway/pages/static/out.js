// Signed out: what this tab remembers of a view is forgotten.

import { forget } from "./shortcuts.js";

forget();
