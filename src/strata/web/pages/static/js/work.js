// The computation that some forms have to come with: <p data-work="ticket" data-work-bits="18"> in a form
// with a hidden field `work`. It begins when the page opens; a form that is sent too early waits.
import { tryFrom } from "./hashcash.js";

const SLICE = 500;
const SHOW_EVERY_MS = 250;

for (const place of document.querySelectorAll("[data-work]")) start(place);

function start(place) {
  const form = place.closest("form");
  const field = form.elements.namedItem("work");
  const bits = Number(place.dataset.workBits);
  const bar = form.querySelector("[data-work-progress]");
  let waits = false;
  place.textContent = place.dataset.workDoing;
  bar.hidden = false;
  // Before the other listeners: a form that waits was not sent.
  form.addEventListener(
    "submit",
    (event) => {
      if (field.value !== "") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waits = true;
    },
    { capture: true },
  );
  // Nobody knows how many numbers it takes: what is shown is how likely it would be done by now.
  const tell = (tried) => (bar.value = 100 * (1 - Math.exp(-tried / 2 ** bits)));
  solve(place.dataset.work, bits, tell).then((number) => {
    field.value = String(number);
    bar.value = 100;
    place.textContent = place.dataset.workDone;
    form.dispatchEvent(new Event("worked"));
    if (waits) form.requestSubmit();
  });
}

function solve(ticket, bits, tell) {
  return new Promise((done) => {
    try {
      const worker = new Worker(new URL("./hashcash-worker.js", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data }) => {
        if (data.found === undefined) return tell(data.tried);
        worker.terminate();
        done(data.found);
      });
      worker.addEventListener("error", () => inSlices(ticket, bits, tell, done));
      worker.postMessage({ ticket, bits, every: SHOW_EVERY_MS });
    } catch {
      inSlices(ticket, bits, tell, done); // no workers here: a little at a time, so that the page answers
    }
  });
}

function inSlices(ticket, bits, tell, done, start = 0) {
  const found = tryFrom(ticket, bits, start, SLICE);
  if (found >= 0) return done(found);
  tell(start + SLICE);
  setTimeout(inSlices, 0, ticket, bits, tell, done, start + SLICE);
}
