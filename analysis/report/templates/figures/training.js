state.logScale = false;

function panelAxis(epochs, domain, anchor) {
  const tickvals = epochs.length <= 6 ? epochs : undefined;
  const range = [epochs[0] - 0.2, epochs.at(-1) + 0.2];
  return axis({ domain, anchor, tickfont: { size: 10 }, tickvals, nticks: 5, showgrid: false, range });
}

// The settings to draw: [setting, what it is, colour, dash]. One that is two of these is drawn once.
function trainedSettings() {
  const order = ranked(column(state.metric));
  const name = D.metrics[state.metric].name;
  const wanted = [
    [state.opened ?? -1, "opened", colourOf(3), "solid"],
    [order[0] ?? -1, `best ${name}`, colourOf(0), "solid"],
    [D.training.default, D.training.default_name, colourOf(2), "dash"],
    [medianSetting(), "median", colour("soft"), "dot"],
    [order.at(-1) ?? -1, "worst", colourOf(1), "dashdot"],
  ];
  const found = new Map();
  for (const [i, what, hue, dash] of wanted) {
    if (!(i >= 0)) continue;
    if (found.has(i)) found.get(i)[1] += `, ${what}`;
    else found.set(i, [i, what, hue, dash]);
  }
  return [...found.values()];
}

const termName = (name) => name.replace(/^(loss|term)_/u, "").replaceAll("_", " ");
const LOSS_AT_START = "loss_fusion_start";

// Panels of their own: rewards stand together with what they are held against, costs in the panel of a trial.
const panelled = () =>
  D.training.names
    .map(([name, group], t) => ({ name, group, t }))
    .filter(({ name, group }) => group !== "reward" && group !== "cost" && name !== LOSS_AT_START);
const termRow = (i) => (D.training.settings ? D.training.settings.indexOf(i) : i);

function trainingCaption(missing) {
  const odd = D.training.odd.map(([name, zero, lost, of]) => {
    const parts = [];
    if (zero) parts.push(`zero throughout in ${zero} of ${of} settings`);
    if (lost) parts.push(`not a number in ${lost} of ${of}`);
    return `${termName(name)} is ${parts.join(" and ")}`;
  });
  const said = [
    `A panel is what was logged over the steps of an epoch, a line a setting, best to worst by ${place()}; ${D.training.names.some(([name]) => name === "loss_total") ? "loss terms are before their weight, total and fusion are their sums." : "rewarded metrics are before their weight."}`,
    D.training.default_name === "default" ? "Default: at the program's own weights." : "",
    "A trial that is opened is added.",
  ];
  if (D.training.names.some(([name]) => name === LOSS_AT_START))
    said.push("Dotted in the panel of the fusion loss: what the start has; a reward that rises while it rises is paid for with it.");
  if (D.seeds) said.push("Each line is the mean of its seeds.");
  if (D.training.epochs.length === 1) said.push("One epoch only, so each line is a point.");
  if (odd.length) said.push(`${odd.join("; ")}.`);
  if (missing.length)
    said.push(
      `Not in this page, which carries the loss terms of ${D.training.settings?.length ?? "all"} settings, or not logged: ${missing.map(([i, what]) => `${what} (${trialTag(i)})`).join(", ")}.`,
    );
  return said.filter(Boolean).join(" ");
}

// Ticks of a logarithmic axis: powers of ten, or where it spans less, 1, 2 and 5 of each, or plain steps.
function logTicks(numbers) {
  const some = numbers.filter((x) => x > 0),
    [low, high] = [Math.min(...some), Math.max(...some)];
  const powers = Array.from({ length: 40 }, (_, k) => 10 ** (k - 20));
  const among = (steps) =>
    powers.flatMap((power) => steps.map((step) => step * power)).filter((x) => x >= low * 0.99 && x <= high * 1.01);
  const found = [among([1]), among([1, 2, 5]), among([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9])].find(
    (ticks) => ticks.length > 2,
  );
  const ticks = found ?? [low, (low + high) / 2, high];
  return { tickvals: ticks, ticktext: ticks.map((x) => Number(x.toPrecision(3)).toString()) };
}

const REWARD_LOOKS = {
  reward_train: { name: "reward of the output", width: 2.6, dash: "solid" },
  reward_best: { name: "best sample", width: 1.4, dash: "dashdot" },
  reward_mean: { name: "mean of the samples", width: 1.4, dash: "dash" },
  reward_sample: { name: "one sample", width: 1.4, dash: "dot" },
  reward_start: { name: "start", width: 1.8, dash: "solid", beside: "ink" },
  reward_visible: { name: "copy of the visible", width: 1.2, dash: "dash", beside: "soft" },
  reward_infrared: { name: "copy of the infrared", width: 1.2, dash: "dashdot", beside: "soft" },
  reward_average: { name: "average of both", width: 1.2, dash: "longdash", beside: "soft" },
};

// Panels of `tall` pixels with their titles, `across` in a row: `add` gives one its place, `layout` has all of them.
function panelRows({ count, across, tall, gap, room, epochs }) {
  const down = Math.ceil(count / across),
    gapX = room < 500 ? 0.16 : gap,
    gapY = 62 / (tall * down);
  const span = (k, of, gap) => [k * ((1 + gap) / of), k * ((1 + gap) / of) + (1 + gap) / of - gap];
  const axes = {},
    annotations = [];
  const add = (k, text, scale) => {
    const [xaxis, yaxis] = [axisId("x", k + 1), axisId("y", k + 1)];
    const domainX = span(k % across, across, gapX),
      domain = span(down - 1 - Math.floor(k / across), down, gapY);
    axes[axisId("xaxis", k + 1)] = panelAxis(epochs, domainX, yaxis);
    axes[axisId("yaxis", k + 1)] = axis({ domain, anchor: xaxis, tickfont: { size: 10 }, automargin: false, ...scale });
    const corner = { xref: "paper", yref: "paper", x: domainX[0], y: domain[1], xanchor: "left", yanchor: "bottom" };
    annotations.push({ text, showarrow: false, ...corner, font: { size: 12 } });
    return { xaxis, yaxis };
  };
  const layout = (above) => ({
    ...look(above + tall * down, { margin: { l: 48, r: 10, t: 30, b: 10 } }),
    ...axes,
    annotations,
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1 + 34 / (tall * down), yanchor: "bottom" },
    hovermode: "closest",
  });
  return { add, layout };
}

// A panel per setting, for each learns from a reward of its own: its curves, and what the same pairs give without it.
function drawRewards(wanted) {
  const { names, epochs, curves } = D.training;
  const nth = new Map(names.map(([name], t) => [name, t]));
  const kinds = D.training.rewards.flat().filter((name) => nth.has(name));
  const curve = (i, name) => [...part(curves, termRow(i), nth.get(name))];
  const drawn = wanted.filter(([i]) => termRow(i) >= 0 && kinds.some((name) => curve(i, name).some(isNumber)));
  at("training-reward-part").hidden = !drawn.length;
  if (!drawn.length) return null;
  caption(
    "training-reward",
    `A panel is a setting, best to worst by ${place()}, with the reward that it learns from: rewards of two panels are not comparable where their weights differ. ` +
      "Thick: of the deterministic output on the training pairs; thin: of what is drawn while learning; without colour: the same pairs by the start (solid), the copies and the average.",
  );
  const room = shownBox("training-reward"),
    across = Math.max(1, Math.min(drawn.length, 5, Math.floor(room / 240)));
  const panels = panelRows({ count: drawn.length, across, tall: 210, gap: 0.06, room, epochs });
  const traces = drawn.flatMap(([i, what], k) => {
    const rows = kinds.map((name) => curve(i, name));
    const where = panels.add(k, `<b>${escapeText(what)}</b> (${trialTag(i)})`, { nticks: 6 });
    return kinds.map((name, n) => rewardTrace(name, rows[n], [i, what], { where, write: writer(rows.flat()), first: k === 0 }));
  });
  return plot("training-reward", traces, panels.layout(room < 560 ? 190 : 90)).then(opensTrials);
}

function rewardTrace(name, numbers, [i, what], { where, write, first }) {
  const looks = REWARD_LOOKS[name],
    { epochs } = D.training;
  return {
    type: "scatter",
    mode: looks.beside || epochs.length > 1 ? "lines" : "markers",
    name: looks.name,
    legendgroup: name,
    showlegend: first,
    x: epochs,
    y: numbers,
    ...where,
    customdata: epochs.map(() => i),
    line: { color: looks.beside ? colour(looks.beside) : colourOf(0), width: looks.width, dash: looks.dash },
    hovertext: numbers.map((one, e) => hoverOf(i, `<b>${looks.name} ${write(one)}</b> in epoch ${epochs[e]}`, escapeText(what))),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}

function drawTraining() {
  const wanted = trainedSettings();
  const logged = ([i]) => termRow(i) >= 0 && part(D.training.curves, termRow(i)).some(isNumber);
  const drawn = panelled().length ? wanted.filter(logged) : [];
  const seen = ({ t }) => drawn.flatMap(([i]) => [...part(D.training.curves, termRow(i), t)]).filter(isNumber);
  const moves = (one) => new Set(seen(one)).size > 1 || one.name.startsWith("loss_");
  const names = panelled().filter(moves),
    still = panelled().filter((one) => !moves(one) && seen(one).length);
  if (!drawn.length) {
    at("training-reward-part").hidden = true;
    caption("training", "");
    return nothing(
      "training",
      names.length
        ? `No setting with a number for ${place()} has logged its loss.`
        : "No trial has logged a loss term.",
    );
  }
  drawRewards(wanted);
  const same = still.map((one) => `${termName(one.name)} ${writer(seen(one))(seen(one)[0])}`);
  caption(
    "training",
    trainingCaption(wanted.filter((one) => !logged(one))) + (same.length ? ` Not drawn, being the same all along: ${same.join(", ")}.` : ""),
  );
  return drawTerms(names, drawn);
}

// A panel per number that was logged, a line a setting.
function drawTerms(names, drawn) {
  const { epochs, curves } = D.training;
  const grouped = new Set(names.map(({ group }) => group)).size > 1,
    begun = D.training.names.findIndex(([name]) => name === LOSS_AT_START);
  const room = shownBox("training"),
    across = Math.max(2, Math.min(4, Math.floor(room / 270)));
  const panels = panelRows({ count: names.length, across, tall: 178, gap: 0.07, room, epochs });
  const traces = names.flatMap(({ name, group, t }, k) => {
    const rows = drawn.map(([i]) => [...part(curves, termRow(i), t)]);
    const starts = name === "loss_fusion" && begun >= 0 ? drawn.map(([i]) => [...part(curves, termRow(i), begun)]) : [];
    const write = writer([...rows, ...starts].flat());
    const log = state.logScale && rows.flat().some((one) => one > 0);
    const title = `<b>${escapeText(termName(name))}</b>${grouped ? ` <span style="color:${colour("soft")};font-size:10px">${group}</span>` : ""}`;
    const where = panels.add(k, title, log ? { type: "log", ...logTicks(rows.flat()) } : { type: "linear", nticks: 6 });
    return [
      ...starts.map((row, n) => startTrace(row, drawn[n], { where, write })),
      ...rows.map((row, n) => termTrace(name, row, drawn[n], { where, write, first: k === 0 })),
    ];
  });
  return plot("training", traces, panels.layout(70)).then(opensTrials);
}

const startTrace = (row, [, , hue], { where, write }) => ({
  type: "scatter",
  mode: "lines",
  showlegend: false,
  x: D.training.epochs,
  y: row,
  ...where,
  line: { color: hue, width: 1.2, dash: "dot" },
  hovertext: row.map((one) => `<b>${write(one)}</b>: the loss of the start`),
  hovertemplate: "%{hovertext}<extra></extra>",
});

const termTrace = (name, row, [i, what, hue, dash], { where, write, first }) => ({
  type: "scatter",
  mode: "lines+markers",
  name: `${what} (${trialTag(i)})`,
  legendgroup: what,
  showlegend: first,
  x: D.training.epochs,
  y: row,
  ...where,
  customdata: D.training.epochs.map(() => i),
  line: { color: hue, width: 2, dash },
  marker: { size: 5, color: hue },
  hovertext: row.map((one, e) =>
    hoverOf(i, `<b>${escapeText(termName(name))} ${write(one)}</b> in epoch ${D.training.epochs[e]}`, escapeText(what)),
  ),
  hovertemplate: "%{hovertext}<extra></extra>",
});

if (at("training-scale")) at("training-scale").onchange = (event) => choose({ logScale: event.target.value === "log" });
register({ id: "training", draw: drawTraining, acts: ["metric", "dataset", "epoch", "opened", "logScale"] });
