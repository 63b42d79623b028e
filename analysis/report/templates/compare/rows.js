// @ts-check
import { inLines, runs } from "./runs.js";

export function errorBar(values, low, high, more = {}) {
  return {
    type: "data",
    symmetric: false,
    array: values.map((x, i) => Math.max(0, high[i] - x) || 0),
    arrayminus: values.map((x, i) => Math.max(0, x - low[i]) || 0),
    thickness: 2,
    width: 5,
    ...more,
  };
}

export const rows = (indices) => ({
  tickvals: indices.map((_, k) => k),
  ticktext: indices.map((r) => inLines(runs[r].label)),
  range: [indices.length - 0.5, -0.5],
  showgrid: false,
});
export const heightOf = (n) => 104 + 34 * n;
