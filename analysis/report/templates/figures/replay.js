// @ts-check
import { arrow } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { axis, CATEGORIES, caption, colour, colourOf, escapeText, faint, look, nothing, plot } from "../page/look.js";
import { extent, isNumber, writer } from "../page/numbers.js";
import { register } from "../page/state.js";
import { drawReplayTable, replayChosen, replayed, sharePercent } from "./replay_table.js";

const replayDash = (k) => (k < CATEGORIES.length ? "solid" : "dot");

function replayLine(k, along, write) {
  const own = D.replay.searches[k],
    hue = colourOf(k),
    chosen = k === replayChosen();
  const hover = (_, i) =>
    `<b>${escapeText(own.row.search)}: ${write(own.best_median[i])}</b><br>${write(own.best_low[i])} to ${write(own.best_high[i])} in 90 % of ${own.row.repeats} repeats` +
    `<br>${sharePercent(own.cost[i])} of the epochs${isNumber(own.seconds[i]) ? `, ${sharePercent(own.seconds[i])} of the seconds` : ""}`;
  const percent = own[along].map((x) => 100 * x),
    base = { type: "scatter", mode: "lines", x: percent, line: { shape: "hv" } };
  const line = {
    ...base,
    name: own.row.search,
    y: own.best_median,
    opacity: chosen ? 1 : 0.8,
    line: { shape: "hv", color: hue, width: chosen ? 3 : 1.6, dash: replayDash(k) },
    hovertext: own.best_median.map(hover),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
  if (!chosen) return [line];
  const edge = { ...base, hoverinfo: "skip", line: { shape: "hv", width: 0 } };
  return [
    { ...edge, y: own.best_low },
    { ...edge, y: own.best_high, fill: "tonexty", fillcolor: faint(hue, 0.22) },
    line,
  ];
}

// The best of the grid and what counts as near it; a line that lies below all curves would only press them together.
function replayLevels(range) {
  const { best, targets } = D.replay;
  return [{ name: "best of the grid", value: best }, ...targets].filter(
    ({ value }) => value >= range[0] && value <= range[1],
  );
}

function replayCaption(levels) {
  const { where, of, within, workers, searches } = D.replay,
    own = searches[replayChosen()].row;
  const said = [
    `${D.metrics[D.replay.metric].name}, ${where}: the best so far against the share of the cost of all ${of[0]} configurations of ${of[1]} ${of[1] === 1 ? "epoch" : "epochs"}, ${arrow(D.replay.metric).includes("↑") ? "higher" : "lower"} is better; no training, every trial is looked up.`,
    `Lines: medians over repeats; band: ${own.search}, 5 to 95 % of its ${own.repeats} repeats (choose another in the table).`,
    `Dashed: ${levels.map(({ name, settings }) => (settings ? `${name} (${settings} ${settings === 1 ? "configuration" : "configurations"})` : name)).join(", ")}; upright: ${sharePercent(within)} of the cost.`,
  ];
  if (workers > 1) said.push(`${workers} trials at a time.`);
  return said.join(" ");
}

function drawReplay() {
  const { searches, said, notes, within, best, metric } = D.replay,
    select = at("replay-cost");
  select.closest(".tools").hidden = !searches.some((one) => one.seconds.some(isNumber));
  select.onchange = drawReplay;
  const along = select.closest(".tools").hidden ? "cost" : select.value;
  at("replay-said").replaceChildren(...said.map((textContent) => element("p", { textContent })));
  at("replay-notes").replaceChildren(...notes.map((textContent) => element("p", { textContent })));
  drawReplayTable(along, chooseReplay);
  const seen = [...searches.flatMap((one) => one.best_median), best].filter(isNumber),
    [low, high] = extent(seen),
    room = 0.06 * (high - low || Math.abs(high) || 1),
    range = [low - room, high + room],
    levels = replayLevels(range),
    write = writer(seen);
  caption("replay", replayCaption(levels));
  at("replay").setAttribute("aria-label", at("replay-caption").textContent);
  if (!searches.some((one) => one.cost.length))
    return nothing("replay", "No search reached such a configuration in every repeat.");
  const [least, most] = extent(searches.flatMap((one) => one[along]).filter((x) => x > 0)),
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 25, 50, 100].filter((x) => x >= 99 * least && x <= 101 * most);
  const across = { xref: "paper", yref: "y", x0: 0, x1: 1, layer: "below" },
    thin = { color: colour("soft"), width: 1, dash: "dash" };
  const layout = look(420, {
    margin: { l: 60, r: 14, t: 20, b: 46 },
    hovermode: "closest",
    shapes: [
      ...levels.map(({ value }) => ({ ...across, type: "line", y0: value, y1: value, line: thin })),
      {
        type: "line",
        xref: "x",
        yref: "paper",
        x0: 100 * within,
        x1: 100 * within,
        y0: 0,
        y1: 1,
        layer: "below",
        line: { ...thin, color: colour("ink") },
      },
    ],
    annotations: spread(levels, range, 420 - 66).map(({ name, value, shift }) => ({
      xref: "paper",
      x: 1,
      xanchor: "right",
      y: value,
      yanchor: "bottom",
      yshift: shift,
      showarrow: false,
      text: name,
      font: { size: 11, color: colour("soft") },
      bgcolor: colour("paper"),
      borderpad: 1,
    })),
    xaxis: axis({
      type: "log",
      title: { text: `% of the grid's ${along === "cost" ? "epochs" : "seconds"}` },
      range: [Math.log10(95 * least), Math.log10(105 * most)],
      tickvals: ticks,
      ticktext: ticks.map(String),
    }),
    yaxis: axis({ title: { text: arrow(metric) }, range, nticks: 6 }),
  });
  const order = searches.map((_, k) => k).sort((a, b) => Number(a === replayChosen()) - Number(b === replayChosen()));
  return plot(
    "replay",
    order.flatMap((k) => replayLine(k, along, write)),
    layout,
  );
}

// Labels of lines that lie close together stand beside them in their order, no two over each other.
function spread(levels, range, height) {
  const pixels = (value) => ((value - range[0]) / (range[1] - range[0])) * height;
  let above = Infinity;
  return [...levels]
    .sort((a, b) => b.value - a.value)
    .map((level) => {
      const place = Math.min(pixels(level.value), above - 14);
      above = place;
      return { ...level, shift: place - pixels(level.value) };
    });
}

function chooseReplay(k) {
  replayed.chosen = k;
  drawReplay();
  at("replay-table").tBodies[0].rows[k].querySelector("button").focus();
}

register({ id: "replay", draw: drawReplay, acts: [] });
