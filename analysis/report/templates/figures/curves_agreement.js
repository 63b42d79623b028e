// @ts-check
import { D, part, values } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, colourOf, look, plot, shownBox } from "../page/look.js";
import { isNumber, percent, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { epochAxis } from "./epochs.js";

// Fewer settings that have an epoch and the last one say nothing of where to stop.
const FEW_FOR_ADVICE = 10;

// How well an epoch stands for the last one: rank correlation, and what stopping there costs.
export function drawAgreement() {
  const { metric: m, dataset: d } = state,
    E = D.curves;
  const [spearman, regret, share, overlap, n] = ["spearman", "regret", "regret_share", "top_overlap", "settings"].map(
    (name) => part(E[name], m, d),
  );
  const narrow = shownBox("curves-agreement") < 620;
  const last = n.findLastIndex((count) => count > 0);
  const ends = D.epochs[last];
  const write = writer([...values(m, d, Math.max(0, last))]);
  const few = Math.min(...[...n.slice(0, last + 1)].filter((count) => count > 0)) < FEW_FOR_ADVICE;
  const good = spearman.findIndex((r, e) => isNumber(r) && spearman.slice(e, last + 1).every((x) => x >= 0.9));
  const said = [
    `${narrow ? "Above" : "Left"}: rank correlation (Spearman) of the configurations at an epoch with epoch ${ends}. ${narrow ? "Below" : "Right"}: what choosing the best of that epoch loses at epoch ${ends}.`,
  ];
  if (few) {
    if (last > 0)
      said.push(`Too few configurations have both epochs to say how early one may stop: it takes ${FEW_FOR_ADVICE}.`);
  } else if (isNumber(spearman[0]) && last > 0) {
    said.push(
      good >= 0 && good < last
        ? `From epoch ${D.epochs[good]} on the correlation is at least 0.9: one may stop there, at a cost of ${write(regret[good])} (${percent(share[good], 1)} of the range).`
        : `Before epoch ${ends} the correlation does not stay above 0.9 (epoch ${D.epochs[0]}: ${spearman[0].toFixed(2)}): stopping early changes the order.`,
    );
  } else if (last > 0)
    said.push("The metric is the same for every configuration at one of them, so there is no correlation.");
  said.push(`n = ${[...new Set([...n].filter(Boolean))].join(", ")} settings.`);
  const left = D.stopped?.before[last] ?? 0;
  if (left)
    said.push(
      `The ${left} that were stopped early have no number at epoch ${ends} and are not among them: those that are left are more alike than all were, so this says little of how early the rule may stop.`,
    );
  at("curves-agreement-caption").textContent = said.join(" ");
  const common = (y, text, more) => ({
    type: "scatter",
    mode: "lines+markers",
    x: D.epochs,
    y: [...y],
    line: { color: more.hue, width: 2 },
    marker: { size: 8, color: more.hue },
    hovertext: D.epochs.map((epoch, e) => `${text(e)}<br>epoch ${epoch}, n = ${n[e]} configurations`),
    hovertemplate: "%{hovertext}<extra></extra>",
    xaxis: more.xaxis,
    yaxis: more.yaxis,
  });
  const traces = [
    common(
      spearman,
      (e) =>
        `<b>${isNumber(spearman[e]) ? spearman[e].toFixed(3) : "–"}</b> rank correlation; ${percent(overlap[e])} of the best tenth in common`,
      { hue: colourOf(0), xaxis: "x", yaxis: "y" },
    ),
    common(regret, (e) => `<b>${write(regret[e])}</b> lost, ${percent(share[e], 1)} of the range`, {
      hue: colourOf(1),
      xaxis: "x2",
      yaxis: "y2",
    }),
  ];
  const ended = [...values(m, d, last)].filter(isNumber),
    most = Math.max(...[...regret].filter(isNumber), (Math.max(...ended) - Math.min(...ended)) / 10) || 1;
  const lowest = Math.min(0, ...[...spearman].filter(isNumber));
  const [first, second] = narrow
    ? [
        [0.6, 1],
        [0, 0.4],
      ]
    : [
        [0, 0.45],
        [0.55, 1],
      ];
  return plot("curves-agreement", traces, {
    ...look(narrow ? 460 : 260, { margin: { l: 20, r: 10, t: 10, b: 20 } }),
    xaxis: epochAxis({ domain: narrow ? [0, 1] : first }),
    yaxis: axis({
      domain: narrow ? first : [0, 1],
      range: [lowest < 0 ? -1.05 : -0.05, 1.05],
      title: { text: "rank correlation" },
    }),
    xaxis2: epochAxis({ domain: narrow ? [0, 1] : second, anchor: "y2" }),
    yaxis2: axis({
      domain: narrow ? second : [0, 1],
      anchor: "x2",
      range: [-0.06 * most, 1.1 * most],
      title: { text: `loss in ${D.metrics[m].name}` },
    }),
  });
}
