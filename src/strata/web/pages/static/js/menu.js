// Menus are <details class="menu">: the browser opens them with Enter and Space.
// Added here: arrows, Home and End move inside, Esc closes and returns the focus, and so does a
// click elsewhere. Dialogs are <details data-dialog>, and keep the focus while they are open.
const ENTRIES = ".menu-list a, .menu-list button";
const FOCUSABLE = "a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary";

export function startMenus() {
  for (const menu of document.querySelectorAll("details.menu")) startMenu(menu);
  for (const dialog of document.querySelectorAll("details[data-dialog]")) startDialog(dialog);
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}

function startMenu(menu) {
  menu.addEventListener("toggle", () => {
    if (!menu.open) return;
    for (const other of document.querySelectorAll("details.menu[open]")) {
      if (other !== menu) other.open = false;
    }
  });
  menu.addEventListener("keydown", (event) => onMenuKey(menu, event));
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}

function onMenuKey(menu, event) {
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    close(menu);
    return;
  }
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  menu.open = true;
  const entries = [...menu.querySelectorAll(ENTRIES)].filter((entry) => entry.offsetParent !== null);
  if (entries.length === 0) return;
  entries[nextIndex(event.key, entries.indexOf(document.activeElement), entries.length)].focus();
}

function nextIndex(key, current, length) {
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  if (key === "ArrowDown") return (current + 1) % length;
  return current <= 0 ? length - 1 : current - 1;
}

function startDialog(dialog) {
  const panel = dialog.querySelector(".dialog-panel");
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-modal", "true");
  dialog.classList.add("is-modal");
  showCancel(panel);
  dialog.addEventListener("toggle", () => {
    if (dialog.open) (panel.querySelector("[autofocus], input:not([type=hidden]), button") ?? panel).focus();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dialog.open) {
      event.preventDefault();
      close(dialog);
    }
    if (event.key === "Tab" && dialog.open) keepInside(panel, event);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-dialog-close]")) close(dialog);
  });
}

// Phones have no Esc. The button stands beside the last of the others, unless the dialog has one of its own.
function showCancel(panel) {
  const cancel = panel.querySelector(".dialog-cancel");
  if (!cancel || panel.querySelectorAll("[data-dialog-close]").length > 1) return;
  const rows = panel.querySelectorAll(".button-row");
  if (rows.length) rows[rows.length - 1].append(...cancel.children);
  cancel.hidden = rows.length > 0;
}

function keepInside(panel, event) {
  const stops = [...panel.querySelectorAll(FOCUSABLE)].filter((stop) => stop.offsetParent !== null);
  if (stops.length === 0) return;
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement !== edge && panel.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
}

function close(details) {
  details.open = false;
  details.querySelector("summary").focus();
}
