// @ts-check
import { firstIsBetter } from "../page/chosen.js";
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { axis, caption, colour, escapeText, look, nothing, plot } from "../page/look.js";
import { choose, state } from "../page/state.js";
import { opensTrials } from "../page/trial.js";
import { BOUNDS, boundPanel, boundPlaces } from "./bounds_panel.js";
import { boundLines, boundScale } from "./scale.js";

// The bounds of the other metrics, each with its own scale, in small panels.
const PANEL = { group: "all", height: 168, left: 46, right: 8 };

export function drawPanels() {
  const places = boundPlaces(),
    chosen = PANEL.group === "all" ? D.metrics.map((_, m) => m) : D.bounds.groups[PANEL.group];
  const others = chosen.filter((m) => m !== state.metric),
    width = at("panels").clientWidth || 1000,
    columns = Math.max(1, Math.min(others.length, Math.max(2, Math.floor(width / 230)))),
    slot = (width / columns - PANEL.left - PANEL.right) / (places.at(-1).x + 2);
  const panels = others.map((m, k) => ({ m, suffix: k ? k + 1 : "", ...boundPanel(m, places, k ? k + 1 : "", slot) }));
  caption("panels", panelsCaption(panels));
  at("panels").setAttribute("aria-label", `A panel per metric. ${at("panels-caption").textContent}`);
  if (!panels.some((panel) => panel.seen.length))
    return nothing("panels", "There is no other metric with a number here.");
  const rows = Math.ceil(panels.length / columns),
    height = PANEL.height * rows + 10;
  const layout = {
    ...look(height, { margin: { l: 4, r: 4, t: 4, b: 4 }, barmode: "overlay", hovermode: "closest" }),
    shapes: [],
    annotations: [],
  };
  panels.forEach((panel, k) => {
    const box = {
      left: (k % columns) / columns + PANEL.left / width,
      right: (k % columns) / columns + 1 / columns - PANEL.right / width,
      top: 1 - Math.floor(k / columns) / rows,
      height,
    };
    placePanel(layout, panel, box, places.at(-1).x);
  });
  const traces = panels.flatMap((panel) => panel.traces);
  return plot("panels", traces, layout).then((div) => {
    opensTrials(div);
    div.removeAllListeners("plotly_clickannotation");
    div.on(
      "plotly_clickannotation",
      ({ annotation }) => annotation.name && choose({ metric: Number(annotation.name) }),
    );
  });
}

// Puts one panel's axes, lines and titles into the layout of all.
function placePanel(layout, panel, { left, right, top, height }, last) {
  const { suffix, m } = panel,
    { range, near, far } = panel.seen.length ? boundScale(panel) : { range: [0, 1], near: [], far: [] };
  const note = (more) => ({ xref: "paper", yref: "paper", yanchor: "top", showarrow: false, ...more });
  layout[`xaxis${suffix}`] = axis({
    domain: [left, right],
    anchor: `y${suffix}`,
    range: [-0.7, last + 0.7],
    showticklabels: false,
    showgrid: false,
    ticks: "",
    automargin: false,
  });
  layout[`yaxis${suffix}`] = axis({
    domain: [top - (PANEL.height - 18) / height, top - 26 / height],
    anchor: `x${suffix}`,
    range,
    nticks: 4,
    tickfont: { size: 10 },
    automargin: false,
  });
  layout.shapes.push(...boundLines(near, suffix));
  const { name, higher } = D.metrics[m];
  layout.annotations.push(
    note({
      text: `<b>${escapeText(name)}</b> ${higher ? "↑" : "↓"}`,
      x: left,
      xanchor: "left",
      y: top,
      captureevents: true,
      name: String(m),
      font: { size: 12 },
    }),
  );
  const best = far.filter((copy) => !copy.start).sort((a, b) => firstIsBetter(a.value, b.value, m))[0];
  // Where the panel is wide enough for both.
  if (!best || (right - left) * at("panels").clientWidth < 110 + 8 * name.length) return;
  const text = `untrained ${panel.write(best.value)} ${best.value > range[1] ? "↑" : "↓"}`;
  const font = { size: 10, color: colour("soft") };
  layout.annotations.push(note({ text, x: right, xanchor: "right", y: top - 2 / height, font }));
}

function panelsCaption(panels) {
  const said = [`${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}${BOUNDS.upTo ? " or before" : ""}.`];
  said.push("Each panel has its own scale; ↑ higher is better, ↓ lower. Click a title to make it the chosen metric.");
  const empty = panels.filter((panel) => !panel.seen.length).map((panel) => D.metrics[panel.m].name);
  if (empty.length) said.push(`No numbers: ${empty.join(", ")}.`);
  return said.join(" ");
}

// What to choose the panels from; once, before they are drawn.
export function offerGroups() {
  const names = ["all", ...Object.keys(D.bounds.groups)];
  at("panels-group").replaceChildren(...names.map((name) => element("option", { value: name, textContent: name })));
  at("panels-group").onchange = (event) => {
    PANEL.group = event.target.value;
    drawPanels();
  };
}
