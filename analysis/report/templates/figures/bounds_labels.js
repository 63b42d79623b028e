// @ts-check
import { D } from "../page/data.js";
import { colour, colourOf, escapeText } from "../page/look.js";

// Untrained fusions: a name at each line that is on the scale, the others named at the edge beyond which they lie.
export function boundNames({ near, far, range }, write, wide) {
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
export function boundTitles(places, below, slot) {
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
