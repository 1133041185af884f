// What every page loads. Each part improves something that already works without it.
import { startCopying } from "./copy.js";
import { startMenus } from "./menu.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./time.js";

startMenus();
startCopying();
startTheme();
startTimes();

// The error summary takes the focus, so that a screen reader begins with what went wrong.
document.querySelector("[data-focus]")?.focus();

// A secret shown once is selected as a whole when it is entered.
for (const input of document.querySelectorAll("input[data-select]")) {
  input.addEventListener("focus", () => input.select());
}

// "/" goes to the search box, unless something is being typed.
document.addEventListener("keydown", (event) => {
  if ("noShortcuts" in document.documentElement.dataset) return;
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.getElementById("strata-search");
  if (!search || search.offsetParent === null) return;
  event.preventDefault();
  search.focus();
});
