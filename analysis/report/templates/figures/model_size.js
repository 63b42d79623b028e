// What each swept model costs and what its best setting reaches: a table, and the metric against the parameters.
const modelAt = (name, m, e = state.epoch) => part(D.model_size[name], m, state.dataset, e);
const modelCost = (name) => [...D.model_size[name].data];
const briefCount = (x) => (x >= 1e6 ? `${(x / 1e6).toPrecision(3)} M` : x >= 1e3 ? `${(x / 1e3).toPrecision(3)} k` : String(x));

// A mean with as many decimals as two digits of its deviation need.
function withDeviation(mean, std, write) {
  if (!isNumber(mean) || !(std > 0)) return write(mean);
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(std))),
    say = (x) => (decimals > 6 ? x.toExponential(1) : x.toFixed(decimals));
  return `${say(mean)} ± ${say(std)}`;
}

// Models that differ in the kernel alone have one number of parameters: they are told apart by the time they take.
function modelScale() {
  const parameters = modelCost("parameters");
  return new Set(parameters).size > 1 || parameters.length === 1
    ? { x: parameters, title: "parameters", say: briefCount }
    : { x: modelCost("inference_ms_16"), title: "ms for 16 pairs", say: (x) => String(Number(x.toPrecision(3))) };
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
    return { title: arrow(m), chosen: m === state.metric, cells: means.map((x, k) => withDeviation(x, stds[k], write)) };
  });
  return [...cost, ...reached];
}

function drawModelTable() {
  const columns = modelColumns();
  const cell = (tag, { chosen }, textContent) =>
    element(tag, { className: `number ${chosen ? "chosen" : ""}`, textContent, ...(tag === "th" ? { scope: "col" } : {}) });
  const head = element("th", { scope: "col", textContent: "model" });
  const table = at("model_size-table");
  table.tHead.replaceChildren(element("tr", {}, head, ...columns.map((column) => cell("th", column, column.title))));
  table.tBodies[0].replaceChildren(
    ...D.model_size.models.map(([name], k) =>
      element("tr", {}, element("td", { textContent: name }), ...columns.map((column) => cell("td", column, column.cells[k]))),
    ),
  );
}

function modelCaption(near) {
  const { models, measured } = D.model_size,
    several = models.some(([, settings]) => settings > 1),
    lost = models.filter(([, , trials]) => !trials).map(([name]) => name);
  const said = [
    `${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}. GFLOP of one pair, policy and fusion kernel, two for a multiply-add; training: forward and backward.`,
    `Milliseconds to fuse 16 pairs and seconds of training, evaluation left out, on ${measured}.`,
  ];
  const counts = [...modelAt("seeds", state.metric)].filter((n) => n > 0),
    seeds = Math.max(...counts);
  if (seeds > 1) said.push(`±: standard deviation between ${Math.min(...counts) < seeds ? "up to " : ""}${seeds} seeds.`);
  if (several) said.push("A metric is that of the model's best setting.");
  said.push(`Line: ${D.metrics[state.metric].name} at this epoch${D.epochs.length > 1 ? ", pale: at the others" : ""}.`);
  if (near.some(({ start }) => !start)) said.push("Dotted: untrained fusions.");
  if (lost.length) said.push(`Not measured, for no trial reached its end: ${lost.join(", ")}.`);
  return said.join(" ");
}

function modelLine(e, scale, write) {
  const chosen = e === state.epoch,
    [means, stds, best] = ["mean", "std", "best"].map((name) => [...modelAt(name, state.metric, e)]);
  const hue = chosen ? colourOf(0) : colour("soft");
  const hover = (x, k) =>
    `<b>${escapeText(D.model_size.models[k][0])}: ${withDeviation(x, stds[k], write)}</b><br>${scale.say(scale.x[k])} ${scale.title.replace(/^ms/u, "milliseconds")}, epoch ${D.epochs[e]}`;
  return {
    type: "scatter",
    mode: chosen || means.length === 1 ? "lines+markers" : "lines",
    opacity: chosen ? 1 : 0.45,
    x: scale.x,
    y: means,
    customdata: best,
    line: { color: hue, width: chosen ? 2.4 : 1.2 },
    marker: { size: chosen ? 9 : 5, color: hue },
    ...(chosen && stds.some(isNumber) ? { error_y: { type: "data", array: stds.map((x) => x || 0), color: hue, thickness: 1.2 } } : {}),
    hovertext: means.map(hover),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}

function drawModelSize() {
  drawModelTable();
  const m = state.metric,
    scale = modelScale(),
    every = D.epochs.map((_, e) => e),
    seen = every.flatMap((e) => [...modelAt("mean", m, e)]).filter(isNumber),
    copies = references(m, state.dataset).filter(({ value }) => isNumber(value)),
    write = writer([...seen, ...copies.map(({ value }) => value)]);
  if (!seen.length) {
    caption("model_size", modelCaption([]));
    return nothing("model_size", `No model has a number here: ${place()}.`);
  }
  const ends = [...modelAt("mean", m)].flatMap((x, k) => [-1, 1].map((sign) => x + sign * (modelAt("std", m)[k] || 0)));
  const { range, near } = boundScale({ seen: [...seen, ...ends.filter(isNumber)], ends: [], copies });
  caption("model_size", modelCaption(near));
  at("model_size").setAttribute("aria-label", `${D.metrics[m].name} against ${scale.title}. ${at("model_size-caption").textContent}`);
  const order = [...every.filter((e) => e !== state.epoch), state.epoch];
  const places = scale.x.filter((x) => x > 0).map(Math.log10),
    [first, last] = extent(places),
    room = 0.08 * (last - first || 1);
  const layout = look(300, {
    margin: { l: 50, r: 14, t: 30, b: 46 },
    hovermode: "closest",
    shapes: boundLines(near, ""),
    xaxis: axis({
      type: "log",
      title: { text: scale.title },
      range: [first - room, last + room],
      ...(new Set(places).size <= 8 ? { tickvals: scale.x, ticktext: scale.x.map(scale.say) } : { exponentformat: "SI" }),
    }),
    yaxis: axis({ title: { text: arrow(m) }, range }),
  });
  return plot("model_size", order.map((e) => modelLine(e, scale, write)), layout).then(opensTrials);
}

register({ id: "model_size", draw: drawModelSize });
