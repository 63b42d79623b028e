"""Several runs on the same axes: what is compared with what, what is tested and what is said not to be."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import ttest_ind

from analysis.cli.compare import console_table, write_comparison
from analysis.cli.console import Progress
from analysis.comparison.comparison import (
    Comparison,
    best_so_far,
    compare,
    envelope,
    levels,
    open_comparison,
    shared_parameters,
    training_seconds,
)
from analysis.comparison.differences import Best, gain
from analysis.comparison.fixed_values import differences, fixed_values
from analysis.comparison.numbers import Numbers, numbers_of
from analysis.comparison.side import LAST, OWN
from analysis.findings.judgement import judge
from analysis.report.compare_page import comparison_data, render
from analysis.report.packing import unpack
from analysis.runs.open_run import open_run
from analysis.scores.metrics import ALL
from analysis.statistics.bootstrap import Sample
from analysis.statistics.evidence import Evidence, corrected
from analysis.text import comparison as words
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run
from trials.storage.results import Results

KEY = "loss.max_ratio"
Images = Mapping[str, Sequence[float]]


def make(
    folder: Path,
    images: Mapping[int, Images],
    *,
    name: str = "one",
    metric: str = "Reward",
    prints: Mapping[str, str] | None = None,
    record: Mapping[str, Any] | None = None,
    rank_by: Mapping[str, Any] | None = None,
    key: str = KEY,
) -> Path:
    """Write a run with per-image values: images[weight][data set]; `prints` are fingerprints of the data sets."""
    trials = [
        Made({key: weight}, [{name: {metric: float(np.mean(values))} for name, values in sets.items()}])
        for weight, sets in images.items()
    ]
    sizes = {name: len(values) for sets in images.values() for name, values in sets.items()}
    resolved = {"rank_by": rank_by or {"metric": metric}, "trial": {"recipe": {"kind": "supervised"}}}
    make_run(folder, trials, n=sizes, record={"sweep": name, "resolved": resolved, **(record or {})})
    with Results.open(folder / "results.sqlite") as results:
        for i, sets in enumerate(images.values()):
            for dataset, values in sets.items():
                blob = np.asarray(values, dtype="<f4").tobytes()
                results.connection.execute(
                    "UPDATE metrics SET per_image = ? WHERE trial = ? AND dataset = ?", (blob, f"id{i}", dataset)
                )
        for dataset, fingerprint in (prints or {}).items():
            results.connection.execute("UPDATE datasets SET fingerprint = ? WHERE dataset = ?", (fingerprint, dataset))
    return folder


def opened(*folders: Path) -> tuple[Comparison, Numbers]:
    comparison = open_comparison(folders)
    return comparison, numbers_of(comparison)


A = {1: {"a": [0.5, 0.7, 0.6, 0.8, 0.4, 0.6]}, 2: {"a": [0.2, 0.4, 0.3, 0.5, 0.1, 0.3]}}
B = {1: {"a": [0.3, 0.5, 0.41, 0.6, 0.2, 0.4]}, 2: {"a": [0.1, 0.3, 0.2, 0.4, 0.0, 0.2]}}


def test_the_best_of_each_run_is_what_its_own_judge_says(tmp_path: Path) -> None:
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", B, name="two"))
    place = numbers.place(comparison)
    for r, side in enumerate(comparison.measured):
        known = judge(side.run, side.scores, "Reward", "a", 1)
        for name in ("best", "value", "corrected", "low", "high", "images", "seeds", "settings"):
            assert numbers.best[name][(*place, r)] == pytest.approx(getattr(known, name))


def test_each_place_has_its_own_best(tmp_path: Path) -> None:
    def value(i: int, dataset: str, metric: str, epoch: int) -> float:
        return i + 10 * "ab".index(dataset) + 100 * ("Reward", "VIF", "MSE").index(metric) + 1000 * epoch

    trials = [
        Made({KEY: i}, [{d: {m: value(i, d, m, e) for m in ("Reward", "VIF", "MSE")} for d in "ab"} for e in (1, 2)])
        for i in (1, 2)
    ]
    comparison, numbers = opened(make_run(tmp_path / "x", trials), make_run(tmp_path / "y", trials))
    for m, metric in enumerate(comparison.metrics):
        for d, dataset in enumerate(comparison.datasets[1:], start=1):
            for e, epoch in enumerate((1, 2)):
                best = value(1 if metric == "MSE" else 2, dataset, metric, epoch)
                assert numbers.best["value"][m, d, e].tolist() == [best, best]


def test_on_the_same_images_the_difference_is_far_surer_than_either_mean(tmp_path: Path) -> None:
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", B, name="two"))
    place = numbers.place(comparison)
    low, high = (numbers.gain(name, place, 0, 1) for name in ("low", "high"))
    assert numbers.gain("value", place, 0, 1) == pytest.approx(0.6 - 2.41 / 6)
    assert numbers.gain("images", place, 0, 1) == 6
    assert numbers.gain("paired", place, 0, 1) == 1
    assert 0.18 < low < 0.1984 < high < 0.22
    width = numbers.best["high"][(*place, 0)] - numbers.best["low"][(*place, 0)]
    assert width > 5 * (high - low)
    assert "95 % interval" in words.answer(comparison, numbers)[1]


def test_turned_round_a_difference_is_its_negative(tmp_path: Path) -> None:
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", B, name="two"))
    place = numbers.place(comparison)
    there, back = (
        [numbers.gain(name, place, *pair) for name in ("value", "low", "high", "corrected", "images")]
        for pair in ((0, 1), (1, 0))
    )
    assert back == [-there[0], -there[2], -there[1], -there[3], there[4]]


def test_lower_is_better_turns_the_difference(tmp_path: Path) -> None:
    comparison, numbers = opened(
        make(tmp_path / "x", A, metric="MSE"), make(tmp_path / "y", B, name="two", metric="MSE")
    )
    place = numbers.place(comparison)
    assert numbers.gain("value", place, 1, 0) == pytest.approx(0.1)
    assert words.answer(comparison, numbers)[0].startswith("MSE on a at epoch 1: two allows the best, 0.2")


def test_other_images_of_the_same_set_are_not_paired_and_it_is_said(tmp_path: Path) -> None:
    comparison, numbers = opened(
        make(tmp_path / "x", A, prints={"a": "f1"}), make(tmp_path / "y", B, name="two", prints={"a": "f2"})
    )
    place = numbers.place(comparison)
    assert numbers.gain("paired", place, 0, 1) == 0
    welch = ttest_ind(A[1]["a"], B[1]["a"], equal_var=False).confidence_interval(0.95)
    assert [numbers.gain(name, place, 0, 1) for name in ("low", "high")] == pytest.approx(list(welch), abs=1e-6)
    assert numbers.note(place, 0, 1) == "not the same test images: not a paired interval"
    assert (
        "a: not the same test images (6 of 128x128 in one; 6 of 128x128 in two), so differences between these are "
        "not paired." in words.notes(comparison)
    )


def test_a_fingerprint_that_lies_about_the_number_of_images_does_not_pair(tmp_path: Path) -> None:
    short = {1: {"a": [0.3, 0.5, 0.4]}}
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", short, name="two"))
    assert numbers.gain("paired", numbers.place(comparison), 0, 1) == 0


def test_without_values_per_image_a_difference_has_no_interval_and_it_is_said(tmp_path: Path) -> None:
    plain = make_run(tmp_path / "y", [Made({KEY: 1}, [{"a": {"Reward": 0.5}}])], n={"a": 6})
    comparison, numbers = opened(make(tmp_path / "x", A), plain)
    place = numbers.place(comparison)
    assert numbers.gain("value", place, 0, 1) == pytest.approx(0.1)
    assert np.isnan(numbers.gain("low", place, 0, 1))
    assert "not tested: no values per image" in words.answer(comparison, numbers)[1]


def test_a_run_compared_with_a_copy_of_it_is_exactly_the_same(tmp_path: Path) -> None:
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", A, name="two"))
    assert words.answer(comparison, numbers)[1].endswith(": exactly the same.")


def test_a_folder_of_the_reference_can_be_compared_with_a_table(tmp_path: Path) -> None:
    csv = tmp_path / "csv"
    csv.mkdir()
    (csv / "params.csv").write_text("exp_id,max_ratio,grad_ratio\n1,1,40\n2,4,40\n")
    (csv / "metrics.csv").write_text("exp_id,epoch,dataset,Reward\n1,1,a,0.4\n2,1,a,0.3\n")
    comparison, _ = opened(make(tmp_path / "x", A), csv)
    assert list(shared_parameters(comparison.measured)) == [KEY]
    assert "a: csv does not record the test images, so differences to it are not tested." in words.notes(comparison)


def test_the_weighted_mean_is_offered_where_all_runs_weight_alike(tmp_path: Path) -> None:
    both = {1: {"a": [0.5, 0.6, 0.7], "b": [0.1, 0.2, 0.4]}}
    rank_by = {"metric": "Reward", "dataset_weights": {"a": 3, "b": 1}}
    one, two = (make(tmp_path / name, both, name=name, rank_by=rank_by) for name in ("x", "y"))
    comparison, numbers = opened(one, two)
    assert comparison.datasets == (ALL, "a", "b")
    assert words.about(comparison, ALL) == "Weighted mean: a 0.75, b 0.25."
    assert numbers.gain("images", numbers.place(comparison), 0, 1) == 6


def test_means_over_other_sets_are_each_runs_own_and_it_is_said(tmp_path: Path) -> None:
    one = make(tmp_path / "x", {1: {"a": [0.5, 0.6], "b": [0.1, 0.2]}})
    two = make(tmp_path / "y", {1: {"b": [0.4, 0.5], "c": [0.1, 0.3]}}, name="two")
    comparison, _ = opened(one, two)
    assert comparison.datasets == (OWN, "a", "b", "c")
    assert comparison.dataset == "b"
    own = "The runs do not share a mean over data sets. Each run's own: one: a 0.5, b 0.5; two: b 0.5, c 0.5."
    assert own in words.notes(comparison)
    assert "Data sets of all: b. Also in one: a. Also in two: c." in words.shared(comparison)


def test_runs_without_a_set_in_common_are_shown_side_by_side(tmp_path: Path) -> None:
    comparison, numbers = opened(
        make(tmp_path / "x", {1: {"a": [0.5, 0.6]}}), make(tmp_path / "y", {1: {"b": [0.1, 0.2]}}, name="two")
    )
    assert comparison.dataset == OWN
    assert numbers.note(numbers.place(comparison), 0, 1).startswith("not the same test images")


def test_runs_of_other_lengths_can_be_compared_at_the_last_epoch_of_each(tmp_path: Path) -> None:
    def trials(epochs: int) -> list[Made]:
        return [Made({KEY: i}, [{"a": {"Reward": i + 0.1 * e}} for e in range(epochs)]) for i in (1, 2)]

    comparison, numbers = opened(make_run(tmp_path / "x", trials(2)), make_run(tmp_path / "y", trials(4)))
    assert comparison.epochs == (LAST, 1, 2, 3, 4)
    assert comparison.epoch == LAST
    assert numbers.best["value"][0, 0, 0].tolist() == pytest.approx([2.1, 2.3])
    assert numbers.best["value"][0, 0, 3].tolist() == pytest.approx([np.nan, 2.2], nan_ok=True)


def test_envelopes_are_over_the_settings_that_have_a_value_and_a_fixed_weight_is_one_point(tmp_path: Path) -> None:
    grid = [Made({KEY: a, "loss.grad_ratio": b}, [{"a": {"Reward": a - b}}]) for a in (1, 2) for b in (0, 5)]
    fixed = {"resolved": {"trial": {"loss": {"max_ratio": 7}}, "rank_by": {"metric": "Reward"}}}
    line = [Made({"loss.grad_ratio": b}, [{"a": {"Reward": 9 - b}}]) for b in (0, 5)]
    comparison, _ = opened(make_run(tmp_path / "x", grid), make_run(tmp_path / "y", line, record=fixed))
    values = shared_parameters(comparison.measured)
    assert values == {KEY: (1, 2, 7), "loss.grad_ratio": (0, 5)}
    found = [
        envelope(levels(side, KEY, values[KEY]), 3, side.values("Reward", "a", 1), higher=True).tolist()
        for side in comparison.measured
    ]
    assert found[0] == pytest.approx([1, 2, np.nan], nan_ok=True)
    assert found[1] == pytest.approx([np.nan, np.nan, 9], nan_ok=True)


def test_the_best_so_far_never_falls_and_follows_the_direction(tmp_path: Path) -> None:
    epochs = [{"a": {"Reward": x, "MSE": x}} for x in (0.5, 0.7, 0.6)]
    comparison, _ = opened(make_run(tmp_path / "x", [Made({}, epochs)]), make_run(tmp_path / "y", [Made({}, epochs)]))
    side = comparison.measured[0]
    assert best_so_far(side, "Reward", "a").tolist() == [0.5, 0.7, 0.7]
    assert best_so_far(side, "MSE", "a").tolist() == [0.5, 0.5, 0.5]


def test_seconds_add_up_over_epochs_and_their_median_is_over_trials(tmp_path: Path) -> None:
    trials = [Made({KEY: i}, [{"a": {"Reward": 1}}] * 2) for i in (1, 2, 3)]
    for name in ("x", "y"):
        make_run(tmp_path / name, trials)
    with Results.open(tmp_path / "x" / "results.sqlite") as results:
        rows = [(f"id{i}", e, "training_seconds", s) for i, s in enumerate((1, 2, 9)) for e in (1, 2)]
        results.connection.executemany("INSERT INTO training VALUES (?, ?, ?, ?)", rows)
    comparison, _ = opened(tmp_path / "x", tmp_path / "y")
    assert training_seconds(comparison.measured[0]).tolist() == [2, 4]
    assert np.isnan(training_seconds(comparison.measured[1])).all()


def test_what_differs_apart_from_the_weights_is_listed_and_where_data_lie_is_not(tmp_path: Path) -> None:
    def record(rate: float, root: str, train: str) -> dict[str, Any]:
        loss = {"ssim_ratio": 1.0, "ssim_ir_ratio": 1.0, "max_ratio": 10, "ssim_shared": None}
        trial = {"recipe": {"learning_rate": rate}, "data": {"root": root, "train": train}, "loss": loss}
        return {"resolved": {"trial": trial, "rank_by": {"metric": "Reward"}}, "devices": ["cpu", "cpu"]}

    runs = [
        open_run(make_run(tmp_path / name, [Made({KEY: i}) for i in (1, 2)], record=record(*values)))
        for name, values in {"x": (1e-3, "/here", "a"), "y": (1e-4, "/there", "a")}.items()
    ]
    assert fixed_values(runs[0])["loss.ssim_shared"] == 1.0
    assert differences(runs) == [("recipe.learning_rate", ["0.001", "0.0001"])]


def test_what_a_run_does_not_record_is_no_difference_but_what_it_has_not_is(tmp_path: Path) -> None:
    def record(**recipe: object) -> dict[str, Any]:
        return {"resolved": {"trial": {"recipe": recipe}, "rank_by": {"metric": "Reward"}}}

    recorded = [
        open_run(make_run(tmp_path / "x", [Made({KEY: 1})], record=record(kind="ppo", clip=0.2))),
        open_run(make_run(tmp_path / "y", [Made({KEY: 1})], record=record(kind="ppo"))),
    ]
    silent = open_run(make_run(tmp_path / "z", [Made({KEY: 1})]))
    assert differences([recorded[0], silent]) == []
    assert differences(recorded) == [("recipe.clip", ["0.2", "–"])]


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    folders = [tmp_path / "p" / "demo", tmp_path / "q" / "demo", tmp_path / "q" / "other"]
    comparison, _ = opened(*(make(folder, A) for folder in folders))
    assert [side.label for side in comparison.sides] == ["one (p/demo)", "one (q/demo)", "one (other)"]
    assert any("same name" in note for note in words.notes(comparison))


def test_a_run_without_numbers_is_said_and_left_out(tmp_path: Path) -> None:
    failed = make_run(tmp_path / "y", [Made({KEY: 1}, status="failed", error="nan"), Made({KEY: 2}, status="waiting")])
    comparison, numbers = opened(make(tmp_path / "x", A), failed)
    assert [side.label for side in comparison.measured] == ["one"]
    assert words.notes(comparison)[0].startswith("by_hand has no numbers, so it is in no figure: 2 trials: ")
    assert words.answer(comparison, numbers)[-1].startswith("No other run has a number there")


@pytest.mark.parametrize(
    "trials", [[], [Made({KEY: 1}, [{"a": {"Reward": None}}])], [Made({KEY: 1}, status="waiting")]]
)
def test_when_no_run_has_numbers_the_page_says_so(tmp_path: Path, trials: list[Made]) -> None:
    comparison, numbers = opened(make_run(tmp_path / "x", trials), make_run(tmp_path / "y", trials))
    html = render(comparison, numbers)
    assert "None of these runs has reported a number yet." in html
    assert 'id="metric"' not in html


def test_other_versions_of_the_formulas_are_said(tmp_path: Path) -> None:
    comparison, _ = opened(
        make(tmp_path / "x", A, record={"numerics": 1}), make(tmp_path / "y", A, name="two", record={"numerics": 2})
    )
    assert any("Other versions of the formulas" in note and "one 1, two 2" in note for note in words.notes(comparison))


def test_one_run_a_missing_run_and_a_run_twice_are_refused_together(tmp_path: Path) -> None:
    run = make(tmp_path / "x", A)
    with pytest.raises(FusionError) as caught:
        open_comparison([run, tmp_path / "nowhere", tmp_path / "x" / ".." / "x"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "nowhere/results.sqlite: there is no results table here" in lines[0]
    assert "a run must be given once" in lines[1]
    with pytest.raises(FusionError, match="two runs or more must be given, but got 1"):
        open_comparison([run])


def test_a_metric_that_one_run_lacks_is_shown_for_the_others(tmp_path: Path) -> None:
    one = make_run(tmp_path / "x", [Made({KEY: 1}, [{"a": {"Reward": 0.5, "VIF": 0.6}}])])
    two = make_run(tmp_path / "y", [Made({KEY: 1}, [{"a": {"Reward": 0.4}}])])
    comparison, numbers = opened(one, two)
    assert comparison.metrics == ("Reward", "VIF")
    assert numbers.best["value"][1, 0, 0].tolist() == pytest.approx([0.6, np.nan], nan_ok=True)
    assert any(
        line.startswith("Metrics of all: Reward. Also in by_hand (x): VIF.") for line in words.shared(comparison)
    )


def test_the_page_carries_the_numbers_and_asks_nothing_of_the_outside(tmp_path: Path) -> None:
    comparison, numbers = opened(make(tmp_path / "x", A), make(tmp_path / "y", B, name="two"))
    html = render(comparison, numbers)
    found = re.search(r'id="data">(.*?)</script>', html, flags=re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert data == json.loads(json.dumps(comparison_data(comparison, numbers)))
    assert unpack(data["best"]["value"])[0, 0, 0].tolist() == pytest.approx([0.6, 2.41 / 6], rel=1e-5)
    assert "max_ratio 1 (trial 1)" in data["runs"][0]["settings"]["0"]
    own = re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href|url|import)\s*[=(]\s*[\"']?\s*(?:https?:)?//", own)
    assert "default-src 'none'" in own


def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    comparison, numbers = opened(make(tmp_path / "x", A, name=evil), make(tmp_path / "y", B, name="[red]two[/red]"))
    html = render(comparison, numbers)
    assert evil not in html
    assert html.count("<script") == html.count("</script>")
    console = Console(width=200)
    with console.capture() as printed:
        console.print(console_table(comparison, numbers))
    assert "[red]two[/red]" in printed.get()


def test_ten_runs_are_a_table_of_runs_on_the_console(tmp_path: Path) -> None:
    folders = [make(tmp_path / str(i), {1: {"a": [0.1 * i, 0.2, 0.3]}}, name=f"run{i}") for i in range(10)]
    comparison, numbers = opened(*folders)
    assert numbers.gains["value"].shape[-1] == 45
    table = console_table(comparison, numbers)
    assert list(table.columns[-1].cells)[:2] == ["run9", "run8"]


@pytest.mark.parametrize(
    ("out", "where"), [(None, "compare.html"), ("there", "there/compare.html"), ("c.html", "c.html")]
)
def test_the_page_goes_beside_the_first_run_or_where_it_is_sent(tmp_path: Path, out: str | None, where: str) -> None:
    (tmp_path / "there").mkdir()
    runs = [make(tmp_path / "x", A), make(tmp_path / "y", B, name="two")]
    console = Console(file=(tmp_path / "said").open("w"), width=100)
    page = write_comparison(runs, out and tmp_path / out, Progress(quiet=True), console)
    assert page == tmp_path / where
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FusionError, match=r"a file that ends in \.html"):
        write_comparison([tmp_path, tmp_path], tmp_path / "c.pdf", Progress(quiet=True), Console())


def _picked(values: np.ndarray) -> tuple[int, Best]:
    weights, mean = np.ones(1), values.mean(axis=1)
    first = int(mean.argmax())
    evidence = Evidence.of(mean, [1.0], [Sample.of(values[:, None], 0)])
    found = corrected(evidence, np.arange(len(values)))
    return first, Best(
        first, mean[first], found, 0, 0, values.shape[1], 1, len(values), "", 1.0, (values[first],), weights, 0, 0
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("same", [True, False])
def test_intervals_of_differences_cover_the_truth_though_both_bests_were_picked(same: bool) -> None:
    rng, hits, rounds = np.random.default_rng(0), 0, 400
    for _ in range(rounds):
        truths = rng.normal(0, 0.1, 30), rng.normal(0, 0.1, 3)
        images = rng.normal(0, 1, 20)
        levels = images, images if same else rng.normal(0, 1, 20)
        picks = [
            _picked(truth[:, None] + level + rng.normal(0, 0.3, (len(truth), 20)))
            for truth, level in zip(truths, levels, strict=True)
        ]
        found = gain(picks[0][1], picks[1][1], same_images=same)
        hits += found.low <= truths[0][picks[0][0]] - truths[1][picks[1][0]] <= found.high
    assert 0.92 <= hits / rounds <= 0.99


def test_one_seed_is_said_for_the_runs_that_have_one(tmp_path: Path) -> None:
    seeds = [Made({KEY: 1}, [{"a": {"Reward": 0.5 + s}}], seed=s) for s in (0, 1)]
    comparison, _ = opened(make(tmp_path / "x", A), make_run(tmp_path / "y", seeds))
    said = "One seed in one: what another seed would give is not in its intervals, nor in differences to it; "
    said += "sweeps/seed_noise.yaml measures that."
    assert said in words.notes(comparison)


def test_the_order_of_runs_changes_no_number(tmp_path: Path) -> None:
    folders = [make(tmp_path / "x", A), make(tmp_path / "y", B, name="two")]
    runs = [open_run(folder) for folder in folders]
    there, back = (numbers_of(compare(some)) for some in (runs, runs[::-1]))
    np.testing.assert_allclose(there.best["value"], back.best["value"][..., ::-1])
    np.testing.assert_allclose(there.gains["value"], -back.gains["value"])
    np.testing.assert_allclose(there.gains["low"], -back.gains["high"])
