// @ts-check
/** @type {(x: unknown) => x is number} */
export const isNumber = /** @type {any} */ (Number.isFinite);

/**
 * Writes numbers with as many decimals as tell these `values` apart; "–" where there is none.
 * @param {Iterable<unknown>} values
 * @returns {(x: unknown) => string}
 */
export function writer(values) {
  let low = Infinity,
    high = -Infinity;
  for (const x of values) {
    if (!isNumber(x)) continue;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  const largest = low > high ? 0 : Math.max(Math.abs(low), Math.abs(high)),
    range = high - low;
  const scale = range > largest * 1e-5 ? range : largest || 1;
  const decimals = Math.min(6, Math.max(0, 2 + Math.ceil(-Math.log10(scale))));
  const tiny = largest < 1e-3 ? largest : 0.5 * 10 ** -decimals;
  return (x) =>
    !isNumber(x) ? "–" : x !== 0 && Math.abs(x) <= tiny ? x.toExponential(2) : x.toFixed(largest < 1e-3 ? 0 : decimals);
}

export const sayDifference = (x) => (isNumber(x) ? String(Number(x.toPrecision(2))) : "–");
export const percent = (share, digits = 0) => (isNumber(share) ? `${(100 * share).toFixed(digits)} %` : "–");

/**
 * Low and high of many numbers; NaN is left out.
 * @param {Iterable<number>} numbers
 */
export function extent(numbers) {
  let low = Infinity,
    high = -Infinity;
  for (const x of numbers) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return [low, high];
}
export const listed = (names) =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
