// @ts-check
import { D, startValues } from "../page/data.js";
import { colour, ramp } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { state } from "../page/state.js";
import { insideBrushes } from "./parallel_axes.js";

// Draws the plan of parallel.js: lines on a canvas; axes, brushes and the line pointed at as SVG on top.
export const svg = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

// Worst first, so that the best lie on top; those outside the brushes stay as a shadow.
export function strokeLines(view) {
  const { canvas, lines, crossings, x, y } = view;
  const pen = canvas.getContext("2d"),
    scale = ramp(true);
  view.inside = insideBrushes(view);
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = 1.2;
  const stroke = (line) => {
    let down = false;
    pen.beginPath();
    line.forEach((p, k) => {
      if (isNumber(p)) pen[down ? "lineTo" : "moveTo"](x(k), y(p));
      down = isNumber(p);
    });
    pen.stroke();
  };
  const strong = Math.min(0.85, Math.max(0.3, 150 / lines.length));
  for (const wanted of [false, true]) {
    pen.globalAlpha = wanted ? strong : strong * 0.12;
    for (let n = lines.length - 1; n >= 0; n--) {
      if (view.inside[n] !== wanted) continue;
      pen.strokeStyle = wanted
        ? scale[Math.round((1 - n / Math.max(1, lines.length - 1)) * (scale.length - 1))][1]
        : colour("soft");
      stroke(crossings[n]);
    }
  }
}

// What trials began from, across the axes of metrics; a value off an axis lies at its end.
export function startLines({ axes, x, y }) {
  const there = axes.map((one, k) => ({ one, k })).filter(({ one }) => one.m !== undefined);
  return D.starts.map((name, s) => {
    const points = there.map(({ one, k }) => [x(k), one.toAt(startValues(one.m, state.dataset)[s])]);
    const known = points
      .filter(([, p]) => isNumber(p))
      .map(([px, p]) => `${px},${y(Math.min(1.02, Math.max(-0.02, p)))}`);
    const line = {
      fill: "none",
      stroke: colour("ink"),
      "stroke-width": 2,
      "stroke-dasharray": "7 4",
      "pointer-events": "none",
    };
    return svg("polyline", { ...line, points: known.join(" "), "data-start": name });
  });
}

export function rankLegend({ width, total, y }) {
  const steps = ramp(true),
    x = width - 22,
    from = y(1) + 24,
    high = 120;
  const words = { "font-size": 11, fill: colour("ink"), "text-anchor": "end" };
  return [
    ...steps.map(([, hue], k) =>
      svg("rect", {
        x,
        width: 12,
        y: from + ((steps.length - 1 - k) * high) / steps.length,
        height: high / steps.length + 0.5,
        fill: hue,
      }),
    ),
    svg("text", { ...words, x: width - 4, y: from - 8 }, "rank"),
    svg("text", { ...words, x: x - 5, y: from + 9 }, "1"),
    svg("text", { ...words, x: x - 5, y: from + high }, String(total)),
  ];
}
