// Acts that need a fresh proof of who sits there ask for it over the page they stand on, and go on
// afterwards with all that was typed, chosen and pressed.
//
// Which acts these are, the server alone knows: every form tells it by a mark that its page can ask.
// Where a proof is missing the server does nothing and answers 204, by which the browser stays where
// it is, and a cookie named by the mark. Without this script it answers with a page that asks.
const MARK = "sudo_stay";
const LOOK_EVERY_MS = 100;

const root = document.documentElement;
let pressed = {}; // the form that was submitted last, and with which button
let resumed = null; // the act that this script is sending
const sent = new Map(); // the marks of what may have been sent, and the act behind each
let looking = 0;
let asked = null; // the open dialog, and the act that waits for it

export function startProofs() {
  if (!root.dataset.prove || !window.HTMLDialogElement || !window.FormDataEvent) return;
  document.addEventListener("submit", ({ target, submitter }) => {
    pressed = { form: target, button: submitter };
  });
  document.addEventListener("formdata", (event) => goesOut(event.target, event.formData));
  addEventListener("pageshow", (event) => event.persisted && asked?.dialog.close());
}

function goesOut(form, fields) {
  if (form.getAttribute("method")?.toLowerCase() !== "post" || asked?.dialog.contains(form)) return;
  if (!resumed && pressed.form !== form) return; // only looked at by a script
  const act = resumed ?? { ...pressed, from: document.activeElement };
  // A form that is sent by a script has forgotten its button.
  if (resumed?.button?.name) fields.append(resumed.button.name, resumed.button.value);
  if (resumed?.plain) return;
  const mark = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  fields.append(MARK, mark);
  sent.set(mark, act); // browsers gather the fields more than once, and send one of these marks
  clearInterval(looking);
  looking = setInterval(look, LOOK_EVERY_MS);
}

function look() {
  for (const [mark, act] of sent) {
    const why = taken(`proof-${mark}`);
    if (!why) continue;
    clearInterval(looking);
    sent.clear();
    ask(act, why);
    return;
  }
}

// Why the server wants a proof for this very form; undefined where it has not said that it does.
function taken(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  if (found) document.cookie = `${name}=; path=${root.dataset.cookiePath}; max-age=0; samesite=strict`;
  return found?.slice(name.length + 1);
}

function send(act) {
  resumed = act;
  HTMLFormElement.prototype.submit.call(act.form);
  resumed = null;
}

async function ask(act, why) {
  const question = await answerOf(fetch(`${root.dataset.prove}?why=${encodeURIComponent(why)}`));
  if (!question.part) {
    send({ ...act, plain: true }); // the server's own page then says what is wrong
    return;
  }
  if (!asked) open(act, question.title);
  show(question);
}

function open(act, title) {
  const [dialog, heading, fault, place] = ["dialog", "h2", "p", "div"].map((name) => document.createElement(name));
  dialog.className = "modal-dialog";
  heading.id = "strata-proof-title";
  heading.textContent = title;
  fault.className = "field-error";
  fault.setAttribute("role", "alert");
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading, fault, place);
  asked = { act, dialog, fault, place, busy: false };
  dialog.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return; // a passkey is asked for first
    event.preventDefault();
    prove(event.target);
  });
  dialog.addEventListener("cancel", (event) => place.inert && event.preventDefault());
  dialog.addEventListener("close", putAway);
  document.body.append(dialog);
  dialog.showModal();
}

// Nothing was done, and everything stands as it was.
function putAway() {
  const { act, dialog } = asked;
  asked = null;
  pressed = {};
  dialog.remove(); // with what was typed in it
  act.form.dispatchEvent(new Event("unsent"));
  (act.form.contains(act.from) ? act.from : act.button)?.focus();
}

// Puts the ways to prove it into the dialog, as the server's own page has them.
function show({ part, said }) {
  const { dialog, fault, place } = asked;
  setBusy(false);
  for (const error of part.querySelectorAll(".field-error")) error.setAttribute("role", "alert");
  const [link, cancel] = [part.querySelector("[data-proof-cancel]"), document.createElement("button")];
  cancel.type = "button";
  cancel.className = link.className;
  cancel.textContent = link.textContent;
  cancel.addEventListener("click", () => dialog.close());
  link.replaceWith(cancel);
  place.replaceChildren(part);
  fault.textContent = part.querySelector(".field-invalid") ? "" : said;
  startPasskeys(part);
  const fields = [...part.querySelectorAll("input:not([type=hidden]), button")].filter((one) => one.offsetParent !== null);
  const first = part.querySelector("[aria-invalid=true], [data-focus]");
  (first ?? fields.find((one) => one.matches("input")) ?? fields[0]).focus();
}

async function startPasskeys(part) {
  const forms = [...part.querySelectorAll("form[data-passkey]")];
  if (!forms.length) return;
  const { start } = await import("./ceremony.js");
  for (const form of forms) start(form, () => prove(form));
}

async function prove(form) {
  const turn = asked;
  if (!turn || turn.busy) return; // cancelled meanwhile, or pressed twice
  setBusy(true);
  const body = new URLSearchParams(new FormData(form));
  const answer = await answerOf(fetch(form.action, { method: "POST", body, redirect: "manual" }));
  if (asked !== turn) return;
  if (answer.proved) {
    // The dialog stays until the next page comes: the second click of a double one hits nothing else.
    turn.place.inert = true;
    send(turn.act);
  } else if (answer.part) {
    show(answer);
  } else {
    setBusy(false);
    turn.fault.textContent = answer.said || turn.place.querySelector("[data-proof]").dataset.silent;
  }
}

function setBusy(busy) {
  asked.busy = busy;
  asked.place.inert = false;
  asked.dialog.setAttribute("aria-busy", String(busy));
}

// What the hub says: done, or a page, of which the part that asks and the words of the failure count.
async function answerOf(request) {
  try {
    const answer = await request;
    if (answer.type === "opaqueredirect") return { proved: true };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = [...page.querySelectorAll("main .error-summary li, main [data-failure]")];
    return {
      title: page.querySelector("main h1")?.textContent,
      part: page.querySelector("[data-proof]"),
      said: said.map((one) => one.textContent.trim()).join(" "),
    };
  } catch {
    return {};
  }
}
