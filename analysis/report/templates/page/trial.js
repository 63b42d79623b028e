// @ts-check
import { D } from "./data.js";
import { at, element, fill } from "./document.js";
import { nameOf, trialsOf, trialTag } from "./settings.js";
import { choose, state } from "./state.js";
import { trialFacts, trialLosses, trialMetrics } from "./trial_tables.js";

// Opens the panel of one setting (its index in D.settings); Escape closes it.
export function openTrial(i) {
  const choice = element("select", {}),
    metrics = element("div");
  fill(choice, D.datasets, state.dataset);
  const show = () => metrics.replaceChildren(trialMetrics(i, Number(choice.value)));
  choice.onchange = show;
  show();
  at("trial-body").replaceChildren(
    element("h2", { id: "trial-title", textContent: `${trialsOf(i)[0].toUpperCase()}${trialsOf(i).slice(1)}` }),
    trialFacts(i),
    element("h3", { textContent: "Metrics" }),
    element("label", {}, "Data set ", choice),
    metrics,
    ...trialLosses(i),
  );
  if (!at("trial").open) at("trial").showModal();
  at("trial").scrollTop = 0;
  choose({ opened: i });
}

// A click on a point of a drawn figure opens its setting, where it carries one (customdata).
export function opensTrials(div) {
  div.removeAllListeners("plotly_click");
  div.on("plotly_click", ({ points }) => {
    const setting = points.map((point) => point.customdata).find((x) => Number.isInteger(x) && x >= 0);
    if (setting !== undefined) openTrial(setting);
  });
}

// A click beside the panel closes it, too.
at("trial").onclick = (event) => event.target === at("trial") && at("trial").close();

// A trial's name that can be clicked, for text and tables.
export function trialButton(i) {
  return element("button", {
    type: "button",
    className: "trial",
    title: nameOf(i),
    textContent: trialTag(i),
    onclick: () => openTrial(i),
  });
}
