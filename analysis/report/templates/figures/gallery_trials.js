// @ts-check
import { D } from "../page/data.js";
import { at } from "../page/document.js";

// Images of one pair. One window, in shares of an image, lies over all of them: `view` holds its left, top and zoom.
export const G = D.gallery;
export const stage = at("gallery");
export const numbers = G.trials.map((trial) => trial.number);
export const standard = G.trials.findIndex((trial) => trial.roles.includes("default"));
/** @type {{ pair: number, columns: number[], wiped: number[], dataset: string | null }} */
export const shown = {
  pair: 0,
  columns: numbers.slice(0, 3),
  wiped: [numbers[0], numbers[standard > 0 ? standard : 1]],
  dataset: null,
};
export const kinds = { visible: "visible", infrared: "infrared", weight_map: "weight map", fused: "fused" };

export const trialOf = (number) => G.trials[numbers.indexOf(number)];
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const roleName = (role) => (role === "default" && G.apart ? "nearest to the defaults" : role);
export const roleOf = ({ roles, rank }) =>
  capital(roles.map(roleName).join(" and ")) || (rank ? `Rank ${rank}` : "Not ranked");
export const labelOf = (number) => `${roleOf(trialOf(number))}: trial ${number}`;
const confirms = (i, number) => (D.ranking?.final?.trials[i] ?? []).some(([own]) => own === number);
export const settingOf = (number) =>
  D.settings.findIndex(({ trials }, i) => trials.includes(number) || confirms(i, number));
export const pairName = ({ dataset, stem }) => `${dataset} ${stem}`;
