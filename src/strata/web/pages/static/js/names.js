// Offers names of repositories, people and organizations while one is typed; each can still be
// typed in full.
const ASK_AFTER_MS = 250;
const OFFERED = 8;
const REPOS = ["models", "datasets", "spaces", "kernels"];

let timer = 0;

// `offer` fills the <datalist> of an input; kinds are words of the quick search's answer.
export function offer(input, list, address, kinds = REPOS) {
  clearTimeout(timer);
  const words = input.value.trim();
  if (words.length > 1) timer = setTimeout(() => ask(input, words, list, address, kinds), ASK_AFTER_MS);
}

async function ask(input, words, list, address, kinds) {
  const text = words.replace(/^(datasets|spaces|kernels|buckets)\//, "");
  try {
    const answer = await fetch(`${address}?limit=${OFFERED}&type=all&q=${encodeURIComponent(text)}`);
    if (!answer.ok || input.value.trim() !== words) return;
    const found = await answer.json();
    const names = kinds.flatMap((kind) => (found[kind] ?? []).map((one) => named(kind, one)));
    list.replaceChildren(...names.map((value) => Object.assign(document.createElement("option"), { value })));
  } catch {
    // Offline.
  }
}

function named(kind, found) {
  if (!REPOS.includes(kind)) return found.user ?? found.name;
  return kind === "models" ? found.id : `${kind}/${found.id}`;
}
