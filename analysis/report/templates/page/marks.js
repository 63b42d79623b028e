// What several figures share: clicks that open a trial, hover labels of settings, a Viridis that shows on the page.
const isDark = () => parseInt(colour("paper").slice(1, 3), 16) < 128;
const shownBox = (id) => at(id).parentElement.clientWidth || 600;
const percent = (share, digits = 0) => (isNumber(share) ? `${(100 * share).toFixed(digits)} %` : "–");
const arrow = (m) => `${D.metrics[m].name} ${higher(m) ? "↑" : "↓"}`;
const colours = [
  "#440154",
  "#482878",
  "#3e4989",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];

// Viridis without the end that the paper swallows, for lines (`thin`) a little more of it; bright is best everywhere.
function ramp(thin = false) {
  const some = isDark() ? colours.slice(2) : colours.slice(0, thin ? 8 : 9);
  return some.map((one, i) => [i / (some.length - 1), one]);
}

const hoverOf = (i, ...lines) => [...lines, wrapped(nameOf(i)), trialsOf(i)].join("<br>");

// The trials of a setting, short: a row of neighbours by its ends.
function trialTag(i) {
  const { trials } = D.settings[i],
    row = trials.at(-1) - trials[0] === trials.length - 1;
  if (trials.length < 3) return trialsOf(i);
  return row
    ? `trials ${trials[0]}–${trials.at(-1)}`
    : `trials ${trials[0]}, ${trials[1]} and ${trials.length - 2} more`;
}

// A trial's name that can be clicked, for text and tables.
function trialButton(i) {
  return element("button", {
    type: "button",
    className: "trial",
    title: nameOf(i),
    textContent: trialTag(i),
    onclick: () => openTrial(i),
  });
}

// Indices of settings that have a number, best first.
function ranked(numbers, m = state.metric) {
  const there = [];
  numbers.forEach((x, i) => isNumber(x) && there.push(i));
  return there.sort((a, b) => (better(numbers[a], numbers[b], m) ? -1 : better(numbers[b], numbers[a], m) ? 1 : a - b));
}
