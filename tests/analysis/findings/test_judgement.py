"""Intervals, ties and the price of picking, against worlds whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.findings import evidence_at
from analysis.findings.judgement import ONE_SEED, Judgement, judge
from analysis.runs.open_run import open_run
from analysis.scores.metrics import ALL
from analysis.scores.per_image import image_values
from analysis.scores.score import score
from analysis.statistics.bootstrap import Sample, halves
from analysis.statistics.evidence import Evidence, behind, corrected, pick
from benchmarks.coverage import WORLDS, World, cover
from tests.analysis.make import Made, make_run, seen

KEY = "loss.max_ratio"
RNG = np.random.default_rng(3)


def judged(folder: Path, trials: list[Made], metric: str = "Reward", dataset: str = ALL, **more: object) -> Judgement:
    run = open_run(make_run(folder, trials, **more))  # type: ignore[arg-type]
    return judge(run, score(run), metric, dataset, 1)


def worlds(values: np.ndarray, metric: str = "Reward") -> list[Made]:
    """One trial per row of (settings, images)."""
    return [Made({KEY: i}, [seen({"a": {metric: row}})]) for i, row in enumerate(values.tolist())]


def test_values_per_image_come_back_as_they_were_written(tmp_path: Path) -> None:
    values = RNG.normal(size=(4, 6))
    run = open_run(make_run(tmp_path, worlds(values)))
    found = image_values(run, score(run), "Reward", ALL, 1)
    assert found is not None
    np.testing.assert_allclose(found[0], values, rtol=1e-6)


def test_values_per_image_are_the_mean_over_seeds(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [seen({"a": {"Reward": [s, 2.0 * s]}})], seed=s) for s in (1, 2, 3)]
    run = open_run(make_run(tmp_path, trials))
    found = image_values(run, score(run), "Reward", "a", 1)
    assert found is not None
    assert found[0].tolist() == [[2.0, 4.0]]


def test_the_weighted_mean_is_judged_on_the_images_of_every_set_that_counts(tmp_path: Path) -> None:
    trial = Made({KEY: 1}, [seen({"a": {"Reward": [1, 2]}, "b": {"Reward": [3, 4, 5]}, "c": {"Reward": [9, 9]}})])
    run = open_run(make_run(tmp_path, [trial], rank_by={"metric": "Reward", "dataset_weights": {"a": 1, "b": 3}}))
    found = image_values(run, score(run), "Reward", ALL, 1)
    assert found is not None
    assert [values.shape for values in found] == [(1, 2), (1, 3)]


@pytest.mark.parametrize(("metric", "sign"), [("Reward", 1), ("MSE", -1)])
def test_a_clear_winner_stands_alone_whichever_way_a_metric_points(tmp_path: Path, metric: str, sign: int) -> None:
    image = RNG.normal(size=12)
    values = np.array([image + sign * step + 0.01 * RNG.normal(size=12) for step in (0, 1, 2)])
    found = judged(tmp_path, worlds(values, metric), metric)
    assert found.best == 2
    assert found.tied.tolist() == [False, False, True]
    assert found.worse == pytest.approx([2, 1, 0], abs=0.05)
    assert (found.worse_low[:2] > 0).all()
    assert (found.worse_low <= found.worse).all() and (found.worse <= found.worse_high).all()
    assert found.low < found.value < found.high


def test_copies_of_the_best_are_tied_and_exactly_as_good(tmp_path: Path) -> None:
    image = RNG.normal(size=9)
    found = judged(tmp_path, worlds(np.array([image, image, image - 5])))
    assert found.tied.tolist() == [True, True, False]
    assert found.worse[:2].tolist() == [0.0, 0.0]


def test_the_paired_interval_of_two_settings_is_near_students(tmp_path: Path) -> None:
    first, second = RNG.normal(size=40), RNG.normal(size=40) + 5
    found = judged(tmp_path, worlds(np.array([first, second])))
    student = stats.ttest_rel(second, first).confidence_interval()
    assert (found.worse_low[0], found.worse_high[0]) == pytest.approx((student.low, student.high), abs=0.08)


def test_picking_the_best_of_many_equals_is_corrected_to_their_common_mean(tmp_path: Path) -> None:
    values = RNG.normal(size=(60, 10))
    found = judged(tmp_path, worlds(values))
    assert found.value > values.mean() + 0.4
    assert abs(found.corrected - values.mean()) < 0.25


def test_a_single_setting_needs_no_correction(tmp_path: Path) -> None:
    values = RNG.normal(size=(1, 60))
    found = judged(tmp_path, worlds(values))
    assert found.corrected == pytest.approx(found.value)
    mean, half = values.mean(), stats.sem(values[0]) * stats.t.ppf(0.975, 59)
    assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=0.15 * half)


def test_what_cannot_be_said_is_said(tmp_path: Path) -> None:
    plain = [Made({KEY: i}, [{"a": {"Reward": 0.1 * i}}]) for i in (1, 2)]
    found = judged(tmp_path / "none", plain)
    assert found.note == (
        "No values per image at this epoch, and one seed: the certainty of the ranking is unknown "
        "(sweeps/seed_noise.yaml measures seed variance)."
    )
    assert np.isnan([found.low, found.high, found.corrected, *found.worse_low]).all()
    assert found.tied.tolist() == [False, True]
    one = judged(tmp_path / "one", worlds(np.array([[0.1], [0.2]])))
    assert one.note.startswith("One test image, and one seed: the certainty of the ranking is unknown (")
    assert np.isnan(one.low)
    assert judged(tmp_path / "seed", worlds(RNG.normal(size=(2, 5)))).note == ONE_SEED
    nothing = judged(tmp_path / "nan", [Made({KEY: 1}, [{"a": {"Reward": None}}])])
    assert (nothing.best, nothing.settings) == (-1, 0)
    assert nothing.note


def test_a_setting_without_a_number_is_never_tied(tmp_path: Path) -> None:
    trials = [*worlds(RNG.normal(size=(2, 6))), Made({KEY: 7}, [{"a": {"Reward": None}}])]
    found = judged(tmp_path, trials)
    assert not found.tied[2]
    assert np.isnan(found.worse[2])


def seeded(folder: Path, shift: np.ndarray, noise: float) -> Judgement:
    """Two settings 0.1 apart on ten images, a trial per seed; `shift` is what a seed does to both alike."""
    image = RNG.normal(size=10)
    trials = [
        Made({KEY: i}, [seen({"a": {"Reward": image + 0.1 * i + shift[s] + noise * RNG.normal()}})], seed=s)
        for i in (0, 1) for s in range(len(shift))
    ]  # fmt: skip
    return judged(folder, trials)


def test_what_a_seed_does_to_all_settings_alike_is_no_difference_between_them(tmp_path: Path) -> None:
    found = seeded(tmp_path, np.array([-3.0, 0.0, 3.0]), noise=0.001)
    assert found.tied.tolist() == [False, True]
    assert found.high - found.low > 4


def test_noise_between_seeds_makes_settings_tied_that_images_alone_tell_apart(tmp_path: Path) -> None:
    assert seeded(tmp_path / "quiet", np.zeros(3), noise=0.001).tied.tolist() == [False, True]
    assert seeded(tmp_path / "loud", np.zeros(3), noise=2.0).tied.tolist() == [True, True]


def test_several_seeds_are_enough_without_values_per_image(tmp_path: Path) -> None:
    trials = [
        Made({KEY: i}, [{"a": {"Reward": i + 0.01 * RNG.normal()}}], seed=s) for i in (0, 1) for s in range(4)
    ]  # fmt: skip
    found = judged(tmp_path, trials)
    assert found.tied.tolist() == [False, True]
    assert found.low < 1 < found.high
    assert "over seeds alone" in found.note


def test_a_split_reads_on_images_that_did_not_pick() -> None:
    assert set(halves(9, 0).sum(axis=1)) == {4, 5}
    evidence = Evidence.of(np.full(9, 1 / 9), [1.0], [Sample.of(np.eye(9)[:, None], 0)])
    # Whoever an image favours has nothing on the others.
    assert corrected(evidence, np.arange(9)) == pytest.approx(0, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("world", [world for world in WORLDS if world.settings == 20 and world.common == 3])
def test_intervals_hold_what_they_promise(world: World) -> None:
    found = cover(world, repeats=400)
    assert 0.92 <= found["pair"] <= 0.98
    assert 0.92 <= found["best"] <= 0.98
    assert found["behind"] >= 0.92
    assert found["in tied set"] >= 0.93


def test_a_trial_that_failed_does_not_hide_the_noise_between_seeds(tmp_path: Path) -> None:
    image = RNG.normal(size=10)
    trials = [
        Made({KEY: i}, [seen({"a": {"Reward": image + 2.0 * RNG.normal()}})], seed=s)
        for i in range(4) for s in range(3)
    ]  # fmt: skip
    trials[0] = Made({KEY: 0}, status="failed", error="the loss is nan", seed=0)
    assert judged(tmp_path, trials).tied.sum() > 1


def test_one_trial_with_other_images_takes_the_intervals_of_nobody_else(tmp_path: Path) -> None:
    trials = [*worlds(RNG.normal(size=(3, 8))), Made({KEY: 9}, [seen({"a": {"Reward": [-9.0, -9.0]}})])]
    found = judged(tmp_path, trials)
    assert np.isfinite(found.low)
    assert np.isnan(found.worse_low[3])


def test_more_settings_than_are_read_image_by_image_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("MANY", 20), ("CANDIDATES", 10), ("CANDIDATES_OF_VALUE", 1)):
        monkeypatch.setattr(evidence_at, name, count)
    trials = [
        Made({KEY: i % 5, "loss.grad_ratio": i // 5}, [seen({"a": {"Reward": row}})])
        for i, row in enumerate(RNG.normal(size=(30, 20)).tolist())
    ]
    found = judged(tmp_path, trials)
    assert "of 30 configurations only" in found.note
    assert np.isnan(found.worse_low).any()
    # Nobody says that those which were not read are worse.
    assert (found.tied == (found.worse <= found.worse[found.tied].max())).mean() > 0.8


def test_how_far_equals_are_behind_a_picked_best_allows_for_its_picking() -> None:
    rng, held, plain = np.random.default_rng(4), [], []
    for _ in range(40):
        values = rng.normal(size=(60, 20))
        evidence = Evidence.of(values.mean(axis=1), [1.0], [Sample.of(values[:, None], 0)])
        best, others = pick(evidence, [np.arange(60)]), np.arange(1, 60)
        held.append(behind(evidence, others, best.selection_bias)[0] <= 0)
        plain.append(behind(evidence, others, np.zeros(1))[0] <= 0)
    assert np.mean(held) > 0.93
    assert np.mean(plain) < 0.8


def test_the_best_of_many_is_corrected_for_the_luck_of_its_seeds(tmp_path: Path) -> None:
    rng, flattered, off = np.random.default_rng(5), [], []
    for k in range(6):
        image = rng.normal(size=6)
        trials = [
            Made({KEY: i}, [seen({"a": {"Reward": image + rng.normal()}})], seed=s) for i in range(30) for s in (0, 1)
        ]
        found = judged(tmp_path / str(k), trials)
        flattered.append(found.value - image.mean())
        off.append(found.corrected - image.mean())
    assert np.mean(flattered) > 1
    assert abs(np.mean(off)) < 0.6


def test_each_mean_of_a_weighted_mean_is_resampled_within_its_own_set(tmp_path: Path) -> None:
    rows = [RNG.normal(size=(2, 30)), RNG.normal(size=(2, 7)) + 5]
    rows[0][1] += 3
    rows[1][1] += 1
    trials = [
        Made({KEY: i}, [seen({"a": {"Reward": rows[0][i]}, "b": {"Reward": rows[1][i]}})]) for i in (0, 1)
    ]  # fmt: skip
    found = judged(tmp_path, trials, rank_by={"metric": "Reward", "dataset_weights": {"a": 3, "b": 1}})
    gaps = [values[1] - values[0] for values in rows]
    gap = 0.75 * gaps[0].mean() + 0.25 * gaps[1].mean()
    error = np.hypot(0.75 * stats.sem(gaps[0]), 0.25 * stats.sem(gaps[1]))
    assert found.worse[0] == pytest.approx(gap)
    assert found.worse_high[0] - found.worse_low[0] == pytest.approx(4 * error, rel=0.25)


def test_a_set_of_one_image_takes_the_interval_of_the_mean_over_all(tmp_path: Path) -> None:
    trials = [Made({KEY: i}, [seen({"a": {"Reward": RNG.normal(size=8)}, "b": {"Reward": [0.5]}})]) for i in (1, 2)]
    found = judged(tmp_path, trials)
    assert np.isnan(found.low)
    assert found.note.startswith("One test image in b")
    assert np.isfinite(judged(tmp_path / "own", trials, dataset="a").low)


@pytest.mark.parametrize("metric", ["Reward", "MSE"])
def test_a_constant_metric_is_tied_everywhere_with_an_interval_of_no_width(tmp_path: Path, metric: str) -> None:
    found = judged(tmp_path, worlds(np.full((4, 8), 0.5), metric), metric)
    assert found.tied.all()
    assert (found.low, found.value, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.worse_high.tolist() == [0.0] * 4


def test_the_order_of_the_trials_changes_no_judgement(tmp_path: Path) -> None:
    trials = worlds(RNG.normal(size=(7, 9)))
    first, second = judged(tmp_path / "1", trials), judged(tmp_path / "2", trials[::-1])
    assert first.worse_low == pytest.approx(second.worse_low[::-1], abs=1e-6)
    assert first.tied.tolist() == second.tied[::-1].tolist()
    assert (first.corrected, first.low) == pytest.approx((second.corrected, second.low), rel=1e-5)


def test_two_images_give_students_interval(tmp_path: Path) -> None:
    found = judged(tmp_path, worlds(np.array([[0.4, 0.6]])))
    half = stats.t.ppf(0.975, 1) * stats.sem([0.4, 0.6])
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-3)
