// @ts-check
import { D, part } from "../page/data.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";

// How much better run r is than run s, > 0 is better, with its interval.
export function gainOf(r, s, m = state.metric) {
  const p = D.pairs.findIndex(([i, j]) => (i === r && j === s) || (i === s && j === r));
  const [sign, one] = D.pairs[p][0] === r ? [1, "low"] : [-1, "high"];
  const get = (name) => part(D.gains[name], m, state.dataset, state.epoch)[p];
  return {
    value: sign * get("value"),
    corrected: sign * get("corrected"),
    low: sign * get(one),
    high: sign * get(one === "low" ? "high" : "low"),
    images: get("images"),
    paired: get("paired") === 1,
    note: D.notes[get("note")] ?? "",
  };
}

export function verdict(gain) {
  if (!isNumber(gain.value)) return "no number here";
  if (!isNumber(gain.low)) return `not tested: ${gain.note.replace(/\.$/, "")}`;
  const said = gain.low > 0 ? "better" : gain.high < 0 ? "worse" : "cannot be told apart";
  return gain.note ? `${said} (${gain.note})` : said;
}

export const signed = (x, write) => (isNumber(x) ? (x > 0 ? `+${write(x)}` : write(x).replace("-", "−")) : "–");
