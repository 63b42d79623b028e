state.logScale = false;

// The settings to draw: [setting, what it is, colour, dash]. One that is two of these is drawn once.
function trainedSettings() {
  const order = ranked(column(state.metric));
  const name = D.metrics[state.metric].name;
  const wanted = [
    [state.opened ?? -1, "opened", colourOf(3), "solid"],
    [order[0] ?? -1, `best ${name}`, colourOf(0), "solid"],
    [D.training.default, "default", colourOf(2), "dash"],
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

const termName = (name) => (name.startsWith("loss_") ? name.slice(5).replaceAll("_", " ") : name.replaceAll("_", " "));
const termRow = (i) => (D.training.settings ? D.training.settings.indexOf(i) : i);

function trainingCaption(missing) {
  const odd = D.training.odd.map(([name, zero, lost, of]) => {
    const parts = [];
    if (zero) parts.push(`zero throughout in ${zero} of ${of} settings`);
    if (lost) parts.push(`not a number in ${lost} of ${of}`);
    return `${termName(name)} is ${parts.join(" and ")}`;
  });
  const said = [
    `A panel is what was logged over the steps of an epoch, a line a setting, best to worst by ${place()}; loss terms are before their weight, total and fusion are their sums.`,
    "Default: at the program's own weights, or nearest to them. A trial that is opened is added.",
  ];
  if (D.seeds) said.push("Each line is the mean of its seeds.");
  if (D.training.epochs.length === 1) said.push("One epoch only, so each line is a point.");
  if (odd.length) said.push(`${odd.join("; ")}.`);
  if (missing.length)
    said.push(
      `Not in this page, which carries the loss terms of ${D.training.settings?.length ?? "all"} settings, or not logged: ${missing.map(([i, what]) => `${what} (${trialTag(i)})`).join(", ")}.`,
    );
  return said.join(" ");
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

function drawTraining() {
  const { names, epochs, curves } = D.training;
  const wanted = trainedSettings();
  const logged = ([i]) => termRow(i) >= 0 && part(curves, termRow(i)).some(isNumber);
  const drawn = names.length ? wanted.filter(logged) : [];
  if (!drawn.length) {
    caption("training", "");
    return nothing(
      "training",
      names.length
        ? `No setting with a number for ${place()} has logged its loss.`
        : "No trial has logged a loss term.",
    );
  }
  caption("training", trainingCaption(wanted.filter((one) => !logged(one))));
  const room = shownBox("training"),
    across = Math.max(2, Math.min(4, Math.floor(room / 270))),
    down = Math.ceil(names.length / across);
  const layout = look(70 + 178 * down, { margin: { l: 10, r: 10, t: 30, b: 10 } });
  const gapX = room < 500 ? 0.16 : 0.07,
    gapY = 62 / (178 * down);
  const span = (k, of, gap) => [k * ((1 + gap) / of), k * ((1 + gap) / of) + (1 + gap) / of - gap];
  const traces = [],
    annotations = [];
  names.forEach(([name], t) => {
    const x = axisId("x", t + 1),
      y = axisId("y", t + 1);
    const domainX = span(t % across, across, gapX),
      domainY = span(down - 1 - Math.floor(t / across), down, gapY);
    const rows = drawn.map(([i]) => [...part(curves, termRow(i), t)]);
    const write = writer(rows.flat());
    const log = state.logScale && rows.flat().some((one) => one > 0);
    layout[axisId("xaxis", t + 1)] = axis({
      domain: domainX,
      anchor: y,
      tickfont: { size: 10 },
      tickvals: epochs.length <= 6 ? epochs : undefined,
      nticks: 5,
      showgrid: false,
      range: [epochs[0] - 0.2, epochs.at(-1) + 0.2],
    });
    layout[axisId("yaxis", t + 1)] = axis({
      domain: domainY,
      anchor: x,
      tickfont: { size: 10 },
      automargin: false,
      ...(log ? { type: "log", ...logTicks(rows.flat()) } : { type: "linear", nticks: 6 }),
    });
    annotations.push({
      text: `<b>${escapeText(termName(name))}</b>`,
      showarrow: false,
      xref: "paper",
      yref: "paper",
      x: domainX[0],
      y: domainY[1],
      xanchor: "left",
      yanchor: "bottom",
      font: { size: 12 },
    });
    drawn.forEach(([i, what, hue, dash], k) =>
      traces.push({
        type: "scatter",
        mode: "lines+markers",
        name: `${what} (${trialTag(i)})`,
        legendgroup: what,
        showlegend: t === 0,
        x: epochs,
        y: rows[k],
        xaxis: x,
        yaxis: y,
        customdata: epochs.map(() => i),
        line: { color: hue, width: 2, dash },
        marker: { size: 5, color: hue },
        hovertext: rows[k].map((one, e) =>
          hoverOf(i, `<b>${escapeText(termName(name))} ${write(one)}</b> in epoch ${epochs[e]}`, escapeText(what)),
        ),
        hovertemplate: "%{hovertext}<extra></extra>",
      }),
    );
  });
  layout.margin.l = 48;
  return plot("training", traces, {
    ...layout,
    annotations,
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1 + 34 / (178 * down), yanchor: "bottom" },
    hovermode: "closest",
  }).then(opensTrials);
}

if (at("training-scale")) at("training-scale").onchange = (event) => choose({ logScale: event.target.value === "log" });
register({ id: "training", draw: drawTraining, acts: ["metric", "dataset", "epoch", "opened", "logScale"] });
