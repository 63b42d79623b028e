// @ts-check
import { place } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at } from "../page/document.js";
import { caption, colour, colourOf, escapeText, plot, shownBox } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { hoverOf, trialTag } from "../page/settings.js";
import { opensTrials } from "../page/trial.js";
import { panelRows, termRow } from "./training_panels.js";

const REWARD_LOOKS = {
  reward_train: { name: "reward of the output", width: 2.6, dash: "solid" },
  reward_best: { name: "best sample", width: 1.4, dash: "dashdot" },
  reward_mean: { name: "mean of the samples", width: 1.4, dash: "dash" },
  reward_sample: { name: "one sample", width: 1.4, dash: "dot" },
  reward_start: { name: "start", width: 1.8, dash: "solid", beside: "ink" },
  reward_visible: { name: D.fusions[0], width: 1.2, dash: "dash", beside: "soft" },
  reward_infrared: { name: D.fusions[1], width: 1.2, dash: "dashdot", beside: "soft" },
  reward_average: { name: D.fusions[2], width: 1.2, dash: "longdash", beside: "soft" },
};

// A panel per setting, for each learns from a reward of its own: its curves, and what the same pairs give without it.
export function drawRewards(wanted) {
  const { names, epochs, curves } = D.training;
  const nth = new Map(names.map(([name], t) => [name, t]));
  const kinds = D.training.rewards.flat().filter((name) => nth.has(name));
  const curve = (i, name) => [...part(curves, termRow(i), nth.get(name))];
  const drawn = wanted.filter(([i]) => termRow(i) >= 0 && kinds.some((name) => curve(i, name).some(isNumber)));
  at("training-reward-part").hidden = !drawn.length;
  if (!drawn.length) return null;
  caption(
    "training-reward",
    `A panel is a configuration, best to worst by ${place()}, with the reward that it learns from: rewards of two panels are not comparable where their weights differ. ` +
      "Thick: of the deterministic output on the training pairs; thin: of what is drawn while learning; without colour: the same pairs by the start (solid), the copies and the average.",
  );
  const room = shownBox("training-reward"),
    across = Math.max(1, Math.min(drawn.length, 5, Math.floor(room / 240)));
  const panels = panelRows({ count: drawn.length, across, tall: 210, gap: 0.06, room, epochs });
  const traces = drawn.flatMap(([i, what], k) => {
    const rows = kinds.map((name) => curve(i, name));
    const where = panels.add(k, `<b>${escapeText(what)}</b> (${trialTag(i)})`, { nticks: 6 });
    return kinds.map((name, n) =>
      rewardTrace(name, rows[n], [i, what], { where, write: writer(rows.flat()), first: k === 0 }),
    );
  });
  return plot("training-reward", traces, panels.layout(room < 560 ? 190 : 90)).then(opensTrials);
}

function rewardTrace(name, numbers, [i, what], { where, write, first }) {
  const looks = REWARD_LOOKS[name],
    { epochs } = D.training;
  return {
    type: "scatter",
    mode: looks.beside || epochs.length > 1 ? "lines" : "markers",
    name: looks.name,
    legendgroup: name,
    showlegend: first,
    x: epochs,
    y: numbers,
    ...where,
    customdata: epochs.map(() => i),
    line: { color: looks.beside ? colour(looks.beside) : colourOf(0), width: looks.width, dash: looks.dash },
    hovertext: numbers.map((one, e) =>
      hoverOf(i, `<b>${looks.name} ${write(one)}</b> in epoch ${epochs[e]}`, escapeText(what)),
    ),
    hovertemplate: "%{hovertext}<extra></extra>",
  };
}
