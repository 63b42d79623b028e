// @ts-check
import { firstIsBetter, higher, place } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { axis, caption, colour, escapeText, look, nothing, plot } from "../page/look.js";
import { isNumber } from "../page/numbers.js";
import { register, state } from "../page/state.js";
import { liftAt, liftHue, liftPanel } from "./lift_panel.js";
import { drawLiftTable } from "./lift_table.js";
import { boundLines, boundScale } from "./scale.js";

// Loss-trained and reward-trained settings, the start between them and the copies behind them, a panel per metric.
const LIFT = { height: 176, left: 46, right: 8 };

function drawLift() {
  const width = at("lift").clientWidth || 1000,
    columns = Math.max(1, Math.min(D.metrics.length, Math.max(2, Math.floor(width / 210)))),
    order = [state.metric, ...D.metrics.map((_, m) => m).filter((m) => m !== state.metric)],
    panels = order.map((m, k) => liftPanel(m, k ? k + 1 : "")).filter((panel) => panel.seen.length);
  liftLegend();
  drawLiftTable();
  caption("lift", liftCaption());
  at("lift").setAttribute("aria-label", `A panel per metric. ${at("lift-caption").textContent}`);
  if (!panels.length)
    return nothing("lift", `Neither an initial checkpoint nor a configuration has a number here: ${place()}.`);
  const rows = Math.ceil(panels.length / columns),
    height = LIFT.height * rows + 10;
  const layout = {
    ...look(height, { margin: { l: 4, r: 4, t: 4, b: 4 }, barmode: "overlay", hovermode: "closest" }),
    shapes: [],
    annotations: [],
  };
  panels.forEach((panel, k) => {
    const left = (k % columns) / columns + LIFT.left / width,
      right = ((k % columns) + 1) / columns - LIFT.right / width,
      top = 1 - Math.floor(k / columns) / rows,
      { suffix, m } = panel,
      { range, near, far } = boundScale(panel);
    layout[`xaxis${suffix}`] = axis({
      domain: [left, right],
      anchor: `y${suffix}`,
      range: [-0.6, D.lift.groups.length - 0.4],
      showticklabels: false,
      showgrid: false,
      ticks: "",
      automargin: false,
    });
    layout[`yaxis${suffix}`] = axis({
      domain: [top - (LIFT.height - 14) / height, top - 26 / height],
      anchor: `x${suffix}`,
      range,
      nticks: 4,
      tickfont: { size: 10 },
      automargin: false,
    });
    layout.shapes.push(
      ...boundLines(near, suffix),
      ...boundLines(
        panel.started.map((value) => ({ value, start: true })),
        suffix,
      ),
    );
    const note = { xref: "paper", yref: "paper", yanchor: "top", showarrow: false };
    layout.annotations.push({
      ...note,
      text: `<b>${escapeText(D.metrics[m].name)}</b> ${higher(m) ? "↑" : "↓"}`,
      x: left,
      xanchor: "left",
      y: top,
      font: { size: 12 },
    });
    const best = far.filter((copy) => !copy.start).sort((a, b) => firstIsBetter(a.value, b.value, m))[0];
    if (!best || (right - left) * width < 110 + 8 * D.metrics[m].name.length) return;
    const text = `untrained ${panel.write(best.value)} ${best.value > range[1] ? "↑" : "↓"}`;
    layout.annotations.push({
      ...note,
      text,
      x: right,
      xanchor: "right",
      y: top - 2 / height,
      font: { size: 10, color: colour("soft") },
    });
  });
  return plot(
    "lift",
    panels.flatMap((panel) => panel.traces),
    layout,
  );
}

function liftCaption() {
  const fixed = D.lift.groups
    .map((_, g) => g)
    .filter((g) => {
      const epoch = liftAt("at_epoch", state.metric)[g];
      return isNumber(epoch) && epoch !== D.epochs[state.epoch];
    });
  const said = [
    `${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}; each panel has its own scale, ↑ higher is better, ↓ lower.`,
    "Dot: the best configuration, the bound; box: the middle half of the configurations, the bar in it their median; line: down to the worst.",
  ];
  if (D.starts.length) said.push("Diamond and line across: the start, what the loss had reached before the reward.");
  said.push("Dotted: baselines.");
  for (const g of fixed)
    said.push(`${D.lift.groups[g][1]}: at epoch ${liftAt("at_epoch", state.metric)[g]}, by which that run ranks.`);
  return [...said, ...D.lift.notes].join(" ");
}

function liftLegend() {
  const keys = D.lift.groups.map(([kind, name]) => {
    const key = element("span", { textContent: name });
    key.style.setProperty("--key", liftHue(kind));
    return key;
  });
  at("lift-legend").replaceChildren("From left to right: ", ...keys);
}

register({ id: "lift", draw: drawLift });
