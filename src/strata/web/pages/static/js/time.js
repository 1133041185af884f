// <time datetime data-relative> is turned from a day into "3 days ago"; the title keeps the moment.
// <time datetime data-told="moment"> or "day" is told by the clocks of the browser, unless others were chosen.
const UNITS = [
  ["year", 31557600],
  ["month", 2629800],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const AGAIN_MS = 60000;

export function startTimes() {
  const language = document.documentElement.lang;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const timeZone = document.documentElement.dataset.timezone; // what the reader prefers, if anything
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone });
  const show = () => {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      time.textContent = distance(relative, (moment - Date.now()) / 1000);
      time.title = absolute.format(moment);
    }
  };
  if (!timeZone) tellHere(language);
  show();
  setInterval(show, AGAIN_MS);
}

function tellHere(language) {
  const forms = {
    day: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
    moment: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" }),
  };
  for (const time of document.querySelectorAll("time[data-told]")) {
    time.textContent = forms[time.dataset.told].format(new Date(time.dateTime));
  }
}

function distance(relative, seconds) {
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(count(seconds / length), unit);
  }
  return document.documentElement.dataset.now;
}

// What has just been given seven days ends in seven; what is six and a half days ago is six ago.
function count(amount) {
  return amount > 0 ? Math.round(amount) : Math.trunc(amount);
}
