// @ts-check
import { D, level, part } from "../page/data.js";
import { isNumber, sayDifference } from "../page/numbers.js";
import { state } from "../page/state.js";
import { FINAL } from "./ranking_rows.js";

const HEADLINES = ["Reward", "VIF", "Qabf", "SSIM", "MI"];

// Its columns; `get` gives what is sorted by, `text` what is shown where that is not a number of the metric's scale.
export function columnsOfTable() {
  const { metric: m, dataset: d, epoch: e } = state,
    metric = D.metrics[m],
    sure = D.ranking.worse_low && part(D.ranking.worse_low, m, d, e).some(isNumber);
  const others = HEADLINES.map((name) => D.metrics.findIndex((one) => one.name === name))
    .filter((i) => i >= 0 && i !== m)
    .slice(0, 4);
  const soft = (key, title, get, more) => ({ key, title, kind: "soft", get, ...more });
  const number = (row) => (isNumber(row.value) ? String(row.n) : "–");
  const between = (row) => (isNumber(row.low) ? `${sayDifference(row.low)} to ${sayDifference(row.high)}` : "");
  return [
    { key: "rank", title: "#", get: (row) => row.rank },
    { key: "value", title: metric.name, kind: "value", higher: metric.higher, get: (row) => row.value },
    D.stds && soft("std", "±", (row) => row.std),
    (FINAL ?? D).spreads && soft("spread", "± seeds", (row) => row.spread),
    soft("n", "n", (row) => row.n, { text: number }),
    sure && soft("worse", "worse by, 95 %", (row) => row.high, { text: between }),
    FINAL?.confirmed && soft("picked", "selected at", (row) => row.picked, { higher: metric.higher }),
    { key: "tied", title: "tied", kind: "tied", higher: true, get: tieOf, text: (row) => (row.tied ? "●" : "") },
    FINAL && {
      key: "standing",
      title: "standing",
      kind: "soft words",
      get: (row) => (row.setting && isNumber(row.value) ? row.standing : NaN),
      text: (row) => (row.setting && isNumber(row.value) ? markOf(row) : ""),
    },
    ...D.axes.map((one, i) => ({
      key: one.key,
      title: one.name,
      axis: i,
      get: (row) => row.setting?.at[i],
      text: (row) => (row.setting ? String(level(row.setting, i)) : ""),
    })),
    ...others.map((i) => soft(`other-${i}`, D.metrics[i].name, (row) => row.other(i), { higher: D.metrics[i].higher })),
    {
      key: "trial",
      title: D.seeds ? "trials" : "trial",
      get: (row) => row.setting?.trials[0],
      text: (row) => (row.setting ? numbersOf(row).join(", ") : ""),
    },
  ].filter(Boolean);
}

// The trials of a setting, those that confirm it last.
export const numbersOf = (row) => [...row.setting.trials, ...(FINAL?.trials[row.id] ?? []).map(([number]) => number)];

// What is said of a setting that does not stand first.
export function markOf({ standing }) {
  const marks = [];
  if (FINAL.confirmed) marks.push(standing % 2 ? "not confirmed" : "confirmed");
  if (standing > 1) marks.push(`breaks ${FINAL.constraints.join(" or ")}`);
  return marks.join(", ");
}

const tieOf = (row) => (row.setting ? Number(row.tied) : NaN);
