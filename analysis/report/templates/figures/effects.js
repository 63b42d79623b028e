// @ts-check
import { arrow } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, caption, colour, escapeText, isDark, look, nothing, plot } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { register, state } from "../page/state.js";

// Rank correlations of weights with metrics: warm where a higher weight goes with a better value, cold where with a worse one.
const EFFECT_COLOURS = () =>
  isDark()
    ? [
        [0, "#2f7cb0"],
        [0.5, "#20262d"],
        [1, "#b9601c"],
      ]
    : [
        [0, "#4393c3"],
        [0.5, "#f7f7f5"],
        [1, "#e6822f"],
      ];

const correlationText = (x) => x.toFixed(2).replace("-", "−");

// The arrow stands in the first line: `Score ↑`, and below it `(reference)`.
const inTwoLines = (m) => {
  const [, first, rest] = D.metrics[m].name.match(/^([^_ ]+)(.*)$/) ?? ["", D.metrics[m].name, ""];
  return `${arrow(m).replace(D.metrics[m].name, first)}${rest ? `<br>${rest.trim()}` : ""}`;
};

function drawEffects() {
  const { dataset: d, epoch: e } = state,
    { weights, own } = D.effects;
  const get = (name, w, m) => part(D.effects[name], w, m, d)[e];
  const sure = (w, m) => get("low", w, m) > 0 || get("high", w, m) < 0;
  const z = weights.map((_, w) => D.metrics.map((_, m) => get("spearman", w, m)));
  const some = z.flat().filter(isNumber);
  caption("effects", effectsCaption(own, get, some));
  if (!some.length)
    return nothing("effects", `Too few configurations differ here: ${D.datasets[d]}, epoch ${D.epochs[e]}.`);
  const names = weights.map((a) => D.axes[a].name);
  const frames = own
    .map((m, w) => ({ m, w }))
    .filter(({ m }) => m >= 0)
    .map(({ m, w }) => ({
      type: "rect",
      x0: m - 0.48,
      x1: m + 0.48,
      y0: w - 0.47,
      y1: w + 0.47,
      line: { color: colour("ink"), width: 2 },
    }));
  at("effects").style.minWidth = `${130 + 54 * D.metrics.length}px`;
  return plot("effects", [effectCells(z, names, get), effectWords(z, own, get, sure)], {
    ...look(76 + 42 * weights.length, { margin: { l: 20, r: 24, t: 46, b: 6 } }),
    shapes: frames,
    xaxis: axis({
      side: "top",
      showgrid: false,
      ticks: "",
      tickvals: D.metrics.map((_, m) => m),
      tickangle: 0,
      ticktext: D.metrics.map((_, m) => inTwoLines(m)),
      range: [-0.5, D.metrics.length - 0.5],
    }),
    yaxis: axis({
      showgrid: false,
      ticks: "",
      tickvals: weights.map((_, w) => w),
      ticktext: names.map(escapeText),
      range: [weights.length - 0.5, -0.5],
    }),
  });
}

function effectCells(z, names, get) {
  const said = (x, w, m) =>
    isNumber(x)
      ? `<b>${escapeText(names[w])} and ${escapeText(D.metrics[m].name)}: ${correlationText(x)}</b><br>95 % interval ${correlationText(get("low", w, m))} to ${correlationText(get("high", w, m))}<br>n = ${get("settings", w, m)} configurations`
      : "the weight or the metric does not differ";
  return {
    type: "heatmap",
    z: z.map((row) => row.map((x) => (isNumber(x) ? x : null))),
    zmin: -1,
    zmax: 1,
    colorscale: EFFECT_COLOURS(),
    showscale: false,
    xgap: 1,
    ygap: 1,
    hovertext: z.map((row, w) => row.map((x, m) => said(x, w, m))),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}

function effectWords(z, own, get, sure) {
  const cells = z.flatMap((row, w) => row.map((x, m) => ({ x, w, m }))).filter(({ x }) => isNumber(x));
  return {
    type: "scatter",
    mode: "text",
    hoverinfo: "skip",
    x: cells.map(({ m }) => m),
    y: cells.map(({ w }) => w),
    text: cells.map(
      ({ x, w, m }) =>
        `${own[w] === m ? "<b>" : ""}${correlationText(x)}${sure(w, m) ? "*" : ""}${own[w] === m ? "</b>" : ""}<br><span style="font-size:9px">n ${get("settings", w, m)}</span>`,
    ),
    textfont: { size: 11, color: colour("ink") },
  };
}

function effectsCaption(own, get, some) {
  const said = [
    `${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}: Spearman's rank correlation of a weight (row) with a metric (column) over configurations, each the mean of its seeds; above 0 (orange), the higher the weight the better the metric, also where lower is better (↓).`,
    `*: its 95 % interval (${D.effects.how === "bootstrap" ? "bootstrap over configurations" : "by Bonett and Wright"}) excludes 0.`,
  ];
  const mine = own.map((m, w) => ({ m, w })).filter(({ m, w }) => m >= 0 && isNumber(get("spearman", w, m)));
  if (mine.length) {
    const up = mine.filter(({ m, w }) => get("low", w, m) > 0).length;
    said.push(`Framed: a metric and its own weight; ${up} of ${mine.length} weights raise their metric.`);
  }
  if (D.effects.joined)
    said.push(
      "A metric of the table sums its two sources; the answer at the top of the page takes it as the reward joins them.",
    );
  if (D.mixture && some.length) said.push("Weights that sum to the same hang together: where one rises, others fall.");
  return said.join(" ");
}

register({ id: "effects", draw: drawEffects, acts: ["dataset", "epoch"] });
