// Runs have a colour and a symbol; beyond eight, dashes too. Intervals and differences come computed.
// The ninth run has the colour of the first, but another symbol.
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"];
const MARKS = ["●", "■", "◆", "▲", "✚", "✖", "★", "⬢"];
const turn = (r) => (r + Math.floor(r / CATEGORIES.length)) % SYMBOLS.length;
const symbolOf = (r) => SYMBOLS[turn(r)];
const dashOf = (r) => (r < CATEGORIES.length ? "solid" : "dot");
const runs = D.runs;
const epochName = (e) => (isNumber(D.epochs[e]) ? `epoch ${D.epochs[e]}` : "the last epoch of each run");
const where = () => `${D.metrics[state.metric].name} on ${D.datasets[state.dataset]} at ${epochName(state.epoch)}`;
const isNarrow = () => innerWidth < 640;
// A run's name in lines that leave room for the figure.
const inLines = (text, most = isNarrow() ? 14 : 26) =>
  String(text)
    .replace(new RegExp(`(.{${most}}[^\\s_/(-]{0,4}[\\s_/(-]?)(?=.{3})`, "g"), "$1\n")
    .split("\n")
    .map(escapeText)
    .join("<br>");
const here = (numbers) => part(numbers, state.metric, state.dataset, state.epoch);
const bestHere = () => Object.fromEntries(Object.entries(D.best).map(([name, numbers]) => [name, here(numbers)]));
const count = (n, one, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;
const settingOf = (r, index) => runs[r].settings[index] ?? "";
const images = (n) => (n > 0 ? `n = ${count(n, "image")}` : "number of images not recorded");

// How much better run r is than run s, > 0 is better, with its interval.
function gainOf(r, s, m = state.metric) {
  const p = D.pairs.findIndex(([i, j]) => (i === r && j === s) || (i === s && j === r));
  const [sign, one] = D.pairs[p][0] === r ? [1, "low"] : [-1, "high"];
  const get = (name) => part(D.gains[name], m, state.dataset, state.epoch)[p];
  return {
    value: sign * get("value"),
    corrected: sign * get("corrected"),
    low: sign * get(one),
    high: sign * get(one === "low" ? "high" : "low"),
    images: get("images"),
    paired: get("paired") === 1,
    note: D.notes[get("note")] ?? "",
  };
}

function verdict(gain) {
  if (!isNumber(gain.value)) return "no number here";
  if (!isNumber(gain.low)) return `not tested: ${gain.note.replace(/\.$/, "")}`;
  const said = gain.low > 0 ? "better" : gain.high < 0 ? "worse" : "cannot be told apart";
  return gain.note ? `${said} (${gain.note})` : said;
}

function errorBar(values, low, high, more = {}) {
  return {
    type: "data",
    symmetric: false,
    array: values.map((x, i) => Math.max(0, high[i] - x) || 0),
    arrayminus: values.map((x, i) => Math.max(0, x - low[i]) || 0),
    thickness: 2,
    width: 5,
    ...more,
  };
}

const rows = (indices) => ({
  tickvals: indices.map((_, k) => k),
  ticktext: indices.map((r) => inLines(runs[r].label)),
  range: [indices.length - 0.5, -0.5],
  showgrid: false,
});
const heightOf = (n) => 104 + 34 * n;

register({
  id: "best",
  draw() {
    const b = bestHere(),
      there = runs.map((_, r) => r).filter((r) => isNumber(b.value[r]));
    const missing = runs.filter((_, r) => !isNumber(b.value[r])).map((run) => run.label);
    if (!there.length) {
      caption("best", `${where()}: no run has a number here.`);
      return nothing("best", "No run has a number here.");
    }
    const write = writer(there.flatMap((r) => [b.value[r], b.low[r], b.high[r], b.corrected[r]]));
    const pick = (name) => there.map((r) => b[name][r]);
    const hover = there.map((r) =>
      [
        `<b>${inLines(runs[r].label, 60)}</b>: ${write(b.value[r])}`,
        isNumber(b.low[r]) ? `95 % interval ${write(b.low[r])} to ${write(b.high[r])}` : "no interval",
        isNumber(b.corrected[r]) ? `corrected for the choice: ${write(b.corrected[r])}` : "",
        `best of ${count(b.settings[r], "setting")}, ${images(b.images[r])}${b.seeds[r] > 1 ? `, ${b.seeds[r]} seeds` : ""}`,
        wrapped(settingOf(r, b.best[r])),
      ]
        .filter(Boolean)
        .join("<br>"),
    );
    const dots = {
      type: "scatter",
      mode: "markers",
      name: "best",
      x: pick("value"),
      y: there.map((_, k) => k),
      error_x: errorBar(pick("value"), pick("low"), pick("high"), { color: colour("soft") }),
      marker: { size: 11, color: there.map(colourOf), symbol: there.map((r) => symbolOf(r)) },
      text: hover,
      hovertemplate: "%{text}<extra></extra>",
    };
    const corrected = {
      type: "scatter",
      mode: "markers",
      name: "corrected",
      x: pick("corrected"),
      y: there.map((_, k) => k + 0.28),
      marker: { size: 9, symbol: "diamond-open", color: there.map(colourOf), line: { width: 2 } },
      text: hover,
      hovertemplate: "%{text}<extra></extra>",
    };
    const copies = D.fusions.map((name, f) => ({
      type: "scatter",
      mode: "markers",
      name,
      x: there.map((r) => part(D.baselines, state.metric, state.dataset, r)[f]),
      y: there.map((_, k) => k - 0.28),
      marker: { size: 9, symbol: ["line-ns-open", "y-down-open", "asterisk-open", "diamond-wide"][f], color: colour(f < 3 ? "soft" : "ink"), line: { width: 2 } },
      hovertemplate: `${name}${f < 3 ? ", untrained" : ", before the reward"}: %{x:.4~g}<extra></extra>`,
    }));
    const hasCopies = copies.slice(0, 3).some(({ x }) => x.some(isNumber));
    const hasStart = copies.slice(3).some(({ x }) => x.some(isNumber));
    const direction = higher(state.metric) ? "higher" : "lower";
    caption(
      "best",
      `${where()}; ${direction} is better. A dot is the best setting of a run, its bar the 95 % interval of that setting's ` +
        "true mean, the diamond below it the value corrected for having been picked as the best." +
        (hasCopies ? " Small grey marks above it: the untrained fusions (line: copy of the visible, Y: copy of the infrared, star: average)." : "") +
        (hasStart ? " Black diamond above it: what its trials began from." : "") +
        (missing.length ? ` No number here: ${missing.join(", ")}.` : ""),
    );
    const layout = look(heightOf(there.length), {
      xaxis: axis({ title: { text: escapeText(D.metrics[state.metric].name) } }),
      yaxis: axis(rows(there)),
      hovermode: "closest",
    });
    return plot("best", [...(hasCopies || hasStart ? copies : []), corrected, dots], layout);
  },
});

register({
  id: "differences",
  acts: ["metric", "dataset", "epoch", "against"],
  draw() {
    const others = runs.map((_, r) => r).filter((r) => r !== state.against);
    const gains = others.map((r) => gainOf(r, state.against)),
      name = runs[state.against].label;
    const there = others.filter((_, k) => isNumber(gains[k].value)),
      some = gains.filter((gain) => isNumber(gain.value));
    const write = writer(gains.flatMap((gain) => [gain.value, gain.low, gain.high]));
    drawVerdicts(others, gains, write);
    caption(
      "differences",
      `${where()}: how much better the best setting of a run is than the best of ${name}; right of the line is better, whatever ` +
        "the metric's direction. Where both runs saw the same test images, the 95 % interval is a paired bootstrap over them. " +
        "It is moved as that of a run's best is, for both were picked for being the best.",
    );
    if (!there.length) return nothing("differences", `No other run and ${name} both have a number here.`);
    const trace = {
      type: "scatter",
      mode: "markers",
      x: some.map((gain) => gain.value),
      y: there.map((_, k) => k),
      error_x: errorBar(some.map((g) => g.value), some.map((g) => g.low), some.map((g) => g.high), { color: colour("soft") }),
      marker: { size: 11, color: there.map(colourOf), symbol: there.map((r) => symbolOf(r)) },
      text: some.map((gain, k) => `<b>${inLines(runs[there[k]].label, 60)}</b>: ${signed(gain.value, write)}<br>${wrapped(verdict(gain))}`),
      hovertemplate: "%{text}<extra></extra>",
    };
    const ends = [0, ...some.flatMap((gain) => [gain.value, gain.low, gain.high]).filter(isNumber)];
    const margin = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 1e-6;
    const layout = look(heightOf(there.length), {
      xaxis: axis({
        title: { text: `better than ${inLines(name, 40)} by` },
        range: [Math.min(...ends) - margin, Math.max(...ends) + margin],
        zeroline: true,
        zerolinecolor: colour("ink"),
        zerolinewidth: 2,
      }),
      yaxis: axis(rows(there)),
      hovermode: "closest",
    });
    return plot("differences", [trace], layout);
  },
});

const signed = (x, write) => (isNumber(x) ? (x > 0 ? `+${write(x)}` : write(x).replace("-", "−")) : "–");

function drawVerdicts(others, gains, write) {
  const names = ["run", "better by", "corrected", "95 % interval", "n", "verdict"];
  const head = names.map((text, i) => element("th", { scope: "col", className: i > 0 && i < 5 ? "number" : "", textContent: text }));
  const body = others.map((r, k) => {
    const gain = gains[k],
      interval = isNumber(gain.low) ? `${signed(gain.low, write)} to ${signed(gain.high, write)}` : "–";
    const n = gain.images > 0 ? `${gain.images}${gain.paired ? " paired" : ""}` : "–";
    const cells = [signed(gain.value, write), signed(gain.corrected, write), interval, n].map((text) =>
      element("td", { className: "number", textContent: text }),
    );
    const label = element("th", { scope: "row" }, mark(r), runs[r].label);
    return element("tr", {}, label, ...cells, element("td", { className: "reason", textContent: verdict(gain) }));
  });
  at("verdicts").tHead.replaceChildren(element("tr", {}, ...head));
  at("verdicts").tBodies[0].replaceChildren(...body);
}

function mark(r) {
  const made = element("span", { className: "mark", textContent: `${MARKS[turn(r)]} ` });
  made.style.color = colourOf(r);
  made.setAttribute("aria-hidden", "true");
  return made;
}

register({
  id: "metrics",
  acts: ["dataset", "epoch"],
  draw() {
    const shown = D.metrics.map((_, m) => m);
    let marked = false;
    const body = shown.map((m) => {
      const get = (name) => part(D.best[name], m, state.dataset, state.epoch);
      const value = get("value"),
        low = get("low"),
        high = get("high"),
        write = writer([...value, ...low, ...high]);
      const there = runs.map((_, r) => r).filter((r) => isNumber(value[r]));
      const top = there.reduce((a, r) => (a < 0 || better(value[r], value[a], m) ? r : a), -1);
      const cells = runs.map((_, r) => {
        const cell = element("td", { className: "number", textContent: write(value[r]) });
        if (isNumber(low[r])) cell.append(element("span", { className: "interval", textContent: ` ${write(low[r])} to ${write(high[r])}` }));
        if (r === top || value[r] === value[top]) cell.classList.add("first");
        else if (isNumber(value[r])) {
          const gain = gainOf(top, r, m);
          if (isNumber(gain.low) && gain.low <= 0) {
            cell.prepend("≈ ");
            cell.title = "cannot be told apart from the best";
            marked = true;
          } else if (!isNumber(gain.low)) cell.title = `not tested against the best: ${gain.note}`;
        }
        return cell;
      });
      const name = `${D.metrics[m].name} ${higher(m) ? "↑" : "↓"}`;
      return element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells);
    });
    const head = runs.map((run, r) => element("th", { scope: "col", className: "number" }, mark(r), run.label));
    at("metrics").tHead.replaceChildren(element("tr", {}, element("th", { scope: "col", textContent: "metric" }), ...head));
    at("metrics").tBodies[0].replaceChildren(...body);
    caption(
      "metrics",
      `On ${D.datasets[state.dataset]} at ${epochName(state.epoch)}: the best of each run for each metric by itself (another setting ` +
        "each time, as a rule), with its 95 % interval. Bold: the best of a row." +
        (marked ? " ≈: cannot be told apart from the best." : "") +
        " ↑ higher is better, ↓ lower.",
    );
  },
});

function panels(n) {
  const columns = Math.min(n, isNarrow() ? 1 : n === 4 ? 2 : 3);
  return { columns, rows: Math.ceil(n / columns) };
}

register({
  id: "envelopes",
  draw() {
    const { columns, rows: lines } = panels(D.parameters.length);
    const traces = [],
      layout = look(lines * 240 + 40, { grid: { rows: lines, columns, pattern: "independent", ygap: 0.32, xgap: 0.12 }, hovermode: "closest" });
    const all = D.parameters.map(({ best }) => here(best));
    const write = writer(all.flatMap((numbers) => [...numbers]));
    D.parameters.forEach(({ name, values, best }, k) => {
      const id = k ? k + 1 : "";
      runs.forEach((run, r) => {
        const y = [...part(best, state.metric, state.dataset, state.epoch, r)];
        if (!y.some(isNumber)) return;
        traces.push({
          type: "scatter",
          mode: "lines+markers",
          name: run.label,
          x: values.map((_, i) => i),
          y,
          xaxis: `x${id}`,
          yaxis: `y${id}`,
          connectgaps: true,
          line: { color: colourOf(r), width: 2, dash: dashOf(r) },
          marker: { size: 8, symbol: symbolOf(r), color: colourOf(r) },
          text: y.map((x, i) => `<b>${inLines(run.label, 60)}</b><br>${escapeText(name)} ${escapeText(values[i])}: ${write(x)}`),
          hovertemplate: "%{text}<extra></extra>",
        });
      });
      layout[`xaxis${id}`] = axis({
        title: { text: escapeText(name), standoff: 6 },
        tickvals: values.map((_, i) => i),
        ticktext: values.map(escapeText),
        range: [-0.4, values.length - 0.6],
      });
      layout[`yaxis${id}`] = axis(k ? { matches: "y" } : {});
    });
    caption(
      "envelopes",
      `${where()}: at each value of a weight, the best over all settings of a run that have it; all panels have one scale. ` +
        "A run that does not vary the weight is a single point.",
    );
    if (!traces.length) return nothing("envelopes", "No run has a number here.");
    return plot("envelopes", traces, layout);
  },
});

// Epochs are whole: a tick at each, or at every so many.
function wholeTicks() {
  const epochs = runs.flatMap((run) => run.epochs),
    low = Math.min(...epochs),
    step = Math.ceil((Math.max(...epochs) - low + 1) / 12);
  return { tick0: low, dtick: step };
}

register({
  id: "curves",
  acts: ["metric", "dataset", "clock"],
  draw() {
    const seconds = state.clock === 1;
    const traces = runs.flatMap((run, r) => {
      const y = [...part(D.curves, state.metric, state.dataset, r)].slice(0, run.epochs.length);
      const x = seconds ? run.seconds : run.epochs;
      if (!y.some(isNumber) || !x.some(isNumber)) return [];
      return {
        type: "scatter",
        mode: "lines+markers",
        name: run.label,
        x,
        y,
        line: { color: colourOf(r), width: 2, dash: dashOf(r) },
        marker: { size: 8, symbol: symbolOf(r), color: colourOf(r) },
        text: run.epochs.map((epoch) => `<b>${inLines(run.label, 60)}</b>, epoch ${epoch}`),
        hovertemplate: `%{text}<br>%{y:.4~g}${seconds ? " after %{x:.3~g} s" : ""}<extra></extra>`,
      };
    });
    const metric = D.metrics[state.metric].name;
    caption(
      "curves",
      `${metric} on ${D.datasets[state.dataset]}: the best of all settings up to each epoch, ` +
        (seconds ? "against the median seconds that a trial had trained by then (only fair on like machines)." : "against epochs."),
    );
    if (!traces.length) return nothing("curves", seconds ? "No run with a number here records seconds." : "No run has a number here.");
    const layout = look(320, {
      xaxis: axis({ title: { text: seconds ? "seconds of training per trial" : "epoch" }, rangemode: seconds ? "tozero" : "normal", ...(seconds ? {} : wholeTicks()) }),
      yaxis: axis({ title: { text: escapeText(metric), standoff: 8 } }),
      hovermode: "closest",
    });
    return plot("curves", traces, layout);
  },
});

function fill(id, names, chosen) {
  at(id).replaceChildren(
    ...names.map((name, i) => element("option", { value: i, textContent: name, selected: i === chosen })),
  );
  at(id).onchange = (event) => {
    choose({ [id]: Number(event.target.value) });
    sayMeaning();
  };
}

function sayMeaning() {
  const metric = D.metrics[state.metric],
    direction = metric.higher ? "higher" : "lower";
  const about = D.about[state.dataset];
  at("meaning").textContent = `${metric.title}: ${metric.convention}; ${direction} is better.${about ? ` ${about}` : ""}`;
}

fill("metric", D.metrics.map((metric) => metric.name), state.metric);
fill("dataset", D.datasets, state.dataset);
fill("epoch", D.epochs, state.epoch);
fill("against", runs.map((run) => run.label), state.against);
fill("clock", ["epochs", "seconds of training"], state.clock);
at("clock").disabled = !runs.some((run) => run.seconds.some(isNumber));
for (const legend of document.querySelectorAll(".legend"))
  legend.replaceChildren(...runs.map((run, r) => element("span", { className: "key" }, mark(r), run.label)));
sayMeaning();
document.addEventListener("theme", () => choose());
let width = innerWidth;
addEventListener("resize", () => {
  if (width < 640 !== innerWidth < 640) choose();
  width = innerWidth;
});

async function start() {
  await unpacked;
  await drawAll();
  page.all = "yes";
  page.drawn = "yes";
}
start();
