// @ts-check
import { at } from "./document.js";
import { isNumber } from "./numbers.js";

// D is the data, computed in Python; the scripts place, sort and colour. Arrays of numbers lie packed in the page and are
// there once `unpacked` is: before that (at the top level of a module) use only names, axes and the like.
/** @type {PageData} */
export const D = JSON.parse(at("data").textContent);
const written = /** @type {any} */ (D.settings);
D.settings = written.at.map((levels, i) => ({
  at: levels, // which value of each of D.axes
  trials: written.trials[i],
  seeds: written.seeds?.[i], // of the trials, where there are several
  status: written.statuses[written.status[i]],
}));

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64),
    bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// analysis/report/packing.py: base64 of gzip of the four byte planes of float32, lowest first.
async function numbers({ packed, shape }) {
  const stream = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 4,
    bits = new Uint32Array(count);
  const [a, b, c, d] = [0, 1, 2, 3].map((k) => planes.subarray(k * count, (k + 1) * count));
  for (let i = 0; i < count; i++) bits[i] = a[i] | (b[i] << 8) | (c[i] << 16) | (d[i] << 24);
  return { shape, data: new Float32Array(bits.buffer) };
}

// Replaces every packed array inside `value` by { shape, data: Float32Array }.
async function unpack(value) {
  if (!value || typeof value !== "object") return;
  await Promise.all(
    Object.entries(value).map(async ([key, part]) => {
      if (part && typeof part.packed === "string") value[key] = await numbers(part);
      else await unpack(part);
    }),
  );
}

export const unpacked = unpack(D);

/**
 * The part of an unpacked array under its leading indices: part(D.values, m, d, e) has one number per setting.
 * @param {Packed} packed
 * @param {...number} indices
 */
export function part({ shape, data }, ...indices) {
  let size = data.length,
    start = 0;
  indices.forEach((index, k) => {
    size /= shape[k] || 1;
    start += index * size;
  });
  return data.subarray(start, start + size);
}

export const values = (m, d, e) => part(D.values, m, d, e); // Float32Array over D.settings, NaN where there is none
export const baselineValues = (m, d) => part(D.baselines.values, m, d); // over D.fusions
export const startValues = (m, d) => (D.startStats ? part(D.startStats.values, m, d) : []); // over D.starts

/**
 * What settings are held against: the baselines, and what trials began from (start: true).
 * @returns {Reference[]}
 */
export const references = (m, d) => [
  ...D.fusions.map((name, k) => ({ name, k, value: baselineValues(m, d)[k], start: false })),
  ...(D.starts ?? []).map((name, k) => ({ name, k, value: startValues(m, d)[k], start: true })),
];
/** @type {(setting: Setting, axis: number) => any} */
export const level = (setting, axis) => D.axes[axis].values[setting.at[axis]];

// n of each setting at a place; one number where all have the same.
export const imagesOf = (stats, m, d, ...e) =>
  isNumber(stats[m][d]) ? () => stats[m][d] : (i) => part(stats[m][d], ...e)[i];
