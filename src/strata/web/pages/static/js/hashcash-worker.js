// The search in a thread of its own, so that the page goes on and can say how far it is.
import { tryFrom } from "./hashcash.js";

const SLICE = 5000;

addEventListener("message", ({ data }) => {
  let told = Date.now();
  for (let start = 0; ; start += SLICE) {
    const found = tryFrom(data.ticket, data.bits, start, SLICE);
    if (found >= 0) return postMessage({ found });
    if (Date.now() - told < data.every) continue;
    told = Date.now();
    postMessage({ tried: start + SLICE });
  }
});
