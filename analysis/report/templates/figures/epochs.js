// @ts-check
import { D, part } from "../page/data.js";
import { axis } from "../page/look.js";
import { state } from "../page/state.js";

// The setting nearest to the median at the chosen place, for every figure that draws it; -1 where nobody has a number.
export const medianSetting = () => part(D.curves.median, state.metric, state.dataset)[state.epoch];

export function epochAxis(more = {}) {
  const aside = D.epochs.length > 1 ? 0.15 : 0;
  return axis({
    title: { text: "epoch" },
    tickvals: D.epochs.length <= 20 ? D.epochs : undefined,
    range: [D.epochs[0] - aside, D.epochs[D.epochs.length - 1] + aside],
    ...more,
  });
}
