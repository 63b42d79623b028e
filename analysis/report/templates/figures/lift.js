// Loss-trained and reward-trained settings, the start between them and the copies behind them, a panel per metric.
const LIFT = { height: 176, left: 46, right: 8 };
const liftHue = (kind) => ({ "loss-trained": colourOf(0), "reward-trained": colourOf(1) })[kind] ?? colour("ink");
const liftAt = (name, m) => part(D.lift[name], m, state.dataset, state.epoch);
const signed = (x) => `${x < 0 ? "−" : "+"}${sayDifference(Math.abs(x))}`;

function liftHover(g, m, write) {
  const [kind, name] = D.lift.groups[g],
    get = (stat) => liftAt(stat, m)[g];
  const lines = [`<b>${escapeText(name)}: ${write(get("best"))}</b>`];
  if (kind === "start") lines.push("what trials began from, trained on the loss");
  else {
    lines.push(`the best of ${get("settings")} settings at epoch ${get("at_epoch")}`);
    lines.push(`median ${write(get("median"))}, quartiles ${write(get("q1"))} to ${write(get("q3"))}, worst ${write(get("worst"))}`);
  }
  if (isNumber(get("gain"))) lines.push(`the best reward-trained: ${liftGain(g, m)}`, liftAbove(g, m));
  return lines.join("<br>");
}

// How much better the best reward-trained setting is than the best of a group.
function liftGain(g, m) {
  const [gain, low, high] = ["gain", "gain_low", "gain_high"].map((stat) => liftAt(stat, m)[g]);
  if (!isNumber(gain)) return "–";
  const said = gain === 0 ? "the same" : `${sayDifference(Math.abs(gain))} ${gain > 0 ? "better" : "worse"}`;
  return isNumber(low) ? `${said} (${signed(low)} to ${signed(high)})` : said;
}

const liftAbove = (g, m) => `${liftAt("above", m)[g]} of ${liftAt("of", m)[g]} reward-trained settings are better`;

// The best reward-trained: what the whiskers of a gain over the first group with an interval say of it.
function liftPanel(m, suffix) {
  const groups = D.lift.groups.map((group, g) => ({ kind: group[0], name: group[1], g })),
    get = (stat, g) => liftAt(stat, m)[g],
    there = groups.filter(({ g }) => isNumber(get("best", g))),
    base = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, hoverinfo: "skip", type: "scatter" };
  const copies = references(m, state.dataset).filter((one) => !one.start && isNumber(one.value));
  const seen = there.flatMap(({ g }) => ["best", "q1", "q3", "worst"].map((stat) => get(stat, g))).filter(isNumber);
  const write = writer([...seen, ...copies.map((one) => one.value)]);
  const traces = there.flatMap(({ kind, g }) => {
    const hue = liftHue(kind),
      dot = {
        ...base,
        mode: "markers",
        hoverinfo: "text",
        x: [g],
        y: [get("best", g)],
        marker: { size: 10, symbol: kind === "start" ? "diamond" : "circle", color: hue },
        text: [liftHover(g, m, write)],
        hovertemplate: "%{text}<extra></extra>",
      };
    if (kind === "start") return [dot];
    const line = { ...base, mode: "lines", x: [g, g], y: [get("worst", g), get("best", g)], line: { color: hue, width: 1 } };
    const box = {
      ...base,
      type: "bar",
      width: 0.5,
      x: [g],
      base: [get("q1", g)],
      y: [get("q3", g) - get("q1", g)],
      marker: { color: faint(hue, 0.28), line: { width: 0 } },
    };
    const median = {
      ...base,
      mode: "markers",
      x: [g],
      y: [get("median", g)],
      marker: { symbol: "line-ew", size: 16, line: { width: 2, color: hue } },
    };
    return [box, line, median, dot];
  });
  const started = there.filter(({ kind }) => kind === "start").map(({ g }) => get("best", g));
  return { m, suffix, traces, seen, ends: [], copies, write, started };
}

function drawLift() {
  const width = at("lift").clientWidth || 1000,
    columns = Math.max(1, Math.min(D.metrics.length, Math.max(2, Math.floor(width / 210)))),
    order = [state.metric, ...D.metrics.map((_, m) => m).filter((m) => m !== state.metric)],
    panels = order.map((m, k) => liftPanel(m, k ? k + 1 : "")).filter((panel) => panel.seen.length);
  liftLegend();
  drawLiftTable();
  caption("lift", liftCaption());
  at("lift").setAttribute("aria-label", `A panel per metric. ${at("lift-caption").textContent}`);
  if (!panels.length) return nothing("lift", `Neither a start nor a setting has a number here: ${place()}.`);
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
    layout.shapes.push(...boundLines(near, suffix), ...boundLines(panel.started.map((value) => ({ value, start: true })), suffix));
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
    layout.annotations.push({ ...note, text, x: right, xanchor: "right", y: top - 2 / height, font: { size: 10, color: colour("soft") } });
  });
  return plot("lift", panels.flatMap((panel) => panel.traces), layout);
}

function liftCaption() {
  const fixed = D.lift.groups.map((_, g) => g).filter((g) => {
    const epoch = liftAt("at_epoch", state.metric)[g];
    return isNumber(epoch) && epoch !== D.epochs[state.epoch];
  });
  const said = [
    `${D.datasets[state.dataset]}, epoch ${D.epochs[state.epoch]}; each panel has its own scale, ↑ higher is better, ↓ lower.`,
    "Dot: the best setting, the bound; box: the middle half of the settings, the bar in it their median; line: down to the worst.",
  ];
  if (D.starts.length) said.push("Diamond and line across: the start, what the loss had reached before the reward.");
  said.push("Dotted: untrained fusions.");
  for (const g of fixed) said.push(`${D.lift.groups[g][1]}: at epoch ${liftAt("at_epoch", state.metric)[g]}, by which that run ranks.`);
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

// The same as numbers: what each group allows at best, and what the reward adds to it.
function drawLiftTable() {
  const groups = D.lift.groups.map((group, g) => ({ kind: group[0], name: group[1], g })),
    bars = groups.filter(({ kind }) => kind !== "reward-trained");
  const head = ["metric", "best untrained", ...groups.map(({ name }) => name)];
  for (const { name } of bars) head.push(`against ${name}`, "settings above it");
  const rows = D.metrics.map((_, m) => {
    const get = (stat, g) => liftAt(stat, m)[g];
    const copies = references(m, state.dataset).filter((one) => !one.start && isNumber(one.value));
    copies.sort((a, b) => firstIsBetter(a.value, b.value, m));
    const write = writer([...groups.map(({ g }) => get("best", g)), ...copies.map((one) => one.value)]);
    const cells = [arrow(m), copies.length ? write(copies[0].value) : "–", ...groups.map(({ g }) => write(get("best", g)))];
    const marks = cells.map(() => "");
    for (const { g } of bars) {
      cells.push(liftGain(g, m), isNumber(get("gain", g)) ? `${get("above", g)} of ${get("of", g)}` : "–");
      marks.push(get("gain_low", g) > 0 ? "up" : get("gain_high", g) < 0 ? "down" : "", "");
    }
    const made = cells.map((text, k) => element("td", { className: `${k ? "number" : ""} ${marks[k]}`, textContent: text }));
    return element("tr", { className: m === state.metric ? "chosen" : "" }, ...made);
  });
  const line = element("tr", {}, ...head.map((name, k) => element("th", { scope: "col", className: k ? "number" : "", textContent: name })));
  at("lift-table").tHead.replaceChildren(line);
  at("lift-table").tBodies[0].replaceChildren(...rows);
  const tested = D.metrics.some((_, m) => bars.some(({ g }) => isNumber(liftAt("gain_low", m)[g])));
  const sure = tested
    ? "In brackets: 95 % interval over the same images, that the bests were picked allowed for; in colour where it excludes 0."
    : "Intervals stand at the epoch that ranks, where values per image were kept.";
  at("lift-table-caption").textContent =
    `The best of each for each metric, whichever setting that is, and how the best reward-trained one stands against the others. ${sure}`;
}

register({ id: "lift", draw: drawLift });
