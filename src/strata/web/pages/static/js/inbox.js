// The keyboard of the inbox: j and k walk through the list, Enter opens, e is done, u turns read into
// unread and back, m mutes. The list works without: each key presses a button that is there.
import { isShortcut } from "./keys.js";

const grid = document.querySelector("[data-inbox]");
const form = document.getElementById("strata-inbox-form");
if (grid && form) start([...grid.querySelectorAll("tbody tr")]);

function start(rows) {
  grid.setAttribute("role", "grid");
  grid.tabIndex = 0;
  let current = rows.findIndex((row) => `#${row.id}` === location.hash);
  if (current < 0) current = rows.findIndex((row) => row.hasAttribute("data-open"));
  if (current >= 0) activate(rows, current);

  document.addEventListener("keydown", (event) => {
    if (!isShortcut(event) || rows.length === 0) return;
    const step = { j: 1, k: -1 }[event.key] ?? (event.target === grid ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
    if (step) {
      event.preventDefault();
      current = Math.min(rows.length - 1, Math.max(0, current < 0 ? 0 : current + step));
      activate(rows, current);
      grid.focus({ preventScroll: true });
      return;
    }
    const row = rows[current];
    if (!row) return;
    if (event.key === "Enter" && event.target === grid) press(event, row.querySelector("[name=open]"));
    if (event.key === "e") actOn(event, rows, current, "done");
    if (event.key === "m" && row.hasAttribute("data-mutable")) actOn(event, rows, current, "mute");
    if (event.key === "u") actOn(event, rows, current, row.hasAttribute("data-unread") ? "read" : "unread");
  });

  const all = document.getElementById("strata-inbox-page");
  if (!all) return;
  all.closest(".inbox-select").hidden = false;
  all.addEventListener("change", () => {
    for (const box of grid.querySelectorAll("[type=checkbox]")) box.checked = all.checked;
  });
}

function activate(rows, current) {
  rows.forEach((row, place) => row.classList.toggle("is-active", place === current));
  grid.setAttribute("aria-activedescendant", rows[current].id);
  rows[current].scrollIntoView({ block: "nearest" });
}

// Tick this row alone and press the button; the page comes back with the next row active.
function actOn(event, rows, current, act) {
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
  rows[current].querySelector("[type=checkbox]").checked = true;
  const stays = act === "read" || act === "unread";
  const next = stays ? rows[current] : (rows[current + 1] ?? rows[current - 1]);
  form.elements.at.value = next ? next.id.slice(1) : "";
  press(event, form.querySelector(`[name=act][value=${act}]`));
}

function press(event, button) {
  event.preventDefault();
  form.requestSubmit(button);
}
