// What every page loads. Each part improves something that already works without it.
import { startBell } from "./bell.js";
import { startCopying } from "./copy.js";
import { startKeySheet } from "./key-sheet.js";
import { startKeys } from "./keys.js";
import { startLeaving } from "./leaving.js";
import { startMenus } from "./menu.js";
import { startOnce } from "./once.js";
import { startProofs } from "./proof.js";
import { startSecret } from "./secret.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./time.js";
import { startUnticked } from "./unticked.js";

startMenus();
startCopying();
startTheme();
startTimes();
startKeys();
startKeySheet();
startBell();
startLeaving();
startUnticked();
startOnce();
startProofs();

// The error summary takes the focus, so that a screen reader begins with what went wrong.
document.querySelector("[data-focus]")?.focus();

// On a narrow screen the entries of the settings stand in a row that is wider: where one is, is in sight.
for (const row of document.querySelectorAll(".side-nav, .tabs nav")) {
  const here = row.querySelector("[aria-current]");
  if (here && row.scrollWidth > row.clientWidth) {
    const [around, inside] = [row.getBoundingClientRect(), here.getBoundingClientRect()];
    row.scrollLeft += inside.left - around.left - (around.width - inside.width) / 2;
  }
}

// A secret shown once is selected as a whole when it is entered.
for (const input of document.querySelectorAll("input[data-select]")) {
  input.addEventListener("focus", () => input.select());
}
startSecret();
