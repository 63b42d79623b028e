// @ts-check
import { D, part } from "../page/data.js";
import { element } from "../page/document.js";
import { CATEGORIES, colourOf, escapeText } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";

// Runs have a colour and a symbol; beyond eight, dashes too. Intervals and differences come computed.
// The ninth run has the colour of the first, but another symbol.
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
const MARKS = ["●", "■", "◆", "▲", "✚", "✖", "★", "⬢"];
const turn = (r) => (r + Math.floor(r / CATEGORIES.length)) % SYMBOLS.length;
export const symbolOf = (r) => SYMBOLS[turn(r)];
export const dashOf = (r) => (r < CATEGORIES.length ? "solid" : "dot");
export const runs = D.runs;
export const epochName = (e) => (isNumber(D.epochs[e]) ? `epoch ${D.epochs[e]}` : "the last epoch of each run");
export const where = () =>
  `${D.metrics[state.metric].name} on ${D.datasets[state.dataset]} at ${epochName(state.epoch)}`;
export const isNarrow = () => innerWidth < 640;
// A run's name in lines that leave room for the figure.
export const inLines = (text, most = isNarrow() ? 14 : 26) =>
  String(text)
    .replace(new RegExp(`(.{${most}}[^\\s_/(-]{0,4}[\\s_/(-]?)(?=.{3})`, "g"), "$1\n")
    .split("\n")
    .map(escapeText)
    .join("<br>");
export const here = (numbers) => part(numbers, state.metric, state.dataset, state.epoch);
export const count = (n, one, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;

export function mark(r) {
  const made = element("span", { className: "mark", textContent: `${MARKS[turn(r)]} ` });
  made.style.color = colourOf(r);
  made.setAttribute("aria-hidden", "true");
  return made;
}
