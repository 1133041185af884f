// "?" opens the list of the keys that work here; the browser closes it with Esc and gives the focus back.
import { isShortcut } from "./keys.js";

export function startKeySheet() {
  const sheet = document.getElementById("strata-keys");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || !isShortcut(event)) return;
    event.preventDefault();
    sheet?.showModal?.();
  });
}
