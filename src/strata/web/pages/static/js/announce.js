// Say something to a screen reader without moving the focus.
export function announce(text) {
  // Under an open dialog the rest of the page is silent.
  const region = document.querySelector("dialog[open] > [role=status]") ?? document.getElementById("strata-announcer");
  if (!region) return;
  region.textContent = "";
  // Emptied first and filled a moment later: the same words twice are then read twice.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
