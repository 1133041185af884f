// Single keys that work on every page: "/" goes to the search box, "g" and then a letter to a list.
// They can be turned off in the settings, and do nothing while something is being typed.
const PLACES = { m: "/models", d: "/datasets", s: "/spaces", n: "/notifications" };
const PATIENCE_MS = 1500; // between the two keys

let waiting = 0; // until when the second key counts

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (!isShortcut(event)) return;
    const place = Date.now() < waiting ? PLACES[event.key] : undefined;
    waiting = event.key === "g" ? Date.now() + PATIENCE_MS : 0;
    if (place) {
      event.preventDefault();
      location.assign(document.documentElement.dataset.cookiePath.replace(/\/$/, "") + place);
    } else if (event.key === "/") {
      toSearch(event);
    }
  });
}

// Whether a key is meant for the page, and not for a field, for a dialog over it or for the browser.
export function isShortcut(event) {
  if ("noShortcuts" in document.documentElement.dataset) return false;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
}

function toSearch(event) {
  const search = document.getElementById("strata-search");
  if (!search || search.offsetParent === null) return;
  event.preventDefault();
  search.focus();
}
