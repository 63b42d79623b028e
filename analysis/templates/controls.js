function fill(select, names, chosen) {
  select.replaceChildren(
    ...names.map((name, i) => element("option", { value: i, textContent: name, selected: i === chosen })),
  );
}

// Which parameter lies where; one that is chosen twice trades places.
function drawAxisChoices() {
  if (D.axes.length < 2) return;
  const slots = [
    ["rows", 0],
    ["rows", 1],
    ["columns", 0],
    ["columns", 1],
  ];
  const names = { rows: ["Rows, outer", "inner"], columns: ["Columns, outer", "inner"] };
  at("axes").replaceChildren(
    ...slots.map(([side, k]) => {
      const select = element("select", {
        onchange: () => choose(side, k, select.value === "" ? null : Number(select.value)),
      });
      select.append(
        element("option", { value: "", textContent: "none" }),
        ...D.axes.map((axis, i) =>
          element("option", { value: i, textContent: axis.name, selected: state[side][k] === i }),
        ),
      );
      return element("label", {}, `${names[side][k]} `, select);
    }),
  );
}

function choose(side, k, axis) {
  const slots = {
    rows: [state.rows[0] ?? null, state.rows[1] ?? null],
    columns: [state.columns[0] ?? null, state.columns[1] ?? null],
  };
  const before = slots[side][k];
  if (axis !== null)
    for (const other of ["rows", "columns"]) slots[other] = slots[other].map((a) => (a === axis ? before : a));
  slots[side][k] = axis;
  for (const part of ["rows", "columns"]) state[part] = slots[part].filter((a) => a !== null);
  drawAxisChoices();
  drawHeatmap();
}

function draw() {
  const metric = D.metrics[state.metric];
  const weights = D.weights[D.datasets[state.dataset]];
  at("meaning").textContent =
    `${metric.title}: ${metric.convention}; ${metric.higher ? "higher" : "lower"} is better.${weights ? ` Weights: ${weights}.` : ""}`;
  drawTable();
  return drawHeatmap();
}

fill(
  at("metric"),
  D.metrics.map((metric) => metric.name),
  state.metric,
);
fill(at("dataset"), D.datasets, state.dataset);
fill(at("epoch"), D.epochs, state.epoch);
for (const id of ["metric", "dataset", "epoch"])
  at(id).onchange = (event) => {
    state[id] = Number(event.target.value);
    draw();
  };
at("order").onchange = (event) => {
  state.order = event.target.value;
  drawHeatmap();
};
at("search").oninput = (event) => {
  state.query = event.target.value;
  drawTable();
};
at("more").onclick = () => {
  state.all = !state.all;
  drawTable();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
drawAxisChoices();
draw().then(() => {
  page.drawn = "yes";
});
