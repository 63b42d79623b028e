const MARGIN = 150;
const HEAT = { order: "numeric", rows: [...D.heatmap.rows], columns: [...D.heatmap.columns] };

// The levels of a parameter in a heatmap: its values, or ranges of them where there are too many.
const levelsOf = (a) => D.axes[a].bins?.labels ?? D.axes[a].values;
const levelAt = (a, setting) => (D.axes[a].bins ? D.axes[a].bins.of[setting.at[a]] : setting.at[a]);

// All combinations of the levels of up to two parameters, outer one first; the inner changes fastest.
const combinations = (axes) =>
  axes.reduce((all, a) => all.flatMap((some) => levelsOf(a).map((_, i) => [...some, i])), [[]]);

// The settings of each cell, best first.
function grid(numbers) {
  const rows = combinations(HEAT.rows),
    columns = combinations(HEAT.columns);
  const index = (axes, setting) => axes.reduce((sum, a) => sum * levelsOf(a).length + levelAt(a, setting), 0);
  const cells = rows.map(() => columns.map(() => []));
  D.settings.forEach((setting, i) => cells[index(HEAT.rows, setting)][index(HEAT.columns, setting)].push(i));
  for (const cell of cells.flat()) cell.sort((i, j) => firstIsBetter(numbers[i], numbers[j]));
  return { rows, columns, cells };
}

// For sorting: the better first, what has no number last.
function firstIsBetter(a, b, m = state.metric) {
  return isNumber(b) - isNumber(a) || (better(a, b, m) ? -1 : better(b, a, m) ? 1 : 0);
}

// The order of lines: as they are, by their mean, or the best in the middle and the next ones beside it in turn.
function ordered(lines) {
  const order = lines.map((_, i) => i);
  if (HEAT.order === "numeric") return order;
  const strength = lines.map((line) => {
    const some = line.filter(isNumber);
    return some.reduce((a, b) => a + b, 0) / some.length;
  });
  order.sort((a, b) => firstIsBetter(strength[a], strength[b]) || a - b);
  return HEAT.order === "value" ? order : order.reduce((row, line, i) => (i % 2 ? [...row, line] : [line, ...row]), []);
}

const titleOf = (axes, where = []) =>
  axes.map((a, k) => D.axes[a].name + (axes.length > 1 ? (where[k] ?? "") : "")).join(" · ");

function hoverText(cell, numbers, write) {
  if (!cell.length) return "this combination is not in the sweep";
  const { metric: m, dataset: d, epoch: e } = state,
    i = cell[0],
    setting = D.settings[i];
  const lines = D.axes.map((one, a) => `${escapeText(one.name)} ${escapeText(level(setting, a))}`);
  if (!isNumber(numbers[i])) return [`<b>no number</b>`, wrapped(absence(setting)), ...lines].join("<br>");
  const std = D.stds ? part(D.stds, m, d, e)[i] : NaN;
  lines.unshift(
    `<b>${write(numbers[i])}</b>${isNumber(std) ? ` ± ${write(std)} between images` : ""} (n = ${imagesOf(D.images, m, d, e)(i)})`,
  );
  if (D.seeds) {
    const spread = D.spreads ? part(D.spreads, m, d, e)[i] : NaN;
    lines.push(
      `mean of ${part(D.seeds, d, e)[i]} of ${setting.trials.length} seeds${isNumber(spread) ? `, ± ${write(spread)} between them` : ""}`,
    );
  }
  lines.push(
    `${trialsOf(i)}${setting.status === "finished" ? "" : ` (${escapeText(setting.status)})`}, click to open it`,
  );
  if (cell.length > 1) lines.push(`the best of ${cell.length} settings in this cell`);
  return lines.join("<br>");
}

// The values as text, dark on the bright half of the scale and white on the other.
function printed(z, { zmin, zmax, reversescale }, write, more = {}) {
  const points = z
    .flatMap((row, y) => [...row].map((value, x) => ({ x, y, value })))
    .filter((point) => isNumber(point.value));
  const bright = (value) => {
    const t = (value - zmin) / (zmax - zmin);
    return (reversescale ? 1 - t : t) > 0.45;
  };
  return {
    type: "scatter",
    mode: "text",
    hoverinfo: "skip",
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    text: points.map((p) => write(p.value)),
    textfont: { size: 11, color: points.map((p) => (bright(p.value) ? "#111" : "#fff")) },
    ...more,
  };
}

// Gaps between the values of the outer parameter.
function edges(axes, count, direction) {
  if (axes.length < 2) return [];
  const step = levelsOf(axes[1]).length,
    other = direction === "x" ? "y" : "x";
  return Array.from({ length: Math.max(0, count / step - 1) }, (_, i) => (i + 1) * step - 0.5).map((p) => ({
    type: "line",
    [`${direction}0`]: p,
    [`${direction}1`]: p,
    [`${other}ref`]: "paper",
    [`${other}0`]: 0,
    [`${other}1`]: 1,
  }));
}

const hidden = () =>
  D.axes.map((_, a) => a).filter((a) => ![...HEAT.rows, ...HEAT.columns].includes(a) && D.axes[a].values.length > 1);

// Low and high of many numbers; NaN is left out.
function extent(numbers) {
  let low = Infinity,
    high = -Infinity;
  for (const x of numbers) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return [low, high];
}

function heatmapCaption({ some, write, total, most }) {
  const [low, high] = extent(some),
    said = [`${place()}:`];
  if (!D.axes.length) said.push("nothing is swept, so there is one cell.");
  if (!some.length) said.push("no setting has a number here.");
  else if (low === high) said.push(`every cell is ${write(low)}.`);
  else
    said.push(`${write(low)} to ${write(high)}; ${higher(state.metric) ? "higher" : "lower"} is better and brighter.`);
  if (most > 1) {
    const over = hidden().map((a) => D.axes[a].name);
    said.push(`A cell shows the best of up to ${most} settings${over.length ? `, over ${over.join(", ")}` : ""}.`);
  }
  if (D.seeds) said.push("A setting is the mean of its seeds.");
  if (some.length && some.length < total) {
    said.push(`${total - some.length} of ${total} cells are blank: ${D.mixture ? "the weights sum to the same, so not every combination can be" : "hover one for the reason"}.`);
  }
  if (HEAT.order === "centre") said.push("Rows and columns with the best mean lie in the middle.");
  if (HEAT.order === "value") said.push("Rows and columns with the best mean come first.");
  return said.join(" ");
}

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

// Viridis from the worst to the best of `some`; all alike get one colour.
function heatScale(some) {
  const [low, high] = extent(some),
    spread = low < high;
  return {
    colorscale: "Viridis",
    reversescale: !higher(state.metric),
    zmin: spread ? low : (some[0] ?? 0) - 1,
    zmax: spread ? high : (some[0] ?? 0) + 1,
    showscale: spread,
    colorbar: { thickness: 12, outlinewidth: 0, tickfont: { size: 11 }, exponentformat: "e" },
  };
}

// The untrained fusions, as they stand on the heatmap's scale.
function untrainedLine(id, { zmin, zmax }, write) {
  const copies = references(state.metric, state.dataset)
    .filter((copy) => isNumber(copy.value))
    .sort((a, b) => firstIsBetter(a.value, b.value));
  const where = (x) => (x > zmax ? " (above the scale)" : x < zmin ? " (below the scale)" : "");
  const list = (some) => some.map(({ name, value }) => `${name} ${write(value)}${where(value)}`).join(", ");
  const [starts, untrained] = [true, false].map((kind) => copies.filter(({ start }) => start === kind));
  at(id).textContent = [
    untrained.length ? `Untrained: ${list(untrained)}.` : "",
    starts.length ? `Before the reward: ${list(starts)}.` : "",
  ].join(" ");
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
    return nothing("heatmap", `No setting has a number here: ${[...reasons].slice(0, 3).join("; ")}.`);
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
