// The bell of the header: how many notifications are unread, asked again while the page is looked at.
const EVERY_MS = 60000;
const MOST = 99;

let asked = Date.now(); // the server wrote the first number into the page

export function startBell() {
  const bell = document.querySelector(".site-bell");
  if (!bell) return;
  const askAgain = async () => {
    if (document.hidden || Date.now() - asked < EVERY_MS) return;
    asked = Date.now();
    const count = await unread(bell.dataset.unreadAt);
    if (count !== null) show(bell, count);
  };
  setInterval(askAgain, EVERY_MS + 1000);
  document.addEventListener("visibilitychange", askAgain);
}

async function unread(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).unread : null;
  } catch {
    return null; // offline for a moment: asked again
  }
}

function show(bell, count) {
  const number = count > MOST ? `${MOST}+` : String(count);
  const badge = bell.querySelector(".bell-count");
  badge.textContent = number;
  badge.hidden = count === 0;
  bell.setAttribute("aria-label", count === 0 ? bell.dataset.none : bell.dataset.some.replace("#", number));
}
