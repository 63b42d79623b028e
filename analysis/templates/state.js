"use strict";
// Every number comes computed in the embedded JSON; the scripts place, sort and colour.
const page = document.documentElement.dataset;
window.addEventListener("error", (event) => {
  page.error = event.message;
});
const D = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const state = {
  ...D.start,
  order: "numeric",
  rows: [...D.layout.rows],
  columns: [...D.layout.columns],
  query: "",
  all: false,
  sort: "value",
  descending: null,
};

const isNumber = (x) => typeof x === "number";
const escapeText = (x) =>
  String(x).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const better = (a, b) => (D.metrics[state.metric].higher ? a > b : a < b);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const level = (setting, axis) => D.axes[axis].values[setting.at[axis]];

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function writer(values) {
  const some = values.filter(isNumber);
  const largest = Math.max(...some.map(Math.abs), 0),
    range = Math.max(...some) - Math.min(...some);
  const scale = range > largest * 1e-5 ? range : largest || 1;
  const decimals = Math.min(6, Math.max(0, 2 + Math.ceil(-Math.log10(scale))));
  const tiny = largest < 1e-3 ? largest : 0.5 * 10 ** -decimals;
  return (x) =>
    !isNumber(x) ? "–" : x !== 0 && Math.abs(x) <= tiny ? x.toExponential(2) : x.toFixed(largest < 1e-3 ? 0 : decimals);
}

function entry(index) {
  const { metric: m, dataset: d, epoch: e } = state,
    images = D.images[m][d];
  return {
    setting: D.settings[index],
    value: D.values[m][d][e][index],
    std: D.stds[m][d][e][index],
    n: isNumber(images) ? images : images[e][index],
    seeds: D.seeds ? D.seeds[d][e][index] : 1,
    spread: D.spreads ? D.spreads[m][d][e][index] : null,
    other: (metric) => D.values[metric][d][e][index],
  };
}

function baseline(index) {
  const { metric: m, dataset: d } = state,
    images = D.baselines.images[m][d];
  return {
    name: D.fusions[index],
    value: D.baselines.values[m][d][index],
    std: D.baselines.stds[m][d][index],
    n: isNumber(images) ? images : images[index],
    seeds: 1,
    spread: null,
    other: (metric) => D.baselines.values[metric][d][index],
  };
}

const place = () => `${D.metrics[state.metric].name}, ${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}`;

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
