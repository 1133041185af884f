// A secret that is shown once: <dialog open data-secret="where it leads"> in the answer to a POST. It
// becomes a dialog that keeps the focus, and whatever closes it takes the secret out of the page.
export function startSecret() {
  const dialog = document.querySelector("dialog[data-secret]");
  if (!dialog) return;
  const { secret: onward, leaves } = dialog.dataset;
  history.replaceState(null, "", onward); // Back and Reload lead there, not to the answer
  addEventListener("pagehide", () => dialog.remove()); // nor is it in a page that the browser keeps
  if (!dialog.showModal) return;
  dialog.classList.add("modal-dialog");
  dialog.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector("[data-secret-done]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (leaves === undefined) document.getElementById("strata-main").focus();
    else location.replace(onward);
  });
}
