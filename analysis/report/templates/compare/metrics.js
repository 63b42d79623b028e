// @ts-check
import { better, higher } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at, element } from "../page/document.js";
import { caption } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { state } from "../page/state.js";
import { gainOf } from "./gains.js";
import { epochName, mark, runs } from "./runs.js";

export function drawMetrics() {
  const shown = D.metrics.map((_, m) => m);
  let marked = false;
  const body = shown.map((m) => {
    const get = (name) => part(D.best[name], m, state.dataset, state.epoch);
    const value = get("value"),
      low = get("low"),
      high = get("high"),
      write = writer([...value, ...low, ...high]);
    const there = runs.map((_, r) => r).filter((r) => isNumber(value[r]));
    const top = there.reduce((a, r) => (a < 0 || better(value[r], value[a], m) ? r : a), -1);
    const cells = runs.map((_, r) => {
      const cell = element("td", { className: "number", textContent: write(value[r]) });
      if (isNumber(low[r]))
        cell.append(element("span", { className: "interval", textContent: ` ${write(low[r])} to ${write(high[r])}` }));
      if (r === top || value[r] === value[top]) cell.classList.add("first");
      else if (isNumber(value[r])) {
        const gain = gainOf(top, r, m);
        if (isNumber(gain.low) && gain.low <= 0) {
          cell.prepend("≈ ");
          cell.title = "cannot be told apart from the best";
          marked = true;
        } else if (!isNumber(gain.low)) cell.title = `not tested against the best: ${gain.note}`;
      }
      return cell;
    });
    const name = `${D.metrics[m].name} ${higher(m) ? "↑" : "↓"}`;
    return element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells);
  });
  const head = runs.map((run, r) => element("th", { scope: "col", className: "number" }, mark(r), run.label));
  at("metrics").tHead.replaceChildren(
    element("tr", {}, element("th", { scope: "col", textContent: "metric" }), ...head),
  );
  at("metrics").tBodies[0].replaceChildren(...body);
  caption(
    "metrics",
    `On ${D.datasets[state.dataset]} at ${epochName(state.epoch)}: the best of each run for each metric by itself (another configuration ` +
      "each time, as a rule), with its 95 % interval. Bold: the best of a row." +
      (marked ? " ≈: cannot be told apart from the best." : "") +
      " ↑ higher is better, ↓ lower.",
  );
}
