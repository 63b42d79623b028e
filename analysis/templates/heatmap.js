const MARGIN = 150;

// All combinations of the values of up to two parameters, outer one first; the inner changes fastest.
const combinations = (axes) =>
  axes.reduce((all, axis) => all.flatMap((some) => D.axes[axis].values.map((_, i) => [...some, i])), [[]]);

function grid() {
  const rows = combinations(state.rows),
    columns = combinations(state.columns);
  const index = (axes, setting) => axes.reduce((sum, axis) => sum * D.axes[axis].values.length + setting.at[axis], 0);
  const cells = rows.map(() => columns.map(() => []));
  D.settings.forEach((setting, i) => cells[index(state.rows, setting)][index(state.columns, setting)].push(entry(i)));
  for (const row of cells)
    for (const cell of row) {
      cell.sort(
        (a, b) =>
          isNumber(b.value) - isNumber(a.value) || (better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : 0),
      );
    }
  return { rows, columns, cells };
}

// The best in the middle, the next ones left and right of it in turn.
function centred(lines) {
  const strength = lines.map((line) => {
    const some = line.filter(isNumber);
    return some.length ? mean(some) : null;
  });
  const order = lines
    .map((_, i) => i)
    .sort(
      (a, b) =>
        isNumber(strength[b]) - isNumber(strength[a]) ||
        (better(strength[a], strength[b]) ? -1 : better(strength[b], strength[a]) ? 1 : a - b),
    );
  return order.reduce((row, line, i) => (i % 2 ? [...row, line] : [line, ...row]), []);
}

const title = (axes, where = []) =>
  axes.map((axis, k) => D.axes[axis].name + (axes.length > 1 ? (where[k] ?? "") : "")).join(" · ");

function hoverText(cell, write) {
  if (!cell.length) return "this combination is not in the sweep";
  const shown = cell[0],
    lines = D.axes.map((axis, i) => `${escapeText(axis.name)} ${escapeText(level(shown.setting, i))}`);
  if (isNumber(shown.value)) {
    lines.unshift(
      `<b>${write(shown.value)}</b>${isNumber(shown.std) ? ` ± ${write(shown.std)}` : ""} (n = ${shown.n})`,
    );
    if (D.seeds)
      lines.push(
        `mean of ${shown.seeds} of ${shown.setting.trials.length} seeds${isNumber(shown.spread) ? `, ± ${write(shown.spread)} between them` : ""}`,
      );
    lines.push(
      `trial ${shown.setting.trials.join(", ")}${shown.setting.status === "finished" ? "" : ` (${escapeText(shown.setting.status)})`}`,
    );
    if (cell.length > 1) lines.push(`the best of ${cell.length} settings in this cell`);
  } else {
    lines.unshift(`<b>no number</b>`, escapeText(absence(shown.setting)).replace(/(.{60}\S*)\s/g, "$1<br>"));
  }
  return lines.join("<br>");
}

// The values as text, dark on the bright half of the scale and white on the other.
function printed(z, { zmin, zmax, reversescale }, write) {
  const points = z
    .flatMap((row, y) => row.map((value, x) => ({ x, y, value })))
    .filter((point) => isNumber(point.value));
  const bright = (value) => {
    const t = (value - zmin) / (zmax - zmin);
    return (reversescale ? 1 - t : t) > 0.45;
  };
  return {
    type: "scatter",
    mode: "text",
    hoverinfo: "skip",
    showlegend: false,
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    text: points.map((p) => write(p.value)),
    textfont: { size: 11, color: points.map((p) => (bright(p.value) ? "#111" : "#fff")) },
  };
}

// Gaps between the values of the outer parameter.
function edges(axes, count, direction) {
  if (axes.length < 2) return [];
  const step = D.axes[axes[1]].values.length,
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
  D.axes
    .map((_, i) => i)
    .filter((i) => !state.rows.includes(i) && !state.columns.includes(i) && D.axes[i].values.length > 1);

function captionOf({ some, write, total, most, centre }) {
  const low = Math.min(...some),
    high = Math.max(...some);
  const copies = D.fusions
    .map((_, i) => baseline(i))
    .filter((copy) => isNumber(copy.value))
    .sort((a, b) => (better(a.value, b.value) ? -1 : 1));
  const said = [`${place()}:`];
  if (!D.axes.length) said.push("nothing is swept, so there is one cell.");
  if (!some.length) said.push("no setting has a number here; hover a cell for the reason.");
  else if (low === high) said.push(`every cell is ${write(low)}.`);
  else {
    const direction = D.metrics[state.metric].higher ? "higher" : "lower";
    said.push(`${write(low)} to ${write(high)}; ${direction} is better and brighter.`);
  }
  if (some.length && copies.length) said.push(`Best untrained: ${write(copies[0].value)} (${copies[0].name}).`);
  if (most > 1) {
    const over = hidden().map((i) => D.axes[i].name);
    said.push(`A cell shows the best of up to ${most} settings, over ${over.join(", ")}.`);
  }
  if (D.seeds) said.push("A setting is the mean of its seeds.");
  if (some.length && some.length < total) {
    said.push(`${total - some.length} of ${total} cells are blank: hover one for the reason.`);
  }
  if (centre) said.push("Rows and columns with the best mean lie in the middle.");
  return said.join(" ");
}

function axisOf(axes, combinations, order, joint, words) {
  const label = (combination) => combination.map((i, k) => escapeText(D.axes[axes[k]].values[i])).join(joint);
  return {
    tickvals: order.map((_, i) => i),
    ticktext: order.map((i) => label(combinations[i])),
    title: { text: escapeText(words), standoff: 12 },
    range: [-0.5, order.length - 0.5],
    automargin: true,
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    ticks: "",
    ticklabelstandoff: 4,
  };
}

function look(style, height, lines) {
  const colour = (name) => style.getPropertyValue(name).trim();
  const font = (size) => ({ family: style.fontFamily, color: colour("--ink"), size });
  return {
    height,
    margin: { l: 20, r: 10, t: 26, b: 20 },
    font: font(12),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: colour("--gap"),
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--soft"), activecolor: colour("--ink") },
    hoverlabel: { bgcolor: colour("--panel"), bordercolor: colour("--line"), font: font(13), align: "left" },
    shapes: lines.map((line) => ({ ...line, line: { color: colour("--paper"), width: 4 } })),
  };
}

function drawHeatmap() {
  const { rows, columns, cells } = grid();
  const centre = state.order === "centre";
  const value = (cell) => (cell.length ? cell[0].value : null);
  const asIs = (lines) => lines.map((_, i) => i);
  const rowOrder = centre ? centred(cells.map((row) => row.map(value))) : asIs(rows);
  const columnOrder = centre ? centred(columns.map((_, c) => cells.map((row) => value(row[c])))) : asIs(columns);
  const z = rowOrder.map((r) => columnOrder.map((c) => value(cells[r][c])));
  const some = z.flat().filter(isNumber),
    write = writer(some),
    low = Math.min(...some),
    high = Math.max(...some),
    spread = some.length > 0 && low < high;
  const most = Math.max(...cells.flat().map((cell) => cell.length));
  const caption = captionOf({ some, write, total: z.flat().length, most, centre });
  at("heatmap-caption").textContent = caption;
  at("heatmap").setAttribute("aria-label", `Heatmap. ${caption} The ranking below holds the same numbers.`);

  // What the longest number takes at the size it is printed in.
  const cell = Math.max(40, 6 + 6.3 * Math.max(0, ...some.map((one) => write(one).length)));
  const width = Math.max(320, MARGIN + columns.length * cell),
    height = Math.max(220, 138 + rows.length * 34);
  at("heatmap").style.minWidth = `${columns.length > 4 ? width : 0}px`;
  const room = (Math.max(at("heatmap").parentElement.clientWidth, width) - MARGIN) / columns.length;
  const lines = centre ? [] : [...edges(state.columns, columns.length, "x"), ...edges(state.rows, rows.length, "y")];
  const trace = {
    type: "heatmap",
    z,
    xgap: 1,
    ygap: 1,
    hovertext: rowOrder.map((r) => columnOrder.map((c) => hoverText(cells[r][c], write))),
    hovertemplate: "%{hovertext}<extra></extra>",
    colorscale: "Viridis",
    reversescale: !D.metrics[state.metric].higher,
    zmin: spread ? low : (some[0] ?? 0) - 1,
    zmax: spread ? high : (some[0] ?? 0) + 1,
    showscale: spread,
    colorbar: { thickness: 12, outlinewidth: 0, tickfont: { size: 11 }, exponentformat: "e" },
  };
  const xaxis = axisOf(state.columns, columns, columnOrder, "<br>", title(state.columns, [" (above)", " (below)"]));
  const yaxis = axisOf(state.rows, rows, rowOrder, " · ", title(state.rows));
  return Plotly.react(
    "heatmap",
    room >= cell - 2 && rows.length <= 60 ? [trace, printed(z, trace, write)] : [trace],
    {
      ...look(getComputedStyle(document.documentElement), height, lines),
      xaxis,
      yaxis: { ...yaxis, range: [...yaxis.range].reverse() },
    },
    { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtons: [["toImage"]] },
  );
}
