// What makes the account pages quicker; every form works without it.
import { announce } from "./announce.js";

const ASK_AFTER_MS = 400;

for (const input of document.querySelectorAll("input[data-availability]")) followName(input);
for (const button of document.querySelectorAll("button[data-countdown]")) countDown(button);
for (const place of document.querySelectorAll("[data-wait]")) waitFor(place);
submitNow(document.querySelector("form[data-submit-now]"));

// Says whether a name is free while it is typed.
function followName(input) {
  const result = document.querySelector("[data-availability-result]");
  const former = document.getElementById(`${input.id}-error`);
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    result.hidden = true;
    if (former) former.hidden = true; // it was about another name
    if (input.value.trim()) timer = setTimeout(() => askName(input, result), ASK_AFTER_MS);
  });
}

async function askName(input, result) {
  const name = input.value.trim();
  try {
    const answer = await fetch(`${input.dataset.availability}?name=${encodeURIComponent(name)}`);
    // Too many questions, or typed on meanwhile: the form itself will tell.
    if (!answer.ok || input.value.trim() !== name) return;
    const { available, message } = await answer.json();
    result.textContent = available ? `${name}: ${input.dataset.free}` : message;
    result.classList.toggle("is-free", available);
    result.hidden = false;
  } catch {
    result.hidden = true;
  }
}

// The server refuses a second mail within a minute; the button says how long that still is. Who
// listens hears it once, and once more when it is over: the name of the button stays the same.
function countDown(button) {
  const label = button.querySelector("span");
  const usual = label.textContent;
  const end = Date.now() + Number(button.dataset.countdown) * 1000;
  const said = (left) => button.dataset.countdownText.replace("{n}", left);
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    label.textContent = left > 0 ? said(left) : usual;
    if (left > 0) setTimeout(tick, 1000);
    else if (button.ariaLabel) announce(usual);
    if (left <= 0) button.removeAttribute("aria-label");
  };
  if (Number(button.dataset.countdown) > 0) {
    button.ariaLabel = usual;
    announce(said(button.dataset.countdown));
  }
  tick();
}

// How long a log-in is refused for; another account may log in meanwhile, so nothing is disabled.
function waitFor(place) {
  const end = Date.now() + Number(place.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const { waitText, waitOver } = place.dataset;
    place.textContent = left > 0 ? waitText.replace("{time}", time) : waitOver;
    if (left > 0) setTimeout(tick, 1000);
  };
  place.hidden = false;
  tick();
}

// The link of a mail confirms by itself where scripts run; scanners of mail run none.
function submitNow(form) {
  if (!form) return;
  addEventListener("load", () => form.requestSubmit());
}
