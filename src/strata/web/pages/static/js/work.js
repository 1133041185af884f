// The computation that a sign-up has to come with: <p data-work="ticket" data-work-bits="18"> in a form
// with a hidden field `work`. It begins when the page opens; a form that is sent too early waits.
import { tryFrom } from "./hashcash.js";

const SLICE = 500;

for (const place of document.querySelectorAll("[data-work]")) start(place);

function start(place) {
  const form = place.closest("form");
  const field = form.elements.namedItem("work");
  let waits = false;
  place.textContent = place.dataset.workDoing;
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
  solve(place.dataset.work, Number(place.dataset.workBits)).then((number) => {
    field.value = String(number);
    place.textContent = place.dataset.workDone;
    if (waits) form.requestSubmit();
  });
}

function solve(ticket, bits) {
  return new Promise((done) => {
    try {
      const worker = new Worker(new URL("./hashcash-worker.js", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data }) => {
        worker.terminate();
        done(data);
      });
      worker.addEventListener("error", () => inSlices(ticket, bits, done));
      worker.postMessage({ ticket, bits });
    } catch {
      inSlices(ticket, bits, done); // no workers here: a little at a time, so that the page answers
    }
  });
}

function inSlices(ticket, bits, done, start = 0) {
  const found = tryFrom(ticket, bits, start, SLICE);
  if (found >= 0) done(found);
  else setTimeout(inSlices, 0, ticket, bits, done, start + SLICE);
}
