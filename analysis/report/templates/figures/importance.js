const LEAST_SHARE = 0.01;

// Shares at one place: one per weight, the pairs worth a bar, and what is left for three and more together.
function sharesAt(m, d, e) {
  const main = [...part(D.importance.main, m, d, e)],
    pair = [...part(D.importance.pair, m, d, e)];
  const sum = (some) => some.filter(isNumber).reduce((a, b) => a + b, 0);
  return { main, pair, rest: Math.max(0, 1 - sum(main) - sum(pair)), pairs: sum(pair), known: main.some(isNumber) };
}

const weightName = (p) => D.axes[D.importance.parameters[p]].name;
const pairName = (k) => D.importance.pairs[k].map(weightName).join(" × ");

function importanceRows({ main, pair, rest }) {
  const rows = [
    ...main.map((share, p) => ({ name: weightName(p), share, weight: p, hue: colourOf(D.importance.parameters[p]) })),
    ...pair.map((share, k) => ({ name: pairName(k), share, hue: "#8c8c8c" })).filter((row) => row.share > LEAST_SHARE),
  ];
  rows.sort((a, b) => isNumber(b.share) - isNumber(a.share) || b.share - a.share);
  return rest > LEAST_SHARE ? [...rows, { name: "three and more, chance", share: rest, hue: colour("line") }] : rows;
}

// Why there is no share at a place, in words.
function whyNoShares() {
  const some = values(state.metric, state.dataset, state.epoch).filter(isNumber);
  if (!D.importance.parameters.length) return `Nothing is swept, so no ${D.noun} can decide anything.`;
  if (!some.length) return `No setting has a number for ${place()}.`;
  if (some.length === 1) return `Only one setting has a number for ${place()}.`;
  const [low, high] = [Math.min(...some), Math.max(...some)];
  return high - low > 1e-6 * Math.max(Math.abs(low), Math.abs(high))
    ? `${place()}: ${some.length} settings are too few to tell the ${D.noun}s apart, ${whyFit()}.`
    : `${place()}: the metric is the same for every setting, so no ${D.noun} decides it.`;
}

const whyFit = () =>
  D.mixture
    ? "for the weights sum to the same, so that not every combination can be"
    : "for the grid has holes or a range was searched";

function importanceCaption(rows, opinion) {
  const { metric: m, dataset: d, epoch: e } = state;
  const n = part(D.importance.settings, m, d)[e];
  const how = D.importance.complete[m][d][e]
    ? "exact, over the complete grid"
    : `a least-squares fit${D.importance.ranked[m][d][e] ? " along the ranks of the values, too few settings for a level each" : ""}, ${whyFit()}`;
  const pairs = rows.some((row) => row.name.includes("×"))
    ? ", or two together beyond that (grey, those above 1 %)"
    : "";
  const said = [
    `${place()}, n = ${n} settings: the share of the variance between settings that a ${D.noun} decides alone${pairs}; ${how}.`,
  ];
  if (opinion) {
    const used = opinion.used < opinion.settings ? ` on ${opinion.used} of the settings` : "";
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
    caption("importance", `How much of the variance between settings each ${D.noun} decides.`);
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

// Metrics down, weights across: which weight decides which metric.
function drawShareTable() {
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
    (blank ? "A blank row is a metric that does not differ between settings, or of too few of them. " : "") +
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

register({ id: "importance", draw: drawImportance });
