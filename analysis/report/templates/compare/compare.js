// @ts-check
import { D, unpacked } from "../page/data.js";
import { at, element, fill, page } from "../page/document.js";
import { isNumber } from "../page/numbers.js";
import { choose, drawAll, register, state } from "../page/state.js";
import { drawBest } from "./best.js";
import { drawCurves } from "./curves.js";
import { drawDifferences } from "./differences.js";
import { drawEnvelopes } from "./envelopes.js";
import { drawMetrics } from "./metrics.js";
import { mark, runs } from "./runs.js";

register({ id: "best", draw: drawBest });
register({ id: "differences", draw: drawDifferences, acts: ["metric", "dataset", "epoch", "against"] });
register({ id: "metrics", draw: drawMetrics, acts: ["dataset", "epoch"] });
register({ id: "envelopes", draw: drawEnvelopes });
register({ id: "curves", draw: drawCurves, acts: ["metric", "dataset", "clock"] });

// Fills a select whose id is the name of the choice.
function offer(id, names) {
  fill(at(id), names, state[id]);
  at(id).onchange = (event) => {
    choose({ [id]: Number(event.target.value) });
    sayMeaning();
  };
}

function sayMeaning() {
  const metric = D.metrics[state.metric],
    direction = metric.higher ? "higher" : "lower";
  const about = D.about[state.dataset];
  at("meaning").textContent =
    `${metric.title}: ${metric.convention}; ${direction} is better.${about ? ` ${about}` : ""}`;
}

offer(
  "metric",
  D.metrics.map((metric) => metric.name),
);
offer("dataset", D.datasets);
offer("epoch", D.epochs);
offer(
  "against",
  runs.map((run) => run.label),
);
offer("clock", ["epochs", "seconds of training"]);
at("clock").disabled = !runs.some((run) => run.seconds.some(isNumber));
for (const legend of document.querySelectorAll(".legend"))
  legend.replaceChildren(...runs.map((run, r) => element("span", { className: "key" }, mark(r), run.label)));
sayMeaning();
document.addEventListener("theme", () => choose());
let width = innerWidth;
addEventListener("resize", () => {
  if (width < 640 !== innerWidth < 640) choose();
  width = innerWidth;
});

async function start() {
  await unpacked;
  await drawAll();
  page.all = "yes";
  page.drawn = "yes";
}
start();
