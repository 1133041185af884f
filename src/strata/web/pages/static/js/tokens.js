// Makes the form for a token quicker; it works without: with lines in which names are typed.
import { startCombobox } from "./combobox.js";
import { chipsIn } from "./repo-chips.js";

const TELL_AFTER_MS = 250;

const form = document.querySelector(".token-form");
const rows = form?.querySelector("[data-rows]");
if (rows) takeOver(rows);
for (const block of form?.querySelectorAll("[data-only]") ?? []) narrow(block);
const summary = form?.querySelector("[data-summary]");
if (summary && form.dataset.tell) startTelling(summary);

// Instead of a line for each repository one field finds them; the names of the fields stay.
function takeOver(rows) {
  const picker = rows.parentElement.querySelector("[data-picker]");
  const chips = start(picker, true);
  for (const row of rows.querySelectorAll(".repo-row")) {
    const [input, select] = [row.querySelector("input"), row.querySelector("select")];
    const name = input.value.trim();
    if (name) chips.add({ name, about: input.dataset.about, level: select.value, missing: !input.dataset.about });
  }
  rows.remove();
  // What was typed and not chosen is sent too: the answer says what is wrong with it.
  form.addEventListener("submit", () => {
    const input = picker.querySelector("[role=combobox]");
    if (input.value.trim()) input.name = `repo-${chips.count()}`;
  });
}

// The repositories to which an organization is narrowed stand in one field, with commas between.
function narrow(block) {
  const [line, picker] = [block.querySelector("input"), block.querySelector("[data-picker]")];
  const about = line.dataset.about.split("|");
  const names = line.value.split(/[\s,]+/).filter(Boolean);
  const write = (chosen) => {
    line.value = chosen.join(", ");
  };
  const chips = start(picker, false, write);
  names.forEach((name, number) => chips.add({ name, about: about[number], missing: !about[number] }));
  line.closest(".field").hidden = true;
  form.addEventListener("submit", () => write([...chips.names(), picker.querySelector("[role=combobox]").value.trim()].filter(Boolean)));
}

function start(picker, withLevels, write = () => {}) {
  picker.hidden = false;
  const chips = chipsIn(picker, withLevels, (names) => {
    write(names);
    form.dispatchEvent(new Event("change"));
  });
  startCombobox(picker, { find: (words) => find(words, picker.dataset.owner), has: chips.has, toggle: chips.toggle });
  return chips;
}

async function find(words, owner) {
  const asked = new URLSearchParams({ q: words, owner });
  try {
    const answer = await fetch(`${form.dataset.search}?${asked}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // offline
  }
}

// Says in words what the form opens, whenever it changes.
function startTelling(summary) {
  let [timer, asked] = [0, 0];
  for (const kind of ["change", "input"]) form.addEventListener(kind, soon);
  summary.hidden = false;
  tell();

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(tell, TELL_AFTER_MS);
  }

  async function tell() {
    const fields = [...new FormData(form)].filter(([name, value]) => value && !["csrf_token", "mark", "name"].includes(name));
    if (form.dataset.edits !== undefined) fields.push(["role", "fineGrained"]);
    const mine = ++asked;
    try {
      const answer = await fetch(`${form.dataset.tell}?${new URLSearchParams(fields)}`);
      if (!answer.ok || mine !== asked) return;
      show(summary, await answer.json());
    } catch {
      // Offline.
    }
  }
}

function show(summary, { sentence, warnings }) {
  const [line, list] = [summary.querySelector("p"), summary.querySelector("ul")];
  // Unchanged words are not said again.
  if (line.textContent !== sentence) line.textContent = sentence;
  if ([...list.children].map((one) => one.textContent).join() === warnings.join()) return;
  list.replaceChildren(
    ...warnings.map((text) => {
      const one = summary.querySelector("template").content.firstElementChild.cloneNode(true);
      one.querySelector("span").textContent = text;
      return one;
    }),
  );
}
