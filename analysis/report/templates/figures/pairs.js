// @ts-check
import { firstIsBetter, higher, place } from "../page/chosen.js";
import { baselineValues, D, part, references } from "../page/data.js";
import { at } from "../page/document.js";
import { axis, caption, colour, escapeText, look, nothing, plot } from "../page/look.js";
import { extent, isNumber, writer } from "../page/numbers.js";
import { register, state } from "../page/state.js";
import { heatScale, levelsOf, printed } from "./cells.js";

// Every two weights: a small heatmap each, all on one scale.
const PAIRS = { of: "best" };

function drawPairs() {
  const { metric: m, dataset: d, epoch: e } = state,
    tables = D.pairs.pairs.map((one) => ({ axes: one.pair, cells: part(one[PAIRS.of], m, d, e) }));
  const some = tables.flatMap(({ cells }) => [...cells]).filter(isNumber),
    write = writer(some),
    scale = heatScale(some);
  caption("pairs", pairsCaption(some, write));
  at("pairs").setAttribute("aria-label", `Heatmaps of two ${D.noun}s each. ${at("pairs-caption").textContent}`);
  if (!some.length) return nothing("pairs", `No configuration has a number here: ${place()}.`);
  const width = at("pairs").clientWidth || 1000,
    columns = Math.min(tables.length, Math.max(1, Math.floor(width / 340))),
    rows = Math.ceil(tables.length / columns),
    height = 270 * rows,
    layout = look(height, { margin: { l: 4, r: 4, t: 4, b: 4 }, plot_bgcolor: colour("gap"), coloraxis: undefined }),
    traces = [];
  tables.forEach(({ axes, cells }, k) => {
    const suffix = k ? k + 1 : "",
      left = (k % columns) / columns,
      top = 1 - Math.floor(k / columns) / rows;
    const z = inRows(axes, cells),
      where = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    traces.push(pairCells(axes, z, { where, scale, write }));
    const room = (width / columns - 90) / z[0].length;
    if (room > 6 + 6 * write(some[0]).length) traces.push(printed(z, scale, write, where));
    const across = [left + 66 / width, left + 1 / columns - 14 / width],
      up = [top - 222 / height, top - 10 / height];
    Object.assign(layout, pairAxes(axes, suffix, across, up));
  });
  return plot("pairs", traces, layout);
}

// Cells in rows: a row a value of the weight that goes down.
function inRows([down, across], cells) {
  const count = levelsOf(across).length;
  return levelsOf(down).map((_, r) => [...cells.slice(r * count, (r + 1) * count)]);
}

function pairCells([down, across], z, { where, scale, write }) {
  const named = (a, k) => `${escapeText(D.axes[a].name)} ${escapeText(levelsOf(a)[k])}`;
  return {
    type: "heatmap",
    z: z.map((row) => row.map((x) => (isNumber(x) ? x : null))),
    ...where,
    ...scale,
    showscale: false,
    xgap: 1,
    ygap: 1,
    hovertext: z.map((row, r) => row.map((x, c) => `<b>${write(x)}</b><br>${named(down, r)}<br>${named(across, c)}`)),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}

// The axes of one heatmap, which lies in the given shares of the figure.
function pairAxes([down, across], suffix, acrossDomain, upDomain) {
  const axisOf = (a, standoff, more) =>
    axis({
      tickvals: levelsOf(a).map((_, i) => i),
      ticktext: levelsOf(a).map(escapeText),
      tickfont: { size: 10 },
      showgrid: false,
      ticks: "",
      automargin: false,
      ...more,
      title: { text: escapeText(D.axes[a].name), standoff, font: { size: 12 } },
    });
  const range = [levelsOf(down).length - 0.5, -0.5];
  return {
    [`xaxis${suffix}`]: axisOf(across, 4, { domain: acrossDomain, anchor: `y${suffix}` }),
    [`yaxis${suffix}`]: axisOf(down, 8, { domain: upDomain, anchor: `x${suffix}`, range }),
  };
}

function pairsCaption(some, write) {
  const [low, high] = extent(some),
    said = [`${place()}: each cell is the ${PAIRS.of} over all configurations with these two values.`];
  if (low < high) {
    const order = higher(state.metric) ? "higher is better and brighter" : "lower is better and brighter";
    said.push(`${write(low)} to ${write(high)} on one scale for all; ${order}.`);
  } else if (some.length) said.push(`Every cell is ${write(low)}.`);
  const best = [...baselineValues(state.metric, state.dataset)]
    .map((value, k) => ({ name: D.fusions[k], value }))
    .filter(({ value }) => isNumber(value))
    .sort((a, b) => firstIsBetter(a.value, b.value))[0];
  if (best) said.push(`Best baseline: ${write(best.value)} (${best.name}).`);
  const begun = references(state.metric, state.dataset).filter(({ start, value }) => start && isNumber(value));
  if (begun.length)
    said.push(`Before the reward: ${begun.map(({ name, value }) => `${name} ${write(value)}`).join(", ")}.`);
  if (D.mixture) said.push("Blank: these weights would sum to more than all have.");
  if (D.pairs.left_out) said.push(`Of the ${D.pairs.left_out} further ${D.noun}s there is none.`);
  return said.join(" ");
}

at("pairs-of").onchange = (event) => {
  PAIRS.of = event.target.value;
  drawPairs();
};
register({ id: "pairs", draw: drawPairs });
