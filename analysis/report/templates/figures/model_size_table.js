// @ts-check
import { arrow } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at, element } from "../page/document.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";

// What each swept model costs and what its best setting reaches: a table, and the metric against the parameters.
export const modelAt = (name, m, e = state.epoch) => part(D.model_size[name], m, state.dataset, e);
export const modelCost = (name) => [...D.model_size[name].data];
export const briefCount = (x) =>
  x >= 1e6 ? `${(x / 1e6).toPrecision(3)} M` : x >= 1e3 ? `${(x / 1e3).toPrecision(3)} k` : String(x);

// A mean with as many decimals as two digits of its deviation need.
export function withDeviation(mean, std, write) {
  if (!isNumber(mean) || !(std > 0)) return write(mean);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(std))),
    say = (x) => (decimals > 6 ? x.toExponential(1) : x.toFixed(decimals));
  return `${say(mean)} ± ${say(std)}`;
}

function modelColumns() {
  const last = D.epochs.length - 1,
    seconds = (e) => [...part(D.model_size.seconds, e)],
    deviations = (e) => [...part(D.model_size.seconds_std, e)],
    digits = (x) => (isNumber(x) ? Number(x.toPrecision(3)).toLocaleString("en") : "–"),
    plain = (title, numbers, say = digits) => ({ title, cells: numbers.map((x) => (isNumber(x) ? say(x) : "–")) }),
    spread = (title, means, stds) => ({ title, cells: means.map((x, k) => withDeviation(x, stds[k], digits)) });
  const cost = [
    plain("parameters", modelCost("parameters"), (x) => x.toLocaleString("en")),
    plain("GFLOP", modelCost("gflop")),
    plain("GFLOP, training", modelCost("gflop_training")),
    spread("ms for 16 pairs", modelCost("inference_ms_16"), modelCost("inference_ms_16_std")),
    ...(state.epoch < last
      ? [spread(`training s, to epoch ${D.epochs[state.epoch]}`, seconds(state.epoch), deviations(state.epoch))]
      : []),
    spread(last ? `training s, all ${D.epochs.length} epochs` : "training s", seconds(last), deviations(last)),
  ];
  const order = [state.metric, ...D.metrics.map((_, m) => m).filter((m) => m !== state.metric)];
  const reached = order.map((m) => {
    const [means, stds] = ["mean", "std"].map((name) => [...modelAt(name, m)]);
    const write = writer(means);
    return {
      title: arrow(m),
      chosen: m === state.metric,
      cells: means.map((x, k) => withDeviation(x, stds[k], write)),
    };
  });
  return [...cost, ...reached];
}

export function drawModelTable() {
  const columns = modelColumns();
  /** @type {(tag: string, column: { title: string, chosen?: boolean }, text: string) => any} */
  const cell = (tag, { chosen }, textContent) =>
    element(tag, {
      className: `number ${chosen ? "chosen" : ""}`,
      textContent,
      ...(tag === "th" ? { scope: "col" } : {}),
    });
  const head = element("th", { scope: "col", textContent: "model" });
  const table = at("model_size-table");
  table.tHead.replaceChildren(element("tr", {}, head, ...columns.map((column) => cell("th", column, column.title))));
  table.tBodies[0].replaceChildren(
    ...D.model_size.models.map(([name], k) =>
      element(
        "tr",
        {},
        element("td", { textContent: name }),
        ...columns.map((column) => cell("td", column, column.cells[k])),
      ),
    ),
  );
}
