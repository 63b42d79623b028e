// @ts-check
import { firstIsBetter, higher, place } from "../page/chosen.js";
import { D, imagesOf, level, part, references } from "../page/data.js";
import { at } from "../page/document.js";
import { escapeText, wrapped } from "../page/look.js";
import { extent, isNumber } from "../page/numbers.js";
import { absence, trialsOf } from "../page/settings.js";
import { state } from "../page/state.js";
import { HEAT, hidden } from "./heatmap_grid.js";

export function hoverText(cell, numbers, write) {
  if (!cell.length) return "this combination is not in the sweep";
  const { metric: m, dataset: d, epoch: e } = state,
    i = cell[0],
    setting = D.settings[i];
  const lines = D.axes.map((one, a) => `${escapeText(one.name)} ${escapeText(level(setting, a))}`);
  if (!isNumber(numbers[i])) return [`<b>no number</b>`, wrapped(absence(setting)), ...lines].join("<br>");
  const std = D.stds ? part(D.stds, m, d, e)[i] : NaN;
  lines.unshift(
    `<b>${write(numbers[i])}</b>${isNumber(std) ? ` ± ${write(std)} between images` : ""} (n = ${imagesOf(D.images, m, d, e)(i)})`,
  );
  if (D.seeds) {
    const spread = D.spreads ? part(D.spreads, m, d, e)[i] : NaN;
    lines.push(
      `mean of ${part(D.seeds, d, e)[i]} of ${setting.trials.length} seeds${isNumber(spread) ? `, ± ${write(spread)} between them` : ""}`,
    );
  }
  lines.push(
    `${trialsOf(i)}${setting.status === "finished" ? "" : ` (${escapeText(setting.status)})`}, click to open it`,
  );
  if (cell.length > 1) lines.push(`the best of ${cell.length} configurations in this cell`);
  return lines.join("<br>");
}

export function heatmapCaption({ some, write, total, most }) {
  const [low, high] = extent(some),
    said = [`${place()}:`];
  if (!D.axes.length) said.push("nothing is swept, so there is one cell.");
  if (!some.length) said.push("no configuration has a number here.");
  else if (low === high) said.push(`every cell is ${write(low)}.`);
  else
    said.push(`${write(low)} to ${write(high)}; ${higher(state.metric) ? "higher" : "lower"} is better and brighter.`);
  if (most > 1) {
    const over = hidden().map((a) => D.axes[a].name);
    said.push(
      `A cell shows the best of up to ${most} configurations${over.length ? `, over ${over.join(", ")}` : ""}.`,
    );
  }
  if (D.seeds) said.push("A configuration is the mean of its seeds.");
  if (some.length && some.length < total) {
    said.push(
      `${total - some.length} of ${total} cells are blank: ${D.mixture ? "the weights sum to the same, so not every combination can be" : "hover one for the reason"}.`,
    );
  }
  if (HEAT.order === "centre") said.push("Rows and columns with the best mean lie in the middle.");
  if (HEAT.order === "value") said.push("Rows and columns with the best mean come first.");
  return said.join(" ");
}

// The baselines, as they stand on the heatmap's scale.
export function untrainedLine(id, { zmin, zmax }, write) {
  const copies = references(state.metric, state.dataset)
    .filter((copy) => isNumber(copy.value))
    .sort((a, b) => firstIsBetter(a.value, b.value));
  const where = (x) => (x > zmax ? " (above the scale)" : x < zmin ? " (below the scale)" : "");
  const list = (some) => some.map(({ name, value }) => `${name} ${write(value)}${where(value)}`).join(", ");
  const [starts, untrained] = [true, false].map((kind) => copies.filter(({ start }) => start === kind));
  at(id).textContent = [
    untrained.length ? `Baselines: ${list(untrained)}.` : "",
    starts.length ? `Before the reward: ${list(starts)}.` : "",
  ].join(" ");
}
