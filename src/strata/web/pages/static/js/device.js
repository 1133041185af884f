// A device's code: capitals with the dash in their middle, however they are typed or pasted.
const input = document.querySelector("[data-user-code]");
input?.addEventListener("input", (event) => {
  const atEnd = input.selectionStart === input.value.length;
  if (!atEnd || event.inputType?.startsWith("delete")) return;
  const letters = input.value.toUpperCase().replace(/[^A-Z]/g, "").slice(0, 8);
  input.value = letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
});
