// @ts-check
import { D, part, references } from "../page/data.js";
import { colour, colourOf, escapeText, faint } from "../page/look.js";
import { isNumber, sayDifference, writer } from "../page/numbers.js";
import { state } from "../page/state.js";

export const liftHue = (kind) =>
  ({ "loss-trained": colourOf(0), "reward-trained": colourOf(1) })[kind] ?? colour("ink");
export const liftAt = (name, m) => part(D.lift[name], m, state.dataset, state.epoch);
const signed = (x) => `${x < 0 ? "−" : "+"}${sayDifference(Math.abs(x))}`;

function liftHover(g, m, write) {
  const [kind, name] = D.lift.groups[g],
    get = (stat) => liftAt(stat, m)[g];
  const lines = [`<b>${escapeText(name)}: ${write(get("best"))}</b>`];
  if (kind === "start") lines.push("what trials began from, trained on the loss");
  else {
    lines.push(`the best of ${get("settings")} configurations at epoch ${get("at_epoch")}`);
    lines.push(
      `median ${write(get("median"))}, quartiles ${write(get("q1"))} to ${write(get("q3"))}, worst ${write(get("worst"))}`,
    );
  }
  if (isNumber(get("gain"))) lines.push(`the best reward-trained: ${liftGain(g, m)}`, liftAbove(g, m));
  return lines.join("<br>");
}

// How much better the best reward-trained setting is than the best of a group.
export function liftGain(g, m) {
  const [gain, low, high] = ["gain", "gain_low", "gain_high"].map((stat) => liftAt(stat, m)[g]);
  if (!isNumber(gain)) return "–";
  const said = gain === 0 ? "the same" : `${sayDifference(Math.abs(gain))} ${gain > 0 ? "better" : "worse"}`;
  return isNumber(low) ? `${said} (${signed(low)} to ${signed(high)})` : said;
}

const liftAbove = (g, m) =>
  `${liftAt("above", m)[g]} of ${liftAt("of", m)[g]} reward-trained configurations are better`;

// The best reward-trained: what the whiskers of a gain over the first group with an interval say of it.
export function liftPanel(m, suffix) {
  const groups = D.lift.groups.map((group, g) => ({ kind: group[0], name: group[1], g })),
    get = (stat, g) => liftAt(stat, m)[g],
    there = groups.filter(({ g }) => isNumber(get("best", g))),
    base = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, hoverinfo: "skip", type: "scatter" };
  const copies = references(m, state.dataset).filter((one) => !one.start && isNumber(one.value));
  const seen = there.flatMap(({ g }) => ["best", "q1", "q3", "worst"].map((stat) => get(stat, g))).filter(isNumber);
  const write = writer([...seen, ...copies.map((one) => one.value)]);
  const traces = there.flatMap(({ kind, g }) => {
    const hue = liftHue(kind),
      dot = {
        ...base,
        mode: "markers",
        hoverinfo: "text",
        x: [g],
        y: [get("best", g)],
        marker: { size: 10, symbol: kind === "start" ? "diamond" : "circle", color: hue },
        text: [liftHover(g, m, write)],
        hovertemplate: "%{text}<extra></extra>",
      };
    if (kind === "start") return [dot];
    const line = {
      ...base,
      mode: "lines",
      x: [g, g],
      y: [get("worst", g), get("best", g)],
      line: { color: hue, width: 1 },
    };
    const box = {
      ...base,
      type: "bar",
      width: 0.5,
      x: [g],
      base: [get("q1", g)],
      y: [get("q3", g) - get("q1", g)],
      marker: { color: faint(hue, 0.28), line: { width: 0 } },
    };
    const median = {
      ...base,
      mode: "markers",
      x: [g],
      y: [get("median", g)],
      marker: { symbol: "line-ew", size: 16, line: { width: 2, color: hue } },
    };
    return [box, line, median, dot];
  });
  const started = there.filter(({ kind }) => kind === "start").map(({ g }) => get("best", g));
  return { m, suffix, traces, seen, ends: [], copies, write, started };
}
