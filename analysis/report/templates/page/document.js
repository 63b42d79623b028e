// @ts-check
// The document: its elements, and the last error, which tests read from <html data-error>.
export const page = document.documentElement.dataset;
window.addEventListener("error", (event) => {
  page.error = event.message;
});
window.addEventListener("unhandledrejection", (event) => {
  page.error = String(event.reason);
});

export const at = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function fill(select, names, chosen) {
  select.replaceChildren(
    ...names.map((name, i) => element("option", { value: i, textContent: name, selected: i === chosen })),
  );
}
