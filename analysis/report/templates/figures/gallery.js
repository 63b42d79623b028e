// @ts-check
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { caption } from "../page/look.js";
import { nameOf } from "../page/settings.js";
import { register, state } from "../page/state.js";
import { openTrial } from "../page/trial.js";
import { measured } from "./gallery_measured.js";
import {
  capital,
  G,
  kinds,
  labelOf,
  numbers,
  pairName,
  roleOf,
  settingOf,
  shown,
  stage,
  standard,
  trialOf,
} from "./gallery_trials.js";
import { showView, view, wipeShare, zoomTo } from "./gallery_view.js";

function image(uri, alt) {
  return element("img", { src: uri, alt, decoding: "async", draggable: false });
}

function frame(uri, alt) {
  if (uri) return element("div", { className: "frame" }, image(uri, alt));
  return element("div", { className: "frame missing", textContent: uri === null ? "cannot be read" : "not kept" });
}

function figure(uri, kind, whose = "") {
  const alt = `${kinds[kind]} image of ${pairName(G.pairs[shown.pair])}${whose && `, ${whose}`}`;
  return element("figure", {}, frame(uri, alt), element("figcaption", { textContent: kinds[kind] }));
}

function choiceOf(number, label, text, act) {
  const select = element("select", { onchange: () => act(Number(select.value)) });
  select.setAttribute("aria-label", label);
  select.append(...numbers.map((n) => element("option", { value: n, textContent: text(n), selected: n === number })));
  return select;
}

// Draws anew what a choice changes; the focus stays on the control of the same name.
function redraw() {
  const held = stage.contains(document.activeElement) && document.activeElement?.getAttribute("aria-label");
  drawPair();
  if (held) stage.querySelector(`[aria-label="${held}"]`)?.focus({ preventScroll: true });
}

function wipe(made) {
  const [left, right] = shown.wiped,
    uris = shown.wiped.map((number) => made[number]?.fused);
  const choices = shown.wiped.map((number, side) =>
    choiceOf(number, side ? "Right of the slider" : "Left of the slider", labelOf, (chosen) => {
      shown.wiped[side] = chosen;
      redraw();
    }),
  );
  const caption = element("figcaption", {}, ...choices);
  if (!uris.every(Boolean)) return element("figure", { className: "wipe" }, frame(undefined), caption);
  const box = element(
    "div",
    { className: "frame" },
    image(uris[1], `fused image, ${labelOf(right)}`),
    element("div", { className: "over" }, image(uris[0], `fused image, ${labelOf(left)}`)),
    element("div", { className: "divider" }),
    ...shown.wiped.map((number) => element("span", { className: "tag", textContent: roleOf(trialOf(number)) })),
  );
  const slider = element("input", { type: "range", min: 0, max: 100, step: 0.5, value: wipeShare() });
  slider.setAttribute("aria-label", `Share of ${labelOf(left)} over ${labelOf(right)}`);
  slider.oninput = () => stage.style.setProperty("--wipe", `${slider.value}%`);
  return element("figure", { className: "wipe" }, box, slider, caption);
}

function head(number, column) {
  const trial = trialOf(number);
  const text = (n) => (trialOf(n).roles.length ? roleOf(trialOf(n)) : labelOf(n));
  const select = choiceOf(number, `Trial of column ${column + 1}`, text, (chosen) => {
    shown.columns[column] = chosen;
    redraw();
  });
  const rank = trial.rank ? `, rank ${trial.rank} of ${G.ranked}` : "",
    setting = settingOf(number);
  const open = element("button", { type: "button", textContent: `Trial ${number}`, onclick: () => openTrial(setting) });
  return element("div", { className: "gallery-head" }, select, element("p", {}, open, `${rank}: ${nameOf(setting)}`));
}

function drawPair() {
  const pair = G.pairs[shown.pair],
    { made, values } = pair;
  stage.style.setProperty("--aspect", pair.size.join(" / "));
  stage.style.setProperty("--columns", shown.columns.length);
  const sources = ["visible", "infrared"].map((kind) => figure(pair[kind], kind));
  at("gallery-sources").replaceChildren(...sources, ...(numbers.length > 1 ? [wipe(made)] : []));
  at("gallery-columns").replaceChildren(
    ...shown.columns.flatMap((number, column) => [
      head(number, column),
      ...["weight_map", "fused"].map((kind) => figure(made[number]?.[kind], kind, labelOf(number))),
      measured(values, number),
    ]),
  );
  showView();
}

function say() {
  const extremes = ["best", "worst"].filter((role) => G.trials.some((trial) => trial.roles.includes(role)));
  const near = G.apart ? `nearest to the defaults (all ${D.noun}s but ${G.apart})` : "at the defaults";
  const whose = [
    extremes.length ? `${extremes.join(" and ")} of ${G.ranked} trials by ${G.rankedBy}` : "",
    standard < 0 ? "" : `the trial ${near}`,
  ].filter(Boolean);
  caption(
    "gallery",
    `${capital(whose.join(", and ") || "trials of which samples were kept")}; images and metrics after their last` +
      " epoch. A bright weight map takes the infrared image, a dark one the visible. Click an image, then zoom all of" +
      " them by wheel, pinch or + −, and move by dragging or arrows; 0 or a double click resets.",
  );
  at("gallery-notes").textContent = G.notes.join(" ");
  at("gallery-notes").hidden = !G.notes.length;
}

at("gallery-pair").replaceChildren(
  ...G.pairs.map((pair, i) => element("option", { value: i, textContent: pairName(pair) })),
);

// Another data set is chosen at the top of the page: on to its first pair, where one was kept.
function follow() {
  const dataset = D.datasets[state.dataset];
  if (dataset === shown.dataset) return;
  shown.dataset = dataset;
  const first = G.pairs.findIndex((pair) => pair.dataset === dataset);
  if (first >= 0) shown.pair = first;
  at("gallery-pair").value = shown.pair;
}

stage.style.setProperty("--wipe", "50%");
at("gallery-in").onclick = () => zoomTo(view.zoom * 1.5);
at("gallery-out").onclick = () => zoomTo(view.zoom / 1.5);
at("gallery-reset").onclick = () => zoomTo(1);
at("gallery-all").onchange = drawPair;
at("gallery-pair").onchange = (event) => {
  shown.pair = Number(event.target.value);
  drawPair();
};
register({
  id: "gallery",
  acts: ["metric", "dataset"],
  draw() {
    follow();
    say();
    drawPair();
  },
});
