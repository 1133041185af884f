// Buttons that copy: <button hidden data-copy="text" data-copied="Copied" data-failed="Press Ctrl+C">.
// navigator.clipboard exists on https and localhost only; a hub on a plain http address in a
// company network falls back to execCommand, and at last to selecting the text.
import { announce } from "./announce.js";

const DONE_MS = 2000;

export function startCopying() {
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
  });
}

async function copy(button) {
  const text = button.dataset.copy;
  const copied = (await throughClipboard(text)) || throughSelection(text, button);
  if (copied) {
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), DONE_MS);
  } else {
    selectNeighbour(button);
  }
  announce(copied ? button.dataset.copied : button.dataset.failed);
}

async function throughClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function throughSelection(text, button) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  (button.closest("dialog") ?? document.body).append(area); // under a dialog nothing can be selected
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  area.remove();
  before?.focus();
  return copied;
}

function selectNeighbour(button) {
  const shown = button.parentElement.querySelector("input, code, pre");
  if (shown?.select) shown.select();
  else if (shown) getSelection().selectAllChildren(shown);
}
