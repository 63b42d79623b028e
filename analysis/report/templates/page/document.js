// @ts-check
// The document: its elements, and the last error, which tests read from <html data-error>.
export const page = document.documentElement.dataset;
window.addEventListener("error", (event) => {
  page.error = event.message;
});
window.addEventListener("unhandledrejection", (event) => {
  page.error = String(event.reason);
});

/**
 * An element by its id; of many kinds, so its own properties are not checked.
 * @param {string} id
 * @returns {any}
 */
export const at = (id) => document.getElementById(id);

/**
 * @param {string} tag
 * @param {object} properties
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * @param {HTMLSelectElement} select
 * @param {(string | number)[]} names
 * @param {number} chosen the index of the name that is selected
 */
export function fill(select, names, chosen) {
  select.replaceChildren(
    ...names.map((name, i) => element("option", { value: i, textContent: name, selected: i === chosen })),
  );
}
