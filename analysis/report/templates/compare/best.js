// @ts-check
import { higher } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { axis, caption, colour, colourOf, escapeText, look, nothing, plot, wrapped } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { errorBar, heightOf, rows } from "./rows.js";
import { count, here, inLines, runs, symbolOf, where } from "./runs.js";

const bestHere = () => Object.fromEntries(Object.entries(D.best).map(([name, numbers]) => [name, here(numbers)]));
const settingOf = (r, index) => runs[r].settings[index] ?? "";
const images = (n) => (n > 0 ? `n = ${count(n, "image")}` : "number of images not recorded");

export function drawBest() {
  const b = bestHere(),
    there = runs.map((_, r) => r).filter((r) => isNumber(b.value[r]));
  const missing = runs.filter((_, r) => !isNumber(b.value[r])).map((run) => run.label);
  if (!there.length) {
    caption("best", `${where()}: no run has a number here.`);
    return nothing("best", "No run has a number here.");
  }
  const write = writer(there.flatMap((r) => [b.value[r], b.low[r], b.high[r], b.corrected[r]]));
  const pick = (name) => there.map((r) => b[name][r]);
  const hover = there.map((r) =>
    [
      `<b>${inLines(runs[r].label, 60)}</b>: ${write(b.value[r])}`,
      isNumber(b.low[r]) ? `95 % interval ${write(b.low[r])} to ${write(b.high[r])}` : "no interval",
      isNumber(b.corrected[r]) ? `corrected for the choice: ${write(b.corrected[r])}` : "",
      `best of ${count(b.settings[r], "configuration")}, ${images(b.images[r])}${b.seeds[r] > 1 ? `, ${b.seeds[r]} seeds` : ""}`,
      wrapped(settingOf(r, b.best[r])),
    ]
      .filter(Boolean)
      .join("<br>"),
  );
  const dots = {
    type: "scatter",
    mode: "markers",
    name: "best",
    x: pick("value"),
    y: there.map((_, k) => k),
    error_x: errorBar(pick("value"), pick("low"), pick("high"), { color: colour("soft") }),
    marker: { size: 11, color: there.map(colourOf), symbol: there.map((r) => symbolOf(r)) },
    text: hover,
    hovertemplate: "%{text}<extra></extra>",
  };
  const corrected = {
    type: "scatter",
    mode: "markers",
    name: "corrected",
    x: pick("corrected"),
    y: there.map((_, k) => k + 0.28),
    marker: { size: 9, symbol: "diamond-open", color: there.map(colourOf), line: { width: 2 } },
    text: hover,
    hovertemplate: "%{text}<extra></extra>",
  };
  const copies = D.fusions.map((name, f) => ({
    type: "scatter",
    mode: "markers",
    name,
    x: there.map((r) => part(D.baselines, state.metric, state.dataset, r)[f]),
    y: there.map((_, k) => k - 0.28),
    marker: {
      size: 9,
      symbol: ["line-ns-open", "y-down-open", "asterisk-open", "diamond-wide"][f],
      color: colour(f < 3 ? "soft" : "ink"),
      line: { width: 2 },
    },
    hovertemplate: `${name}${f < 3 ? ", untrained" : ", before the reward"}: %{x:.4~g}<extra></extra>`,
  }));
  const hasCopies = copies.slice(0, 3).some(({ x }) => x.some(isNumber));
  const hasStart = copies.slice(3).some(({ x }) => x.some(isNumber));
  const direction = higher(state.metric) ? "higher" : "lower";
  caption(
    "best",
    `${where()}; ${direction} is better. A dot is the best configuration of a run, its bar the 95 % interval of that configuration's ` +
      "true mean, the diamond below it the value corrected for having been selected as the best (winner's curse)." +
      (hasCopies
        ? " Small grey marks above it: the baselines (line: copy of the visible, Y: copy of the infrared, star: average)."
        : "") +
      (hasStart ? " Black diamond above it: what its trials began from." : "") +
      (missing.length ? ` No number here: ${missing.join(", ")}.` : ""),
  );
  const layout = look(heightOf(there.length), {
    xaxis: axis({ title: { text: escapeText(D.metrics[state.metric].name) } }),
    yaxis: axis(rows(there)),
    hovermode: "closest",
  });
  return plot("best", [...(hasCopies || hasStart ? copies : []), corrected, dots], layout);
}
