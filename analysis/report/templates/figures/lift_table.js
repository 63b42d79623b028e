// @ts-check
import { arrow, firstIsBetter } from "../page/chosen.js";
import { D, references } from "../page/data.js";
import { at, element } from "../page/document.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { liftAt, liftGain } from "./lift_panel.js";

// The same as numbers: what each group allows at best, and what the reward adds to it.
export function drawLiftTable() {
  const groups = D.lift.groups.map((group, g) => ({ kind: group[0], name: group[1], g })),
    bars = groups.filter(({ kind }) => kind !== "reward-trained");
  const head = ["metric", "best baseline", ...groups.map(({ name }) => name)];
  for (const { name } of bars) head.push(`against ${name}`, "configurations above it");
  const rows = D.metrics.map((_, m) => {
    const get = (stat, g) => liftAt(stat, m)[g];
    const copies = references(m, state.dataset).filter((one) => !one.start && isNumber(one.value));
    copies.sort((a, b) => firstIsBetter(a.value, b.value, m));
    const write = writer([...groups.map(({ g }) => get("best", g)), ...copies.map((one) => one.value)]);
    const cells = [
      arrow(m),
      copies.length ? write(copies[0].value) : "–",
      ...groups.map(({ g }) => write(get("best", g))),
    ];
    const marks = cells.map(() => "");
    for (const { g } of bars) {
      cells.push(liftGain(g, m), isNumber(get("gain", g)) ? `${get("above", g)} of ${get("of", g)}` : "–");
      marks.push(get("gain_low", g) > 0 ? "up" : get("gain_high", g) < 0 ? "down" : "", "");
    }
    const made = cells.map((text, k) =>
      element("td", { className: `${k ? "number" : ""} ${marks[k]}`, textContent: text }),
    );
    return element("tr", { className: m === state.metric ? "chosen" : "" }, ...made);
  });
  const line = element(
    "tr",
    {},
    ...head.map((name, k) => element("th", { scope: "col", className: k ? "number" : "", textContent: name })),
  );
  at("lift-table").tHead.replaceChildren(line);
  at("lift-table").tBodies[0].replaceChildren(...rows);
  const tested = D.metrics.some((_, m) => bars.some(({ g }) => isNumber(liftAt("gain_low", m)[g])));
  const sure = tested
    ? "In brackets: 95 % interval over the same images, corrected for the selection of the bests; in colour where it excludes 0."
    : "Intervals stand at the epoch that ranks, where values per image were kept.";
  at("lift-table-caption").textContent =
    `The best of each for each metric, whichever configuration that is, and how the best reward-trained one stands against the others. ${sure}`;
}
