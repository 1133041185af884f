// Who logs out in one tab leaves nothing on the screen of the others, whether or not the server
// can still be reached: they are emptied, and ask it anew.
const LOG_OUT = /\/logout$/;

export function startLeaving() {
  if (!("BroadcastChannel" in window)) return;
  const channel = new BroadcastChannel("strata-session");
  channel.addEventListener("message", () => {
    document.body.replaceChildren();
    location.reload();
  });
  document.addEventListener("submit", ({ target }) => {
    if (!LOG_OUT.test(new URL(target.action).pathname)) return;
    // This page goes when the answer is there: by then the session is over.
    addEventListener("pagehide", () => channel.postMessage("left"), { once: true });
  });
}
