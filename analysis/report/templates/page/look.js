// Colours follow the theme; Okabe-Ito for categories (a parameter, a front runner), Viridis for values.
const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c", "#b8a800"];
const colourOf = (i) => CATEGORIES[i % CATEGORIES.length];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim(); // ink, soft, line …
const faint = (hex, opacity) => `rgba(${[1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)).join(",")},${opacity})`;
const CONFIG = { responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtons: [["toImage"]] };
const escapeText = (x) =>
  String(x).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
// What hangs in a hover label: lines of at most about 60 letters.
const wrapped = (text) => escapeText(text).replace(/(.{60}\S*)\s/g, "$1<br>");

function look(height, more = {}) {
  const font = (size) => ({ family: getComputedStyle(document.body).fontFamily, color: colour("ink"), size });
  return {
    height,
    margin: { l: 20, r: 10, t: 26, b: 20 },
    font: font(12),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("ink") },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: font(13), align: "left" },
    showlegend: false,
    ...more,
  };
}

const axis = (more = {}) => ({
  automargin: true,
  fixedrange: true,
  zeroline: false,
  gridcolor: colour("line"),
  linecolor: colour("line"),
  tickcolor: colour("line"),
  exponentformat: "e",
  ...more,
});

function plot(id, traces, layout, config = {}) {
  at(id).querySelector(":scope > .nothing")?.remove();
  return Plotly.react(id, traces, layout, { ...CONFIG, ...config });
}

// Where a search confirmed its best with other seeds, these say that they are not of those.
const OF_OWN_SEEDS = ["bounds", "heatmap", "pairs", "tradeoffs", "parallel", "curves"];
const caption = (id, text) => {
  const own = text && OF_OWN_SEEDS.includes(id) ? D.ownSeeds : "";
  at(`${id}-caption`).textContent = own ? `${text} ${own}` : text;
};

// Says in a figure's place why there is nothing to draw.
function nothing(id, why) {
  Plotly.purge(id);
  at(id).replaceChildren(element("p", { className: "nothing", textContent: why }));
}

const sayDifference = (x) => (isNumber(x) ? String(Number(x.toPrecision(2))) : "–");
const nameOf = (i) =>
  D.axes.map((axis, k) => `${axis.name} ${level(D.settings[i], k)}`).join(", ") || "the only setting";
const trialsOf = (i) => `trial${D.settings[i].trials.length > 1 ? "s" : ""} ${D.settings[i].trials.join(", ")}`;
