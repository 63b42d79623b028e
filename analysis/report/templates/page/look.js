// @ts-check
import { D } from "./data.js";
import { at, element } from "./document.js";

// Colours follow the theme; Okabe-Ito for categories (a parameter, a front runner), Viridis for values.
export const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c", "#b8a800"];
export const colourOf = (i) => CATEGORIES[i % CATEGORIES.length];
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(); // ink, soft, line …
export const faint = (hex, opacity) =>
  `rgba(${[1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)).join(",")},${opacity})`;
const CONFIG = { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtons: [["toImage"]] };
/** @type {(x: unknown) => string} */
export const escapeText = (x) =>
  String(x).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
// What hangs in a hover label: lines of at most about 60 letters.
export const wrapped = (text) => escapeText(text).replace(/(.{60}\S*)\s/g, "$1<br>");

/**
 * @param {number} height
 * @param {object} more
 * @returns {any} a layout of plotly
 */
export function look(height, more = {}) {
  const font = (size) => ({ family: getComputedStyle(document.body).fontFamily, color: colour("ink"), size });
  return {
    height,
    margin: { l: 20, r: 10, t: 26, b: 20 },
    font: font(12),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("ink") },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: font(13), align: "left" },
    showlegend: false,
    ...more,
  };
}

/** @type {(more?: object) => any} */
export const axis = (more = {}) => ({
  automargin: true,
  fixedrange: true,
  zeroline: false,
  gridcolor: colour("line"),
  linecolor: colour("line"),
  tickcolor: colour("line"),
  exponentformat: "e",
  ...more,
});

/**
 * @param {string} id
 * @param {object[]} traces
 * @param {object} layout
 */
export function plot(id, traces, layout, config = {}) {
  at(id).querySelector(":scope > .nothing")?.remove();
  return Plotly.react(id, traces, layout, { ...CONFIG, ...config });
}

// Where a search confirmed its best with other seeds, these say that they are not of those.
const OF_OWN_SEEDS = ["bounds", "heatmap", "pairs", "tradeoffs", "parallel", "curves"];
/** @type {(id: string, text: string) => void} */
export const caption = (id, text) => {
  const own = text && OF_OWN_SEEDS.includes(id) ? D.ownSeeds : "";
  at(`${id}-caption`).textContent = own ? `${text} ${own}` : text;
};

// Says in a figure's place why there is nothing to draw.
/**
 * @param {string} id
 * @param {string} why
 */
export function nothing(id, why) {
  Plotly.purge(id);
  at(id).replaceChildren(element("p", { className: "nothing", textContent: why }));
}

export const isDark = () => parseInt(colour("paper").slice(1, 3), 16) < 128;
export const shownBox = (id) => at(id).parentElement.clientWidth || 600;
const colours = [
  "#440154",
  "#482878",
  "#3e4989",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];

// Viridis without the end that the paper swallows, for lines (`thin`) a little more of it; bright is best everywhere.
export function ramp(thin = false) {
  const some = isDark() ? colours.slice(2) : colours.slice(0, thin ? 8 : 9);
  return some.map((one, i) => [i / (some.length - 1), one]);
}

// Plotly's name of the k-th axis, counted from 1.
export const axisId = (letter, k) => letter + (k > 1 ? k : "");
