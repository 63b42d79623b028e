// @ts-check
import { D, part } from "../page/data.js";
import { axis, caption, colourOf, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";
import { dashOf, inLines, runs, symbolOf } from "./runs.js";

// Epochs are whole: a tick at each, or at every so many.
function wholeTicks() {
  const epochs = runs.flatMap((run) => run.epochs),
    low = Math.min(...epochs),
    step = Math.ceil((Math.max(...epochs) - low + 1) / 12);
  return { tick0: low, dtick: step };
}

export function drawCurves() {
  const seconds = state.clock === 1;
  const traces = runs.flatMap((run, r) => {
    const y = [...part(D.curves, state.metric, state.dataset, r)].slice(0, run.epochs.length);
    const x = seconds ? run.seconds : run.epochs;
    if (!y.some(isNumber) || !x.some(isNumber)) return [];
    return {
      type: "scatter",
      mode: "lines+markers",
      name: run.label,
      x,
      y,
      line: { color: colourOf(r), width: 2, dash: dashOf(r) },
      marker: { size: 8, symbol: symbolOf(r), color: colourOf(r) },
      text: run.epochs.map((epoch) => `<b>${inLines(run.label, 60)}</b>, epoch ${epoch}`),
      hovertemplate: `%{text}<br>%{y:.4~g}${seconds ? " after %{x:.3~g} s" : ""}<extra></extra>`,
    };
  });
  const metric = D.metrics[state.metric].name;
  caption(
    "curves",
    `${metric} on ${D.datasets[state.dataset]}: the best of all settings up to each epoch, ` +
      (seconds
        ? "against the median seconds that a trial had trained by then (only fair on like machines)."
        : "against epochs."),
  );
  if (!traces.length)
    return nothing("curves", seconds ? "No run with a number here records seconds." : "No run has a number here.");
  const layout = look(320, {
    xaxis: axis({
      title: { text: seconds ? "seconds of training per trial" : "epoch" },
      rangemode: seconds ? "tozero" : "normal",
      ...(seconds ? {} : wholeTicks()),
    }),
    yaxis: axis({ title: { text: escapeText(metric), standoff: 8 } }),
    hovermode: "closest",
  });
  return plot("curves", traces, layout);
}
