// The search in a thread of its own, so that the page goes on.
import { tryFrom } from "./hashcash.js";

const SLICE = 5000;

addEventListener("message", ({ data }) => {
  for (let start = 0; ; start += SLICE) {
    const found = tryFrom(data.ticket, data.bits, start, SLICE);
    if (found >= 0) return postMessage(found);
  }
});
