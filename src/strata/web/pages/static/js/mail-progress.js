// How far a test mail is: <div id="strata-tested" data-waits> is asked for anew until it waits no more.
const EVERY_MS = 1500;
const GIVE_UP_MS = 3 * 60 * 1000;

const place = document.getElementById("strata-tested");
if (place?.hasAttribute("data-waits")) follow(Date.now() + GIVE_UP_MS);

function follow(end) {
  setTimeout(async () => {
    const news = document.hidden ? null : await asked();
    if (news && !news.hasAttribute("data-waits")) place.replaceChildren(...news.childNodes);
    else if (Date.now() < end) follow(end);
  }, EVERY_MS);
}

async function asked() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(place.id);
  } catch {
    return null; // offline for a moment: asked again
  }
}
