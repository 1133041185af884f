// The repositories that were chosen in a picker: a list from which each can be taken out again.

// `changed(names)` hears of every change.
export function chipsIn(picker, withLevels, changed) {
  const list = picker.querySelector(".repo-chips");
  const input = picker.querySelector("[role=combobox]");
  const status = picker.querySelector("[role=status]");
  const names = () => [...list.children].map((chip) => chip.dataset.name);
  const has = (name) => names().includes(name);
  return { add, has, names, toggle, count: () => list.children.length };

  function toggle(item) {
    if (has(item.name)) return remove(item.name);
    if (list.children.length >= Number(picker.dataset.most)) return picker.dataset.full;
    add({ level: "read", ...item });
    return said("added", item.name);
  }

  function add({ name, about, level, missing = false }) {
    if (has(name)) return;
    const chip = document.getElementById("strata-chip").content.firstElementChild.cloneNode(true);
    chip.dataset.name = name;
    chip.classList.toggle("is-missing", missing);
    chip.querySelector("code").textContent = name;
    chip.querySelector(".hint").textContent = missing ? picker.dataset.missing : about;
    const button = chip.querySelector("button");
    button.setAttribute("aria-label", said("remove", name));
    button.addEventListener("click", () => {
      const next = (chip.nextElementSibling ?? chip.previousElementSibling)?.querySelector("button");
      status.textContent = remove(name);
      (next ?? input).focus();
    });
    if (withLevels) offerLevels(chip.querySelector("select"), name, level);
    else chip.querySelector(".select").remove();
    list.append(chip);
    renumber();
  }

  function offerLevels(select, name, level) {
    select.setAttribute("aria-label", said("may", name));
    // Only what was so before can stay so.
    if (level !== "as-before") select.querySelector("[value=as-before]")?.remove();
    select.value = level;
  }

  function remove(name) {
    [...list.children].find((chip) => chip.dataset.name === name)?.remove();
    renumber();
    return said("leftOut", name);
  }

  function renumber() {
    if (withLevels) {
      [...list.children].forEach((chip, number) => {
        const field = chip.querySelector("input");
        field.name = `repo-${number}`;
        field.value = chip.dataset.name;
        chip.querySelector("select").name = `repo-${number}-may`;
      });
    }
    changed(names());
  }

  function said(what, name) {
    return picker.dataset[what].replace("{name}", name);
  }
}
