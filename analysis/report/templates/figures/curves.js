// The setting nearest to the median at the chosen place, for every figure that draws it; -1 where nobody has a number.
const medianSetting = () => part(D.curves.median, state.metric, state.dataset)[state.epoch];

// One line per front runner; the best at the last epoch are solid, those of the first one dotted.
function runnerTraces(runners, write) {
  const last = `best at epoch ${D.epochs.at(-1)}`,
    dashes = { median: "dash", default: "dashdot", "nearest to the defaults": "dashdot" };
  return runners.map(([i, why], k) => {
    const numbers = D.epochs.map((_, e) => values(state.metric, state.dataset, e)[i]);
    const plain = why in dashes;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: `${trialTag(i)} (${why})`,
      x: D.epochs,
      y: numbers,
      customdata: D.epochs.map(() => i),
      line: {
        color: plain ? colour("soft") : colourOf(k),
        width: 2,
        dash: dashes[why] ?? (why === last ? "solid" : "dot"),
      },
      marker: { size: 7, symbol: k, color: plain ? colour("soft") : colourOf(k) },
      hovertext: numbers.map((x, e) => hoverOf(i, `<b>${write(x)}</b> at epoch ${D.epochs[e]}`, escapeText(why))),
      hovertemplate: "%{hovertext}<extra></extra>",
    };
  });
}

// The other settings behind them, as one broken line: a hundred of them, evenly from the best to the worst.
function fieldTrace(runners) {
  const named = new Set(runners.map(([i]) => i));
  const order = ranked(values(state.metric, state.dataset, state.epoch)).filter((i) => !named.has(i));
  const step = Math.max(1, order.length / 100);
  const some = Array.from({ length: Math.min(100, order.length) }, (_, k) => order[Math.floor(k * step)]);
  const trace = {
    type: "scatter",
    mode: "lines",
    name: some.length < order.length ? `${some.length} of the other settings` : "the other settings",
    x: some.flatMap(() => [...D.epochs, null]),
    y: some.flatMap((i) => [...D.epochs.map((_, e) => values(state.metric, state.dataset, e)[i]), null]),
    line: { color: colour("soft"), width: 0.7 },
    opacity: 0.35,
    hoverinfo: "skip",
  };
  return some.length ? [trace] : [];
}

// Untrained fusions that lie near the curves; one far outside would flatten them all, and is named instead.
function untrainedLines(traces, write) {
  const numbers = traces.flatMap((trace) => trace.y).filter(isNumber);
  const low = Math.min(...numbers),
    high = Math.max(...numbers),
    margin = Math.max((high - low) * 1.5, Math.abs(high) * 0.02);
  const dashes = ["dash", "dashdot", "longdash"];
  const known = references(state.metric, state.dataset).filter((one) => isNumber(one.value));
  const inside = known.filter(({ value }) => value > low - margin && value < high + margin);
  const outside = known.filter((one) => !inside.includes(one)).map(({ name, value }) => `${name} ${write(value)}`);
  const lines = inside.map(({ name, k, value, start }) => ({
    type: "scatter",
    mode: "lines",
    name,
    x: [D.epochs[0], D.epochs.at(-1)],
    y: [value, value],
    line: { color: colour("ink"), width: start ? 2 : 1.2, dash: start ? "solid" : dashes[k % 3] },
    hovertemplate: `${name}: ${write(value)}<extra>${start ? "before the reward" : "untrained"}</extra>`,
  }));
  return { lines, outside };
}

const epochAxis = (more = {}) =>
  axis({
    title: { text: "epoch" },
    tickvals: D.epochs.length <= 20 ? D.epochs : undefined,
    range: [D.epochs[0] - 0.15 * (D.epochs.length > 1), D.epochs.at(-1) + 0.15 * (D.epochs.length > 1)],
    ...more,
  });

function drawCurves() {
  const median = medianSetting(),
    named = D.curves.runners[state.metric][state.dataset],
    more = median < 0 || named.some(([i]) => i === median) ? [] : [[median, "median"]];
  const runners = [...named, ...more].filter(([i]) =>
    D.epochs.some((_, e) => isNumber(values(state.metric, state.dataset, e)[i])),
  );
  const why = !runners.length
    ? `No setting has a number for ${D.metrics[state.metric].name} on ${D.datasets[state.dataset]}.`
    : D.epochs.length < 2
      ? `Every trial reported epoch ${D.epochs[0]} only: there is no curve to draw, and nothing to say about stopping early.`
      : "";
  at("curves-stop").hidden = Boolean(why);
  if (!why) return Promise.all([drawRunners(runners), drawAgreement()]);
  caption("curves", "");
  return nothing("curves", why);
}

function drawRunners(runners) {
  const all = D.epochs.flatMap((_, e) => [...values(state.metric, state.dataset, e)]);
  const write = writer(all);
  const named = runnerTraces(runners, write),
    field = fieldTrace(runners);
  const { lines, outside } = untrainedLines([...named, ...field], write);
  const metric = D.metrics[state.metric];
  caption(
    "curves",
    `${metric.name} on ${D.datasets[state.dataset]} after each epoch (${metric.higher ? "higher" : "lower"} is better): settings that are best at the last epoch (solid) or were at the first (dotted), ` +
      `the one at or nearest to the defaults and the median one of epoch ${D.epochs[state.epoch]}; grey: others; straight lines: untrained fusions${D.starts.length ? ", solid and straight: the start" : ""}.` +
      (outside.length ? ` Outside the picture: ${listed(outside)}.` : "") +
      (D.seeds ? " A setting is the mean of its seeds." : ""),
  );
  const narrow = shownBox("curves") < 700;
  const layout = look(narrow ? 360 + 22 * (named.length + lines.length) : 400, {
    margin: { l: 20, r: 10, t: 10, b: 20 },
  });
  return plot("curves", [...field, ...lines, ...named], {
    ...layout,
    showlegend: true,
    legend: narrow ? { orientation: "h", y: -0.2, yanchor: "top", x: 0 } : { x: 1.01, y: 1, font: { size: 11 } },
    hovermode: "closest",
    xaxis: epochAxis(),
    yaxis: axis({ title: { text: arrow(state.metric) } }),
  }).then(opensTrials);
}

// Fewer settings that have an epoch and the last one say nothing of where to stop.
const FEW_FOR_ADVICE = 10;

// How well an epoch stands for the last one: rank correlation, and what stopping there costs.
function drawAgreement() {
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
    `${narrow ? "Above" : "Left"}: rank correlation (Spearman) of the settings at an epoch with epoch ${ends}. ${narrow ? "Below" : "Right"}: what choosing the best of that epoch loses at epoch ${ends}.`,
  ];
  if (few) {
    if (last > 0) said.push(`Too few settings have both epochs to say how early one may stop: it takes ${FEW_FOR_ADVICE}.`);
  } else if (isNumber(spearman[0]) && last > 0) {
    said.push(
      good >= 0 && good < last
        ? `From epoch ${D.epochs[good]} on the correlation is at least 0.9: one may stop there, at a cost of ${write(regret[good])} (${percent(share[good], 1)} of the range).`
        : `Before epoch ${ends} the correlation does not stay above 0.9 (epoch ${D.epochs[0]}: ${spearman[0].toFixed(2)}): stopping early changes the order.`,
    );
  } else if (last > 0)
    said.push("The metric is the same for every setting at one of them, so there is no correlation.");
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
    hovertext: D.epochs.map((epoch, e) => `${text(e)}<br>epoch ${epoch}, n = ${n[e]} settings`),
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

register({ id: "curves", draw: drawCurves });
