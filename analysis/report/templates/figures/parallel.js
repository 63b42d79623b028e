// @ts-check
import { place } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at } from "../page/document.js";
import { caption, nothing } from "../page/look.js";
import { register, state } from "../page/state.js";
import { brushes, PARALLEL, parallelPlan } from "./parallel_axes.js";
import { parallelCanvas } from "./parallel_canvas.js";

function drawParallel() {
  const plan = parallelPlan();
  at("parallel-left").textContent = "";
  at("parallel-clear").hidden = true;
  caption("parallel", "");
  if (plan.total < 2) {
    const why = plan.total ? "Only one configuration has a number" : "No configuration has a number";
    return nothing("parallel", `${why} for ${place()}${plan.total ? ": there is nothing to compare" : ""}.`);
  }
  const said =
    `A line is a configuration, from its ${D.noun}s to its metrics (${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}); up is better on a metric's axis, ` +
    `the colour is the rank by ${D.metrics[state.metric].name} (n = ${plan.total}), brighter is better.${D.starts.length ? " Dashed: the initial checkpoint, before the reward." : ""} Drag along an axis, or focus it and press the arrow keys, to keep the lines inside. ` +
    (plan.lines.length < plan.total
      ? `Drawn: ${plan.lines.length} of ${plan.total} configurations, the best ${PARALLEL.best} and others at random.`
      : "");
  caption("parallel", said);
  const gap = Math.max(84, ...plan.axes.map((one) => 12 + 7.4 * one.title.length));
  at("parallel").style.minWidth = `${PARALLEL.left + PARALLEL.right + gap * (plan.axes.length - 1)}px`;
  parallelCanvas(plan);
}

at("parallel-clear").onclick = () => {
  brushes.clear();
  drawParallel();
};
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (width && contentRect.width !== width && at("parallel").querySelector("canvas")) drawParallel();
  width = contentRect.width;
}).observe(at("parallel").parentElement);
register({ id: "parallel", draw: drawParallel, acts: ["metric", "dataset", "epoch", "compared"] });
