// @ts-check
// Before anything is painted: the theme chosen here before, else the system's.
(() => {
  const root = document.documentElement,
    system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {} // a page opened from a file may have no storage
  const show = () => {
    root.dataset.theme = chosen ?? (system.matches ? "dark" : "light");
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      button.textContent = root.dataset.theme === "dark" ? "Light" : "Dark";
      button.title = `Show the page ${button.textContent === "Dark" ? "dark" : "light"}`;
    }
    document.dispatchEvent(new Event("theme"));
  };
  show();
  system.addEventListener("change", show);
  addEventListener("DOMContentLoaded", () => {
    show();
    /** @type {HTMLElement} */ (document.getElementById("theme")).onclick = () => {
      chosen = root.dataset.theme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("theme", chosen);
      } catch {}
      show();
    };
  });
})();
