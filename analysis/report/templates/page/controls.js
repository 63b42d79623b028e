// @ts-check
import { stoppedSaid } from "./chosen.js";
import { D, unpacked } from "./data.js";
import { at, fill, page } from "./document.js";
import { choose, drawAll, drawNear, figures, state } from "./state.js";

function sayChoices() {
  const metric = D.metrics[state.metric],
    weights = D.weights[D.datasets[state.dataset]];
  for (const id of ["metric", "dataset", "epoch"]) at(id).value = state[id];
  at("meaning").textContent =
    `${metric.title}: ${metric.convention}; ${metric.higher ? "higher" : "lower"} is better.${weights ? ` Weights: ${weights}.` : ""} ${stoppedSaid()}`;
}

// Figures are drawn as they come near; all at once for print, and for a page opened as report.html#all.
async function start() {
  fill(
    at("metric"),
    D.metrics.map((metric) => metric.name),
    state.metric,
  );
  fill(at("dataset"), D.datasets, state.dataset);
  fill(at("epoch"), D.epochs, state.epoch);
  for (const id of ["metric", "dataset", "epoch"])
    at(id).onchange = (event) => choose({ [id]: Number(event.target.value) });
  document.addEventListener("chosen", sayChoices);
  sayChoices();
  await unpacked;
  if (location.hash === "#all") page.all = "yes";
  document.addEventListener("theme", () => choose());
  addEventListener("beforeprint", drawAll);
  redrawWhenWider();
  const watch = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen)
        for (const figure of figures) if (figure.section === target) figure.near = isIntersecting;
      drawNear();
    },
    { rootMargin: "300px 0px" },
  );
  for (const { section } of figures) watch.observe(section);
  watchSections();
}

// What was laid out for another width is laid out again, once the window has come to rest.
function redrawWhenWider() {
  let width = innerWidth,
    waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (innerWidth !== width) choose();
      width = innerWidth;
    }, 200);
  });
}

// Figures above a section grow when they are drawn: go there, and once more when they are.
async function goTo(section) {
  for (let turn = 0; turn < 3; turn++) {
    section.scrollIntoView();
    await new Promise((done) => setTimeout(done, 60));
    await drawNear();
  }
  section.scrollIntoView();
}

// Marks in the navigation which section is on the screen.
function watchSections() {
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("nav a")]),
    sectionOf = (link) => at(link.hash.slice(1));
  const mark = () => {
    const passed = links.filter((link) => sectionOf(link).getBoundingClientRect().top < innerHeight * 0.4);
    for (const link of links) link.toggleAttribute("aria-current", link === passed.at(-1));
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
  for (const link of links) link.onclick = () => goTo(sectionOf(link));
  const asked = location.hash.length > 1 && at(location.hash.slice(1));
  if (asked) goTo(asked);
}
start();
