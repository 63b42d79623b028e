// @ts-check
import { higher } from "../page/chosen.js";
import { D, part, references } from "../page/data.js";
import { colour, colourOf, escapeText, faint } from "../page/look.js";
import { isNumber, sayDifference, writer } from "../page/numbers.js";
import { nameOf, trialsOf } from "../page/settings.js";
import { state } from "../page/state.js";

// What each weight allows: at each of its values the best setting, on top of how the others are spread.
export const BOUNDS = { upTo: 0, whisker: "difference" };

// Values of one parameter stand side by side, a gap between parameters.
export function boundPlaces() {
  let x = -1,
    before = null;
  return D.bounds.places.map(([a, label], i) => {
    x += before === null || before === a ? 1 : 2;
    before = a;
    return { i, x, axis: a, label };
  });
}

function boundHover(place, get, write) {
  const i = place.i,
    setting = get("setting")[i],
    lines = [`<b>${escapeText(D.axes[place.axis].name)} ${escapeText(place.label)}: ${write(get("best")[i])}</b>`];
  const several = D.seeds && get("seeds")[i] > 1 ? `, ${get("seeds")[i]} seeds` : "";
  lines.push(`best of ${get("settings")[i]} configurations, n = ${get("images")[i]} images${several}`);
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
  if (get("tied")[i]) lines.push(worse > 0 ? "statistically tied with the best of all" : "the best of all");
  if (setting >= 0) lines.push(escapeText(`${trialsOf(setting)}: ${nameOf(setting)}`), "click to open it");
  return lines.join("<br>");
}

// The values of which nothing is known here, for all of their trials were stopped before this epoch.
export const boundUnknown = (places) =>
  D.bounds.ended ? places.filter(({ i }) => part(D.bounds.ended, state.epoch)[i] > 0) : [];

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

// The best setting at each value of one parameter; filled where it is statistically tied with the best of all.
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
    text: some.map((place) => boundHover(place, get, write)),
    hovertemplate: "%{text}<extra></extra>",
  };
}

const dotSize = (slot) => Math.min(10, Math.max(5, slot * 0.5));

// The traces of one panel whose values are `slot` pixels apart, and what its scale must hold.
export function boundPanel(m, places, suffix, slot) {
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
      if (unknown.includes(place)) {
        some.push([]);
        return some;
      }
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
