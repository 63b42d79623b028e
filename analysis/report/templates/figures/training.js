// @ts-check
import { place } from "../page/chosen.js";
import { D, part } from "../page/data.js";
import { at } from "../page/document.js";
import { caption, colour, escapeText, nothing, plot, shownBox } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { hoverOf, trialTag } from "../page/settings.js";
import { choose, register, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { LOSS_AT_START, logTicks, panelled, panelRows, termName, termRow, trainedSettings } from "./training_panels.js";
import { drawRewards } from "./training_rewards.js";

function trainingCaption(missing) {
  const odd = D.training.odd.map(([name, zero, lost, of]) => {
    const parts = [];
    if (zero) parts.push(`zero throughout in ${zero} of ${of} configurations`);
    if (lost) parts.push(`not a number in ${lost} of ${of}`);
    return `${termName(name)} is ${parts.join(" and ")}`;
  });
  const said = [
    `A panel is what was logged over the steps of an epoch, one line per configuration, best to worst by ${place()}; ${D.training.names.some(([name]) => name === "loss_total") ? "loss terms are before their weight, total and fusion are their sums." : "rewarded metrics are before their weight."}`,
    D.training.default_name === "default" ? "Default: at the program's own weights." : "",
    "A trial that is opened is added.",
  ];
  if (D.training.names.some(([name]) => name === LOSS_AT_START))
    said.push(
      "Dotted in the panel of the fusion loss: what the start has; a reward that rises while it rises is paid for with it.",
    );
  if (D.seeds) said.push("Each line is the mean of its seeds.");
  if (D.training.epochs.length === 1) said.push("One epoch only, so each line is a point.");
  if (odd.length) said.push(`${odd.join("; ")}.`);
  if (missing.length)
    said.push(
      `Not in this page, which carries the loss terms of ${D.training.settings?.length ?? "all"} configurations, or not logged: ${missing.map(([i, what]) => `${what} (${trialTag(i)})`).join(", ")}.`,
    );
  return said.filter(Boolean).join(" ");
}

function drawTraining() {
  const wanted = trainedSettings();
  const logged = ([i]) => termRow(i) >= 0 && part(D.training.curves, termRow(i)).some(isNumber);
  const drawn = panelled().length ? wanted.filter(logged) : [];
  const seen = ({ t }) => drawn.flatMap(([i]) => [...part(D.training.curves, termRow(i), t)]).filter(isNumber);
  const moves = (one) => new Set(seen(one)).size > 1 || one.name.startsWith("loss_");
  const names = panelled().filter(moves),
    still = panelled().filter((one) => !moves(one) && seen(one).length);
  if (!drawn.length) {
    at("training-reward-part").hidden = true;
    caption("training", "");
    return nothing(
      "training",
      names.length
        ? `No configuration with a number for ${place()} has logged its loss.`
        : "No trial has logged a loss term.",
    );
  }
  drawRewards(wanted);
  const same = still.map((one) => `${termName(one.name)} ${writer(seen(one))(seen(one)[0])}`);
  caption(
    "training",
    trainingCaption(wanted.filter((one) => !logged(one))) +
      (same.length ? ` Not drawn, being the same all along: ${same.join(", ")}.` : ""),
  );
  return drawTerms(names, drawn);
}

// A panel per number that was logged, a line a setting.
function drawTerms(names, drawn) {
  const { epochs, curves } = D.training;
  const grouped = new Set(names.map(({ group }) => group)).size > 1,
    begun = D.training.names.findIndex(([name]) => name === LOSS_AT_START);
  const room = shownBox("training"),
    across = Math.max(2, Math.min(4, Math.floor(room / 270)));
  const panels = panelRows({ count: names.length, across, tall: 178, gap: 0.07, room, epochs });
  const traces = names.flatMap(({ name, group, t }, k) => {
    const rows = drawn.map(([i]) => [...part(curves, termRow(i), t)]);
    const starts = name === "loss_fusion" && begun >= 0 ? drawn.map(([i]) => [...part(curves, termRow(i), begun)]) : [];
    const write = writer([...rows, ...starts].flat());
    const log = state.logScale && rows.flat().some((one) => one > 0);
    const title = `<b>${escapeText(termName(name))}</b>${grouped ? ` <span style="color:${colour("soft")};font-size:10px">${group}</span>` : ""}`;
    const where = panels.add(k, title, log ? { type: "log", ...logTicks(rows.flat()) } : { type: "linear", nticks: 6 });
    return [
      ...starts.map((row, n) => startTrace(row, drawn[n], { where, write })),
      ...rows.map((row, n) => termTrace(name, row, drawn[n], { where, write, first: k === 0 })),
    ];
  });
  return plot("training", traces, panels.layout(70)).then(opensTrials);
}

const startTrace = (row, [, , hue], { where, write }) => ({
  type: "scatter",
  mode: "lines",
  showlegend: false,
  x: D.training.epochs,
  y: row,
  ...where,
  line: { color: hue, width: 1.2, dash: "dot" },
  hovertext: row.map((one) => `<b>${write(one)}</b>: the loss of the start`),
  hovertemplate: "%{hovertext}<extra></extra>",
});

const termTrace = (name, row, [i, what, hue, dash], { where, write, first }) => ({
  type: "scatter",
  mode: "lines+markers",
  name: `${what} (${trialTag(i)})`,
  legendgroup: what,
  showlegend: first,
  x: D.training.epochs,
  y: row,
  ...where,
  customdata: D.training.epochs.map(() => i),
  line: { color: hue, width: 2, dash },
  marker: { size: 5, color: hue },
  hovertext: row.map((one, e) =>
    hoverOf(i, `<b>${escapeText(termName(name))} ${write(one)}</b> in epoch ${D.training.epochs[e]}`, escapeText(what)),
  ),
  hovertemplate: "%{hovertext}<extra></extra>",
});

at("training-scale").onchange = (event) => choose({ logScale: event.target.value === "log" });
register({ id: "training", draw: drawTraining, acts: ["metric", "dataset", "epoch", "opened", "logScale"] });
