// @ts-check
import { arrow, place } from "../page/chosen.js";
import { D, references } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, caption, colour, colourOf, escapeText, look, nothing, plot } from "../page/look.js";
import { extent, isNumber, writer } from "../page/numbers.js";
import { register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { briefCount, drawModelTable, modelAt, modelCost, withDeviation } from "./model_size_table.js";
import { boundLines, boundScale } from "./scale.js";

// Models that differ in the kernel alone have one number of parameters: they differ in the time they take.
function modelScale() {
  const parameters = modelCost("parameters");
  return new Set(parameters).size > 1 || parameters.length === 1
    ? { x: parameters, title: "parameters", say: briefCount }
    : { x: modelCost("inference_ms_16"), title: "ms for 16 pairs", say: (x) => String(Number(x.toPrecision(3))) };
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
  if (seeds > 1)
    said.push(`±: standard deviation between ${Math.min(...counts) < seeds ? "up to " : ""}${seeds} seeds.`);
  if (several) said.push("A metric is that of the model's best configuration.");
  said.push(
    `Line: ${D.metrics[state.metric].name} at this epoch${D.epochs.length > 1 ? ", pale: at the others" : ""}.`,
  );
  if (near.some(({ start }) => !start)) said.push("Dotted: baselines.");
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
    ...(chosen && stds.some(isNumber)
      ? { error_y: { type: "data", array: stds.map((x) => x || 0), color: hue, thickness: 1.2 } }
      : {}),
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
  at("model_size").setAttribute(
    "aria-label",
    `${D.metrics[m].name} against ${scale.title}. ${at("model_size-caption").textContent}`,
  );
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
      ...(new Set(places).size <= 8
        ? { tickvals: scale.x, ticktext: scale.x.map(scale.say) }
        : { exponentformat: "SI" }),
    }),
    yaxis: axis({ title: { text: arrow(m) }, range }),
  });
  return plot(
    "model_size",
    order.map((e) => modelLine(e, scale, write)),
    layout,
  ).then(opensTrials);
}

register({ id: "model_size", draw: drawModelSize });
