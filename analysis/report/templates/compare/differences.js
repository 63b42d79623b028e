// @ts-check
import { at, element } from "../page/document.js";
import { axis, caption, colour, colourOf, look, nothing, plot, wrapped } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { gainOf, signed, verdict } from "./gains.js";
import { errorBar, heightOf, rows } from "./rows.js";
import { inLines, mark, runs, symbolOf, where } from "./runs.js";

export function drawDifferences() {
  const others = runs.map((_, r) => r).filter((r) => r !== state.against);
  const gains = others.map((r) => gainOf(r, state.against)),
    name = runs[state.against].label;
  const there = others.filter((_, k) => isNumber(gains[k].value)),
    some = gains.filter((gain) => isNumber(gain.value));
  const write = writer(gains.flatMap((gain) => [gain.value, gain.low, gain.high]));
  drawVerdicts(others, gains, write);
  caption(
    "differences",
    `${where()}: how much better the best configuration of a run is than the best of ${name}; right of the line is better, whatever ` +
      "the metric's direction. Where both runs saw the same test images, the 95 % interval is a paired bootstrap over them. " +
      "It is moved as that of a run's best is, for both were picked for being the best.",
  );
  if (!there.length) return nothing("differences", `No other run and ${name} both have a number here.`);
  const trace = {
    type: "scatter",
    mode: "markers",
    x: some.map((gain) => gain.value),
    y: there.map((_, k) => k),
    error_x: errorBar(
      some.map((g) => g.value),
      some.map((g) => g.low),
      some.map((g) => g.high),
      { color: colour("soft") },
    ),
    marker: { size: 11, color: there.map(colourOf), symbol: there.map((r) => symbolOf(r)) },
    text: some.map(
      (gain, k) =>
        `<b>${inLines(runs[there[k]].label, 60)}</b>: ${signed(gain.value, write)}<br>${wrapped(verdict(gain))}`,
    ),
    hovertemplate: "%{text}<extra></extra>",
  };
  const ends = [0, ...some.flatMap((gain) => [gain.value, gain.low, gain.high]).filter(isNumber)];
  const margin = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 1e-6;
  const layout = look(heightOf(there.length), {
    xaxis: axis({
      title: { text: `better than ${inLines(name, 40)} by` },
      range: [Math.min(...ends) - margin, Math.max(...ends) + margin],
      zeroline: true,
      zerolinecolor: colour("ink"),
      zerolinewidth: 2,
    }),
    yaxis: axis(rows(there)),
    hovermode: "closest",
  });
  return plot("differences", [trace], layout);
}

function drawVerdicts(others, gains, write) {
  const names = ["run", "better by", "corrected", "95 % interval", "n", "verdict"];
  const head = names.map((text, i) =>
    element("th", { scope: "col", className: i > 0 && i < 5 ? "number" : "", textContent: text }),
  );
  const body = others.map((r, k) => {
    const gain = gains[k],
      interval = isNumber(gain.low) ? `${signed(gain.low, write)} to ${signed(gain.high, write)}` : "–";
    const n = gain.images > 0 ? `${gain.images}${gain.paired ? " paired" : ""}` : "–";
    const cells = [signed(gain.value, write), signed(gain.corrected, write), interval, n].map((text) =>
      element("td", { className: "number", textContent: text }),
    );
    const label = element("th", { scope: "row" }, mark(r), runs[r].label);
    return element("tr", {}, label, ...cells, element("td", { className: "reason", textContent: verdict(gain) }));
  });
  at("verdicts").tHead.replaceChildren(element("tr", {}, ...head));
  at("verdicts").tBodies[0].replaceChildren(...body);
}
