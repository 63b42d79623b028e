// @ts-check
import { arrow, column } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at, element } from "../page/document.js";
import { caption } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { register, state } from "../page/state.js";

// What the seed alone does to each metric, and the least difference that it does not explain.
function noiseRow(m) {
  const { dataset: d, epoch: e } = state;
  const get = (name) => part(D.noise[name], m, d)[e];
  const numbers = [...column(m)].filter(isNumber);
  const range = numbers.length > 1 ? Math.max(...numbers) - Math.min(...numbers) : NaN;
  return { m, range, numbers, get };
}

const brief = (x) => (isNumber(x) ? (x === 0 ? "0" : Math.abs(x) < 1e-3 ? x.toExponential(1) : x.toPrecision(2)) : "–");

function drawNoise() {
  const rows = D.metrics.map((_, m) => noiseRow(m)).filter(({ get }) => get("repeated") > 0);
  const table = at("noise");
  table.hidden = !rows.length;
  if (!rows.length)
    return caption(
      "noise",
      `No configuration has more than one seed on ${D.datasets[state.dataset]} at epoch ${D.epochs[state.epoch]}.`,
    );
  const { get: first } = rows.find(({ m }) => m === state.metric) ?? rows[0];
  const [repeated, seeds, settings] = ["repeated", "seeds", "settings"].map(first);
  const own = rows.find(({ m }) => m === state.metric);
  caption(
    "noise",
    `${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}: standard deviation between the seeds of ${repeated} ${repeated === 1 ? "configuration" : "configurations"} (mostly ${seeds} seeds${D.seeds ? "" : ", the fresh ones that confirm them"}), ` +
      "and the least difference that seeds alone do not explain (95 %)." +
      (own
        ? ` Two configurations of ${seeds} seeds each that differ by less than ${brief(own.get("pair"))} in ${D.metrics[state.metric].name} cannot be told apart by it.`
        : ""),
  );
  const head = [
    "metric",
    "± between seeds",
    "degrees of freedom",
    `two configurations, ${seeds} seeds each`,
    ...(settings > 2 ? [`any two of ${settings}, ${seeds} seeds each`] : []),
    "two configurations, one seed each",
    ...(settings > 2 ? [`any two of ${settings}, one seed each`] : []),
    ...(settings > 1 ? ["best minus worst"] : [`mean of ${seeds} seeds`]),
  ];
  const body = rows.map(({ m, range, numbers, get }) => {
    const cells = [
      brief(get("std")),
      String(get("freedom")),
      brief(get("pair")),
      ...(settings > 2 ? [brief(get("sweep"))] : []),
      brief(get("pair_one")),
      ...(settings > 2 ? [brief(get("sweep_one"))] : []),
      settings > 1 ? brief(range) : isNumber(numbers[0]) ? numbers[0].toPrecision(4) : "–",
    ];
    const name = element(m === state.metric ? "b" : "span", { textContent: arrow(m) });
    return element(
      "tr",
      {},
      element("td", {}, name),
      ...cells.map((textContent) => element("td", { className: "number", textContent })),
    );
  });
  table.tHead.replaceChildren(
    element(
      "tr",
      {},
      ...head.map((textContent, k) => element("th", { scope: "col", className: k ? "number" : "", textContent })),
    ),
  );
  table.tBodies[0].replaceChildren(...body);
}

register({ id: "noise", draw: drawNoise });
