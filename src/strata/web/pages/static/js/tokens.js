// Makes the form for a token quicker; it works without.
import { offer } from "./names.js";

const MOST_ROWS = 50;

const form = document.querySelector(".token-form");
const block = form?.querySelector("[data-repos]");
if (block) {
  offerRows(block);
  const list = document.getElementById("strata-repo-names");
  block.addEventListener("input", ({ target }) => {
    if (target.tagName === "INPUT") offer(target, list, form.dataset.search);
  });
}
const summary = form?.querySelector("[data-summary]");
if (summary) {
  form.addEventListener("change", () => tell(summary));
  form.addEventListener("input", () => tell(summary));
  summary.hidden = false;
  tell(summary);
}

// A button adds a line for one more repository.
function offerRows(block) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = block.dataset.more;
  block.append(button);
  for (const row of block.querySelectorAll(".repo-row")) offerRemoval(block, row);
  button.addEventListener("click", () => {
    const rows = block.querySelectorAll(".repo-row");
    const row = rows[rows.length - 1].cloneNode(true);
    const [input, select] = [row.querySelector("input"), row.querySelector("select")];
    input.name = `repo-${rows.length}`;
    select.name = `repo-${rows.length}-may`;
    for (const part of [input, select]) {
      const label = part.getAttribute("aria-label");
      part.setAttribute("aria-label", label.replace(String(rows.length), String(rows.length + 1)));
    }
    input.value = "";
    row.querySelector("button").remove();
    rows[rows.length - 1].after(row);
    offerRemoval(block, row);
    input.focus();
    if (rows.length + 1 >= MOST_ROWS) button.remove();
  });
}

// A button empties a line that names a repository.
function offerRemoval(block, row) {
  const input = row.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.append(picture(block.dataset.removeIcon));
  const name = () => {
    const text = input.value.trim();
    button.disabled = !text;
    button.setAttribute("aria-label", block.dataset.remove.replace("{name}", text || input.getAttribute("aria-label")));
  };
  input.addEventListener("input", name);
  button.addEventListener("click", () => {
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  });
  name();
  row.append(button);
}

function picture(address) {
  const [svg, use] = ["svg", "use"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [name, value] of [["class", "icon"], ["width", "16"], ["height", "16"], ["aria-hidden", "true"]])
    svg.setAttribute(name, value);
  use.setAttribute("href", address);
  svg.append(use);
  return svg;
}

// Says in words what the boxes open.
function tell(summary) {
  const lines = [];
  for (const input of form.querySelectorAll(".scope input:checked")) {
    const label = form.querySelector(`label[for="${CSS.escape(input.id)}"]`).textContent.trim();
    const place = input.name.startsWith("org:") ? `${input.name.split(":")[1]}/*: ` : "";
    lines.push(place + label);
  }
  for (const row of form.querySelectorAll(".repo-row")) {
    const name = row.querySelector("input").value.trim();
    const level = row.querySelector("select").selectedOptions[0].textContent;
    if (name) lines.push(`${name}: ${level}`);
  }
  const list = summary.querySelector("ul");
  const shown = lines.length ? lines : [list.dataset.nothing];
  list.replaceChildren(...shown.map((line) => Object.assign(document.createElement("li"), { textContent: line })));
}
