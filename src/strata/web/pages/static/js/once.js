// A double click sends one request: <form data-once>.
export function startOnce() {
  for (const form of document.querySelectorAll("form[data-once]")) submitOnce(form);
}

function submitOnce(form) {
  let sent = false;
  const again = () => {
    sent = false;
  };
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // Restored by the Back button, or nothing was done (proof.js): it may be sent again.
  addEventListener("pageshow", (event) => event.persisted && again());
  form.addEventListener("unsent", again);
}
