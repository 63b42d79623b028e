// @ts-check
import { D, part } from "../page/data.js";
import { axis, caption, colourOf, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { dashOf, here, inLines, isNarrow, runs, symbolOf, where } from "./runs.js";

function panels(n) {
  const columns = Math.min(n, isNarrow() ? 1 : n === 4 ? 2 : 3);
  return { columns, rows: Math.ceil(n / columns) };
}

export function drawEnvelopes() {
  const { columns, rows: lines } = panels(D.parameters.length);
  const traces = [],
    layout = look(lines * 240 + 40, {
      grid: { rows: lines, columns, pattern: "independent", ygap: 0.32, xgap: 0.12 },
      hovermode: "closest",
    });
  const all = D.parameters.map(({ best }) => here(best));
  const write = writer(all.flatMap((numbers) => [...numbers]));
  D.parameters.forEach(({ name, values, best }, k) => {
    const id = k ? k + 1 : "";
    runs.forEach((run, r) => {
      const y = [...part(best, state.metric, state.dataset, state.epoch, r)];
      if (!y.some(isNumber)) return;
      traces.push({
        type: "scatter",
        mode: "lines+markers",
        name: run.label,
        x: values.map((_, i) => i),
        y,
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        connectgaps: true,
        line: { color: colourOf(r), width: 2, dash: dashOf(r) },
        marker: { size: 8, symbol: symbolOf(r), color: colourOf(r) },
        text: y.map(
          (x, i) => `<b>${inLines(run.label, 60)}</b><br>${escapeText(name)} ${escapeText(values[i])}: ${write(x)}`,
        ),
        hovertemplate: "%{text}<extra></extra>",
      });
    });
    layout[`xaxis${id}`] = axis({
      title: { text: escapeText(name), standoff: 6 },
      tickvals: values.map((_, i) => i),
      ticktext: values.map(escapeText),
      range: [-0.4, values.length - 0.6],
    });
    layout[`yaxis${id}`] = axis(k ? { matches: "y" } : {});
  });
  caption(
    "envelopes",
    `${where()}: at each value of a weight, the best over all configurations of a run that have it; all panels have one scale. ` +
      "A run that does not vary the weight is a single point.",
  );
  if (!traces.length) return nothing("envelopes", "No run has a number here.");
  return plot("envelopes", traces, layout);
}
