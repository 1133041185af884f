// The theme links reload the page with ?theme=; with the script they change it in place.
const YEAR_SECONDS = 365 * 24 * 3600;

export function startTheme() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-theme-choice]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link.dataset.themeChoice);
    const menu = link.closest("details");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function choose(theme) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const path = document.documentElement.dataset.cookiePath;
  document.cookie = `theme=${theme}; Path=${path}; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=color-scheme]").content = ["light", "dark"].includes(theme) ? theme : "light dark";
  for (const link of document.querySelectorAll("a[data-theme-choice]")) {
    if (link.dataset.themeChoice === theme) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
