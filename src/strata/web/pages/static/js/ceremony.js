// Passkeys: <form data-passkey="get|create" data-options="JSON"> asks the browser for one, and sends
// its answer in [data-passkey-answer]. Hidden until it is known that the browser can.
const BYTES = ["challenge", "id"];
let waiting = null; // the question that the browser answers from its list of user names

// `sent`: what is done with the form once the answer is in it.
export function start(form, sent = () => form.submit()) {
  if (!window.PublicKeyCredential) return;
  form.hidden = false;
  for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form, sent);
  });
  if ("conditional" in form.dataset) offer(form);
}

async function ask(form, sent) {
  const error = form.querySelector("[data-passkey-error]");
  error.hidden = true;
  waiting?.abort();
  try {
    fill(form, await credential(form, {}));
    sent();
  } catch {
    error.textContent = form.dataset.failed; // cancelled, or the device has none
    error.hidden = false;
  }
}

// The browser lists passkeys beside the user names that it knows, and asks for nothing by itself.
async function offer(form) {
  const possible = await PublicKeyCredential.isConditionalMediationAvailable?.();
  if (!possible) return;
  waiting = new AbortController();
  try {
    fill(form, await credential(form, { mediation: "conditional", signal: waiting.signal }));
    await worked(form);
    form.submit();
  } catch {
    // Another one was asked for, or nothing was chosen.
  }
}

// Where a computation has to come along (work.js), it may still run when a passkey was chosen.
function worked(form) {
  if (form.elements.namedItem("work")?.value !== "") return null;
  return new Promise((done) => form.addEventListener("worked", done, { once: true }));
}

function credential(form, how) {
  const publicKey = withBytes(JSON.parse(form.dataset.options));
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey })
    : navigator.credentials.get({ publicKey, ...how });
}

function fill(form, made) {
  const box = document.getElementById(form.dataset.copyFrom);
  const copy = form.querySelector("[data-passkey-copy]");
  if (box && copy) copy.value = box.checked ? "on" : "";
  form.querySelector("[data-passkey-answer]").value = JSON.stringify(asText(made));
}

function withBytes(value) {
  if (Array.isArray(value)) return value.map(withBytes);
  if (value === null || typeof value !== "object") return value;
  const read = ([key, held]) => {
    if (BYTES.includes(key) && typeof held === "string" && !isHost(value)) return [key, bytes(held)];
    return [key, withBytes(held)];
  };
  return Object.fromEntries(Object.entries(value).map(read));
}

// Of a site `id` is its host, and no bytes.
function isHost(value) {
  return "name" in value && !("displayName" in value);
}

function asText(made) {
  const { response } = made;
  const texts = {};
  for (const key of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[key]) texts[key] = text(response[key]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response: texts, clientExtensionResults: {} };
}

function bytes(encoded) {
  const plain = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
