// A device's code: capitals with the dash in their middle, however they are typed or pasted. Of an
// address or a sentence the code at its end counts, as the hub itself reads it (user_codes.py).
const input = document.querySelector("[data-user-code]");
const WHOLE = /(?:^|[^A-Z])([B-DF-HJ-NP-TV-XZ]{4})[^A-Z0-9]{0,3}([B-DF-HJ-NP-TV-XZ]{4})(?![A-Z])/g;
input?.addEventListener("input", (event) => {
  const atEnd = input.selectionStart === input.value.length;
  if (!atEnd || event.inputType?.startsWith("delete")) return;
  const text = input.value.normalize("NFKC").toUpperCase();
  const whole = [...text.matchAll(WHOLE)].pop();
  const letters = whole ? whole[1] + whole[2] : text.replace(/[^A-Z]/g, "").slice(0, 8);
  input.value = letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
});
