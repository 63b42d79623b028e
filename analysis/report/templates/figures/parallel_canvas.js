// Draws the plan of parallel.js: lines on a canvas; axes, brushes and the line pointed at as SVG on top.
const svg = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

function parallelCanvas(plan) {
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
  plan.axes.forEach((one, k) => cover.append(axisGroup(view, one, k)));
  cover.append(...rankLegend(view), ...startLines(view), view.pointed);
  pointAtLines(view);
  strokeLines(view);
  sayBrushed(plan, view.inside);
}

// Worst first, so that the best lie on top; those outside the brushes stay as a shadow.
function strokeLines(view) {
  const { canvas, lines, crossings, total, x, y } = view;
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

function axisGroup(view, one, k) {
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
  group.append(
    svg("line", { y1: y(0), y2: y(1), stroke: colour("soft") }),
    brush,
    ...axisWords(view, one),
  );
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

// What trials began from, across the axes of metrics; a value off an axis lies at its end.
function startLines({ axes, x, y }) {
  const there = axes.map((one, k) => ({ one, k })).filter(({ one }) => one.m !== undefined);
  return D.starts.map((name, s) => {
    const points = there.map(({ one, k }) => [x(k), one.toAt(startValues(one.m, state.dataset)[s])]);
    const known = points.filter(([, p]) => isNumber(p)).map(([px, p]) => `${px},${y(Math.min(1.02, Math.max(-0.02, p)))}`);
    const line = { fill: "none", stroke: colour("ink"), "stroke-width": 2, "stroke-dasharray": "7 4", "pointer-events": "none" };
    return svg("polyline", { ...line, points: known.join(" "), "data-start": name });
  });
}

function rankLegend({ width, total, y }) {
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
