// @ts-check
// Only in the page as served: asks its own server whether the page is newer, and reloads it where the reader was.
(() => {
  const tag = `"${document.currentScript?.dataset.tag}"`;
  const place = `place of ${location.pathname}`;
  const chosen = {};
  let held = false;

  addEventListener("change", (event) => {
    const select = event.target;
    if (select instanceof HTMLSelectElement && select.id) chosen[select.id] = select.selectedOptions[0]?.textContent;
  });
  addEventListener("pointerdown", () => {
    held = true;
  });
  for (const name of ["pointerup", "pointercancel"])
    addEventListener(name, () => {
      held = false;
    });

  // Choices go by their words: a data set or an epoch may have been added before them.
  function restore() {
    const before = JSON.parse(sessionStorage.getItem(place) || "null");
    sessionStorage.removeItem(place);
    if (!before) return;
    for (const [id, words] of Object.entries(before.chosen)) {
      const select = /** @type {HTMLSelectElement | null} */ (document.getElementById(id));
      const option = select && [...select.options].find((one) => one.textContent === words);
      if (!option) continue;
      chosen[id] = words;
      if (option.selected) continue;
      select.value = option.value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    scrollWhenDrawn(before.top, 50);
  }

  function scrollWhenDrawn(top, tries) {
    if (document.documentElement.dataset.drawn || !tries) scrollTo({ top, behavior: "instant" });
    else setTimeout(scrollWhenDrawn, 100, top, tries - 1);
  }

  const busy = () => held || document.hidden || document.activeElement?.matches("input, textarea");

  async function ask() {
    let pause = 2000;
    try {
      const answer = busy() ? null : await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
      if (answer?.ok && answer.headers.get("ETag") !== tag) {
        sessionStorage.setItem(place, JSON.stringify({ top: scrollY, chosen }));
        location.reload();
        return;
      }
    } catch {
      pause = 10000; // the server has gone; it may come back at the same address
    }
    setTimeout(ask, pause);
  }

  restore();
  setTimeout(ask, 2000);
})();
