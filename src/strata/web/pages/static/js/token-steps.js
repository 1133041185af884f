// On a narrow screen the form for a fine-grained token is filled in step by step; elsewhere, and
// without this, all of it stands on one page.
const NARROW = window.matchMedia("(max-width: 760px)");

const form = document.querySelector(".token-form[data-step-of]");
const parts = form ? [...form.querySelectorAll("[data-step]")] : [];
const steps = [...new Set(parts.map((part) => part.dataset.step))].sort();
if (steps.length) walk();

function walk() {
  const bar = document.createElement("div");
  bar.className = "step-bar";
  bar.append(says(), press("back"), press("next"));
  form.append(bar);
  const [told, back, next] = bar.children;
  let here = Math.max(0, steps.indexOf(faulty()?.dataset.step));

  back.addEventListener("click", () => go(here - 1));
  next.addEventListener("click", () => isComplete() && go(here + 1));
  form.addEventListener("change", show);
  // Enter would make the token before its owner has seen what it opens.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || bar.hidden || next.hidden || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    next.click();
  });
  // A link of the error summary leads to a field of another step.
  window.addEventListener("hashchange", () => {
    const part = document.getElementById(location.hash.slice(1))?.closest("[data-step]");
    if (part) go(steps.indexOf(part.dataset.step));
  });
  NARROW.addEventListener("change", show);
  show();

  function go(number) {
    here = Math.min(Math.max(number, 0), steps.length - 1);
    show();
    const first = shown()[0];
    first.tabIndex = -1;
    first.focus({ preventScroll: true });
    form.scrollIntoView({ block: "start" });
  }

  function show() {
    const stepping = NARROW.matches && isNarrowed();
    bar.hidden = !stepping;
    for (const part of parts) part.classList.toggle("step-away", stepping && part.dataset.step !== steps[here]);
    back.hidden = here === 0;
    next.hidden = here === steps.length - 1;
    const words = form.dataset.stepOf.replace("{step}", here + 1).replace("{steps}", steps.length);
    if (told.textContent !== words) told.textContent = words;
  }

  function shown() {
    return parts.filter((part) => part.dataset.step === steps[here]);
  }

  function isComplete() {
    const fields = shown().flatMap((part) => [...part.querySelectorAll("input, select")]);
    return fields.every((field) => field.reportValidity());
  }
}

// Where the server found something wrong.
function faulty() {
  return parts.find((part) => part.querySelector(".field-error, [aria-invalid]"));
}

function isNarrowed() {
  const role = form.querySelector("input[name=role]:checked");
  return !role || role.value === "fineGrained";
}

function says() {
  const line = document.createElement("p");
  line.className = "hint";
  line.setAttribute("role", "status");
  return line;
}

function press(name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = form.dataset[name];
  return button;
}
