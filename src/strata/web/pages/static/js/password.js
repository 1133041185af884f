// Password fields: show and hide, and a checklist that follows what is typed. The server decides;
// the rules here are the same ones, so that nobody learns them by being refused.
// The address of this module is given to pages that have such a field.
const RULES = {
  length: (text) => [...text].length >= 8,
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /\p{Ll}/u.test(text),
  special: (text) => /[\p{P}\p{S}]/u.test(text),
};

for (const field of document.querySelectorAll("[data-password]")) {
  startToggle(field);
  startRules(field);
}

function startToggle(field) {
  const input = field.querySelector("input");
  const toggle = field.querySelector("[data-password-toggle]");
  if (!toggle) return;
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    toggle.setAttribute("aria-pressed", String(shown));
    toggle.setAttribute("aria-label", shown ? toggle.dataset.hide : toggle.dataset.show);
  });
  // Never submitted as text: some browsers would offer it as a former entry.
  input.form?.addEventListener("submit", () => {
    input.type = "password";
  });
}

function startRules(field) {
  const list = field.querySelector("[data-password-rules]");
  if (!list) return;
  list.setAttribute("aria-live", "polite");
  const input = field.querySelector("input");
  const follow = () => {
    const text = input.value.normalize("NFC");
    for (const item of list.querySelectorAll("[data-rule]")) {
      const met = RULES[item.dataset.rule](text);
      item.classList.toggle("is-met", met);
      const state = met ? list.dataset.met : list.dataset.unmet;
      const place = item.querySelector("[data-state]");
      if (place.textContent !== state) place.textContent = state;
    }
  };
  input.addEventListener("input", follow);
  follow();
}
