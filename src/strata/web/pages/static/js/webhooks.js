// What is watched stands in lists of names, one a line. Added here: a search above each list.
// A delivery has a page of its own. Added here: a button in its row that shows that page below it.
import { offer } from "./names.js";

for (const text of document.querySelectorAll("textarea[data-kinds]")) addSearch(text);
for (const button of document.querySelectorAll("button[data-delivery]")) addDetails(button);

function addSearch(text) {
  const list = Object.assign(document.createElement("datalist"), { id: `${text.id}-names` });
  const input = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", spellcheck: false });
  input.setAttribute("list", list.id);
  input.setAttribute("aria-label", text.dataset.search);
  input.placeholder = text.dataset.search;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button" });
  button.textContent = text.dataset.add;
  const row = Object.assign(document.createElement("div"), { className: "name-search" });
  row.append(input, button, list);
  text.before(row);

  input.addEventListener("input", () => offer(input, list, text.dataset.address, text.dataset.kinds.split(" ")));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // would send the form
    button.click();
  });
  button.addEventListener("click", () => {
    const name = input.value.trim();
    const lines = text.value.split("\n").filter((line) => line.trim());
    if (name && !lines.includes(name)) text.value = [...lines, name].join("\n");
    input.value = "";
    input.focus();
  });
}

function addDetails(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    const row = document.getElementById(button.getAttribute("aria-controls"));
    if (row) row.hidden = !open;
    else await showBelow(button);
  });
}

async function showBelow(button) {
  const line = button.closest("tr");
  const cell = Object.assign(document.createElement("td"), { colSpan: line.cells.length });
  const row = Object.assign(document.createElement("tr"), { id: button.getAttribute("aria-controls"), className: "delivery-more" });
  row.append(cell);
  line.after(row); // at once: a second click meanwhile finds it
  const answer = await fetch(button.dataset.delivery, { headers: { Accept: "text/html" } }).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  const shown = new DOMParser().parseFromString(text, "text/html").getElementById("delivery");
  if (!shown) return location.assign(button.dataset.delivery); // which says what is wrong
  shown.removeAttribute("id");
  for (const copying of shown.querySelectorAll("button[data-copy]")) copying.hidden = false;
  cell.append(shown);
}
