// @ts-check
import { D, values } from "../page/data.js";
import { at, element } from "../page/document.js";
import { axis, caption, colour, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { absence } from "../page/settings.js";
import { register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { heatScale, levelsOf, printed } from "./cells.js";
import { edges, grid, HEAT, ordered, titleOf } from "./heatmap_grid.js";
import { heatmapCaption, hoverText, untrainedLine } from "./heatmap_words.js";

const MARGIN = 150;

function heatmapAxis(axes, combinations, order, joint, words) {
  const label = (combination) => combination.map((i, k) => escapeText(levelsOf(axes[k])[i])).join(joint);
  // More labels than fit a line each are thinned out.
  const every = Math.ceil(order.length / 60),
    ticks = order.map((_, i) => i).filter((i) => i % every === 0);
  return axis({
    tickvals: ticks,
    ticktext: ticks.map((i) => label(combinations[order[i]])),
    title: { text: escapeText(words), standoff: 12 },
    range: [-0.5, order.length - 0.5],
    showgrid: false,
    ticks: "",
    ticklabelstandoff: 4,
  });
}

function drawHeatmap() {
  const numbers = values(state.metric, state.dataset, state.epoch),
    { rows, columns, cells } = grid(numbers);
  const value = (cell) => (cell.length ? numbers[cell[0]] : NaN);
  const rowOrder = ordered(cells.map((row) => row.map(value)));
  const columnOrder = ordered(columns.map((_, c) => cells.map((row) => value(row[c]))));
  const z = rowOrder.map((r) => columnOrder.map((c) => value(cells[r][c])));
  const some = z.flat().filter(isNumber),
    write = writer(some),
    scale = heatScale(some);
  const most = cells.flat().reduce((count, cell) => Math.max(count, cell.length), 0);
  caption("heatmap", heatmapCaption({ some, write, total: z.flat().length, most }));
  at("heatmap").setAttribute(
    "aria-label",
    `Heatmap. ${at("heatmap-caption").textContent} The table below holds the same numbers.`,
  );
  untrainedLine("heatmap-untrained", scale, write);

  if (!some.length) {
    const reasons = new Set(D.settings.map(absence));
    return nothing("heatmap", `No configuration has a number here: ${[...reasons].slice(0, 3).join("; ")}.`);
  }
  // What the longest number takes at the size it is printed in.
  const longest = some.length > 3000 ? 9 : some.reduce((length, x) => Math.max(length, write(x).length), 0);
  const cell = Math.max(40, 6 + 6.3 * longest),
    fits = columns.length <= 30;
  const width = Math.max(320, fits ? MARGIN + columns.length * cell : 900),
    height = Math.max(220, 138 + rows.length * (rows.length > 60 ? 7 : 34));
  at("heatmap").style.minWidth = `${columns.length > 4 ? width : 0}px`;
  const room = (Math.max(at("heatmap").parentElement.clientWidth, width) - MARGIN) / columns.length;
  const lines =
    HEAT.order === "numeric"
      ? [...edges(HEAT.columns, columns.length, "x"), ...edges(HEAT.rows, rows.length, "y")]
      : [];
  const trace = {
    type: "heatmap",
    z: z.map((row) => row.map((x) => (isNumber(x) ? x : null))),
    xgap: room > 12 ? 1 : 0,
    ygap: room > 12 ? 1 : 0,
    customdata: rowOrder.map((r) => columnOrder.map((c) => cells[r][c][0] ?? -1)),
    hovertext: rowOrder.map((r) => columnOrder.map((c) => hoverText(cells[r][c], numbers, write))),
    hovertemplate: "%{hovertext}<extra></extra>",
    ...scale,
  };
  const xaxis = heatmapAxis(
    HEAT.columns,
    columns,
    columnOrder,
    "<br>",
    titleOf(HEAT.columns, [" (above)", " (below)"]),
  );
  const yaxis = heatmapAxis(HEAT.rows, rows, rowOrder, " · ", titleOf(HEAT.rows));
  const text = room >= cell - 2 && rows.length <= 60;
  return plot("heatmap", text ? [trace, printed(z, trace, write)] : [trace], {
    ...look(height, { plot_bgcolor: colour("gap") }),
    shapes: lines.map((line) => ({ ...line, line: { color: colour("paper"), width: rows.length > 60 ? 1 : 4 } })),
    xaxis,
    yaxis: { ...yaxis, range: [...yaxis.range].reverse() },
  }).then(opensTrials);
}

// Which parameter lies where; one that is chosen twice trades places.
function drawAxisChoices() {
  if (D.axes.length < 2) return;
  const names = { rows: ["Rows, outer", "inner"], columns: ["Columns, outer", "inner"] };
  const slots = ["rows", "columns"].flatMap((side) => [0, 1].map((k) => [side, k]));
  at("axes").replaceChildren(
    ...slots.map(([side, k]) => {
      const select = element("select", {
        onchange: () => chooseAxis(side, k, select.value === "" ? null : Number(select.value)),
      });
      select.append(
        element("option", { value: "", textContent: "none" }),
        ...D.axes.map((one, i) =>
          element("option", { value: i, textContent: one.name, selected: HEAT[side][k] === i }),
        ),
      );
      return element("label", {}, `${names[side][k]} `, select);
    }),
  );
}

function chooseAxis(side, k, chosen) {
  const slots = {
    rows: [HEAT.rows[0] ?? null, HEAT.rows[1] ?? null],
    columns: [HEAT.columns[0] ?? null, HEAT.columns[1] ?? null],
  };
  const before = slots[side][k];
  if (chosen !== null)
    for (const other of ["rows", "columns"]) slots[other] = slots[other].map((a) => (a === chosen ? before : a));
  slots[side][k] = chosen;
  for (const some of ["rows", "columns"]) HEAT[some] = slots[some].filter((a) => a !== null);
  drawAxisChoices();
  drawHeatmap();
}

at("order").onchange = (event) => {
  HEAT.order = event.target.value;
  drawHeatmap();
};
drawAxisChoices();
register({ id: "heatmap", draw: drawHeatmap });
