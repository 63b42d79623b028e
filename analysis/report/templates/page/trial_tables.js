// @ts-check
import { better, place } from "./chosen.js";
import { baselineValues, D, level, part, startValues, values } from "./data.js";
import { element } from "./document.js";
import { isNumber, sayDifference, writer } from "./numbers.js";
import { state } from "./state.js";

// The panel of one setting: what it is, every metric over its epochs beside the best and the untrained, its loss terms.
export function trialMetrics(i, d) {
  const e = state.epoch,
    row = D.metrics.map((metric, m) => {
      const mine = D.epochs.map((_, k) => values(m, d, k)[i]),
        all = [...values(m, d, e)].filter(isNumber),
        copies = [...baselineValues(m, d)].filter(isNumber);
      const best = (some) => some.reduce((a, b) => (better(b, a, m) ? b : a), some[0]);
      const write = writer([...mine, ...all, ...copies]),
        rank = isNumber(mine[e]) ? 1 + all.filter((x) => better(x, mine[e], m)).length : NaN;
      const begun = [...startValues(m, d)].filter(isNumber);
      return { metric, mine, write, rank, all, best: best(all), copy: best(copies), begun: best(begun) };
    });
  const head = [
    "metric",
    ...D.epochs.map((epoch) => `epoch ${epoch}`),
    `rank, epoch ${D.epochs[e]}`,
    "best configuration",
    "best baseline",
    ...(D.starts.length ? [D.starts.length > 1 ? "best start" : "start"] : []),
  ];
  const body = row
    .filter(({ mine }) => mine.some(isNumber))
    .map(({ metric, mine, write, rank, all, best, copy, begun }) => [
      `${metric.name} ${metric.higher ? "↑" : "↓"}`,
      ...mine.map(write),
      isNumber(rank) ? `${rank} of ${all.length}` : "–",
      write(best),
      write(copy),
      ...(D.starts.length ? [write(begun)] : []),
    ]);
  return body.length ? tableOf(head, body) : element("p", { textContent: "It has no number on this data set." });
}

// A table of text; every column but the first holds numbers.
function tableOf(head, body) {
  const cell = (tag) => (text, k) => element(tag, { className: k ? "number" : "", textContent: text });
  const line = (tag) => (texts) => element("tr", {}, ...texts.map(cell(tag)));
  const made = element(
    "table",
    {},
    element("thead", {}, line("th")(head)),
    element("tbody", {}, ...body.map(line("td"))),
  );
  return element("div", { className: "scroll", tabIndex: 0 }, made);
}

export function trialLosses(i) {
  const data = D.training,
    k = data ? (data.settings ? data.settings.indexOf(i) : i) : -1;
  if (!data?.curves || k < 0) return [];
  const body = data.names
    .map(([name], n) => ({ name, curve: [...part(data.curves, k, n)] }))
    .filter(({ curve }) => curve.some(isNumber))
    .map(({ name, curve }) => [name, ...curve.map(writer(curve))]);
  if (!body.length) return [];
  return [
    element("h3", { textContent: "Training" }),
    tableOf(["logged", ...data.epochs.map((epoch) => `epoch ${epoch}`)], body),
  ];
}

export function trialFacts(i) {
  const setting = D.settings[i],
    { metric: m, dataset: d, epoch: e } = state,
    value = values(m, d, e)[i];
  const withSeed = (number, k) => (setting.seeds ? `${number} (seed ${setting.seeds[k]})` : String(number));
  const facts = D.axes.map((axis, a) => [axis.key, level(setting, a)]);
  facts.push(
    [setting.trials.length > 1 ? "trials" : "trial", setting.trials.map(withSeed).join(", ")],
    ["status", setting.status],
  );
  for (const number of setting.trials) if (D.failures[number]) facts.push([`why ${number} failed`, D.failures[number]]);
  if (D.seeds) {
    const spread = D.spreads ? part(D.spreads, m, d, e)[i] : NaN;
    facts.push([
      "seeds with this number",
      `${part(D.seeds, d, e)[i]}${isNumber(spread) ? `, standard deviation between them ${sayDifference(spread)}` : ""}`,
    ]);
  }
  const again = D.ranking.final?.trials[i];
  if (again) {
    const now = part(D.ranking.final.values, m, d, e)[i],
      there = part(D.ranking.final.confirmed, m, d, e)[i] > 0,
      write = writer([...values(m, d, e)]);
    facts.push([
      "confirmed by",
      `trial ${again.map(([number, seed]) => `${number} (seed ${seed})`).join(", ")}${there ? `: ${write(now)}, selected at ${write(value)}` : ", no number here yet"}`,
    ]);
    for (const [number] of again) if (D.failures[number]) facts.push([`why ${number} failed`, D.failures[number]]);
  }
  if (isNumber(value)) {
    const of = (name) => (D.ranking[name] ? part(D.ranking[name], m, d, e)[i] : NaN);
    const interval = isNumber(of("worse_low"))
      ? `worse than the best by ${sayDifference(of("worse_low"))} to ${sayDifference(of("worse_high"))} (95 %)`
      : "";
    const tie = of("tied") ? "statistically tied with the best" : "";
    if (interval || tie) facts.push([place(), [tie, interval].filter(Boolean).join("; ")]);
  }
  return element(
    "dl",
    {},
    ...facts.flatMap(([name, text]) => [
      element("dt", { textContent: name }),
      element("dd", { textContent: String(text) }),
    ]),
  );
}
