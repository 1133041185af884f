// A required box that is not ticked says so in the page, in its language: <p data-unticked="id" hidden>.
// The browser would say it in its own language, in a bubble that is gone when one looks.
export function startUnticked() {
  for (const words of document.querySelectorAll("[data-unticked]")) {
    const box = document.getElementById(words.dataset.unticked);
    const described = box.getAttribute("aria-describedby") ?? "";
    const say = (missing) => {
      words.hidden = !missing;
      box.closest(".field").classList.toggle("field-invalid", missing);
      if (missing) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
      const by = missing ? `${described} ${words.id}`.trim() : described;
      if (by) box.setAttribute("aria-describedby", by);
      else box.removeAttribute("aria-describedby");
    };
    box.addEventListener("invalid", (event) => {
      event.preventDefault();
      say(true);
      // Else the browser goes to the first one by itself.
      if (box.form.querySelector("input:invalid, select:invalid, textarea:invalid") === box) box.focus();
    });
    box.addEventListener("change", () => say(false));
  }
}
