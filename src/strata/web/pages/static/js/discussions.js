// Editors of discussions: Ctrl+Enter sends, and files that are pasted, dropped or chosen become
// attachments. Everything else works without this.
for (const editor of document.querySelectorAll(".editor")) {
  const text = editor.querySelector("textarea");
  const tools = editor.querySelector(".editor-tools");
  tools.hidden = false;
  tools.querySelector("input").addEventListener("change", (event) => {
    attachAll(editor, event.target.files);
    event.target.value = "";
  });
  text.addEventListener("paste", (event) => takeFiles(event, editor, event.clipboardData));
  text.addEventListener("drop", (event) => takeFiles(event, editor, event.dataTransfer));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    text.form.requestSubmit();
  });
}

function takeFiles(event, editor, data) {
  if (!data || data.files.length === 0) return;
  event.preventDefault();
  attachAll(editor, data.files);
}

async function attachAll(editor, files) {
  for (const file of [...files]) await attach(editor, file);
}

async function attach(editor, file) {
  const status = editor.querySelector("[role=status]");
  status.textContent = editor.dataset.attaching;
  try {
    const answer = await fetch(editor.dataset.attach, {
      method: "POST",
      headers: { "Content-Type": file.type },
      body: file,
    });
    if (!answer.ok) throw new Error((await answer.json()).error);
    insert(editor.querySelector("textarea"), embedded(file, await answer.text()));
    status.textContent = editor.dataset.attached;
  } catch (error) {
    status.textContent = `${editor.dataset.failed} ${error.message}`;
  }
}

// The Markdown that shows a file: a picture, a player, or a film as its bare address.
function embedded(file, address) {
  if (file.type.startsWith("image/")) return `![${file.name.replace(/[[\]]/g, "")}](${address})`;
  return file.type.startsWith("audio/") ? `<audio controls src="${address}"></audio>` : `\n\n${address}\n\n`;
}

function insert(text, words) {
  const before = text.value.slice(0, text.selectionStart);
  const gap = before && !/\s$/.test(before) ? "\n" : "";
  text.setRangeText(gap + words + "\n", text.selectionStart, text.selectionEnd, "end");
  text.focus();
}
