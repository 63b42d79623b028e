// @ts-check
import { D, level } from "./data.js";
import { wrapped } from "./look.js";

export const nameOf = (i) =>
  D.axes.map((axis, k) => `${axis.name} ${level(D.settings[i], k)}`).join(", ") || "the only configuration";
export const trialsOf = (i) => `trial${D.settings[i].trials.length > 1 ? "s" : ""} ${D.settings[i].trials.join(", ")}`;

export const hoverOf = (i, ...lines) => [...lines, wrapped(nameOf(i)), trialsOf(i)].join("<br>");

// The trials of a setting, short: a row of neighbours by its ends.
export function trialTag(i) {
  const { trials } = D.settings[i],
    row = trials[trials.length - 1] - trials[0] === trials.length - 1;
  if (trials.length < 3) return trialsOf(i);
  return row
    ? `trials ${trials[0]}–${trials.at(-1)}`
    : `trials ${trials[0]}, ${trials[1]} and ${trials.length - 2} more`;
}

// Why a setting has no number here, in words.
export function absence(setting) {
  const reasons = setting.trials
    .filter((number) => D.failures[number])
    .map((number) => `trial ${number} failed: ${D.failures[number]}`);
  if (reasons.length) return reasons.join("; ");
  return setting.status === "finished"
    ? "finished, but this is not a number or was not measured"
    : `trial ${setting.trials.join(", ")}: ${setting.status}`;
}
