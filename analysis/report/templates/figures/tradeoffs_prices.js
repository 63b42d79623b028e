// @ts-check
import { arrow, column, ranked } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at, element } from "../page/document.js";
import { isNumber, percent, writer } from "../page/numbers.js";
import { nameOf, trialsOf } from "../page/settings.js";
import { state } from "../page/state.js";
import { trialButton } from "../page/trial.js";

// What the best of each metric costs in the others.
export function drawPrices() {
  const { dataset: d, epoch: e } = state,
    shown = state.compared;
  const table = at("tradeoffs-prices");
  table.hidden = at("tradeoffs-prices-caption").hidden = shown.length < 2;
  if (table.hidden) return;
  const head = ["the best of", "is", ...shown.map((m) => `costs in ${D.metrics[m].name}`)];
  const rows = shown.map((m) => {
    const best = ranked(column(m), m)[0];
    const [loss, share] = [D.tradeoffs.loss, D.tradeoffs.share].map((array) => part(array, d, e, m));
    const cells = shown.map((other) => {
      if (other === m) return element("td", { className: "soft number", textContent: "" });
      const write = writer([...column(other)]);
      const text = isNumber(loss[other])
        ? loss[other] > 0
          ? `${write(loss[other])} (${percent(share[other])})`
          : "nothing"
        : "–";
      const cell = element("td", { className: "number price", textContent: text });
      cell.style.setProperty("--share", `${isNumber(share[other]) ? (100 * share[other]).toFixed(1) : 0}%`);
      const setting = part(D.tradeoffs.setting, d, e, m)[other];
      if (setting >= 0) cell.title = `${trialsOf(setting)}: ${nameOf(setting)}`;
      return cell;
    });
    const value = best === undefined ? "–" : writer([...column(m)])(column(m)[best]);
    return element(
      "tr",
      {},
      element("td", {}, element("b", { textContent: arrow(m) })),
      element("td", { className: "number" }, `${value} `, ...(best === undefined ? [] : [trialButton(best)])),
      ...cells,
    );
  });
  table.tHead.replaceChildren(
    element(
      "tr",
      {},
      ...head.map((name, k) => element("th", { scope: "col", className: k ? "number" : "", textContent: name })),
    ),
  );
  table.tBodies[0].replaceChildren(...rows);
}
