// A text field that offers what is found for its words, of which several are taken: the "editable
// combobox with list autocomplete" of the ARIA Authoring Practices. The focus stays in the field.
const ASK_AFTER_MS = 200;

// `find(words)` promises {told, found: [{name, about}]}; `toggle(item)` takes an item, or leaves it
// out again, and returns what to say of it.
export function startCombobox(picker, { find, has, toggle }) {
  const input = picker.querySelector("[role=combobox]");
  const list = picker.querySelector("[role=listbox]");
  const status = picker.querySelector("[role=status]");
  const items = new Map(); // by option
  let [timer, active, pending] = [0, null, null];

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_AFTER_MS);
  });
  input.addEventListener("click", () => list.hidden && ask());
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // would take the focus
  list.addEventListener("click", ({ target }) => take(target.closest("[role=option]")));

  // A question that is on its way is not asked again, however often the arrows are pressed.
  function ask() {
    clearTimeout(timer);
    const words = input.value.trim();
    if (pending?.words !== words) {
      pending = { words };
      pending.done = hear(pending);
    }
    return pending.done;
  }

  async function hear(mine) {
    const answer = await find(mine.words);
    if (mine !== pending) return;
    pending = null;
    if (!answer || document.activeElement !== input) return;
    items.clear();
    list.replaceChildren(...answer.found.map(option));
    point(null);
    list.hidden = answer.found.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = answer.told;
  }

  function option(item, number) {
    const one = document.getElementById("strata-option").content.firstElementChild.cloneNode(true);
    one.id = `${list.id}-${number}`;
    one.querySelector("code").textContent = item.name;
    one.querySelector(".hint").textContent = item.about;
    one.setAttribute("aria-selected", String(has(item.name)));
    items.set(one, item);
    return one;
  }

  function onKey(event) {
    if (event.isComposing) return; // Enter ends the word that an input method makes
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) ask();
      else move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault(); // would send the form
      if (!list.hidden || input.value.trim()) {
        event.stopPropagation(); // would go to the next step of the form
        enter();
      }
    } else if (event.key === "Escape" && (!list.hidden || input.value)) {
      event.preventDefault();
      event.stopPropagation();
      if (list.hidden) input.value = "";
      close();
    }
  }

  function move(step) {
    const options = [...list.children];
    const here = active ? options.indexOf(active) : step > 0 ? -1 : options.length;
    point(options[(here + step + options.length) % options.length]);
  }

  function point(one) {
    active?.classList.remove("is-active");
    active = one;
    if (!one) return input.removeAttribute("aria-activedescendant");
    one.classList.add("is-active");
    one.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", one.id);
  }

  // What the arrows point at, or the only one that can be meant.
  async function enter() {
    if (active) return take(active);
    await ask();
    const words = input.value.trim().toLowerCase();
    const options = [...items.keys()];
    const same = options.find((one) => items.get(one).name.toLowerCase() === words);
    const meant = same ?? (options.length === 1 && words ? options[0] : null);
    if (meant) take(meant);
    else if (options.length) status.textContent = picker.dataset.which;
  }

  function take(one) {
    if (!one) return;
    const said = toggle(items.get(one));
    input.value = "";
    close();
    status.textContent = said;
  }

  function close() {
    clearTimeout(timer);
    pending = null;
    point(null);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }
}
