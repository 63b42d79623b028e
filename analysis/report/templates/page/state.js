// @ts-check
import { D } from "./data.js";
import { at, page } from "./document.js";

/**
 * What is chosen in the page. The trade-offs and the parallel coordinates share the metrics that are compared.
 * @type {{ metric: number, dataset: number, epoch: number, compared: number[], front: number[], paint: number | "",
 *   logScale: boolean, opened?: number, against?: any, clock?: any, [choice: string]: any }}
 */
export const state = {
  ...D.start,
  compared: [...(D.tradeoffs?.chosen ?? [])],
  front: [...(D.tradeoffs?.front ?? [])],
  paint: "",
  logScale: false,
};

// A figure: a section #fig-NAME with p#NAME-caption and div#NAME, and register({ id: "NAME", draw }) in figures/NAME.js; it
// is drawn when it comes into view, and again when a choice (state.metric, .dataset, .epoch: indices) or the theme changes.
/** @type {Figure[]} */
export const figures = [];

/**
 * `draw` may be async; `acts` names the choices that change it (all by default).
 * @param {{ id: string, draw: () => unknown, acts?: string[] }} figure
 */
export function register({ id, draw, acts = ["metric", "dataset", "epoch"] }) {
  const section = at(`fig-${id}`);
  if (section) figures.push({ id, draw, acts, section, stale: true, near: false });
}

// A figure that fails leaves the others alone; the page keeps the message.
/** @param {Figure} figure */
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
export const drawAll = () => drawStale(figures);

let turns = 0;

// Draws what is stale and on the screen or near it; <html data-drawn="yes"> says that it is done.
export async function drawNear() {
  const turn = ++turns;
  delete page.drawn;
  await (page.all ? drawAll() : drawStale(figures.filter((figure) => figure.near)));
  if (turn === turns) page.drawn = "yes";
}

// Changes choices and redraws: choose({ metric: 3 }). Without any, redraws everything (another theme).
/** @param {Record<string, any> | null} changes */
export function choose(changes = null) {
  Object.assign(state, changes);
  for (const figure of figures) if (!changes || figure.acts.some((name) => name in changes)) figure.stale = true;
  document.dispatchEvent(new Event("chosen"));
  return drawNear();
}
