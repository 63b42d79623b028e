// @ts-check
import { D } from "../page/data.js";
import { at, element } from "../page/document.js";
import { colourOf } from "../page/look.js";
import { isNumber, sayDifference } from "../page/numbers.js";

// Searches replayed on the recorded grid: the best so far against the cost, and the cost to find a setting as good.
export const replayed = { chosen: null };
export const sharePercent = (x) => (isNumber(x) ? `${Number((100 * x).toPrecision(3))}\u00a0%` : "–");
export const replayChosen = () =>
  replayed.chosen ??
  Math.max(
    0,
    D.replay.searches.findIndex(({ row }) => row.search === D.replay.recommended),
  );

export function drawReplayTable(along, choose) {
  const { searches, targets, recommended, within, judged } = D.replay,
    early = searches.some(({ row }) => isNumber(row.epochs_saved)),
    kind = along === "cost" ? "cost" : "seconds";
  const th = (textContent, more = {}) => element("th", { textContent, scope: "col", className: "number", ...more });
  const first = [
    th("search", { rowSpan: 2, className: "name" }),
    th("repeats", { rowSpan: 2 }),
    ...targets.map(({ name, settings }) =>
      th(`${name}: ${settings} ${settings === 1 ? "configuration" : "configurations"}`, {
        colSpan: 3,
        scope: "colgroup",
        className: "group",
      }),
    ),
    ...(early ? [th("epochs saved", { rowSpan: 2, className: "number group" }), th("most lost", { rowSpan: 2 })] : []),
  ];
  const second = targets.flatMap(() => [
    th(`within ${sharePercent(within)}`, { className: "number group" }),
    th("median"),
    th("90 %"),
  ]);
  at("replay-table").tHead.replaceChildren(element("tr", {}, ...first), element("tr", {}, ...second));
  at("replay-table").tBodies[0].replaceChildren(
    ...searches.map(({ row }, k) => {
      const button = element("button", { type: "button", textContent: row.search, onclick: () => choose(k) });
      button.style.setProperty("--key", colourOf(k));
      button.setAttribute("aria-pressed", String(k === replayChosen()));
      const td = (textContent, className = "") => element("td", { textContent, className: `number ${className}` });
      const cells = targets.flatMap(({ key }) => {
        const share = row[`${key}_within`];
        return [
          td(sharePercent(share), `group ${share >= 0.9 ? "sure" : ""}`),
          td(sharePercent(row[`${key}_${kind}_median`])),
          td(sharePercent(row[`${key}_${kind}_q90`])),
        ];
      });
      const saved = early ? [td(sharePercent(row.epochs_saved), "group"), td(sayDifference(row.loss_most))] : [];
      const name = element("td", {}, button, ...(row.search === recommended ? [" · recommended"] : []));
      return element(
        "tr",
        { className: row.search === recommended ? "recommended" : "" },
        name,
        td(String(row.repeats)),
        ...cells,
        ...saved,
      );
    }),
  );
  const by = targets.find(({ key }) => key === judged).name;
  at("replay-table-caption").textContent =
    `Share of the repeats that have such a configuration within ${sharePercent(within)} of the grid's epochs (in colour from 90 % on), and the share of its ${kind === "cost" ? "epochs" : "seconds"} by which half and 90 % of them have it (–: not as far as they went). Recommended: the cheapest in 90 % of its repeats by the ${by}.` +
    (early
      ? " Saved: of the epochs that the configurations tried would have taken; most lost: by how much the best of a whole grid was worse, in the worst repeat."
      : "");
}
