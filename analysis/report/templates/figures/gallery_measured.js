// @ts-check
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";
import { G, shown } from "./gallery_trials.js";

const HEADS = ["Reward", "VIF", "Qabf", "SSIM", "MI"];

// Four digits of the largest: a column of a phone holds no more.
function fourDigits(all) {
  const largest = Math.max(...all.map(Math.abs)),
    decimals = Math.min(4, Math.max(0, 3 - Math.floor(Math.log10(largest || 1))));
  return (x) => (!isNumber(x) ? "–" : largest < 1e-3 ? x.toExponential(2) : x.toFixed(decimals));
}

// The sweep's headline metrics and the chosen one, or all; bold is the best of the columns.
export function measured(values, number) {
  const chosen = D.metrics[state.metric].name;
  const rows = G.metrics
    .map((metric, i) => ({ ...metric, i }))
    .filter(({ name }) => at("gallery-all").checked || HEADS.includes(name) || name === chosen);
  const table = element("table", { className: "measured" });
  if (!values[number]) return table;
  table.createCaption().textContent = values[number].own ? "of this image" : "mean of the data set";
  for (const { name, higher, i } of rows) {
    const all = shown.columns.map((n) => values[n]?.numbers[i]).filter(isNumber);
    const x = values[number].numbers[i],
      best = all.length > 1 && x === (higher ? Math.max(...all) : Math.min(...all));
    const row = table.insertRow();
    row.className = name === chosen ? "chosen" : "";
    row.append(
      element("th", { scope: "row", textContent: `${name} ${higher ? "↑" : "↓"}` }),
      element("td", { className: `number${best ? " best" : ""}`, textContent: fourDigits(all)(x) }),
    );
  }
  return table;
}
