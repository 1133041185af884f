// A code that is complete is sent after a moment in which that can be undone: by more typing, Escape
// or the button. One that was refused may be corrected in peace.
import { announce } from "./announce.js";

const PAUSE_MS = 1000;

for (const input of document.querySelectorAll("[data-one-time-code]")) {
  if (input.getAttribute("aria-invalid") !== "true") follow(input);
}

function follow(input) {
  const length = Number(input.dataset.oneTimeCode);
  const note = input.form.querySelector("[data-one-time-note]");
  let timer = 0;
  let undone = false;
  const hold = () => {
    clearTimeout(timer);
    note.hidden = true;
  };
  const undo = () => {
    undone = true;
    hold();
    input.focus();
  };
  input.addEventListener("input", () => {
    hold();
    if (undone || input.value.replace(/[\s-]/g, "").length !== length) return;
    note.hidden = false;
    announce(note.querySelector("span").textContent);
    timer = setTimeout(() => input.form.requestSubmit(), PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") undo();
  });
  note.querySelector("button").addEventListener("click", undo);
  input.form.addEventListener("submit", hold);
}
