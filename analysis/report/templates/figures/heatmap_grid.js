// @ts-check
import { firstIsBetter } from "../page/chosen.js";
import { D } from "../page/data.js";
import { isNumber } from "../page/numbers.js";
import { levelAt, levelsOf } from "./cells.js";

export const HEAT = { order: "numeric", rows: [...D.heatmap.rows], columns: [...D.heatmap.columns] };

// All combinations of the levels of up to two parameters, outer one first; the inner changes fastest.
const combinations = (axes) =>
  axes.reduce((all, a) => all.flatMap((some) => levelsOf(a).map((_, i) => [...some, i])), [[]]);

// The settings of each cell, best first.
export function grid(numbers) {
  const rows = combinations(HEAT.rows),
    columns = combinations(HEAT.columns);
  const index = (axes, setting) => axes.reduce((sum, a) => sum * levelsOf(a).length + levelAt(a, setting), 0);
  const cells = rows.map(() => columns.map(() => []));
  D.settings.forEach((setting, i) => {
    cells[index(HEAT.rows, setting)][index(HEAT.columns, setting)].push(i);
  });
  for (const cell of cells.flat()) cell.sort((i, j) => firstIsBetter(numbers[i], numbers[j]));
  return { rows, columns, cells };
}

// The order of lines: as they are, by their mean, or the best in the middle and the next ones beside it in turn.
export function ordered(lines) {
  const order = lines.map((_, i) => i);
  if (HEAT.order === "numeric") return order;
  const strength = lines.map((line) => {
    const some = line.filter(isNumber);
    return some.reduce((a, b) => a + b, 0) / some.length;
  });
  order.sort((a, b) => firstIsBetter(strength[a], strength[b]) || a - b);
  if (HEAT.order === "value") return order;
  const before = order.filter((_, i) => i % 2 === 0).reverse();
  return [...before, ...order.filter((_, i) => i % 2 === 1)];
}

export const titleOf = (axes, where = []) =>
  axes.map((a, k) => D.axes[a].name + (axes.length > 1 ? (where[k] ?? "") : "")).join(" · ");

// Gaps between the values of the outer parameter.
export function edges(axes, count, direction) {
  if (axes.length < 2) return [];
  const step = levelsOf(axes[1]).length,
    other = direction === "x" ? "y" : "x";
  return Array.from({ length: Math.max(0, count / step - 1) }, (_, i) => (i + 1) * step - 0.5).map((p) => ({
    type: "line",
    [`${direction}0`]: p,
    [`${direction}1`]: p,
    [`${other}ref`]: "paper",
    [`${other}0`]: 0,
    [`${other}1`]: 1,
  }));
}

export const hidden = () =>
  D.axes.map((_, a) => a).filter((a) => ![...HEAT.rows, ...HEAT.columns].includes(a) && D.axes[a].values.length > 1);
