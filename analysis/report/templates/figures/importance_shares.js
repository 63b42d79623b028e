// @ts-check
import { place } from "../page/chosen.js";
import { D, part, values } from "../page/data.js";
import { colour, colourOf } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";

const LEAST_SHARE = 0.01;

// Shares at one place: one per weight, the pairs worth a bar, and what is left for three and more together.
export function sharesAt(m, d, e) {
  const main = [...part(D.importance.main, m, d, e)],
    pair = [...part(D.importance.pair, m, d, e)];
  const sum = (some) => some.filter(isNumber).reduce((a, b) => a + b, 0);
  return { main, pair, rest: Math.max(0, 1 - sum(main) - sum(pair)), pairs: sum(pair), known: main.some(isNumber) };
}

const weightName = (p) => D.axes[D.importance.parameters[p]].name;
const pairName = (k) => D.importance.pairs[k].map(weightName).join(" × ");

export function importanceRows({ main, pair, rest }) {
  const rows = [
    ...main.map((share, p) => ({ name: weightName(p), share, weight: p, hue: colourOf(D.importance.parameters[p]) })),
    ...pair.map((share, k) => ({ name: pairName(k), share, hue: "#8c8c8c" })).filter((row) => row.share > LEAST_SHARE),
  ];
  rows.sort((a, b) => Number(isNumber(b.share)) - Number(isNumber(a.share)) || b.share - a.share);
  return rest > LEAST_SHARE ? [...rows, { name: "three and more, chance", share: rest, hue: colour("line") }] : rows;
}

// Why there is no share at a place, in words.
export function whyNoShares() {
  const some = values(state.metric, state.dataset, state.epoch).filter(isNumber);
  if (!D.importance.parameters.length) return `Nothing is swept, so no ${D.noun} can decide anything.`;
  if (!some.length) return `No configuration has a number for ${place()}.`;
  if (some.length === 1) return `Only one configuration has a number for ${place()}.`;
  const [low, high] = [Math.min(...some), Math.max(...some)];
  return high - low > 1e-6 * Math.max(Math.abs(low), Math.abs(high))
    ? `${place()}: ${some.length} configurations are too few to separate the ${D.noun}s, ${whyFit()}.`
    : `${place()}: the metric is the same for every configuration, so no ${D.noun} decides it.`;
}

export const whyFit = () =>
  D.mixture
    ? "for the weights sum to the same, so that not every combination can be"
    : "for the grid has holes or a range was searched";
