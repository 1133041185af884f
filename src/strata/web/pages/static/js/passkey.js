// The forms of a page that ask for a passkey.
import { start } from "./ceremony.js";

for (const form of document.querySelectorAll("form[data-passkey]")) start(form);
