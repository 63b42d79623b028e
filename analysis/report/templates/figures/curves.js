// @ts-check
import { arrow, ranked } from "../page/chosen.js";
import { D, references, values } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, caption, colour, colourOf, escapeText, look, nothing, plot, shownBox } from "../page/look.js";
import { isNumber, listed, writer } from "../page/numbers.js";
import { hoverOf, trialTag } from "../page/settings.js";
import { register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { drawAgreement } from "./curves_agreement.js";
import { epochAxis, medianSetting } from "./epochs.js";

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
    name: some.length < order.length ? `${some.length} of the other configurations` : "the other configurations",
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

function drawCurves() {
  const median = medianSetting(),
    named = D.curves.runners[state.metric][state.dataset],
    more = median < 0 || named.some(([i]) => i === median) ? [] : [[median, "median"]];
  const runners = [...named, ...more].filter(([i]) =>
    D.epochs.some((_, e) => isNumber(values(state.metric, state.dataset, e)[i])),
  );
  const why = !runners.length
    ? `No configuration has a number for ${D.metrics[state.metric].name} on ${D.datasets[state.dataset]}.`
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
    `${metric.name} on ${D.datasets[state.dataset]} after each epoch (${metric.higher ? "higher" : "lower"} is better): configurations that are best at the last epoch (solid) or were at the first (dotted), ` +
      `the one at or nearest to the defaults and the median one of epoch ${D.epochs[state.epoch]}; grey: others; straight lines: baselines${D.starts.length ? ", solid and straight: the start" : ""}.` +
      (outside.length ? ` Outside the picture: ${listed(outside)}.` : "") +
      (D.seeds ? " A configuration is the mean of its seeds." : ""),
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

register({ id: "curves", draw: drawCurves });
