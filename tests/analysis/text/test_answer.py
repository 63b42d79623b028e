"""The three sentences, against tables made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.findings.findings import Findings
from analysis.formatting import text
from analysis.runs.open_run import open_run
from analysis.text.answer import answer
from tests.analysis.make import Made, make_run
from tests.analysis.report.test_report import STATES
from trials.storage.results import Results

KEY, OTHER = "loss.max_ratio", "loss.grad_ratio"

SURE = "95 % over images; one seed, see sweeps/seed_noise.yaml"


def said(folder: Path, trials: Sequence[Made], **more: Any) -> list[str]:
    run = open_run(make_run(folder, trials, **more))
    return answer(Findings.of(run))


def with_images(folder: Path, images: dict[int, list[float]]) -> list[str]:
    """Return the answer of a table whose trials, by value of KEY, have these values per image."""
    trials = [Made({KEY: key}, [{"a": {"Reward": float(np.mean(some))}}]) for key, some in images.items()]
    make_run(folder, trials, n={"a": len(next(iter(images.values())))})
    with Results.open(folder / "results.sqlite") as results:
        for i, some in enumerate(images.values()):
            blob = np.array(some, dtype="<f4").tobytes()
            results.connection.execute("UPDATE metrics SET per_image = ? WHERE trial = ?", (blob, f"id{i}"))
    run = open_run(folder)
    return answer(Findings.of(run))


def test_the_first_sentence_names_the_best_setting_its_value_and_what_it_rests_on(tmp_path: Path) -> None:
    trials = [
        Made({KEY: 10}, [{"a": {"Reward": 0.94}, "b": {"Reward": 0.9}}]),
        Made({KEY: 4}, [{"a": {"Reward": 0.9}, "b": {"Reward": 0.9}}]),
    ]
    first = said(tmp_path, trials, n={"a": 20, "b": 4})[0]
    assert first.startswith(
        "Best configuration: max_ratio 10 (trial 1). "
        "Reward 0.92 at epoch 1, weighted mean over 2 data sets (n = 24 images, 1 seed). No values per image"
    )


def test_the_second_sentence_names_the_weight_that_decides_and_what_it_allows(tmp_path: Path) -> None:
    trials = [Made({KEY: a, OTHER: b}, [{"a": {"Reward": 0.1 * a + 0.01 * b}}]) for a in (1, 2, 3) for b in (1, 2, 3)]
    assert said(tmp_path, trials)[1] == (
        "max_ratio decides most: it explains 99% of the differences between configurations; "
        "max_ratio 3 allows 0.33 at best, max_ratio 1 only 0.13, 0.2 worse."
    )


def test_where_lower_is_better_the_best_value_is_the_lowest(tmp_path: Path) -> None:
    trials = [Made({KEY: a}, [{"a": {"MSE": 0.1 * a}}]) for a in (1, 2, 3)]
    second = said(tmp_path, trials, rank_by={"metric": "MSE"})[1]
    assert second.endswith("max_ratio 1 allows 0.1 at best, max_ratio 3 only 0.3, 0.2 worse.")


def test_settings_that_noise_explains_are_tied_and_the_others_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    level = rng.normal(0.5, 0.1, 40)
    images = {key: list(level + shift + rng.normal(0, 0.01, 40)) for key, shift in ((1, 0), (2, 0.0005), (3, -0.1))}
    first, _, third = with_images(tmp_path, images)
    assert "after correction for selecting the best of 3 (winner's curse), 95 % interval" in first
    assert third == f"2 of 3 configurations are statistically tied with it ({SURE}): all have max_ratio 1 or 2."


def test_a_clear_winner_has_no_ties(tmp_path: Path) -> None:
    level = np.random.default_rng(1).normal(0.5, 0.1, 40)
    images = {key: list(level + 0.1 * key + 1e-4 * np.arange(40)) for key in (1, 2, 3)}
    assert with_images(tmp_path, images)[2].startswith("No other of the 3 configurations is tied with it")


def test_what_cannot_be_told_apart_at_all_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    third = with_images(tmp_path, {key: list(rng.normal(0.5, 0.1, 8)) for key in (1, 2)})[2]
    assert third == f"All 2 configurations are statistically tied ({SURE})."


@pytest.mark.parametrize(
    ("metric", "copy", "verdict"),
    [
        ("Reward", 0.2, "the best configuration is 0.3 better"),
        ("MSE", 0.6, "the best configuration is 0.1 better"),
        ("Reward", 0.5, "the best configuration is no better"),
        ("MSE", 0.2, "no configuration reaches that, the best falls short by 0.3"),
    ],
)
def test_better_than_an_untrained_copy_follows_the_direction(
    tmp_path: Path, metric: str, copy: float, verdict: str
) -> None:
    baselines = {"visible": {"a": {metric: copy}}}
    sentences = said(
        tmp_path, [Made({KEY: 1}, [{"a": {metric: 0.5}}])], baselines=baselines, rank_by={"metric": metric}
    )
    assert sentences[-1] == f"The best baseline, copy of the visible image, has {copy}: {verdict}."


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("empty", "No trial has reported a number yet: no trials."),
        ("one trial", "Nothing is swept: there is one configuration."),
        ("constant", "No weight decides it: Reward is the same for all 2 configurations."),
        ("constant", "2 of 2 configurations have exactly this value."),
        ("half done", "The second of 3 configurations is 0.1 worse; whether significantly is unknown."),
        ("three seeds", "95 % interval"),
        ("without the metric", "Nothing is swept: there is one configuration."),
    ],
)
def test_every_state_of_a_sweep_has_its_words(tmp_path: Path, state: str, sentence: str) -> None:
    assert sentence in " ".join(said(tmp_path, STATES[state]))


@pytest.mark.parametrize(
    ("value", "written"),
    [(10.0, "10"), (0.125, "0.125"), (np.float64(32.0), "32"), (1e-4, "0.0001"), (40, "40"), ("l1", "l1")],
)
def test_a_swept_value_is_written_as_in_the_sweep_file(value: object, written: str) -> None:
    assert text(value) == written


def test_a_best_trial_that_failed_later_is_named(tmp_path: Path) -> None:
    trials = [
        Made({KEY: 1}, [{"a": {"Reward": 0.9}}], status="failed", error="out of memory"),
        Made({KEY: 2}, [{"a": {"Reward": 0.5}}]),
    ]
    assert said(tmp_path, trials)[-1].startswith("A trial of the best configuration failed after this epoch")
