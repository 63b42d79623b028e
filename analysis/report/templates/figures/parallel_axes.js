// @ts-check
import { arrow, column, higher, ranked } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at } from "../page/document.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { trialButton } from "../page/trial.js";

// Parallel coordinates on a canvas: no WebGL needed, every line can be pointed at, every axis brushed by mouse or keys.
export const PARALLEL = { height: 440, top: 44, bottom: 14, left: 78, right: 70, best: 100 };
export const brushes = new Map(); // axis key -> [low, high] in the axis' own unit; they stay when the choices change

const shortLevel = (value) =>
  isNumber(value) ? String(Number(value.toPrecision(4))) : String(value).replace(/^(.{11}).{3,}$/u, "$1…");

// An axis: `at(setting)` in [0, 1] from bottom to top (NaN: no number); a weight's values lie apart alike, and the
// settings of one value are spread by rank, so that a bundle shows what is in it.
function weightAxis(a, spread) {
  const { name, values: levels } = D.axes[a];
  const every = Math.ceil(levels.length / 12);
  const ticks = levels.map((value, k) => ({ at: (k + 0.5) / levels.length, text: shortLevel(value) }));
  return {
    key: `weight ${a}`,
    title: name,
    at: (i) => (D.settings[i].at[a] + 0.5 + 0.7 * spread(i)) / levels.length,
    ticks: ticks.filter((_, k) => k % every === 0),
    toAt: (unit) => unit,
    toUnit: (at) => at,
  };
}

function metricAxis(m, lines) {
  const numbers = column(m),
    there = lines.map((i) => numbers[i]).filter(isNumber);
  let [low, high] = there.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
  const write = writer(there);
  if (low === high) [low, high] = [low - 1, high + 1];
  const [bottom, top] = higher(m) ? [low, high] : [high, low];
  const toAt = (x) => (x - bottom) / (top - bottom);
  return {
    key: `metric ${m}`,
    title: arrow(m),
    at: (i) => toAt(numbers[i]),
    ticks: [0, 0.25, 0.5, 0.75, 1].map((p) => ({
      at: p,
      text: there.length ? write(bottom + p * (top - bottom)) : "",
    })),
    m,
    toAt,
    toUnit: (p) => bottom + p * (top - bottom),
  };
}

// What is drawn: the lines, best first, the axes, and where each line crosses each axis.
export function parallelPlan() {
  const order = ranked(column(state.metric));
  const rank = new Map(order.map((i, k) => [i, k]));
  const sampled = D.parallel.sample && new Set([...D.parallel.sample, ...order.slice(0, PARALLEL.best)]);
  const lines = sampled ? order.filter((i) => sampled.has(i)) : order;
  const spread = (i) => 0.5 - (rank.get(i) ?? NaN) / Math.max(1, order.length - 1);
  const weights = D.axes.flatMap((one, a) => (one.values.length > 1 ? [weightAxis(a, spread)] : []));
  const metrics = [...new Set([...state.compared, state.metric])].map((m) => metricAxis(m, lines));
  const axes = [...weights, ...metrics];
  return { lines, axes, total: order.length, crossings: lines.map((i) => axes.map((one) => one.at(i))) };
}

export const brushOf = (one) =>
  brushes
    .get(one.key)
    ?.map(one.toAt)
    .sort((a, b) => a - b);

export function insideBrushes({ axes, crossings }) {
  const ranges = axes.map(brushOf);
  return crossings.map((line) =>
    line.every((p, k) => !ranges[k] || (p >= ranges[k][0] - 1e-6 && p <= ranges[k][1] + 1e-6)),
  );
}

// Says how many lines the brushes leave and names the best of them.
export function sayBrushed(plan, inside) {
  const left = plan.lines.filter((_, k) => inside[k]);
  const some = plan.axes.some((one) => brushes.has(one.key));
  const name = D.metrics[state.metric].name;
  at("parallel-clear").hidden = !some;
  const count = some ? `${left.length} of ${plan.lines.length} configurations are inside the brushes. ` : "";
  at("parallel-left").replaceChildren(
    count + (left.length ? `The best by ${name}${some ? " of them" : ""}:` : ""),
    ...left.slice(0, 5).map(trialButton),
  );
}
