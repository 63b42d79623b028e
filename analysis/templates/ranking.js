const HEADLINES = ["Reward", "VIF", "Qabf", "SSIM", "MI"];
const FIRST = 20;

function columnsOfTable() {
  const metric = D.metrics[state.metric];
  const others = HEADLINES.map((name) => D.metrics.findIndex((m) => m.name === name))
    .filter((i) => i >= 0 && i !== state.metric)
    .slice(0, 4);
  return [
    { key: "rank", title: "#", get: (row) => row.rank },
    { key: "value", title: metric.name, kind: "value", higher: metric.higher, get: (row) => row.value },
    { key: "std", title: "±", kind: "soft", get: (row) => row.std },
    ...(D.seeds ? [{ key: "spread", title: "± seeds", kind: "soft", get: (row) => row.spread }] : []),
    {
      key: "n",
      title: "n",
      kind: "soft",
      get: (row) => row.n,
      text: (row) => (isNumber(row.value) ? String(row.n) : "–"),
    },
    ...D.axes.map((axis, i) => ({
      key: axis.key,
      title: axis.name,
      axis: i,
      get: (row) => (row.setting ? row.setting.at[i] : null),
      text: (row) => (row.setting ? String(level(row.setting, i)) : ""),
    })),
    ...others.map((i) => ({
      key: `other-${i}`,
      title: D.metrics[i].name,
      kind: "soft",
      higher: D.metrics[i].higher,
      get: (row) => row.other(i),
    })),
    {
      key: "trial",
      title: D.seeds ? "trials" : "trial",
      get: (row) => (row.setting ? row.setting.trials[0] : null),
      text: (row) => (row.setting ? row.setting.trials.join(", ") : ""),
    },
  ];
}

function tableRows() {
  const settings = D.settings.map((_, i) => entry(i)),
    order = (a, b) => (better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : 0);
  settings
    .filter((row) => isNumber(row.value))
    .sort(order)
    .forEach((row, i) => {
      row.rank = i + 1;
    });
  return [...settings, ...D.fusions.map((_, i) => baseline(i)).filter((row) => isNumber(row.value))];
}

function matches(row) {
  const said = row.setting
    ? [
        ...row.setting.trials,
        row.setting.status,
        ...D.axes.map((axis, i) => `${axis.name}=${level(row.setting, i)}`),
      ].join(" ")
    : `${row.name} baseline untrained`;
  return state.query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) =>
      word.includes("=") ? `${said} `.toLowerCase().includes(`${word} `) : said.toLowerCase().includes(word),
    );
}

function headCell(column, sorted, descending) {
  const sort = () => {
    const place = [...at("ranking").querySelectorAll("th")].indexOf(head);
    state.descending = sorted ? !descending : null;
    state.sort = column.key;
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
  return element("tr", { className: row.setting ? "" : "baseline" }, ...cells);
}

function drawTable() {
  const columns = columnsOfTable(),
    rows = tableRows();
  const by = columns.find((column) => column.key === state.sort) || columns.find((column) => column.key === "value");
  const descending = state.descending === null ? by.higher === true : state.descending;
  const sorted = rows.filter(matches).sort((a, b) => {
    const x = by.get(a),
      y = by.get(b);
    return isNumber(y) - isNumber(x) || (isNumber(x) ? (descending ? y - x : x - y) : 0);
  });
  const writers = new Map(
    columns.map((column) => [column.key, column.text || column.key === "rank" ? null : writer(rows.map(column.get))]),
  );
  writers.set("std", writers.get("value"));
  const values = rows.map((row) => row.value).filter(isNumber),
    low = Math.min(...values),
    high = Math.max(...values),
    good = (x) => (D.metrics[state.metric].higher ? x - low : high - x) / (high - low);
  const share = (x) => (isNumber(x) && high > low ? 4 + 96 * good(x) : 0);

  const shown = state.all ? sorted : sorted.filter((row, i) => i < FIRST || !row.setting);
  const head = columns.map((column) => headCell(column, column === by, descending));
  at("ranking").tHead.replaceChildren(element("tr", {}, ...head));
  at("ranking").tBodies[0].replaceChildren(...shown.map((row) => bodyRow(row, columns, writers, share)));
  at("shown").textContent = sorted.length ? `${shown.length} of ${sorted.length} rows` : "no row matches";
  at("more").hidden = sorted.length <= FIRST;
  at("more").textContent = state.all ? `Show the first ${FIRST}` : `Show all ${sorted.length}`;
}
