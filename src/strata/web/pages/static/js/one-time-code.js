// A code that is complete is sent at once; one that was refused may be corrected in peace.
for (const input of document.querySelectorAll("[data-one-time-code]")) {
  if (input.getAttribute("aria-invalid") !== "true") follow(input);
}

function follow(input) {
  const length = Number(input.dataset.oneTimeCode);
  input.addEventListener("input", () => {
    if (input.value.replace(/[\s-]/g, "").length === length) input.form.requestSubmit();
  });
}
