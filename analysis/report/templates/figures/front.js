// @ts-check
import { isNumber } from "../page/numbers.js";

// Pareto fronts and hypervolumes of the metrics that are chosen in the page: the numbers of analysis/statistics/pareto.py,
// which tests/browser/test_figure_page.py holds against these. A column is one metric over settings; up[k]: higher is
// better.

function gainsOf(columns, up) {
  return columns.map((column, k) => Float64Array.from(column, (x) => (up[k] ? x : -x)));
}

// Which settings no other beats: as good in every column and better in one. One without all its numbers never is.
export function paretoFront(columns, up) {
  const gains = gainsOf(columns, up),
    count = columns[0].length,
    there = Array.from({ length: count }, (_, i) => i).filter((i) => gains.every((column) => isNumber(column[i])));
  const differ = (a, b) => gains.find((column) => column[a] !== column[b]);
  there.sort((a, b) => {
    const column = differ(a, b);
    return column ? column[b] - column[a] : 0;
  });
  const front = [];
  for (const i of there) {
    const beaten = front.some((j) => gains.every((column) => column[j] >= column[i]) && differ(i, j));
    if (!beaten) front.push(i);
  }
  const on = new Array(count).fill(false);
  for (const i of front) on[i] = true;
  return on;
}

// The area under a staircase of points [y, z] from the corner 0, 0.
function areaOf(points) {
  let area = 0,
    top = 0;
  const falling = [...points].sort((a, b) => b[0] - a[0]);
  falling.forEach(([y, z], i) => {
    top = Math.max(top, z);
    area += top * (y - (falling[i + 1]?.[0] ?? 0));
  });
  return area;
}

// What two or three columns reach of the box between the worst and the best of each, in [0, 1]; NaN for a flat box.
export function hypervolumeShare(columns, up) {
  const gains = gainsOf(columns, up).map((column) => {
    let low = Infinity,
      high = -Infinity;
    for (const x of column) {
      if (!isNumber(x)) continue;
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    return high > low ? column.map((x) => (x - low) / (high - low)) : null;
  });
  if (gains.some((column) => !column)) return NaN;
  const [x, y, z = new Float64Array(columns[0].length).fill(1)] = gains;
  const front = [];
  paretoFront(columns, up).forEach((on, i) => {
    if (on) front.push(i);
  });
  front.sort((a, b) => x[b] - x[a]);
  let volume = 0;
  front.forEach((i, k) => {
    const depth = x[i] - (k + 1 < front.length ? x[front[k + 1]] : 0);
    if (depth > 0) volume += depth * areaOf(front.slice(0, k + 1).map((j) => [y[j], z[j]]));
  });
  return volume;
}
