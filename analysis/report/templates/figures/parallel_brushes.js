// @ts-check
import { colour } from "../page/look.js";
import { brushes, brushOf, sayBrushed } from "./parallel_axes.js";
import { strokeLines, svg } from "./parallel_lines.js";

export function axisGroup(view, one, k) {
  const { x, y } = view;
  const group = svg("g", {
    transform: `translate(${x(k)},0)`,
    tabindex: 0,
    role: "group",
    "aria-label": `axis ${one.title}`,
  });
  const brush = svg("rect", {
    x: -8,
    width: 16,
    fill: colour("accent"),
    "fill-opacity": 0.3,
    stroke: colour("accent"),
    visibility: "hidden",
  });
  group.append(svg("line", { y1: y(0), y2: y(1), stroke: colour("soft") }), brush, ...axisWords(view, one));
  const hand = svg("rect", {
    x: -16,
    width: 32,
    y: y(1) - 8,
    height: y(0) - y(1) + 16,
    fill: "transparent",
    cursor: "ns-resize",
  });
  hand.style.touchAction = "none";
  group.append(hand);
  const show = () => {
    const range = brushOf(one);
    brush.setAttribute("visibility", range ? "visible" : "hidden");
    if (!range) return;
    brush.setAttribute("y", y(range[1]));
    brush.setAttribute("height", Math.max(2, y(range[0]) - y(range[1])));
  };
  const set = (range) => {
    if (range) brushes.set(one.key, range.map(one.toUnit));
    else brushes.delete(one.key);
    show();
    strokeLines(view);
    sayBrushed(view, view.inside);
  };
  brushByPointer(view, hand, one, set);
  brushByKeys(group, one, set);
  show();
  return group;
}

// The title and the values of an axis, readable over the lines behind them.
function axisWords({ y }, one) {
  const halo = {
    fill: colour("ink"),
    stroke: colour("paper"),
    "stroke-width": 4,
    "paint-order": "stroke",
    "stroke-linejoin": "round",
  };
  const text = (content, attributes) =>
    svg("text", { ...halo, "font-size": 11, "pointer-events": "none", ...attributes }, content);
  return [
    text(one.title, { y: 16, "text-anchor": "middle", "font-size": 12, "font-weight": 600 }),
    ...one.ticks.map((tick) => text(tick.text, { x: -6, y: y(tick.at) + 4, "text-anchor": "end" })),
  ];
}

// A drag makes a brush, a drag inside one moves it, a click outside takes it away.
function brushByPointer(view, hand, one, set) {
  let start = null;
  const along = (event) => view.p(event.clientY - view.cover.getBoundingClientRect().top);
  hand.addEventListener("pointerdown", (event) => {
    const from = along(event),
      range = brushOf(one);
    hand.setPointerCapture(event.pointerId);
    start = { from, moves: range && from >= range[0] && from <= range[1] ? range : null };
  });
  hand.addEventListener("pointermove", (event) => {
    if (!start) return;
    const to = along(event);
    if (Math.abs(to - start.from) < 0.01) return;
    start.dragged = true;
    if (!start.moves) return set([Math.min(start.from, to), Math.max(start.from, to)]);
    const shift = Math.min(1 - start.moves[1], Math.max(-start.moves[0], to - start.from));
    set(start.moves.map((p) => p + shift));
  });
  hand.addEventListener("pointerup", () => {
    if (start && !start.dragged && !start.moves) set(null);
    start = null;
  });
}

// Arrows move the brush (the first press makes one of the top quarter), + and - widen and narrow it, Escape removes it.
function brushByKeys(group, one, set) {
  const steps = { ArrowUp: [0.05, 0.05], ArrowDown: [-0.05, -0.05], "+": [-0.05, 0.05], "-": [0.05, -0.05] };
  group.addEventListener("keydown", (event) => {
    const range = brushOf(one);
    if (event.key === "Escape" || event.key === "Delete") return set(null);
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    if (!range) return set([0.75, 1]);
    const [low, high] = range.map((p, k) => Math.min(1, Math.max(0, p + step[k])));
    if (high - low > 0.01) set([low, high]);
  });
}
