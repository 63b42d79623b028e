// @ts-check
import { colour } from "../page/look.js";
import { extent } from "../page/numbers.js";

// The scale holds all that was seen, whiskers as far as they do not press the rest flat, and the untrained near by.
export function boundScale({ seen, ends, copies }) {
  const [least, most] = extent(seen),
    span = most - least || Math.abs(most) * 0.02 || 1;
  const [first, last] = extent(ends);
  let low = Math.min(least, Math.max(first, least - 0.5 * span)),
    high = Math.max(most, Math.min(last, most + 0.5 * span));
  const cut = first < low || last > high,
    near = copies.filter(({ value, start }) => {
      const reach = (start ? 1.5 : 0.6) * span;
      return value > least - reach && value < most + reach;
    });
  for (const { value } of near) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const room = 0.07 * (high - low || span);
  return { range: [low - room, high + room], near, far: copies.filter((copy) => !near.includes(copy)), cut };
}

// Dotted for the untrained, solid for a start.
export const boundLines = (near, suffix) =>
  near.map(({ value, start }) => ({
    type: "line",
    xref: `x${suffix} domain`,
    x0: 0,
    x1: 1,
    yref: `y${suffix}`,
    y0: value,
    y1: value,
    line: start ? { color: colour("ink"), width: 1.5 } : { color: colour("soft"), width: 1, dash: "dot" },
  }));
