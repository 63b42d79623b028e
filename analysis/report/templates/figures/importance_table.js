// @ts-check
import { D } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber, percent } from "../page/numbers.js";
import { state } from "../page/state.js";
import { sharesAt, whyNoShares } from "./importance_shares.js";

// Metrics down, weights across: which weight decides which metric.
export function drawShareTable() {
  const { dataset: d, epoch: e } = state;
  const count = D.importance.parameters.length;
  const shares = D.metrics.map((_, m) => sharesAt(m, d, e));
  if (!count || !shares.some((one) => one.known)) {
    at("importance-metrics-caption").textContent = "";
    return nothing("importance-metrics", whyNoShares());
  }
  const together = count > 1 && shares.some((one) => one.pairs > 0);
  const columns = [...D.importance.parameters.map((a) => D.axes[a].name), ...(together ? ["pairs", "rest"] : [])];
  const z = shares.map((one) =>
    one.known ? [...one.main, ...(together ? [one.pairs, one.rest] : [])] : columns.map(() => NaN),
  );
  const blank = shares.filter((one) => !one.known).length;
  at("importance-metrics-caption").textContent =
    `${D.datasets[d]}, epoch ${D.epochs[e]}: each row sums to 100 %. ` +
    (together ? "Pairs: all two-way interactions; rest: three and more together, and chance. " : "") +
    (blank ? "A blank row is a metric that does not differ between configurations, or of too few of them. " : "") +
    "Click a row to choose that metric.";
  at("importance-metrics").style.minWidth =
    `${130 + columns.reduce((sum, name) => sum + Math.max(58, 12 + 7 * name.length), 0)}px`;
  const label = (metric, m) => (m === state.metric ? `<b>${escapeText(metric.name)}</b>` : escapeText(metric.name));
  plot("importance-metrics", [shareCells(z, columns, count)], {
    ...look(60 + 24 * z.length, { margin: { l: 20, r: 10, t: 30, b: 4 } }),
    xaxis: axis({ side: "top", showgrid: false, ticks: "", type: "category", tickangle: 0 }),
    yaxis: axis({
      autorange: "reversed",
      showgrid: false,
      ticks: "",
      tickvals: D.metrics.map((metric) => metric.name),
      ticktext: D.metrics.map(label),
    }),
  });
  at("importance-metrics").removeAllListeners("plotly_click");
  at("importance-metrics").on("plotly_click", ({ points }) => {
    at("metric").value = D.metrics.findIndex((metric) => metric.name === points[0].y);
    at("metric").dispatchEvent(new Event("change"));
  });
}

// Cells of the table of shares; the first `count` columns are weights.
function shareCells(z, columns, count) {
  const strongest = (row) => columns[row.indexOf(Math.max(...row.slice(0, count).filter(isNumber)))];
  return {
    type: "heatmap",
    z,
    x: columns.map(escapeText),
    y: D.metrics.map((metric) => metric.name),
    zmin: 0,
    zmax: 1,
    colorscale: "Viridis",
    showscale: false,
    xgap: 1,
    ygap: 1,
    text: z.map((row) => row.map((share) => (isNumber(share) ? String(Math.round(100 * share)) : ""))),
    texttemplate: "%{text}",
    hovertext: z.map((row, m) =>
      row.map((share, k) =>
        isNumber(share)
          ? `<b>${percent(share, 1)}</b> of the variance of ${escapeText(D.metrics[m].name)}<br>${escapeText(columns[k])}; most by ${escapeText(strongest(row))}`
          : "no share",
      ),
    ),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}
