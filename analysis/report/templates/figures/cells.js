// @ts-check
import { higher } from "../page/chosen.js";
import { D } from "../page/data.js";
import { extent, isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";

// The levels of a parameter in a heatmap: its values, or ranges of them where there are too many.
export const levelsOf = (a) => D.axes[a].bins?.labels ?? D.axes[a].values;
export const levelAt = (a, setting) => (D.axes[a].bins ? D.axes[a].bins.of[setting.at[a]] : setting.at[a]);

// The values as text, dark on the bright half of the scale and white on the other.
export function printed(z, { zmin, zmax, reversescale }, write, more = {}) {
  const points = z
    .flatMap((row, y) => [...row].map((value, x) => ({ x, y, value })))
    .filter((point) => isNumber(point.value));
  const bright = (value) => {
    const t = (value - zmin) / (zmax - zmin);
    return (reversescale ? 1 - t : t) > 0.45;
  };
  return {
    type: "scatter",
    mode: "text",
    hoverinfo: "skip",
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    text: points.map((p) => write(p.value)),
    textfont: { size: 11, color: points.map((p) => (bright(p.value) ? "#111" : "#fff")) },
    ...more,
  };
}

// Viridis from the worst to the best of `some`; all alike get one colour.
export function heatScale(some) {
  const [low, high] = extent(some),
    spread = low < high;
  return {
    colorscale: "Viridis",
    reversescale: !higher(state.metric),
    zmin: spread ? low : (some[0] ?? 0) - 1,
    zmax: spread ? high : (some[0] ?? 0) + 1,
    showscale: spread,
    colorbar: { thickness: 12, outlinewidth: 0, tickfont: { size: 11 }, exponentformat: "e" },
  };
}
