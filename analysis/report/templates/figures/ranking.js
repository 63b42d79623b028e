// @ts-check
import { higher, place } from "../page/chosen.js";
import { D, level, part } from "../page/data.js";
import { at, element } from "../page/document.js";
import { caption } from "../page/look.js";
import { extent, isNumber, writer } from "../page/numbers.js";
import { absence } from "../page/settings.js";
import { register, state } from "../page/state.js";
import { openTrial } from "../page/trial.js";
import { columnsOfTable, markOf, numbersOf } from "./ranking_columns.js";
import { FINAL, tableRows } from "./ranking_rows.js";

const FIRST = 20;
const MOST = 500; // rows that a table shows at a time
/** @type {{ query: string, all: boolean, tied: boolean, sort: string, descending: boolean | null }} */
const TABLE = { query: "", all: false, tied: false, sort: "value", descending: null };

function matches(row, words) {
  if (TABLE.tied && row.setting && !row.tied) return false;
  if (!words.length) return true;
  const said = row.setting
    ? [
        ...numbersOf(row),
        row.setting.status,
        FINAL && isNumber(row.value) ? markOf(row) : "",
        ...D.axes.map((axis, i) => `${axis.name}=${level(row.setting, i)}`),
      ].join(" ")
    : `${row.name} baseline ${row.start ? "loss-trained" : "untrained"}`;
  const text = `${said} `.toLowerCase();
  return words.every((word) => (word.includes("=") ? text.includes(`${word} `) : text.includes(word)));
}

function headCell(column, sorted, descending) {
  const sort = () => {
    const place = [...at("ranking").querySelectorAll("th")].indexOf(head);
    TABLE.descending = sorted ? !descending : null;
    TABLE.sort = column.key;
    drawTable();
    at("ranking").querySelectorAll("th button")[place].focus();
  };
  const button = element("button", { type: "button", textContent: column.title, onclick: sort });
  const head = element("th", { className: "number", scope: "col" }, button);
  if (sorted) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  return head;
}

function bodyRow(row, columns, writers, share) {
  const cells = columns.flatMap((column) => {
    if (!row.setting && column.axis !== undefined) {
      return column.axis ? [] : [element("td", { colSpan: D.axes.length, textContent: row.name })];
    }
    const x = column.get(row),
      write = writers.get(column.key),
      text = column.text ? column.text(row) : write ? write(x) : (x ?? "");
    const cell = element("td", { className: `number ${column.kind || ""}`, textContent: text });
    if (column.kind === "value") {
      cell.style.setProperty("--share", `${share(x).toFixed(1)}%`);
      if (!isNumber(x)) {
        cell.textContent = row.setting.status === "finished" ? "no number" : row.setting.status;
        cell.title = absence(row.setting);
      }
    }
    return [cell];
  });
  if (!row.setting && !D.axes.length) cells.at(-1).textContent = row.name;
  if (!row.setting) return element("tr", { className: row.start ? "baseline start" : "baseline" }, ...cells);
  const open = () => openTrial(row.id);
  return element(
    "tr",
    {
      tabIndex: 0,
      className: row.tied ? "tied" : "",
      title: "Open this trial",
      onclick: open,
      onkeydown: (event) => event.key === "Enter" && open(),
    },
    ...cells,
  );
}

function drawTable() {
  const columns = columnsOfTable(),
    rows = tableRows(),
    words = TABLE.query.toLowerCase().split(/\s+/).filter(Boolean);
  const by = columns.find((column) => column.key === TABLE.sort) || columns.find((column) => column.key === "value");
  const descending = TABLE.descending === null ? by.higher === true : TABLE.descending;
  const sorted = rows
    .filter((row) => matches(row, words))
    .sort((a, b) => {
      const x = by.get(a),
        y = by.get(b);
      const stands = by.key === "value" && descending === (by.higher === true) ? a.standing - b.standing : 0;
      return Number(isNumber(y)) - Number(isNumber(x)) || stands || (isNumber(x) ? (descending ? y - x : x - y) : 0);
    });
  /** @type {Map<string, ((x: unknown) => string) | null | undefined>} */
  const writers = new Map(
    columns.map((column) => [column.key, column.text || column.key === "rank" ? null : writer(rows.map(column.get))]),
  );
  writers.set("std", writers.get("value"));
  if (writers.has("picked")) writers.set("picked", (x) => (isNumber(x) ? (writers.get("value")?.(x) ?? "") : ""));
  const [low, high] = extent(rows.map((row) => row.value ?? NaN)),
    good = (x) => (higher(state.metric) ? x - low : high - x) / (high - low);
  const share = (x) => (isNumber(x) && high > low ? 4 + 96 * good(x) : 0);

  const most = TABLE.all || words.length ? MOST : FIRST;
  const shown = sorted.filter((row, i) => i < most || !row.setting);
  const head = columns.map((column) => headCell(column, column === by, descending));
  at("ranking").tHead.replaceChildren(element("tr", {}, ...head));
  at("ranking").tBodies[0].replaceChildren(...shown.map((row) => bodyRow(row, columns, writers, share)));
  at("shown").textContent = sorted.length ? `${shown.length} of ${sorted.length} rows` : "no row matches";
  at("more").hidden = sorted.length <= FIRST || words.length > 0;
  at("more").textContent = TABLE.all
    ? `Show the first ${FIRST}`
    : `Show ${sorted.length > MOST ? `the first ${MOST}` : `all ${sorted.length}`}`;
  caption("ranking", tableCaption(rows));
}

function tableCaption(rows) {
  const said = [
    `${place()}: configurations, and in italics the baselines${D.starts.length ? " and (bold) the initial checkpoint, before the reward" : ""}; n is the number of images.`,
  ];
  if (D.stds) said.push("± is the standard deviation between the images of a data set.");
  else said.push("Standard deviations are left out of a page of so many configurations; the results table has them.");
  const tied = rows.filter((row) => row.tied).length,
    { metric: m, dataset: d, epoch: e } = state;
  const why = part(D.ranking.note, m, d)[e];
  const sure = isNumber(part(D.ranking.low, m, d)[e]);
  if (tied) {
    const which = tied === 1 ? "1 configuration, the best itself" : `${tied} configurations`;
    said.push(`●: ${sure ? "statistically tied with the best" : "equal to the best"} (${which}).`);
  }
  if (why >= 0) said.push(D.ranking.notes[why]);
  if (FINAL?.confirmed)
    said.push(
      "Confirmed: run again with fresh seeds, and ranked by those alone, before all others; selected at is what the search's own seeds gave, which is optimistic for those that it selected (selection bias). Not confirmed: the value is that of the search's own seeds.",
    );
  if (FINAL?.constraints.length)
    said.push(
      `Configurations that break ${FINAL.constraints.join(" or ")} (mean over the data sets at this epoch) come after those that do not.`,
    );
  said.push("Click a heading to sort, a row to open its trial.");
  return said.join(" ");
}

at("search").oninput = (event) => {
  TABLE.query = event.target.value;
  drawTable();
};
at("more").onclick = () => {
  TABLE.all = !TABLE.all;
  drawTable();
};
at("only-tied").onchange = (event) => {
  TABLE.tied = event.target.checked;
  drawTable();
};
register({ id: "ranking", draw: drawTable });
