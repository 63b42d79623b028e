// @ts-check
import { better, firstIsBetter } from "../page/chosen.js";
import { baselineValues, D, imagesOf, part, startValues } from "../page/data.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";

// Where some settings were run again with fresh seeds, or must keep to constraints: what they rank by.
export const FINAL = D.ranking.final;

// What the table says of one setting, or of one untrained fusion.
function rowReader() {
  const { metric: m, dataset: d, epoch: e } = state,
    here = (packed) => (packed ? part(packed, m, d, e) : null);
  const of = FINAL ?? D;
  const [picked, mine, stds, spreads, again, tied, low, high] = [
    D.values,
    of.values,
    of.stds,
    of.spreads,
    FINAL?.confirmed,
    D.ranking.tied,
    D.ranking.worse_low,
    D.ranking.worse_high,
  ].map(here);
  const keeps = FINAL?.keeps ? part(FINAL.keeps, e) : null;
  const images = imagesOf(D.images, m, d, e),
    copies = {
      values: baselineValues(m, d),
      stds: part(D.baselines.stds, m, d),
      n: imagesOf(D.baselines.images, m, d),
    };
  const setting = (i) => ({
    id: i,
    setting: D.settings[i],
    value: mine?.[i],
    std: stds?.[i],
    n: images(i),
    spread: spreads?.[i],
    tied: Number(tied?.[i]) > 0,
    low: low?.[i],
    high: high?.[i],
    picked: again?.[i] ? picked?.[i] : NaN,
    standing: (keeps && !keeps[i] ? 2 : 0) + (again && !again[i] ? 1 : 0),
    other: (metric) => part(of.values, metric, d, e)[i],
  });
  const copy = (i) => ({
    name: D.fusions[i],
    value: copies.values[i],
    std: copies.stds[i],
    n: copies.n(i),
    other: (metric) => baselineValues(metric, d)[i],
  });
  const begun = (i) => ({
    name: D.starts[i],
    start: true,
    value: startValues(m, d)[i],
    std: part(D.startStats.stds, m, d)[i],
    n: imagesOf(D.startStats.images, m, d)(i),
    other: (metric) => startValues(metric, d)[i],
  });
  return { setting, copy, begun };
}

// Untrained fusions stand with the first settings whose worst they beat.
function standBaselines(settings, others) {
  const groups = [...new Set(settings.map((row) => row.standing))].sort();
  const worst = groups.map((group) =>
    settings.filter((row) => row.standing === group).reduce((a, b) => (better(b.value, a.value) ? a : b)),
  );
  for (const row of others)
    row.standing = (worst.find((one) => !better(one.value, row.value)) ?? worst.at(-1))?.standing ?? 0;
}

export function tableRows() {
  const read = rowReader(),
    settings = D.settings.map((_, i) => read.setting(i));
  const scored = settings.filter((row) => isNumber(row.value));
  scored
    .sort((a, b) => a.standing - b.standing || firstIsBetter(a.value, b.value))
    .forEach((row, i) => {
      row.rank = i + 1;
    });
  const others = [...D.starts.map((_, i) => read.begun(i)), ...D.fusions.map((_, i) => read.copy(i))];
  const measured = others.filter((row) => isNumber(row.value));
  standBaselines(scored, measured);
  return [...settings, ...measured];
}
