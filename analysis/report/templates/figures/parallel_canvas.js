// @ts-check
import { arrow, column, ranked } from "../page/chosen.js";
import { at, element } from "../page/document.js";
import { colour } from "../page/look.js";
import { isNumber, writer } from "../page/numbers.js";
import { hoverOf } from "../page/settings.js";
import { state } from "../page/state.js";
import { openTrial } from "../page/trial.js";
import { PARALLEL, sayBrushed } from "./parallel_axes.js";
import { axisGroup } from "./parallel_brushes.js";
import { rankLegend, startLines, strokeLines, svg } from "./parallel_lines.js";

export function parallelCanvas(plan) {
  const box = at("parallel"),
    { height, top, bottom, left, right } = PARALLEL;
  const width = Math.max(box.clientWidth, parseFloat(box.style.minWidth));
  const tip = element("div", { className: "tip", hidden: true });
  const canvas = element("canvas", { width: width * devicePixelRatio, height: height * devicePixelRatio });
  const cover = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  Object.assign(box.style, { position: "relative", height: `${height}px` });
  for (const layer of [canvas, cover])
    Object.assign(layer.style, { position: "absolute", left: 0, top: 0, width: `${width}px`, height: `${height}px` });
  box.replaceChildren(canvas, cover, tip);
  const view = {
    ...plan,
    box,
    canvas,
    cover,
    tip,
    width,
    x: (k) => left + (plan.axes.length > 1 ? (k * (width - left - right)) / (plan.axes.length - 1) : 0),
    y: (p) => top + (1 - p) * (height - top - bottom),
    p: (y) => Math.min(1, Math.max(0, 1 - (y - top) / (height - top - bottom))),
    pointed: svg("polyline", { fill: "none", stroke: colour("ink"), "stroke-width": 2.5, "pointer-events": "none" }),
  };
  cover.append(...plan.axes.map((one, k) => axisGroup(view, one, k)));
  cover.append(...rankLegend(view), ...startLines(view), view.pointed);
  pointAtLines(view);
  strokeLines(view);
  sayBrushed(plan, view.inside);
}

// The line nearest to the pointer, between the two axes beside it; a click opens its trial.
function pointAtLines(view) {
  const { cover, lines, crossings, x, y, axes, tip, pointed, width } = view;
  let near = -1;
  const find = (px, py) => {
    const k = axes.findIndex((_, n) => n + 1 < axes.length && px >= x(n) && px <= x(n + 1));
    let best = -1,
      least = 8;
    if (k >= 0) {
      const part = (px - x(k)) / (x(k + 1) - x(k));
      crossings.forEach((line, n) => {
        const away = Math.abs(y(line[k] + part * (line[k + 1] - line[k])) - py);
        if (view.inside[n] && away < least) [best, least] = [n, away];
      });
    }
    return best;
  };
  const leave = () => {
    near = -1;
    tip.hidden = true;
    pointed.setAttribute("points", "");
  };
  cover.addEventListener("pointermove", (event) => {
    const corner = cover.getBoundingClientRect(),
      [px, py] = [event.clientX - corner.left, event.clientY - corner.top];
    near = event.buttons ? -1 : find(px, py);
    if (near < 0) return leave();
    const i = lines[near],
      write = writer([...column(state.metric)]);
    pointed.setAttribute("points", crossings[near].map((p, k) => (isNumber(p) ? `${x(k)},${y(p)}` : "")).join(" "));
    tip.innerHTML = hoverOf(
      i,
      `<b>${arrow(state.metric)} ${write(column(state.metric)[i])}</b>, rank ${ranked(column(state.metric)).indexOf(i) + 1}`,
    );
    tip.hidden = false;
    Object.assign(
      tip.style,
      px > width / 2 ? { right: `${width - px + 14}px`, left: "auto" } : { left: `${px + 14}px`, right: "auto" },
      { top: `${py + 10}px` },
    );
  });
  cover.addEventListener("pointerleave", leave);
  cover.addEventListener("click", () => near >= 0 && openTrial(lines[near]));
}
