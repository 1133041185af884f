// The code of the first administrator, from behind the # of the address that the terminal shows: no
// server and no proxy sees it there. Taken out of the address, so that no history keeps it.
const field = document.querySelector("[data-first-code]");
const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? [];

if (field && code) {
  field.value = code;
  history.replaceState(history.state, "", location.pathname + location.search);
}
