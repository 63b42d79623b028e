"use strict";
// Every number comes computed in the embedded JSON; this places, sorts and colours.
const page = document.documentElement.dataset;
window.addEventListener("error", (event) => { page.error = event.message; });
const D = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const state = {
  ...D.start, order: "numeric", rows: [...D.layout.rows], columns: [...D.layout.columns],
  query: "", all: false, sort: "value", descending: null,
};
const HEADLINES = ["Reward", "VIF", "Qabf", "SSIM", "MI"];
const FIRST = 20;

const isNumber = (x) => typeof x === "number";
const escapeText = (x) => String(x).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const better = (a, b) => (D.metrics[state.metric].higher ? a > b : a < b);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const level = (setting, axis) => D.axes[axis].values[setting.at[axis]];

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function writer(values) {
  const some = values.filter(isNumber);
  const largest = Math.max(...some.map(Math.abs), 0), range = Math.max(...some) - Math.min(...some);
  const scale = range > largest * 1e-5 ? range : largest || 1;
  const decimals = Math.min(6, Math.max(0, 2 + Math.ceil(-Math.log10(scale))));
  const tiny = largest < 1e-3 ? largest : 0.5 * 10 ** -decimals;
  return (x) => (!isNumber(x) ? "–" : x !== 0 && Math.abs(x) <= tiny ? x.toExponential(2) : x.toFixed(largest < 1e-3 ? 0 : decimals));
}

function entry(index) {
  const { metric: m, dataset: d, epoch: e } = state, images = D.images[m][d];
  return {
    setting: D.settings[index], value: D.values[m][d][e][index], std: D.stds[m][d][e][index],
    n: isNumber(images) ? images : images[e][index],
    seeds: D.seeds ? D.seeds[d][e][index] : 1, spread: D.spreads ? D.spreads[m][d][e][index] : null,
    other: (metric) => D.values[metric][d][e][index],
  };
}

function baseline(index) {
  const { metric: m, dataset: d } = state, images = D.baselines.images[m][d];
  return {
    name: D.fusions[index], value: D.baselines.values[m][d][index], std: D.baselines.stds[m][d][index],
    n: isNumber(images) ? images : images[index], seeds: 1, spread: null,
    other: (metric) => D.baselines.values[metric][d][index],
  };
}

const place = () => `${D.metrics[state.metric].name}, ${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}`;

// Why a setting has no number here, in words.
function absence(setting) {
  const reasons = setting.trials.filter((number) => D.failures[number]).map((number) => `trial ${number} failed: ${D.failures[number]}`);
  if (reasons.length) return reasons.join("; ");
  return setting.status === "finished" ? "finished, but this is not a number or was not measured" : `trial ${setting.trials.join(", ")}: ${setting.status}`;
}

function hoverText(cell, write) {
  if (!cell.length) return "this combination is not in the sweep";
  const shown = cell[0], lines = D.axes.map((axis, i) => `${escapeText(axis.name)} ${escapeText(level(shown.setting, i))}`);
  if (isNumber(shown.value)) {
    lines.unshift(`<b>${write(shown.value)}</b>${isNumber(shown.std) ? ` ± ${write(shown.std)}` : ""} (n = ${shown.n})`);
    if (D.seeds) lines.push(`mean of ${shown.seeds} of ${shown.setting.trials.length} seeds${isNumber(shown.spread) ? `, ± ${write(shown.spread)} between them` : ""}`);
    lines.push(`trial ${shown.setting.trials.join(", ")}${shown.setting.status === "finished" ? "" : ` (${escapeText(shown.setting.status)})`}`);
    if (cell.length > 1) lines.push(`the best of ${cell.length} settings in this cell`);
  } else {
    lines.unshift(`<b>no number</b>`, escapeText(absence(shown.setting)).replace(/(.{60}\S*)\s/g, "$1<br>"));
  }
  return lines.join("<br>");
}

// All combinations of the values of up to two parameters, outer one first; the inner changes fastest.
const combinations = (axes) => axes.reduce((all, axis) => all.flatMap((some) => D.axes[axis].values.map((_, i) => [...some, i])), [[]]);

function grid() {
  const rows = combinations(state.rows), columns = combinations(state.columns);
  const index = (axes, setting) => axes.reduce((sum, axis) => sum * D.axes[axis].values.length + setting.at[axis], 0);
  const cells = rows.map(() => columns.map(() => []));
  D.settings.forEach((setting, i) => cells[index(state.rows, setting)][index(state.columns, setting)].push(entry(i)));
  for (const row of cells) for (const cell of row) {
    cell.sort((a, b) => isNumber(b.value) - isNumber(a.value) || (better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : 0));
  }
  return { rows, columns, cells };
}

// The best in the middle, the next ones left and right of it in turn.
function centred(lines) {
  const strength = lines.map((line) => { const some = line.filter(isNumber); return some.length ? mean(some) : null; });
  const order = lines.map((_, i) => i).sort((a, b) =>
    isNumber(strength[b]) - isNumber(strength[a]) || (better(strength[a], strength[b]) ? -1 : better(strength[b], strength[a]) ? 1 : a - b));
  return order.reduce((row, line, i) => (i % 2 ? [...row, line] : [line, ...row]), []);
}

const title = (axes, where = []) => axes.map((axis, k) => D.axes[axis].name + (axes.length > 1 ? where[k] ?? "" : "")).join(" · ");

// The values as text, dark on the bright half of the scale and white on the other.
function printed(z, { zmin, zmax, reversescale }, write) {
  const points = z.flatMap((row, y) => row.map((value, x) => ({ x, y, value }))).filter((point) => isNumber(point.value));
  const bright = (value) => { const t = (value - zmin) / (zmax - zmin); return (reversescale ? 1 - t : t) > 0.45; };
  return {
    type: "scatter", mode: "text", hoverinfo: "skip", showlegend: false, x: points.map((p) => p.x), y: points.map((p) => p.y),
    text: points.map((p) => write(p.value)), textfont: { size: 11, color: points.map((p) => (bright(p.value) ? "#111" : "#fff")) },
  };
}

function drawHeatmap() {
  const { rows, columns, cells } = grid();
  const value = (cell) => (cell.length ? cell[0].value : null);
  const numeric = (lines) => lines.map((_, i) => i), centre = state.order === "centre";
  const rowOrder = centre ? centred(cells.map((row) => row.map(value))) : numeric(rows);
  const columnOrder = centre ? centred(columns.map((_, c) => cells.map((row) => value(row[c])))) : numeric(columns);
  const z = rowOrder.map((r) => columnOrder.map((c) => value(cells[r][c])));
  const some = z.flat().filter(isNumber), write = writer(some), metric = D.metrics[state.metric];
  const copies = D.fusions.map((_, i) => baseline(i)).filter((b) => isNumber(b.value)).sort((a, b) => (better(a.value, b.value) ? -1 : 1));
  const low = Math.min(...some), high = Math.max(...some), flat = some.length && low === high;
  const blanks = z.flat().length - some.length, most = Math.max(...cells.flat().map((cell) => cell.length));

  const caption = [`${place()}: `];
  if (!D.axes.length) caption.push("nothing is swept, so there is one cell. ");
  if (!some.length) caption.push("no setting has a number here; hover a cell for the reason. ");
  else if (flat) caption.push(`every cell is ${write(low)}. `);
  else caption.push(`${write(low)} to ${write(high)}; ${metric.higher ? "higher" : "lower"} is better and brighter. `);
  if (some.length && copies.length) caption.push(`Best untrained: ${writer([copies[0].value, ...some])(copies[0].value)} (${copies[0].name}). `);
  if (most > 1) caption.push(`A cell shows the best of up to ${most} settings, over ${hidden().map((i) => D.axes[i].name).join(", ")}. `);
  if (D.seeds) caption.push("A setting is the mean of its seeds. ");
  if (blanks && some.length) caption.push(`${blanks} of ${z.flat().length} cells are blank: hover one for the reason. `);
  if (centre) caption.push("Rows and columns with the best mean lie in the middle.");
  at("heatmap-caption").textContent = caption.join("");
  at("heatmap").setAttribute("aria-label", `Heatmap, ${caption.join("")} The ranking below holds the same numbers.`);

  const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
  const label = (axes, combination) => combination.map((i, k) => escapeText(D.axes[axes[k]].values[i]));
  const width = Math.max(320, 150 + columns.length * 40), height = Math.max(220, 138 + rows.length * 34);
  at("heatmap").style.minWidth = `${columns.length > 4 ? width : 0}px`;
  const room = (Math.max(at("heatmap").parentElement.clientWidth, width) - 150) / columns.length;
  const axis = (axes, lines, order, joint, words) => ({
    tickvals: order.map((_, i) => i), ticktext: order.map((i) => label(axes, lines[i]).join(joint)),
    title: { text: escapeText(words), standoff: 12 }, automargin: true, showgrid: false, zeroline: false, ticks: "", ticklabelstandoff: 4,
    fixedrange: true, range: [-0.5, order.length - 0.5],
  });
  const lines = centre ? [] : [...edges(state.columns, columns.length, "x"), ...edges(state.rows, rows.length, "y")];
  const trace = {
    type: "heatmap", z, xgap: 1, ygap: 1,
    hovertext: rowOrder.map((r) => columnOrder.map((c) => hoverText(cells[r][c], write))), hovertemplate: "%{hovertext}<extra></extra>",
    colorscale: "Viridis", reversescale: !metric.higher, zmin: !some.length ? 0 : flat ? low - 1 : low, zmax: !some.length ? 1 : flat ? high + 1 : high,
    showscale: some.length > 0 && !flat, colorbar: { thickness: 12, outlinewidth: 0, tickfont: { size: 11 }, exponentformat: "e" },
  };
  const traces = room >= 38 && rows.length <= 60 ? [trace, printed(z, trace, write)] : [trace];
  return Plotly.react("heatmap", traces, {
    height, margin: { l: 20, r: 10, t: 26, b: 20 }, modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--soft"), activecolor: colour("--ink") }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: colour("--gap"),
    font: { family: style.fontFamily, color: colour("--ink"), size: 12 }, shapes: lines.map((line) => ({ ...line, line: { color: colour("--paper"), width: 4 } })),
    hoverlabel: { bgcolor: colour("--panel"), bordercolor: colour("--line"), font: { color: colour("--ink"), size: 13 }, align: "left" },
    xaxis: axis(state.columns, columns, columnOrder, "<br>", title(state.columns, [" (above)", " (below)"])),
    yaxis: { ...axis(state.rows, rows, rowOrder, " · ", title(state.rows)), range: [rows.length - 0.5, -0.5] },
  }, { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtons: [["toImage"]] });
}

// Gaps between the values of the outer parameter.
function edges(axes, count, direction) {
  if (axes.length < 2) return [];
  const step = D.axes[axes[1]].values.length, other = direction === "x" ? "y" : "x";
  return Array.from({ length: Math.max(0, count / step - 1) }, (_, i) => (i + 1) * step - 0.5).map((p) => ({
    type: "line", [`${direction}0`]: p, [`${direction}1`]: p, [`${other}ref`]: "paper", [`${other}0`]: 0, [`${other}1`]: 1,
  }));
}

const hidden = () => D.axes.map((_, i) => i).filter((i) => !state.rows.includes(i) && !state.columns.includes(i) && D.axes[i].values.length > 1);

function columnsOfTable() {
  const metric = D.metrics[state.metric];
  const others = HEADLINES.map((name) => D.metrics.findIndex((m) => m.name === name)).filter((i) => i >= 0 && i !== state.metric).slice(0, 4);
  return [
    { key: "rank", title: "#", get: (row) => row.rank },
    { key: "value", title: metric.name, kind: "value", higher: metric.higher, get: (row) => row.value },
    { key: "std", title: "±", kind: "soft", get: (row) => row.std },
    ...(D.seeds ? [{ key: "spread", title: "± seeds", kind: "soft", get: (row) => row.spread }] : []),
    { key: "n", title: "n", kind: "soft", get: (row) => row.n, text: (row) => (isNumber(row.value) ? String(row.n) : "–") },
    ...D.axes.map((axis, i) => ({ key: axis.key, title: axis.name, axis: i, get: (row) => (row.setting ? row.setting.at[i] : null), text: (row) => (row.setting ? String(level(row.setting, i)) : "") })),
    ...others.map((i) => ({ key: `other-${i}`, title: D.metrics[i].name, kind: "soft", higher: D.metrics[i].higher, get: (row) => row.other(i) })),
    { key: "trial", title: D.seeds ? "trials" : "trial", get: (row) => (row.setting ? row.setting.trials[0] : null), text: (row) => (row.setting ? row.setting.trials.join(", ") : "") },
  ];
}

function tableRows() {
  const settings = D.settings.map((_, i) => entry(i)), order = (a, b) => (better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : 0);
  settings.filter((row) => isNumber(row.value)).sort(order).forEach((row, i) => { row.rank = i + 1; });
  return [...settings, ...D.fusions.map((_, i) => baseline(i)).filter((row) => isNumber(row.value))];
}

function matches(row) {
  const said = row.setting
    ? [...row.setting.trials, row.setting.status, ...D.axes.map((axis, i) => `${axis.name}=${level(row.setting, i)}`)].join(" ")
    : `${row.name} baseline untrained`;
  return state.query.toLowerCase().split(/\s+/).filter(Boolean).every((word) =>
    word.includes("=") ? `${said} `.toLowerCase().includes(`${word} `) : said.toLowerCase().includes(word));
}

function drawTable() {
  const columns = columnsOfTable(), rows = tableRows();
  const by = columns.find((column) => column.key === state.sort) || columns.find((column) => column.key === "value");
  const descending = state.descending === null ? by.higher === true : state.descending;
  const sorted = rows.filter(matches).sort((a, b) => {
    const x = by.get(a), y = by.get(b);
    return isNumber(y) - isNumber(x) || (isNumber(x) ? (descending ? y - x : x - y) : 0);
  });
  const writers = new Map(columns.map((column) => [column.key, column.text || column.key === "rank" ? null : writer(rows.map(column.get))]));
  writers.set("std", writers.get("value"));
  const values = rows.map((row) => row.value).filter(isNumber), low = Math.min(...values), high = Math.max(...values);
  const share = (x) => (isNumber(x) && high > low ? (0.04 + 0.96 * (D.metrics[state.metric].higher ? x - low : high - x) / (high - low)) * 100 : 0);

  at("ranking").tHead.replaceChildren(element("tr", {}, ...columns.map((column) => {
    const head = element("th", { className: "number", scope: "col" }, element("button", {
      type: "button", textContent: column.title,
      onclick: () => { state.descending = column === by ? !descending : null; state.sort = column.key; drawTable(); at("ranking").querySelector(`th:nth-child(${columns.indexOf(column) + 1}) button`).focus(); },
    }));
    if (column === by) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    return head;
  })));
  const shown = state.all ? sorted : sorted.slice(0, FIRST);
  const kept = new Set(shown);
  if (!state.all) sorted.filter((row) => !row.setting && !kept.has(row)).forEach((row) => shown.push(row));
  at("ranking").tBodies[0].replaceChildren(...shown.map((row) => {
    const cells = columns.flatMap((column) => {
      if (!row.setting && column.axis !== undefined) return column.axis ? [] : [element("td", { colSpan: D.axes.length, textContent: row.name })];
      const x = column.get(row), write = writers.get(column.key);
      const cell = element("td", { className: `number ${column.kind || ""}`, textContent: column.text ? column.text(row) : write ? write(x) : x ?? "" });
      if (column.kind === "value") cell.style.setProperty("--share", `${share(x).toFixed(1)}%`);
      if (column.kind === "value" && !isNumber(x)) Object.assign(cell, { textContent: row.setting.status === "finished" ? "no number" : row.setting.status, title: absence(row.setting) });
      return [cell];
    });
    if (!row.setting && !D.axes.length) cells.at(-1).textContent = row.name;
    return element("tr", { className: row.setting ? "" : "baseline" }, ...cells);
  }));
  at("shown").textContent = sorted.length ? `${shown.length} of ${sorted.length} rows` : "no row matches";
  at("more").hidden = sorted.length <= FIRST;
  at("more").textContent = state.all ? `Show the first ${FIRST}` : `Show all ${sorted.length}`;
}

function fill(select, names, chosen) {
  select.replaceChildren(...names.map((name, i) => element("option", { value: i, textContent: name, selected: i === chosen })));
}

// Which parameter lies where; one that is chosen twice trades places.
function drawAxisChoices() {
  if (D.axes.length < 2) return;
  const slots = [["rows", 0], ["rows", 1], ["columns", 0], ["columns", 1]];
  const names = { rows: ["Rows, outer", "inner"], columns: ["Columns, outer", "inner"] };
  at("axes").replaceChildren(...slots.map(([side, k]) => {
    const select = element("select", { onchange: () => choose(side, k, select.value === "" ? null : Number(select.value)) });
    select.append(element("option", { value: "", textContent: "none" }), ...D.axes.map((axis, i) => element("option", { value: i, textContent: axis.name, selected: state[side][k] === i })));
    return element("label", {}, `${names[side][k]} `, select);
  }));
}

function choose(side, k, axis) {
  const slots = { rows: [state.rows[0] ?? null, state.rows[1] ?? null], columns: [state.columns[0] ?? null, state.columns[1] ?? null] };
  const before = slots[side][k];
  if (axis !== null) for (const other of ["rows", "columns"]) slots[other] = slots[other].map((a) => (a === axis ? before : a));
  slots[side][k] = axis;
  for (const part of ["rows", "columns"]) state[part] = slots[part].filter((a) => a !== null);
  drawAxisChoices();
  drawHeatmap();
}

function draw() {
  const metric = D.metrics[state.metric];
  const weights = D.weights[D.datasets[state.dataset]];
  at("meaning").textContent = `${metric.title}: ${metric.convention}; ${metric.higher ? "higher" : "lower"} is better.${weights ? ` Weights: ${weights}.` : ""}`;
  drawTable();
  return drawHeatmap();
}

fill(at("metric"), D.metrics.map((metric) => metric.name), state.metric);
fill(at("dataset"), D.datasets, state.dataset);
fill(at("epoch"), D.epochs, state.epoch);
for (const id of ["metric", "dataset", "epoch"]) at(id).onchange = (event) => { state[id] = Number(event.target.value); draw(); };
at("order").onchange = (event) => { state.order = event.target.value; drawHeatmap(); };
at("search").oninput = (event) => { state.query = event.target.value; drawTable(); };
at("more").onclick = () => { state.all = !state.all; drawTable(); };
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
drawAxisChoices();
draw().then(() => { page.drawn = "yes"; });
