// @ts-check
import { D, values } from "./data.js";
import { isNumber } from "./numbers.js";
import { state } from "./state.js";

export const higher = (m) => D.metrics[m].higher;
export const better = (a, b, m = state.metric) => (higher(m) ? a > b : a < b);
export const place = () =>
  `${D.metrics[state.metric].name}, ${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}`;

// How many settings were stopped early, before the chosen epoch; empty where none was.
export function stoppedSaid() {
  const count = D.stopped?.before[state.epoch] ?? 0;
  if (!D.stopped || !count) return "";
  const were = `${count} of ${D.settings.length} configurations ${count === 1 ? "was" : "were"} stopped early`;
  return `${were} by ${D.stopped.rule}, before epoch ${D.epochs[state.epoch]}: no figure compares them here.`;
}
export const arrow = (m) => `${D.metrics[m].name} ${higher(m) ? "↑" : "↓"}`;

// Indices of settings that have a number, best first.
export function ranked(numbers, m = state.metric) {
  const there = [];
  numbers.forEach((x, i) => {
    if (isNumber(x)) there.push(i);
  });
  return there.sort((a, b) => (better(numbers[a], numbers[b], m) ? -1 : better(numbers[b], numbers[a], m) ? 1 : a - b));
}

// For sorting: the better first, what has no number last.
export function firstIsBetter(a, b, m = state.metric) {
  return Number(isNumber(b)) - Number(isNumber(a)) || (better(a, b, m) ? -1 : better(b, a, m) ? 1 : 0);
}

// Numbers of a metric over settings at the chosen data set and epoch.
export const column = (m) => values(m, state.dataset, state.epoch);
