"""Weights that were drawn from a range: their bounds are over ranges, not over one setting each."""

from pathlib import Path

from analysis.findings.findings import Findings
from analysis.runs.open_run import open_run
from analysis.scores.binning import with_ranges
from analysis.scores.score import score
from tests.analysis.make import Made, make_run

KEY, MODE = "loss.max_ratio", "loss.max_mode"


def test_numbers_of_one_setting_each_become_ranges_and_words_stay(tmp_path: Path) -> None:
    trials = [Made({KEY: float(i), MODE: "l1" if i % 2 else "l2"}, [{"a": {"Reward": float(i)}}]) for i in range(40)]
    run = open_run(make_run(tmp_path, trials))
    scores = score(run)
    ranged, again = with_ranges(run, scores)
    assert ranged.axes[KEY] == ("0–4", "5–9", "10–14", "15–19", "20–24", "25–29", "30–34", "35–39")
    assert ranged.axes[MODE] == run.axes[MODE]
    assert again.settings[12].parameters == {KEY: "10–14", MODE: "l2"}
    table = Findings(run, scores).bounds
    best = table[(table["parameter"] == KEY) & (table["metric"] == "Reward") & ~table["up_to"]]
    assert best[best["dataset"] == "a"]["best"].tolist() == [4, 9, 14, 19, 24, 29, 34, 39]


def test_a_grid_keeps_its_values_however_many(tmp_path: Path) -> None:
    trials = [Made({KEY: a, MODE: b}, [{"a": {"Reward": 1.0 * a}}]) for a in range(15) for b in ("l1", "l2", "l3")]
    run = open_run(make_run(tmp_path, trials))
    scores = score(run)
    assert with_ranges(run, scores) == (run, scores)
