// What is watched stands in lists of names, one a line. Added here: a search above each list.
import { offer } from "./names.js";

for (const text of document.querySelectorAll("textarea[data-kinds]")) addSearch(text);

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
