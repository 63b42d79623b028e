// @ts-check
import { higher, place } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { axis, caption, colourOf, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber, listed } from "../page/numbers.js";
import { choose, register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { boundNames, boundTitles } from "./bounds_labels.js";
import { BOUNDS, boundPanel, boundPlaces, boundUnknown } from "./bounds_panel.js";
import { drawPanels, offerGroups } from "./panels.js";
import { boundLines, boundScale } from "./scale.js";

function drawBounds() {
  const places = boundPlaces(),
    wide = at("bounds").parentElement.clientWidth > 700,
    last = places.at(-1).x;
  at("bounds").style.minWidth = `${Math.min(1400, 60 + 13 * last)}px`;
  const slot = (at("bounds").clientWidth - (wide ? 210 : 50)) / (last + 2),
    panel = boundPanel(state.metric, places, "", slot);
  if (!panel.seen.length) {
    caption("bounds", `The best configuration at each value of each ${D.noun}.`);
    return nothing("bounds", `No configuration has a number here: ${place()}.`);
  }
  const scale = boundScale(panel),
    many = places.length > 60 && slot < 12,
    longest = Math.max(...places.map((one) => one.label.length)),
    slanted = !many && slot < 7 * longest,
    below = many ? 4 : slanted ? 10 + 5 * longest : 22,
    direction = higher(state.metric) ? "higher" : "lower",
    titles = wide ? boundTitles(places, below, slot) : [];
  caption("bounds", boundsCaption(panel, scale));
  at("bounds-whisker").parentElement.hidden = !panel.there.some(({ i }) => isNumber(panel.get("worse_low")[i]));
  at("bounds").setAttribute("aria-label", at("bounds-caption").textContent);
  const layout = {
    ...look(400, {
      margin: {
        l: 20,
        r: wide ? 120 : 8,
        t: 24,
        b: wide ? 22 + below + (titles.some((one) => one.yshift < -below) ? 14 : 0) : 2 + below,
      },
      barmode: "overlay",
    }),
    hovermode: "closest",
    xaxis: axis({
      range: [-0.7, last + 0.7],
      tickvals: many ? [] : places.map((one) => one.x),
      ticktext: places.map((one) => escapeText(one.label)),
      tickangle: slanted ? -50 : 0,
      tickfont: { size: slot < 20 ? 10 : 12 },
      showgrid: false,
      ticks: "",
    }),
    yaxis: axis({
      range: scale.range,
      title: { text: wide ? `${escapeText(D.metrics[state.metric].name)} (${direction} is better)` : "", standoff: 8 },
    }),
    shapes: boundLines(scale.near, ""),
    annotations: [
      ...titles,
      ...boundNames(scale, panel.write, wide),
      ...boundUnknown(places).map(({ x, axis: a }) => ({
        text: "?",
        hovertext: "not known: all trials with this value were stopped early",
        showarrow: false,
        font: { size: 13, color: colourOf(a) },
        x,
        y: 0.5,
        yref: "paper",
      })),
    ],
  };
  return plot("bounds", panel.traces, layout).then(opensTrials);
}

function boundsCaption({ there, get, copies }, { cut }) {
  const some = (name) => there.some(({ i }) => isNumber(get(name)[i])),
    tied = there.filter(({ i }) => get("tied")[i]).length;
  const said = [
    `${place()}${BOUNDS.upTo ? " or before" : ""}.`,
    `A line joins the best configuration at each value of a ${D.noun}; the box holds the middle half of all configurations with that value, the bar in it is their median.`,
  ];
  if (some("corrected")) said.push("Hollow diamond: corrected for selecting the best of many (winner's curse).");
  if (some("low") && BOUNDS.whisker === "value") said.push("Whisker: 95 % interval of the value itself.");
  else if (some("worse_low"))
    said.push("Whisker: 95 % interval of the difference to the best of all, on the same images.");
  if (cut) said.push("Long whiskers are cut at the edge.");
  const filled = some("worse_low") ? "statistically tied with the best of all" : "equal to the best of all";
  if (tied) said.push(`Filled: ${filled} (${tied} of ${there.length} values).`);
  if (some("worse_low") && tied)
    said.push(
      "The two follow different rules: a whisker is of one value against the best, a filled mark has stood up to all rivals at once.",
    );
  if (copies.some((copy) => !copy.start)) said.push("Dotted: baselines.");
  if (copies.some((copy) => copy.start))
    said.push("Solid line across: the start, what the loss had reached before the reward.");
  const unknown = boundUnknown(boundPlaces());
  if (unknown.length) {
    const names = unknown.map(({ axis: a, label }) => `${D.axes[a].name} ${label}`);
    said.push(
      `?: not known, all trials with this value were stopped before epoch ${D.epochs[state.epoch]} (${listed(names)}).`,
    );
  }
  if (BOUNDS.upTo && D.stopped?.before[state.epoch])
    said.push("A trial that was stopped before is left out here too: its best so far is of less training.");
  if (D.mixture) said.push(D.mixture);
  return said.join(" ");
}

const boundsLegend = [...new Set(D.bounds.places.map(([a]) => a))].map((a) => {
  const key = element("span", { textContent: D.axes[a].name });
  key.style.setProperty("--key", colourOf(a));
  return key;
});
at("bounds-legend").replaceChildren(...boundsLegend);
at("bounds-upto").onchange = (event) => {
  BOUNDS.upTo = Number(event.target.value);
  choose({ upTo: BOUNDS.upTo });
};
at("bounds-whisker").onchange = (event) => {
  BOUNDS.whisker = event.target.value;
  choose({ whisker: BOUNDS.whisker });
};
offerGroups();
const acts = ["metric", "dataset", "epoch", "upTo", "whisker"];
register({ id: "bounds", draw: drawBounds, acts });
register({ id: "panels", draw: drawPanels, acts });
