// What each weight allows: at each of its values the best setting, on top of how the others are spread.
const BOUNDS = { upTo: 0, whisker: "difference" };

// Values of one parameter stand side by side, a gap between parameters.
function boundPlaces() {
  let x = -1,
    before = null;
  return D.bounds.places.map(([a, label], i) => {
    x += before === null || before === a ? 1 : 2;
    before = a;
    return { i, x, axis: a, label };
  });
}

function boundHover(place, get, m, write) {
  const i = place.i,
    setting = get("setting")[i],
    lines = [`<b>${escapeText(D.axes[place.axis].name)} ${escapeText(place.label)}: ${write(get("best")[i])}</b>`];
  const several = D.seeds && get("seeds")[i] > 1 ? `, ${get("seeds")[i]} seeds` : "";
  lines.push(`best of ${get("settings")[i]} settings, n = ${get("images")[i]} images${several}`);
  const [low, high, corrected] = ["low", "high", "corrected"].map((name) => get(name)[i]);
  if (isNumber(corrected)) lines.push(`corrected for the picking ${write(corrected)}`);
  if (isNumber(low)) lines.push(`95 % interval ${write(low)} to ${write(high)}`);
  lines.push(`median ${write(get("median")[i])}, quartiles ${write(get("q1")[i])} to ${write(get("q3")[i])}`);
  const worse = get("worse")[i];
  if (worse > 0) {
    const sure = isNumber(get("worse_low")[i]);
    lines.push(
      `worse than the best of all by ${sayDifference(worse)}${sure ? ` (${sayDifference(get("worse_low")[i])} to ${sayDifference(get("worse_high")[i])})` : ""}`,
    );
  }
  if (get("tied")[i]) lines.push(worse > 0 ? "cannot be told from the best of all" : "the best of all");
  if (setting >= 0) lines.push(escapeText(`${trialsOf(setting)}: ${nameOf(setting)}`), "click to open it");
  return lines.join("<br>");
}

// The values of which nothing is known here, for all of their trials were stopped before this epoch.
const boundUnknown = (places) => (D.bounds.ended ? places.filter(({ i }) => part(D.bounds.ended, state.epoch)[i] > 0) : []);

// The ends of each whisker: of the difference to the best of all (over the same images), or of the value itself.
function boundWhiskers(get, there, m) {
  if (BOUNDS.whisker === "value") return there.map(({ i }) => [get("low")[i], get("high")[i]]);
  const sign = higher(m) ? 1 : -1;
  return there.map(({ i }) => {
    const top = get("best")[i] + sign * get("worse")[i];
    return [top - sign * get("worse_high")[i], top - sign * get("worse_low")[i]].sort((a, b) => a - b);
  });
}

// The middle half of the settings with each value, and their median.
function boundBoxes(get, there, base, slot) {
  const some = there.filter(({ i }) => isNumber(get("q1")[i]) && get("settings")[i] > 1),
    x = some.map((place) => place.x),
    median = some.map((place) => faint(colourOf(place.axis), 0.7));
  return [
    {
      ...base,
      type: "bar",
      width: 0.64,
      x,
      base: some.map(({ i }) => get("q1")[i]),
      y: some.map(({ i }) => get("q3")[i] - get("q1")[i]),
      marker: { color: some.map((place) => faint(colourOf(place.axis), 0.22)), line: { width: 0 } },
    },
    {
      ...base,
      type: "scatter",
      mode: "markers",
      x,
      y: some.map(({ i }) => get("median")[i]),
      marker: { symbol: "line-ew", size: slot * 0.45, line: { width: slot > 13 ? 2 : 1.4, color: median } },
    },
  ];
}

// The best setting at each value of one parameter; filled where it cannot be told from the best of all.
function boundLine(get, some, base, slot, m, write) {
  const shade = colourOf(some[0].axis),
    width = slot > 13 ? 2 : 1.4,
    best = some.map(({ i }) => get("best")[i]),
    ends = boundWhiskers(get, some, m);
  const bars = ends.some((pair) => pair.every(isNumber)) && {
    error_y: {
      type: "data",
      symmetric: false,
      color: shade,
      thickness: slot > 13 ? 1.4 : 1,
      width: slot > 16 ? 4 : 0,
      array: ends.map(([, high], k) => Math.max(0, high - best[k]) || 0),
      arrayminus: ends.map(([low], k) => Math.max(0, best[k] - low) || 0),
    },
  };
  return {
    ...base,
    ...bars,
    type: "scatter",
    mode: "lines+markers",
    hoverinfo: "text",
    x: some.map((place) => place.x),
    y: best,
    customdata: some.map(({ i }) => get("setting")[i]),
    line: { color: shade, width },
    marker: {
      size: dotSize(slot),
      line: { color: shade, width },
      color: some.map(({ i }) => (get("tied")[i] ? shade : colour("paper"))),
    },
    text: some.map((place) => boundHover(place, get, m, write)),
    hovertemplate: "%{text}<extra></extra>",
  };
}

const dotSize = (slot) => Math.min(10, Math.max(5, slot * 0.5));

// The traces of one panel whose values are `slot` pixels apart, and what its scale must hold.
function boundPanel(m, places, suffix, slot) {
  const { dataset: d, epoch: e } = state,
    get = (name) => part(D.bounds[name], m, d, e, BOUNDS.upTo),
    there = places.filter(({ i }) => isNumber(get("best")[i])),
    base = { xaxis: `x${suffix}`, yaxis: `y${suffix}`, hoverinfo: "skip" };
  const seen = ["best", "q1", "q3", "corrected"].flatMap((name) => there.map(({ i }) => get(name)[i])).filter(isNumber),
    ends = boundWhiskers(get, there, m).flat().filter(isNumber);
  const copies = references(m, d).filter((copy) => isNumber(copy.value));
  const write = writer([...seen, ...copies.map((copy) => copy.value)]),
    unknown = boundUnknown(places);
  // A line that crossed a value of which nothing is known would say something of it.
  const runs = places
    .filter((place) => there.includes(place) || unknown.includes(place))
    .reduce((some, place) => {
      if (unknown.includes(place)) return [...some, []];
      const last = some.at(-1);
      if (last?.length ? last[0].axis === place.axis : last) last.push(place);
      else some.push([place]);
      return some;
    }, [])
    .filter((some) => some.length);
  const traces = [
    ...boundBoxes(get, there, base, slot),
    ...runs.map((some) => boundLine(get, some, base, slot, m, write)),
  ];
  if (slot > 13) {
    traces.push({
      ...base,
      type: "scatter",
      mode: "markers",
      x: there.map((place) => place.x),
      y: there.map(({ i }) => get("corrected")[i]),
      marker: {
        symbol: "diamond-open",
        size: 0.8 * dotSize(slot),
        color: there.map((place) => colourOf(place.axis)),
        line: { width: 1.4 },
      },
    });
  }
  return { traces, seen, ends, copies, write, there, get };
}

// The scale holds all that was seen, whiskers as far as they do not press the rest flat, and the untrained near by.
function boundScale({ seen, ends, copies }) {
  const [least, most] = extent(seen),
    span = most - least || Math.abs(most) * 0.02 || 1;
  const [first, last] = extent(ends);
  let low = Math.min(least, Math.max(first, least - 0.5 * span)),
    high = Math.max(most, Math.min(last, most + 0.5 * span));
  const cut = first < low || last > high,
    near = copies.filter(({ value, start }) => {
      const reach = (start ? 1.5 : 0.6) * span;
      return value > least - reach && value < most + reach;
    });
  for (const { value } of near) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const room = 0.07 * (high - low || span);
  return { range: [low - room, high + room], near, far: copies.filter((copy) => !near.includes(copy)), cut };
}

// Dotted for the untrained, solid for a start.
const boundLines = (near, suffix) =>
  near.map(({ value, start }) => ({
    type: "line",
    xref: `x${suffix} domain`,
    x0: 0,
    x1: 1,
    yref: `y${suffix}`,
    y0: value,
    y1: value,
    line: start ? { color: colour("ink"), width: 1.5 } : { color: colour("soft"), width: 1, dash: "dot" },
  }));

// Untrained fusions: a name at each line that is on the scale, the others named at the edge beyond which they lie.
function boundNames({ near, far, range }, write, wide) {
  const note = (text, more) => ({ text, showarrow: false, font: { size: 11, color: colour("soft") }, ...more });
  const labels = [];
  for (const copy of [...near].sort((a, b) => b.value - a.value)) {
    const before = labels.at(-1);
    // Lines that lie close together share one label.
    if (before && before.value - copy.value < 0.035 * (range[1] - range[0])) before.names.push(copy.name);
    else labels.push({ value: copy.value, names: [copy.name] });
  }
  const aside = wide ? { xanchor: "left", xshift: 4, yanchor: "middle" } : { xanchor: "right", yanchor: "bottom" };
  const beyond = [true, false].map((above) => ({ above, some: far.filter(({ value }) => value > range[1] === above) }));
  return [
    ...labels.map(({ value, names }) =>
      note(names.map(escapeText).join(wide ? ",<br>" : ", "), {
        x: 1,
        xref: "paper",
        y: value,
        align: "left",
        ...aside,
      }),
    ),
    ...beyond
      .filter(({ some }) => some.length)
      .map(({ above, some }) =>
        note(
          `${some.map(({ name, value }) => escapeText(`${name} ${write(value)}`)).join(", ")} ${above ? "↑" : "↓"}`,
          {
            x: 1,
            xref: "paper",
            xanchor: "right",
            y: above ? 1 : 0,
            yref: "paper",
            yanchor: "bottom",
            yshift: 2,
          },
        ),
      ),
  ];
}

// The names of the parameters under their values; one that would run into the name before it stands a line lower.
function boundTitles(places, below, slot) {
  const ends = [-Infinity, -Infinity];
  return [...new Set(places.map((one) => one.axis))].map((a) => {
    const some = places.filter((one) => one.axis === a),
      middle = (slot * (some[0].x + some.at(-1).x)) / 2,
      half = 3.8 * D.axes[a].name.length,
      line = middle - half < ends[0] ? 1 : 0,
      shift = -below - 14 * line;
    ends[line] = middle + half;
    return {
      text: `<b>${escapeText(D.axes[a].name)}</b>`,
      showarrow: false,
      font: { size: 12, color: colourOf(a) },
      x: (some[0].x + some.at(-1).x) / 2,
      y: 0,
      yref: "paper",
      yanchor: "top",
      yshift: shift,
    };
  });
}

function drawBounds() {
  const places = boundPlaces(),
    wide = at("bounds").parentElement.clientWidth > 700,
    last = places.at(-1).x;
  at("bounds").style.minWidth = `${Math.min(1400, 60 + 13 * last)}px`;
  const slot = (at("bounds").clientWidth - (wide ? 210 : 50)) / (last + 2),
    panel = boundPanel(state.metric, places, "", slot);
  if (!panel.seen.length) {
    caption("bounds", `The best setting at each value of each ${D.noun}.`);
    return nothing("bounds", `No setting has a number here: ${place()}.`);
  }
  const scale = boundScale(panel),
    many = places.length > 60 && slot < 12,
    longest = Math.max(...places.map((one) => one.label.length)),
    slanted = !many && slot < 7 * longest,
    below = many ? 4 : slanted ? 10 + 5 * longest : 22,
    direction = higher(state.metric) ? "higher" : "lower",
    titles = wide ? boundTitles(places, below, slot) : [];
  caption("bounds", boundsCaption(panel, scale));
  at("bounds-whisker").parentElement.hidden = !panel.there.some(({ i }) => isNumber(panel.get("worse_low")[i]));
  at("bounds").setAttribute("aria-label", at("bounds-caption").textContent);
  const layout = {
    ...look(400, { margin: { l: 20, r: wide ? 120 : 8, t: 24, b: wide ? 22 + below + (titles.some((one) => one.yshift < -below) ? 14 : 0) : 2 + below }, barmode: "overlay" }),
    hovermode: "closest",
    xaxis: axis({
      range: [-0.7, last + 0.7],
      tickvals: many ? [] : places.map((one) => one.x),
      ticktext: places.map((one) => escapeText(one.label)),
      tickangle: slanted ? -50 : 0,
      tickfont: { size: slot < 20 ? 10 : 12 },
      showgrid: false,
      ticks: "",
    }),
    yaxis: axis({
      range: scale.range,
      title: { text: wide ? `${escapeText(D.metrics[state.metric].name)} (${direction} is better)` : "", standoff: 8 },
    }),
    shapes: boundLines(scale.near, ""),
    annotations: [
      ...titles,
      ...boundNames(scale, panel.write, wide),
      ...boundUnknown(places).map(({ x, axis: a }) => ({
        text: "?",
        hovertext: "not known: all trials with this value were stopped early",
        showarrow: false,
        font: { size: 13, color: colourOf(a) },
        x,
        y: 0.5,
        yref: "paper",
      })),
    ],
  };
  return plot("bounds", panel.traces, layout).then(opensTrials);
}

function boundsCaption({ there, get, copies }, { cut }) {
  const some = (name) => there.some(({ i }) => isNumber(get(name)[i])),
    tied = there.filter(({ i }) => get("tied")[i]).length;
  const said = [
    `${place()}${BOUNDS.upTo ? " or before" : ""}.`,
    `A line joins the best setting at each value of a ${D.noun}; the box holds the middle half of all settings with that value, the bar in it is their median.`,
  ];
  if (some("corrected")) said.push("Hollow diamond: corrected for having picked the best of many.");
  if (some("low") && BOUNDS.whisker === "value") said.push("Whisker: 95 % interval of the value itself.");
  else if (some("worse_low"))
    said.push("Whisker: 95 % interval of the difference to the best of all, on the same images.");
  if (cut) said.push("Long whiskers are cut at the edge.");
  const filled = some("worse_low") ? "cannot be told from the best of all" : "equal to the best of all";
  if (tied) said.push(`Filled: ${filled} (${tied} of ${there.length} values).`);
  if (some("worse_low") && tied)
    said.push("The two follow different rules: a whisker is of one value against the best, a filled mark has stood up to all rivals at once.");
  if (copies.some((copy) => !copy.start)) said.push("Dotted: untrained fusions.");
  if (copies.some((copy) => copy.start)) said.push("Solid line across: the start, what the loss had reached before the reward.");
  const unknown = boundUnknown(boundPlaces());
  if (unknown.length) {
    const names = unknown.map(({ axis: a, label }) => `${D.axes[a].name} ${label}`);
    said.push(`?: not known, all trials with this value were stopped before epoch ${D.epochs[state.epoch]} (${listed(names)}).`);
  }
  if (BOUNDS.upTo && D.stopped?.before[state.epoch]) said.push("A trial that was stopped before is left out here too: its best so far is of less training.");
  if (D.mixture) said.push(D.mixture);
  return said.join(" ");
}

const boundsLegend = [...new Set(D.bounds.places.map(([a]) => a))].map((a) => {
  const key = element("span", { textContent: D.axes[a].name });
  key.style.setProperty("--key", colourOf(a));
  return key;
});
at("bounds-legend").replaceChildren(...boundsLegend);
at("bounds-upto").onchange = (event) => {
  BOUNDS.upTo = Number(event.target.value);
  choose({ upTo: BOUNDS.upTo });
};
at("bounds-whisker").onchange = (event) => {
  BOUNDS.whisker = event.target.value;
  choose({ whisker: BOUNDS.whisker });
};
register({ id: "bounds", draw: drawBounds, acts: ["metric", "dataset", "epoch", "upTo", "whisker"] });
