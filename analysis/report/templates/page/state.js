"use strict";
// D is the data, computed in Python; the scripts place, sort and colour. Arrays of numbers lie packed in the page and are
// there once `unpacked` is: before that (at the top level of a script) use only names, axes and the like.
// A figure: a section #fig-NAME with p#NAME-caption and div#NAME, and register({ id: "NAME", draw() { … } }); it is drawn
// when it comes into view, and again when a choice (state.metric, .dataset, .epoch: indices) or the theme changes.
const page = document.documentElement.dataset;
window.addEventListener("error", (event) => {
  page.error = event.message;
});
window.addEventListener("unhandledrejection", (event) => {
  page.error = String(event.reason);
});
const at = (id) => document.getElementById(id);
const D = JSON.parse(at("data").textContent);
const state = { ...D.start };
D.settings = D.settings.at.map((levels, i) => ({
  at: levels, // which value of each of D.axes
  trials: D.settings.trials[i],
  seeds: D.settings.seeds?.[i], // of the trials, where there are several
  status: D.settings.statuses[D.settings.status[i]],
}));
const isNumber = Number.isFinite;

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64),
    bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// analysis/packing.py: base64 of gzip of the four byte planes of float32, lowest first.
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
const unpacked = unpack(D);

// The part of an unpacked array under its leading indices: part(D.values, m, d, e) has one number per setting.
function part({ shape, data }, ...indices) {
  let size = data.length,
    start = 0;
  indices.forEach((index, k) => {
    size /= shape[k] || 1;
    start += index * size;
  });
  return data.subarray(start, start + size);
}

const values = (m, d, e) => part(D.values, m, d, e); // Float32Array over D.settings, NaN where there is none
const baselineValues = (m, d) => part(D.baselines.values, m, d); // over D.fusions
const startValues = (m, d) => (D.startStats ? part(D.startStats.values, m, d) : []); // over D.starts

// What settings are held against: the untrained fusions, and what trials began from (start: true).
const references = (m, d) => [
  ...D.fusions.map((name, k) => ({ name, k, value: baselineValues(m, d)[k], start: false })),
  ...(D.starts ?? []).map((name, k) => ({ name, k, value: startValues(m, d)[k], start: true })),
];
const higher = (m) => D.metrics[m].higher;
const better = (a, b, m = state.metric) => (higher(m) ? a > b : a < b);
const level = (setting, axis) => D.axes[axis].values[setting.at[axis]];
const place = () => `${D.metrics[state.metric].name}, ${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}`;

// n of each setting at a place; one number where all have the same.
const imagesOf = (stats, m, d, ...e) => (isNumber(stats[m][d]) ? () => stats[m][d] : (i) => part(stats[m][d], ...e)[i]);

// How many settings were stopped early, before the chosen epoch; empty where none was.
function stoppedSaid() {
  const count = D.stopped?.before[state.epoch] ?? 0;
  if (!count) return "";
  const were = `${count} of ${D.settings.length} settings ${count === 1 ? "was" : "were"} stopped early`;
  return `${were} by ${D.stopped.rule}, before epoch ${D.epochs[state.epoch]}: no figure compares them here.`;
}

// Why a setting has no number here, in words.
function absence(setting) {
  const reasons = setting.trials
    .filter((number) => D.failures[number])
    .map((number) => `trial ${number} failed: ${D.failures[number]}`);
  if (reasons.length) return reasons.join("; ");
  return setting.status === "finished"
    ? "finished, but this is not a number or was not measured"
    : `trial ${setting.trials.join(", ")}: ${setting.status}`;
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Writes numbers with as many decimals as tell these `values` apart; "–" where there is none.
function writer(values) {
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

const figures = [];
// `draw` may be async; `acts` names the choices that change it (all by default).
function register({ id, draw, acts = ["metric", "dataset", "epoch"] }) {
  const section = at(`fig-${id}`);
  if (section) figures.push({ id, draw, acts, section, stale: true, near: false });
}

// A figure that fails leaves the others alone; the page keeps the message.
async function drawFigure(figure) {
  figure.stale = false;
  try {
    await figure.draw();
    figure.section.dataset.drawn = "yes";
  } catch (problem) {
    console.error(problem);
    page.error = `${figure.id}: ${problem.message}`;
  }
}

const drawStale = (some) => Promise.all(some.filter((figure) => figure.stale).map(drawFigure));
const drawAll = () => drawStale(figures);
let turns = 0;

// Draws what is stale and on the screen or near it; <html data-drawn="yes"> says that it is done.
async function drawNear() {
  const turn = ++turns;
  delete page.drawn;
  await (page.all ? drawAll() : drawStale(figures.filter((figure) => figure.near)));
  if (turn === turns) page.drawn = "yes";
}

// Changes choices and redraws: choose({ metric: 3 }). Without any, redraws everything (another theme).
function choose(changes = null) {
  Object.assign(state, changes);
  for (const figure of figures) if (!changes || figure.acts.some((name) => name in changes)) figure.stale = true;
  document.dispatchEvent(new Event("chosen"));
  return drawNear();
}
