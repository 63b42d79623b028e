// @ts-check
import { arrow, column, higher } from "../page/chosen.js";
import { D, references } from "../page/data.js";
import { axisId, colour, escapeText, isDark, ramp } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { hoverOf } from "../page/settings.js";
import { state } from "../page/state.js";

// The panels of the scatter matrix: scales, colours and traces.
const FRONT_COLOUR = "#d55e00";
const UNTRAINED = ["cross-thin", "x-thin", "asterisk"];

// What colours the settings: nothing, the chosen metric, or a weight by the order of its values.
export function paintOf(some) {
  if (state.paint === "") return { color: isDark() ? "#8fa3b5" : "#6d8296" };
  const bar = {
    thickness: 12,
    outlinewidth: 0,
    len: 0.4,
    y: 1,
    yanchor: "top",
    tickfont: { size: 11 },
    ...(state.compared.length > 2 ? { x: 1, xanchor: "right" } : { x: 1.02, xanchor: "left" }),
  };
  if (state.paint === 0) {
    const all = [...column(state.metric)].filter(isNumber);
    const scale = {
      cmin: Math.min(...all),
      cmax: Math.max(...all),
      colorscale: ramp(),
      reversescale: !higher(state.metric),
    };
    return {
      ...scale,
      color: some.map((i) => column(state.metric)[i]),
      colorbar: { ...bar, title: { text: arrow(state.metric) } },
    };
  }
  const a = state.paint - 1,
    levels = D.axes[a].values;
  const few = levels.length <= 12;
  return {
    color: some.map((i) => D.settings[i].at[a]),
    colorscale: ramp(),
    cmin: 0,
    cmax: Math.max(1, levels.length - 1),
    colorbar: {
      ...bar,
      title: { text: escapeText(D.axes[a].name) },
      tickvals: few ? levels.map((_, k) => k) : [0, levels.length - 1],
      ticktext: (few ? levels : [levels[0], levels.at(-1)]).map(escapeText),
    },
  };
}

// The scale of a metric: the settings, and baselines that lie near them; `rim` puts those further out at the edge.
export function scaleOf(m) {
  const numbers = [...column(m)].filter(isNumber),
    copies = references(m, state.dataset)
      .map(({ value }) => value)
      .filter(isNumber);
  let [low, high] = numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [0, 0];
  const reach = (high - low || Math.abs(high) * 0.01 || 1) * 0.6;
  for (const x of copies) {
    if (x >= low - reach && x < low) low = x;
    if (x <= high + reach && x > high) high = x;
  }
  const pad = (high - low || reach) * 0.08;
  const range = [low - pad, high + pad];
  // Several in one corner stand beside each other.
  const rim = (x, k = 0) => {
    const step = 0.07 * k * (range[1] - range[0]);
    return x > range[1] ? range[1] - step : x < range[0] ? range[0] + step : x;
  };
  return { range, rim, write: writer([...numbers, ...copies]) };
}

// Panels below the diagonal: metric `state.compared[c]` across, `state.compared[r]` up.
export function panels() {
  const shown = state.compared;
  return shown.flatMap((up, r) =>
    shown.slice(0, r).map((across, c) => ({ across, up, xaxis: axisId("x", c + 1), yaxis: axisId("y", r) })),
  );
}

export function panelTraces(panel, first, { some, front, best, paint, scales }) {
  const { across, up, xaxis, yaxis } = panel;
  const x = column(across),
    y = column(up);
  const [h, v] = [across, up].map((m) => scales.get(m));
  const both = (a, b) => `<b>${arrow(across)} ${h.write(a)}, ${arrow(up)} ${v.write(b)}</b>`;
  const trace = (name, indices, marker, more = {}) => ({
    type: "scatter",
    mode: "markers",
    name,
    legendgroup: name,
    showlegend: first,
    xaxis,
    yaxis,
    x: indices.map((i) => x[i]),
    y: indices.map((i) => y[i]),
    customdata: indices,
    hovertext: indices.map((i) => hoverOf(i, both(x[i], y[i]))),
    hovertemplate: "%{hovertext}<extra></extra>",
    marker,
    ...more,
  });
  const traces = [
    trace("a configuration", some, {
      size: some.length > 600 ? 4 : 6,
      opacity: 0.75,
      line: { width: 0.5, color: colour("paper") },
      ...paint,
      showscale: first && state.paint !== "",
    }),
  ];
  const marked = { size: 9, symbol: "circle-open", color: FRONT_COLOUR, line: { width: 2, color: FRONT_COLOUR } };
  const plane = state.front.length === 2 && state.front.includes(across) && state.front.includes(up);
  const along = plane ? [...front].sort((a, b) => x[a] - x[b] || y[a] - y[b]) : front;
  const stairs = {
    mode: "lines+markers",
    line: { color: FRONT_COLOUR, width: 1.5, shape: higher(across) ? "vh" : "hv" },
  };
  traces.push(trace("on the Pareto front", along, marked, plane ? stairs : {}));
  if (best >= 0)
    traces.push(
      trace(`best ${D.metrics[state.metric].name}`, [best], {
        size: 15,
        symbol: "star",
        color: "#e69f00",
        line: { width: 1, color: colour("ink") },
      }),
    );
  return [...traces, ...referenceTraces(panel, { h, v, both, trace })];
}

// What was fused without training, or before the reward; at the rim of the panel where it lies outside.
function referenceTraces({ across, up }, { h, v, both, trace }) {
  return references(across, state.dataset).flatMap(({ name, k, start, value: bx }, n) => {
    const by = references(up, state.dataset)[n].value;
    if (!isNumber(bx) || !isNumber(by)) return [];
    const outside = h.rim(bx) !== bx || v.rim(by) !== by;
    const line = { width: outside ? 1.2 : 2.2, color: colour("ink") };
    return {
      ...trace(name, [], {
        symbol: start ? "diamond" : UNTRAINED[k % 3],
        size: outside ? 8 : 11,
        color: colour("ink"),
        line,
      }),
      x: [h.rim(bx, v.rim(by) === by ? 0 : k)],
      y: [v.rim(by)],
      cliponaxis: false,
      customdata: [-1],
      hovertext: [
        `${both(bx, by)}<br>${start ? "before the reward" : "untrained"}: ${name}${outside ? ", outside the picture" : ""}`,
      ],
    };
  });
}
