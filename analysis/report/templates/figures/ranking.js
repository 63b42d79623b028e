const HEADLINES = ["Reward", "VIF", "Qabf", "SSIM", "MI"];
const FIRST = 20;
const MOST = 500; // rows that a table shows at a time
// Where some settings were run again with fresh seeds, or must keep to constraints: what they rank by.
const FINAL = D.ranking.final;
const TABLE = { query: "", all: false, tied: false, sort: "value", descending: null };

// What the table says of one setting, or of one untrained fusion.
function rowReader() {
  const { metric: m, dataset: d, epoch: e } = state,
    here = (packed) => (packed ? part(packed, m, d, e) : null);
  const of = FINAL ?? D;
  const [picked, mine, stds, spreads, again, tied, low, high] = [
    D.values,
    of.values,
    of.stds,
    of.spreads,
    FINAL?.confirmed,
    D.ranking.tied,
    D.ranking.worse_low,
    D.ranking.worse_high,
  ].map(here);
  const keeps = FINAL?.keeps ? part(FINAL.keeps, e) : null;
  const images = imagesOf(D.images, m, d, e),
    copies = {
      values: baselineValues(m, d),
      stds: part(D.baselines.stds, m, d),
      n: imagesOf(D.baselines.images, m, d),
    };
  const setting = (i) => ({
    id: i,
    setting: D.settings[i],
    value: mine[i],
    std: stds?.[i],
    n: images(i),
    spread: spreads?.[i],
    tied: tied[i] > 0,
    low: low?.[i],
    high: high?.[i],
    picked: again?.[i] ? picked[i] : NaN,
    standing: (keeps && !keeps[i] ? 2 : 0) + (again && !again[i] ? 1 : 0),
    other: (metric) => part(of.values, metric, d, e)[i],
  });
  const copy = (i) => ({
    name: D.fusions[i],
    value: copies.values[i],
    std: copies.stds[i],
    n: copies.n(i),
    other: (metric) => baselineValues(metric, d)[i],
  });
  const begun = (i) => ({
    name: D.starts[i],
    start: true,
    value: startValues(m, d)[i],
    std: part(D.startStats.stds, m, d)[i],
    n: imagesOf(D.startStats.images, m, d)(i),
    other: (metric) => startValues(metric, d)[i],
  });
  return { setting, copy, begun };
}

// Its columns; `get` gives what is sorted by, `text` what is shown where that is not a number of the metric's scale.
function columnsOfTable() {
  const { metric: m, dataset: d, epoch: e } = state,
    metric = D.metrics[m],
    sure = D.ranking.worse_low && part(D.ranking.worse_low, m, d, e).some(isNumber);
  const others = HEADLINES.map((name) => D.metrics.findIndex((one) => one.name === name))
    .filter((i) => i >= 0 && i !== m)
    .slice(0, 4);
  const soft = (key, title, get, more) => ({ key, title, kind: "soft", get, ...more });
  const number = (row) => (isNumber(row.value) ? String(row.n) : "–");
  const between = (row) => (isNumber(row.low) ? `${sayDifference(row.low)} to ${sayDifference(row.high)}` : "");
  return [
    { key: "rank", title: "#", get: (row) => row.rank },
    { key: "value", title: metric.name, kind: "value", higher: metric.higher, get: (row) => row.value },
    D.stds && soft("std", "±", (row) => row.std),
    (FINAL ?? D).spreads && soft("spread", "± seeds", (row) => row.spread),
    soft("n", "n", (row) => row.n, { text: number }),
    sure && soft("worse", "worse by, 95 %", (row) => row.high, { text: between }),
    FINAL?.confirmed && soft("picked", "picked at", (row) => row.picked, { higher: metric.higher }),
    { key: "tied", title: "tied", kind: "tied", higher: true, get: tieOf, text: (row) => (row.tied ? "●" : "") },
    FINAL && {
      key: "standing",
      title: "standing",
      kind: "soft words",
      get: (row) => (row.setting && isNumber(row.value) ? row.standing : NaN),
      text: (row) => (row.setting && isNumber(row.value) ? markOf(row) : ""),
    },
    ...D.axes.map((one, i) => ({
      key: one.key,
      title: one.name,
      axis: i,
      get: (row) => row.setting?.at[i],
      text: (row) => (row.setting ? String(level(row.setting, i)) : ""),
    })),
    ...others.map((i) => soft(`other-${i}`, D.metrics[i].name, (row) => row.other(i), { higher: D.metrics[i].higher })),
    {
      key: "trial",
      title: D.seeds ? "trials" : "trial",
      get: (row) => row.setting?.trials[0],
      text: (row) => (row.setting ? numbersOf(row).join(", ") : ""),
    },
  ].filter(Boolean);
}

// The trials of a setting, those that confirm it last.
const numbersOf = (row) => [...row.setting.trials, ...(FINAL?.trials[row.id] ?? []).map(([number]) => number)];

// What is said of a setting that does not stand first.
function markOf({ standing }) {
  const marks = [];
  if (FINAL.confirmed) marks.push(standing % 2 ? "not confirmed" : "confirmed");
  if (standing > 1) marks.push(`breaks ${FINAL.constraints.join(" or ")}`);
  return marks.join(", ");
}

// Untrained fusions stand with the first settings whose worst they beat.
function standBaselines(settings, others) {
  const groups = [...new Set(settings.map((row) => row.standing))].sort();
  const worst = groups.map((group) =>
    settings.filter((row) => row.standing === group).reduce((a, b) => (better(b.value, a.value) ? a : b)),
  );
  for (const row of others)
    row.standing = (worst.find((one) => !better(one.value, row.value)) ?? worst.at(-1))?.standing ?? 0;
}

const tieOf = (row) => (row.setting ? Number(row.tied) : NaN);

function tableRows() {
  const read = rowReader(),
    settings = D.settings.map((_, i) => read.setting(i));
  const scored = settings.filter((row) => isNumber(row.value));
  scored
    .sort((a, b) => a.standing - b.standing || firstIsBetter(a.value, b.value))
    .forEach((row, i) => {
      row.rank = i + 1;
    });
  const others = [...D.starts.map((_, i) => read.begun(i)), ...D.fusions.map((_, i) => read.copy(i))];
  const measured = others.filter((row) => isNumber(row.value));
  standBaselines(scored, measured);
  return [...settings, ...measured];
}

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
      return isNumber(y) - isNumber(x) || stands || (isNumber(x) ? (descending ? y - x : x - y) : 0);
    });
  const writers = new Map(
    columns.map((column) => [column.key, column.text || column.key === "rank" ? null : writer(rows.map(column.get))]),
  );
  writers.set("std", writers.get("value"));
  if (writers.has("picked")) writers.set("picked", (x) => (isNumber(x) ? writers.get("value")(x) : ""));
  const [low, high] = extent(rows.map((row) => row.value)),
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
  const said = [`${place()}: settings, and in italics the untrained fusions${D.starts.length ? " and (bold) the start, before the reward" : ""}; n is the number of images.`];
  if (D.stds) said.push("± is the standard deviation between the images of a data set.");
  else said.push("Standard deviations are left out of a page of so many settings; the results table has them.");
  const tied = rows.filter((row) => row.tied).length,
    { metric: m, dataset: d, epoch: e } = state;
  const why = part(D.ranking.note, m, d)[e];
  const sure = isNumber(part(D.ranking.low, m, d)[e]);
  if (tied) {
    const which = tied === 1 ? "1 setting, the best itself" : `${tied} settings`;
    said.push(`●: ${sure ? "cannot be told from the best" : "equal to the best"} (${which}).`);
  }
  if (why >= 0) said.push(D.ranking.notes[why]);
  if (FINAL?.confirmed)
    said.push(
      "Confirmed: run again with fresh seeds, and ranked by those alone, before all others; picked at is what the search's own seeds gave, which flatters those that it picked. Not confirmed: the value is that of the search's own seeds.",
    );
  if (FINAL?.constraints.length)
    said.push(`Settings that break ${FINAL.constraints.join(" or ")} (mean over the data sets at this epoch) come after those that do not.`);
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
