// @ts-check
import { arrow, better, column, higher, ranked } from "../page/chosen.js";
import { baselineValues, D } from "../page/data.js";
import { at, element, fill } from "../page/document.js";
import { axis, axisId, caption, look, nothing, plot, shownBox } from "../page/look.js";
import { isNumber, listed, percent } from "../page/numbers.js";
import { choose, register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { hypervolumeShare, paretoFront } from "./front.js";
import { paintOf, panels, panelTraces, scaleOf } from "./scatter.js";
import { drawPrices } from "./tradeoffs_prices.js";

const MOST_COMPARED = 5;
const MOST_POINTS = 8000;

function drawTradeoffChoices() {
  const full = state.compared.length >= MOST_COMPARED;
  at("tradeoffs-metrics").replaceChildren(
    ...D.metrics.map((metric, m) => {
      const checked = state.compared.includes(m);
      const box = element("input", {
        type: "checkbox",
        checked,
        disabled: checked ? state.compared.length <= 2 : full,
        onchange: async () => {
          const others = state.compared.filter((one) => one !== m);
          await choose({ compared: (box.checked ? [...others, m] : others).sort((a, b) => a - b) });
          at("tradeoffs-metrics").querySelectorAll("input")[m].focus();
        },
      });
      return element("label", {}, box, ` ${metric.name}`);
    }),
  );
  const select = (k) => {
    const made = element("select", {
      ariaLabel: `metric ${k + 1} of the front`,
      onchange: async () => {
        /** @type {(number | null)[]} */
        const front = [...state.front];
        front[k] = made.value === "" ? null : Number(made.value);
        await choose({ front: front.filter((m, i) => m !== null && front.indexOf(m) === i) });
        at("tradeoffs-front").querySelectorAll("select")[k].focus();
      },
    });
    const free = D.metrics.map((_, m) => m).filter((m) => state.front[k] === m || !state.front.includes(m));
    made.append(
      ...(k === 2 ? [element("option", { value: "", textContent: "no third" })] : []),
      ...free.map((m) => element("option", { value: m, textContent: arrow(m), selected: state.front[k] === m })),
    );
    return made;
  };
  at("tradeoffs-front").replaceChildren("Front of ", ...[0, 1, 2].slice(0, D.metrics.length).map(select));
  const paints = ["nothing", `${D.metrics[state.metric].name}`, ...D.axes.map((one) => one.name)];
  fill(at("tradeoffs-paint"), paints, state.paint === "" ? 0 : state.paint + 1);
}

function tradeoffsCaption(count, drawn, front) {
  const names = listed(state.front.map((m) => D.metrics[m].name));
  const reach = hypervolumeShare(state.front.map(column), state.front.map(higher));
  const copies = (m) => [...baselineValues(m, state.dataset)].filter(isNumber);
  const beating = front.filter((i) => state.front.every((m) => copies(m).every((x) => better(column(m)[i], x, m))));
  const said = [
    `A point is a setting (${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}); arrows say which way is better, thin marks at a rim lie outside.`,
    front.length
      ? `Pareto front of ${names}: ${front.length} of ${count} configurations, which no other matches in all and beats in one`
      : `No configuration has numbers for all of ${names}`,
  ];
  said[1] += isNumber(reach)
    ? `; it reaches ${percent(reach, 1)} of the hypervolume between the worst and the best of each.`
    : ".";
  if (front.length && state.front.every((m) => copies(m).length))
    said.push(
      front.length === 1
        ? `It ${beating.length ? "beats" : "does not beat"} every baseline in all.`
        : `${beating.length || "None"} of them beat${beating.length > 1 ? "" : "s"} every baseline in all.`,
    );
  if (drawn < count) said.push(`Drawn: ${drawn} of ${count} configurations at random, and the whole front.`);
  return said.join(" ");
}

// As many settings as all panels together can carry. Multiples of the golden ratio pick them, which falls into step with
// no grid, so that no value of a weight is left out.
function drawnOf(there) {
  const panes = (state.compared.length * (state.compared.length - 1)) / 2,
    most = Math.floor(MOST_POINTS / panes);
  const known = new Set(there),
    sampled = D.tradeoffs.sample ? D.tradeoffs.sample.filter((i) => known.has(i)) : there;
  if (sampled.length <= most) return sampled;
  const lot = (i) => (i * 0.6180339887498949) % 1;
  return [...sampled].sort((a, b) => lot(a) - lot(b)).slice(0, most);
}

function drawTradeoffs() {
  drawTradeoffChoices();
  drawPrices();
  if (D.metrics.length < 2) {
    caption("tradeoffs", "");
    return nothing("tradeoffs", `Only ${D.metrics[0].name} was measured: a trade-off takes two metrics.`);
  }
  const there = D.settings.map((_, i) => i).filter((i) => state.compared.some((m) => isNumber(column(m)[i])));
  if (!there.length) {
    caption("tradeoffs", "");
    return nothing(
      "tradeoffs",
      `No configuration has a number on ${D.datasets[state.dataset]} at epoch ${D.epochs[state.epoch]}.`,
    );
  }
  const some = drawnOf(there);
  const front = [];
  paretoFront(state.front.map(column), state.front.map(higher)).forEach((on, i) => {
    if (on) front.push(i);
  });
  const best = ranked(column(state.metric))[0] ?? -1;
  const scales = new Map(state.compared.map((m) => [m, scaleOf(m)]));
  const drawn = { some, front, best, paint: paintOf(some), scales };
  const said = tradeoffsCaption(there.length, some.length, front);
  caption("tradeoffs", said);
  at("tradeoffs").setAttribute("aria-label", `Scatter matrix. ${at("tradeoffs-caption").textContent}`);

  const lines = state.compared.length - 1,
    room = Math.max(shownBox("tradeoffs"), 90 + 130 * lines);
  const side = Math.min(240, (room - 90) / lines);
  at("tradeoffs").style.minWidth = `${90 + 130 * lines}px`;
  const layout = look(Math.max(lines === 1 ? 360 : 0, 100 + side * lines), { margin: { l: 20, r: 10, t: 10, b: 20 } });
  for (let k = 0; k < lines; k++) {
    const gap = 0.02;
    const span = (place) => [place / lines + gap / 2, (place + 1) / lines - gap / 2];
    const more = { tickfont: { size: 10 }, nticks: side < 170 ? 3 : 4, showline: true };
    const title = (m) => ({ text: `<b>${arrow(m)}</b>`, font: { size: 12 }, standoff: 6 });
    layout[axisId("xaxis", k + 1)] = axis({
      ...more,
      domain: span(k),
      anchor: axisId("y", lines),
      title: title(state.compared[k]),
      range: scales.get(state.compared[k])?.range,
    });
    layout[axisId("yaxis", k + 1)] = axis({
      ...more,
      domain: span(lines - 1 - k),
      anchor: "x",
      title: title(state.compared[k + 1]),
      range: scales.get(state.compared[k + 1])?.range,
    });
  }
  const legend =
    lines > 1 && shownBox("tradeoffs") > 640
      ? { x: state.paint === "" ? 1 : 0.88, xanchor: "right", y: 1, yanchor: "top" }
      : { orientation: "h", y: 1, yanchor: "bottom" };
  layout.showlegend = true;
  layout.legend = { ...legend, bgcolor: "rgba(0,0,0,0)", itemsizing: "constant" };
  const traces = panels().flatMap((panel, k) => panelTraces(panel, k === 0, drawn));
  return plot("tradeoffs", traces, layout).then(opensTrials);
}

at("tradeoffs-paint").addEventListener("change", (event) => {
  const chosen = Number(event.target.value);
  choose({ paint: chosen ? chosen - 1 : "" });
});
register({ id: "tradeoffs", draw: drawTradeoffs, acts: ["metric", "dataset", "epoch", "compared", "front", "paint"] });
