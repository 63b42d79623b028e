// @ts-check
import { column, ranked } from "../page/chosen.js";
import { D } from "../page/data.js";
import { axis, axisId, colour, colourOf, look } from "../page/look.js";
import { state } from "../page/state.js";
import { medianSetting } from "./epochs.js";

function panelAxis(epochs, domain, anchor) {
  const tickvals = epochs.length <= 6 ? epochs : undefined;
  const range = [epochs[0] - 0.2, epochs.at(-1) + 0.2];
  return axis({ domain, anchor, tickfont: { size: 10 }, tickvals, nticks: 5, showgrid: false, range });
}

// The settings to draw: [setting, what it is, colour, dash]. One that is two of these is drawn once.
export function trainedSettings() {
  const order = ranked(column(state.metric));
  const name = D.metrics[state.metric].name;
  const wanted = [
    [state.opened ?? -1, "opened", colourOf(3), "solid"],
    [order[0] ?? -1, `best ${name}`, colourOf(0), "solid"],
    [D.training.default, D.training.default_name, colourOf(2), "dash"],
    [medianSetting(), "median", colour("soft"), "dot"],
    [order.at(-1) ?? -1, "worst", colourOf(1), "dashdot"],
  ];
  const found = new Map();
  for (const [i, what, hue, dash] of wanted) {
    if (!(i >= 0)) continue;
    if (found.has(i)) found.get(i)[1] += `, ${what}`;
    else found.set(i, [i, what, hue, dash]);
  }
  return [...found.values()];
}

export const termName = (name) => name.replace(/^(loss|term)_/u, "").replaceAll("_", " ");
export const LOSS_AT_START = "loss_fusion_start";

// Panels of their own: rewards stand together with what they are held against, costs in the panel of a trial.
export const panelled = () =>
  D.training.names
    .map(([name, group], t) => ({ name, group, t }))
    .filter(({ name, group }) => group !== "reward" && group !== "cost" && name !== LOSS_AT_START);
export const termRow = (i) => (D.training.settings ? D.training.settings.indexOf(i) : i);

// Ticks of a logarithmic axis: powers of ten, or where it spans less, 1, 2 and 5 of each, or plain steps.
export function logTicks(numbers) {
  const some = numbers.filter((x) => x > 0),
    [low, high] = [Math.min(...some), Math.max(...some)];
  const powers = Array.from({ length: 40 }, (_, k) => 10 ** (k - 20));
  const among = (steps) =>
    powers.flatMap((power) => steps.map((step) => step * power)).filter((x) => x >= low * 0.99 && x <= high * 1.01);
  const found = [among([1]), among([1, 2, 5]), among([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9])].find(
    (ticks) => ticks.length > 2,
  );
  const ticks = found ?? [low, (low + high) / 2, high];
  return { tickvals: ticks, ticktext: ticks.map((x) => Number(x.toPrecision(3)).toString()) };
}

// Panels of `tall` pixels with their titles, `across` in a row: `add` gives one its place, `layout` has all of them.
export function panelRows({ count, across, tall, gap, room, epochs }) {
  const down = Math.ceil(count / across),
    gapX = room < 500 ? 0.16 : gap,
    gapY = 62 / (tall * down);
  const span = (k, of, gap) => [k * ((1 + gap) / of), k * ((1 + gap) / of) + (1 + gap) / of - gap];
  const axes = {},
    annotations = [];
  const add = (k, text, scale) => {
    const [xaxis, yaxis] = [axisId("x", k + 1), axisId("y", k + 1)];
    const domainX = span(k % across, across, gapX),
      domain = span(down - 1 - Math.floor(k / across), down, gapY);
    axes[axisId("xaxis", k + 1)] = panelAxis(epochs, domainX, yaxis);
    axes[axisId("yaxis", k + 1)] = axis({ domain, anchor: xaxis, tickfont: { size: 10 }, automargin: false, ...scale });
    const corner = { xref: "paper", yref: "paper", x: domainX[0], y: domain[1], xanchor: "left", yanchor: "bottom" };
    annotations.push({ text, showarrow: false, ...corner, font: { size: 12 } });
    return { xaxis, yaxis };
  };
  const layout = (above) => ({
    ...look(above + tall * down, { margin: { l: 48, r: 10, t: 30, b: 10 } }),
    ...axes,
    annotations,
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1 + 34 / (tall * down), yanchor: "bottom" },
    hovermode: "closest",
  });
  return { add, layout };
}
