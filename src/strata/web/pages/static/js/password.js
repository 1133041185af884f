// Password fields: show and hide, and a checklist that follows what is typed. The server decides;
// the rules here are the same ones, so that nobody learns them by being refused.
// The address of this module is given to pages that have such a field.
const KINDS = [[/\p{Ll}/u, 26], [/\p{Lu}/u, 26], [/\p{Nd}/u, 10], [/[\p{P}\p{S} ]/u, 33], [/\p{Lo}/u, 2000]];
const BITS = [28, 40, 56, 72]; // below: very weak, weak, fair, good
const RULES = {
  length: (text, least) => [...text].length >= least,
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /\p{Ll}/u.test(text),
  special: (text) => /[\p{P}\p{S}]/u.test(text),
};

for (const field of document.querySelectorAll("[data-password]")) {
  startToggle(field);
  startRules(field);
  startStrength(field);
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
      const met = RULES[item.dataset.rule](text, Number(list.dataset.least));
      item.classList.toggle("is-met", met);
      const state = met ? list.dataset.met : list.dataset.unmet;
      const place = item.querySelector("[data-state]");
      if (place.textContent !== state) place.textContent = state;
    }
  };
  input.addEventListener("input", follow);
  follow();
}

// Advice, and nothing more: how many guesses a password of this kind takes, in five words.
function startStrength(field) {
  const place = field.querySelector("[data-password-strength]");
  if (!place) return;
  const meter = place.querySelector("meter");
  const said = place.querySelector("[data-words]");
  const words = said.dataset.words.split("|");
  const input = field.querySelector("input");
  const follow = () => {
    const level = strength(input.value.normalize("NFC"));
    place.hidden = input.value === "";
    meter.value = level;
    if (said.textContent !== words[level]) said.textContent = words[level];
  };
  input.addEventListener("input", follow);
  follow();
}

function strength(text) {
  const alphabet = KINDS.reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 1);
  // What repeats or goes on (aaaa, abcd, 1234) is guessed at once.
  const letters = [...text];
  const fresh = letters.filter((letter, place) => {
    const step = letter.codePointAt(0) - (letters[place - 1] ?? "").codePointAt(0);
    return !(Math.abs(step) <= 1);
  });
  const surprising = Math.min(fresh.length, new Set(letters).size * 2);
  const bits = surprising * Math.log2(alphabet);
  return BITS.filter((least) => bits >= least).length;
}
