// @ts-check
import { place } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { axis, caption, colour, escapeText, look, nothing, plot, shownBox } from "../page/look.js";
import { isNumber, listed, percent } from "../page/numbers.js";
import { register, state } from "../page/state.js";
import { importanceRows, sharesAt, whyFit, whyNoShares } from "./importance_shares.js";
import { drawShareTable } from "./importance_table.js";

function importanceCaption(rows, opinion) {
  const { metric: m, dataset: d, epoch: e } = state;
  const n = part(D.importance.settings, m, d)[e];
  const how = D.importance.complete[m][d][e]
    ? "exact, over the complete grid"
    : `a least-squares fit${D.importance.ranked[m][d][e] ? " along the ranks of the values, too few configurations for a level each" : ""}, ${whyFit()}`;
  const pairs = rows.some((row) => row.name.includes("×"))
    ? ", or two together beyond that (grey, those above 1 %)"
    : "";
  const said = [
    `${place()}, n = ${n} configurations: the share of the variance between configurations that a ${D.noun} decides alone${pairs}; ${how}.`,
  ];
  if (opinion) {
    const used = opinion.used < opinion.settings ? ` on ${opinion.used} of the configurations` : "";
    said.push(
      `Marks, Optuna's second opinion${used}: fANOVA on the same scale, and PED-ANOVA, what decides being in the best tenth.`,
    );
  } else if (D.importance.optuna.length) {
    const [first] = D.importance.optuna;
    const known = listed(D.importance.optuna.map((one) => D.metrics[one.metric].name));
    said.push(
      `Optuna's fANOVA and PED-ANOVA stand beside it for ${known} on ${D.datasets[first.dataset]} at epoch ${D.epochs[first.epoch]}.`,
    );
  }
  if (D.mixture) said.push(D.mixture);
  return said.join(" ");
}

function opinionMarks(rows, opinion) {
  if (!opinion) return [];
  const kinds = [
    ["fanova", "fANOVA (Optuna)", "diamond-open"],
    ["ped_anova", "PED-ANOVA (Optuna)", "triangle-up-open"],
  ];
  const weights = rows.filter((row) => row.weight !== undefined);
  return kinds.map(([key, name, symbol]) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: weights.map((row) => opinion[key].data[row.weight]),
    y: weights.map((row) => escapeText(row.name)),
    cliponaxis: false,
    marker: { symbol, size: 10, color: colour("ink"), line: { width: 2, color: colour("ink") } },
    hovertemplate: `${name}: %{x:.1%}<extra>%{y}</extra>`,
  }));
}

function drawImportance() {
  const { metric: m, dataset: d, epoch: e } = state;
  const shares = sharesAt(m, d, e);
  drawShareTable();
  const opinion = D.importance.optuna.find(
    (one) => one.metric === m && one.dataset === d && one.epoch === e && [...one.fanova.data].some(isNumber),
  );
  if (!shares.known) {
    caption("importance", `How much of the variance between configurations each ${D.noun} decides.`);
    return nothing("importance", whyNoShares());
  }
  const rows = importanceRows(shares);
  caption("importance", importanceCaption(rows, opinion));
  const bars = {
    type: "bar",
    orientation: "h",
    name: "share of variance",
    showlegend: false,
    x: rows.map((row) => row.share),
    y: rows.map((row) => escapeText(row.name)),
    marker: { color: rows.map((row) => row.hue) },
    width: 0.62,
    hovertemplate: "%{x:.1%} of the variance<extra>%{y}</extra>",
  };
  const marks = opinionMarks(rows, opinion);
  const most = Math.max(...rows.map((row) => row.share || 0), ...marks.flatMap((mark) => mark.x.filter(isNumber)));
  const narrow = shownBox("importance") < 560;
  return plot("importance", [bars, ...marks], {
    ...look(80 + (narrow ? 36 : 30) * rows.length + (marks.length ? 26 : 0), {
      margin: { l: 20, r: 16, t: marks.length ? 34 : 10, b: 20 },
    }),
    showlegend: marks.length > 0,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom" },
    xaxis: axis({
      range: [0, Math.min(1.02, most * 1.08) || 1],
      tickformat: ".0%",
      title: { text: "share of the variance" },
    }),
    yaxis: axis({
      autorange: "reversed",
      showgrid: false,
      ticks: "",
      type: "category",
      tickvals: rows.map((row) => escapeText(row.name)),
      ticktext: rows.map(
        (row) => `${escapeText(row.name).replace(" × ", narrow ? " ×<br>" : " × ")}  <b>${percent(row.share)}</b>`,
      ),
    }),
  });
}

register({ id: "importance", draw: drawImportance });
