// Lists where many rows are chosen: Shift chooses all between two, and a bar at the bottom counts.
for (const form of document.querySelectorAll("form[data-bulk]")) startBulk(form);

function startBulk(form) {
  const boxes = [...form.querySelectorAll("td input[type=checkbox]")];
  const bar = form.querySelector("[data-bulk-bar]");
  let last = null;

  form.addEventListener("click", (event) => {
    const box = event.target.closest("td input[type=checkbox]");
    if (!box) return;
    if (event.shiftKey && last && last !== box) chooseBetween(last, box);
    last = box;
    count();
  });
  addEventListener("pageshow", count); // the browser may have kept what was chosen

  function chooseBetween(first, second) {
    const [from, to] = [boxes.indexOf(first), boxes.indexOf(second)].sort((a, b) => a - b);
    for (const box of boxes.slice(from, to + 1)) box.checked = second.checked;
  }

  function count() {
    const chosen = boxes.filter((box) => box.checked).length;
    const text = bar.querySelector("[data-bulk-count]");
    text.textContent = text.dataset.bulkCount.replace("{n}", chosen);
    bar.hidden = chosen === 0;
  }
}
