// Images of one pair. One window, in shares of an image, lies over all of them: `view` holds its left, top and zoom.
if (D.gallery) {
  const G = D.gallery,
    MOST = 12,
    HEADS = ["Reward", "VIF", "Qabf", "SSIM", "MI"];
  const stage = at("gallery"),
    view = { zoom: 1, x: 0, y: 0 };
  const numbers = G.trials.map((trial) => trial.number),
    standard = G.trials.findIndex((trial) => trial.roles.includes("default"));
  const shown = {
    pair: 0,
    columns: numbers.slice(0, 3),
    wiped: [numbers[0], numbers[standard > 0 ? standard : 1]],
    dataset: null,
  };
  const kinds = { visible: "visible", infrared: "infrared", weight_map: "weight map", fused: "fused" };

  const trialOf = (number) => G.trials[numbers.indexOf(number)];
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const roleName = (role) => (role === "default" && G.apart ? "nearest to the defaults" : role);
  const roleOf = ({ roles, rank }) => capital(roles.map(roleName).join(" and ")) || (rank ? `Rank ${rank}` : "Not ranked");
  const labelOf = (number) => `${roleOf(trialOf(number))}: trial ${number}`;
  const confirms = (i, number) => (D.ranking?.final?.trials[i] ?? []).some(([own]) => own === number);
  const settingOf = (number) => D.settings.findIndex(({ trials }, i) => trials.includes(number) || confirms(i, number));
  const pairName = ({ dataset, stem }) => `${dataset} ${stem}`;

  function image(uri, alt) {
    return element("img", { src: uri, alt, decoding: "async", draggable: false });
  }

  function frame(uri, alt) {
    if (uri) return element("div", { className: "frame" }, image(uri, alt));
    return element("div", { className: "frame missing", textContent: uri === null ? "cannot be read" : "not kept" });
  }

  function figure(uri, kind, whose = "") {
    const alt = `${kinds[kind]} image of ${pairName(G.pairs[shown.pair])}${whose && `, ${whose}`}`;
    return element("figure", {}, frame(uri, alt), element("figcaption", { textContent: kinds[kind] }));
  }

  function choiceOf(number, label, text, act) {
    const select = element("select", { onchange: () => act(Number(select.value)) });
    select.setAttribute("aria-label", label);
    select.append(
      ...numbers.map((n) => element("option", { value: n, textContent: text(n), selected: n === number })),
    );
    return select;
  }

  // Draws anew what a choice changes; the focus stays on the control of the same name.
  function redraw() {
    const held = stage.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    drawPair();
    if (held) stage.querySelector(`[aria-label="${held}"]`)?.focus({ preventScroll: true });
  }

  function wipe(made) {
    const [left, right] = shown.wiped,
      uris = shown.wiped.map((number) => made[number]?.fused);
    const choices = shown.wiped.map((number, side) =>
      choiceOf(number, side ? "Right of the slider" : "Left of the slider", labelOf, (chosen) => {
        shown.wiped[side] = chosen;
        redraw();
      }),
    );
    const caption = element("figcaption", {}, ...choices);
    if (!uris.every(Boolean)) return element("figure", { className: "wipe" }, frame(undefined), caption);
    const box = element(
      "div",
      { className: "frame" },
      image(uris[1], `fused image, ${labelOf(right)}`),
      element("div", { className: "over" }, image(uris[0], `fused image, ${labelOf(left)}`)),
      element("div", { className: "divider" }),
      ...shown.wiped.map((number) => element("span", { className: "tag", textContent: roleOf(trialOf(number)) })),
    );
    const slider = element("input", { type: "range", min: 0, max: 100, step: 0.5, value: wipeShare() });
    slider.setAttribute("aria-label", `Share of ${labelOf(left)} over ${labelOf(right)}`);
    slider.oninput = () => stage.style.setProperty("--wipe", `${slider.value}%`);
    return element("figure", { className: "wipe" }, box, slider, caption);
  }

  const wipeShare = () => parseFloat(stage.style.getPropertyValue("--wipe")) || 0;

  function head(number, column) {
    const trial = trialOf(number);
    const text = (n) => (trialOf(n).roles.length ? roleOf(trialOf(n)) : labelOf(n));
    const select = choiceOf(number, `Trial of column ${column + 1}`, text, (chosen) => {
      shown.columns[column] = chosen;
      redraw();
    });
    const rank = trial.rank ? `, rank ${trial.rank} of ${G.ranked}` : "",
      setting = settingOf(number);
    const open = element("button", { type: "button", textContent: `Trial ${number}`, onclick: () => openTrial(setting) });
    return element(
      "div",
      { className: "gallery-head" },
      select,
      element("p", {}, open, `${rank}: ${nameOf(setting)}`),
    );
  }

  // Four digits of the largest: a column of a phone holds no more.
  function fourDigits(all) {
    const largest = Math.max(...all.map(Math.abs)),
      decimals = Math.min(4, Math.max(0, 3 - Math.floor(Math.log10(largest || 1))));
    return (x) => (!isNumber(x) ? "–" : largest < 1e-3 ? x.toExponential(2) : x.toFixed(decimals));
  }

  // The sweep's headline metrics and the chosen one, or all; bold is the best of the columns.
  function measured(values, number) {
    const chosen = D.metrics[state.metric].name;
    const rows = G.metrics
      .map((metric, i) => ({ ...metric, i }))
      .filter(({ name }) => at("gallery-all").checked || HEADS.includes(name) || name === chosen);
    const table = element("table", { className: "measured" });
    if (!values[number]) return table;
    table.createCaption().textContent = values[number].own ? "of this image" : "mean of the data set";
    for (const { name, higher, i } of rows) {
      const all = shown.columns.map((n) => values[n]?.numbers[i]).filter(isNumber);
      const x = values[number].numbers[i],
        best = all.length > 1 && x === (higher ? Math.max(...all) : Math.min(...all));
      const row = table.insertRow();
      row.className = name === chosen ? "chosen" : "";
      row.append(
        element("th", { scope: "row", textContent: `${name} ${higher ? "↑" : "↓"}` }),
        element("td", { className: `number${best ? " best" : ""}`, textContent: fourDigits(all)(x) }),
      );
    }
    return table;
  }

  function drawPair() {
    const pair = G.pairs[shown.pair],
      { made, values } = pair;
    stage.style.setProperty("--aspect", pair.size.join(" / "));
    stage.style.setProperty("--columns", shown.columns.length);
    const sources = ["visible", "infrared"].map((kind) => figure(pair[kind], kind));
    at("gallery-sources").replaceChildren(...sources, ...(numbers.length > 1 ? [wipe(made)] : []));
    at("gallery-columns").replaceChildren(
      ...shown.columns.flatMap((number, column) => [
        head(number, column),
        ...["weight_map", "fused"].map((kind) => figure(made[number]?.[kind], kind, labelOf(number))),
        measured(values, number),
      ]),
    );
    showView();
  }

  function showView() {
    stage.style.setProperty("--zoom", view.zoom);
    stage.style.setProperty("--x", view.x * view.zoom);
    stage.style.setProperty("--y", view.y * view.zoom);
    stage.classList.toggle("zoomed", view.zoom > 1);
    const shownAt = stage.querySelector(".frame")?.clientWidth ?? 0;
    stage.classList.toggle("pixels", (view.zoom * shownAt) / Math.min(640, G.pairs[shown.pair].size[0]) > 4);
    at("gallery-zoom").textContent = `${Number(view.zoom.toFixed(1))}×`;
  }

  // Keeps the point (x, y) of a frame, in shares of it, where it is on the screen.
  function zoomTo(zoom, x = 0.5, y = 0.5) {
    const next = Math.min(MOST, Math.max(1, zoom));
    moveTo(view.x + x / view.zoom - x / next, view.y + y / view.zoom - y / next, next);
  }

  function moveTo(x, y, zoom = view.zoom) {
    const inside = (share) => Math.min(1 - 1 / zoom, Math.max(0, share));
    Object.assign(view, { zoom, x: inside(x), y: inside(y) });
    showView();
  }

  const frameAt = (event) => event.target.closest?.(".frame:not(.missing)");
  function shareAt(box, { clientX, clientY }) {
    const { left, top, width, height } = box.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  // Only over an image that was clicked, or with Ctrl as pinching on a pad gives it: else the page must scroll.
  function turned(event) {
    const box = frameAt(event);
    if (!box || !(event.ctrlKey || event.metaKey || stage.contains(document.activeElement))) return;
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey) return;
    event.preventDefault();
    zoomTo(view.zoom * Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), ...shareAt(box, event));
  }

  const fingers = new Map();
  let dragged = null;

  function pressed(event) {
    const box = frameAt(event);
    if (!box || event.button) return;
    stage.focus({ preventScroll: true });
    fingers.set(event.pointerId, event);
    box.setPointerCapture(event.pointerId);
    const divides = box.parentElement.matches(".wipe"),
      [x] = shareAt(box, event);
    const near = Math.abs(x - wipeShare() / 100) * box.clientWidth < 28;
    dragged = divides && (view.zoom === 1 || near) ? "divider" : "images";
    if (dragged === "divider") divide(box, event);
  }

  function divide(box, event) {
    const share = 100 * Math.min(1, Math.max(0, shareAt(box, event)[0]));
    stage.style.setProperty("--wipe", `${share}%`);
    stage.querySelector(".wipe input").value = share;
  }

  function moved(event) {
    const before = fingers.get(event.pointerId),
      box = frameAt(event);
    if (!before || !box) return;
    const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    fingers.set(event.pointerId, event);
    const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    if (other) {
      const [x, y] = shareAt(box, event),
        [u, v] = shareAt(box, other);
      zoomTo((view.zoom * apart(event)) / Math.max(1, apart(before)), (x + u) / 2, (y + v) / 2);
    } else if (dragged === "divider") divide(box, event);
    else {
      const scale = view.zoom * box.clientWidth,
        rise = view.zoom * box.clientHeight;
      moveTo(view.x - (event.clientX - before.clientX) / scale, view.y - (event.clientY - before.clientY) / rise);
    }
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function typed(event) {
    if (event.target.matches("select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.target === stage && view.zoom > 1 && STEPS[event.key];
    if (step) moveTo(view.x + (0.15 * step[0]) / view.zoom, view.y + (0.15 * step[1]) / view.zoom);
    else if (["+", "="].includes(event.key)) zoomTo(view.zoom * 1.25);
    else if (["-", "_"].includes(event.key)) zoomTo(view.zoom / 1.25);
    else if (event.key === "0") zoomTo(1);
    else return;
    event.preventDefault();
  }

  function say() {
    const extremes = ["best", "worst"].filter((role) => G.trials.some((trial) => trial.roles.includes(role)));
    const near = G.apart ? `nearest to the defaults (all ${D.noun}s but ${G.apart})` : "at the defaults";
    const whose = [
      extremes.length ? `${extremes.join(" and ")} of ${G.ranked} trials by ${G.rankedBy}` : "",
      standard < 0 ? "" : `the trial ${near}`,
    ].filter(Boolean);
    caption(
      "gallery",
      `${capital(whose.join(", and ") || "trials of which samples were kept")}; images and metrics after their last` +
        " epoch. A bright weight map takes the infrared image, a dark one the visible. Click an image, then zoom all of" +
        " them by wheel, pinch or + −, and move by dragging or arrows; 0 or a double click resets.",
    );
    at("gallery-notes").textContent = G.notes.join(" ");
    at("gallery-notes").hidden = !G.notes.length;
  }

  at("gallery-pair").replaceChildren(
    ...G.pairs.map((pair, i) => element("option", { value: i, textContent: pairName(pair) })),
  );

  // Another data set is chosen at the top of the page: on to its first pair, where one was kept.
  function follow() {
    const dataset = D.datasets[state.dataset];
    if (dataset === shown.dataset) return;
    shown.dataset = dataset;
    const first = G.pairs.findIndex((pair) => pair.dataset === dataset);
    if (first >= 0) shown.pair = first;
    at("gallery-pair").value = shown.pair;
  }

  stage.style.setProperty("--wipe", "50%");
  stage.addEventListener("wheel", turned, { passive: false });
  stage.addEventListener("pointerdown", pressed);
  stage.addEventListener("pointermove", moved);
  for (const name of ["pointerup", "pointercancel"])
    stage.addEventListener(name, (event) => fingers.delete(event.pointerId));
  stage.addEventListener("dblclick", (event) => frameAt(event) && zoomTo(1));
  stage.addEventListener("keydown", typed);
  at("gallery-in").onclick = () => zoomTo(view.zoom * 1.5);
  at("gallery-out").onclick = () => zoomTo(view.zoom / 1.5);
  at("gallery-reset").onclick = () => zoomTo(1);
  at("gallery-all").onchange = drawPair;
  at("gallery-pair").onchange = (event) => {
    shown.pair = Number(event.target.value);
    drawPair();
  };
  register({
    id: "gallery",
    acts: ["metric", "dataset"],
    draw() {
      follow();
      say();
      drawPair();
    },
  });
}
