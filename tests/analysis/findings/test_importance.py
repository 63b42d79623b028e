"""Shares of variance against functions whose answer is known."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.findings.importance import Shares, variance_shares
from analysis.runs.open_run import open_run
from analysis.scores.score import score
from fusion_core.metrics.facts import FACTS
from tests.analysis.make import Made, make_run
from tests.analysis.scored import grid, made

CUBE = grid({"a": (0, 1, 2), "b": (0, 1, 2, 3), "c": (0, 1)})
A, B, C = (np.array([setting[key] for setting in CUBE], dtype=float) for key in "abc")  # type: ignore[arg-type]
SMALL = grid({"a": (4, 10, 16, 40), "b": (2, 32, 40, 64, 90), "c": (1, 10, 32), "d": (2, 12, 24, 40)})
finite = st.integers(-800, 800).map(lambda x: x / 8)


def main(shares: Shares, m: int = 0, e: int = 0) -> list[float]:
    return shares.main[m, 1, e].tolist()


def pair(shares: Shares, m: int = 0, e: int = 0) -> list[float]:
    return shares.pair[m, 1, e].tolist()


def smooth(x: np.ndarray) -> np.ndarray:
    """Variance 1, 4/45 and 1/9 of x0, of x1, and of x1 and x2 together; x in [0, 1]."""
    u = 2 * x - 1
    return np.sqrt(3) * u[:, 0] + u[:, 1] ** 2 + u[:, 1] * u[:, 2]


def test_each_parameter_of_a_sum_has_its_own_variance_and_no_pair_has_any() -> None:
    shares = variance_shares(*made(CUBE, A + 3 * B + 10 * C))
    variances = np.array([2 / 3, 9 * 15 / 12, 100 / 4])
    assert shares.exact
    assert main(shares) == pytest.approx(variances / variances.sum())
    assert pair(shares) == pytest.approx([0, 0, 0], abs=1e-12)


def test_an_effect_that_two_have_only_together_is_their_pairs() -> None:
    shares = variance_shares(*made(CUBE, (A - 1) * (C - 0.5)))
    assert main(shares) == pytest.approx([0, 0, 0], abs=1e-12)
    assert dict(zip(shares.pairs, pair(shares), strict=True)) == pytest.approx(
        {("a", "b"): 0, ("a", "c"): 1, ("b", "c"): 0}, abs=1e-12
    )


def test_an_effect_of_three_together_belongs_to_no_pair() -> None:
    shares = variance_shares(*made(CUBE, (A - 1) * (B - 1.5) * (C - 0.5)))
    assert sum(main(shares)) + sum(pair(shares)) == pytest.approx(0, abs=1e-12)


@given(arrays(float, len(CUBE), elements=finite))
@settings(deadline=None)
def test_the_shares_are_those_of_the_definition(values: np.ndarray) -> None:
    shares = variance_shares(*made(CUBE, values))
    if np.ptp(values) <= 1e-9:
        return
    codes = {"a": A, "b": B, "c": C}

    def explained(*keys: str) -> float:
        groups = np.unique([codes[key] for key in keys], axis=1, return_inverse=True)[1].reshape(-1)
        means = np.bincount(groups, values) / np.bincount(groups)
        return float(np.var(means[groups]) / np.var(values))

    alone = {key: explained(key) for key in "abc"}
    assert main(shares) == pytest.approx(list(alone.values()), abs=1e-9)
    assert pair(shares) == pytest.approx(
        [explained(i, j) - alone[i] - alone[j] for i, j in combinations("abc", 2)], abs=1e-9
    )


@given(arrays(float, len(CUBE), elements=finite), st.permutations(range(len(CUBE))), st.integers(0, 8))
@settings(max_examples=50, deadline=None)
def test_neither_the_order_of_the_trials_nor_the_unit_matters(values: np.ndarray, order: list[int], lost: int) -> None:
    kept = [i for i in order if i >= lost]
    if np.ptp(values[lost:]) <= 1e-9:
        return
    here = variance_shares(*made(CUBE[lost:], values[lost:]))
    there = variance_shares(*made([CUBE[i] for i in kept], 3 - 2e-7 * values[kept]))
    assert main(here) == pytest.approx(main(there), abs=1e-6, nan_ok=True)
    assert pair(here) == pytest.approx(pair(there), abs=1e-6, nan_ok=True)


@given(arrays(float, len(CUBE), elements=finite), st.sets(st.integers(0, len(CUBE) - 1), max_size=20))
@settings(max_examples=50, deadline=None)
def test_shares_are_between_0_and_1_and_add_up_to_at_most_1(values: np.ndarray, failed: set[int]) -> None:
    values[list(failed)] = np.nan
    shares = variance_shares(*made(CUBE, values))
    every = np.array(main(shares) + pair(shares))
    every = every[np.isfinite(every)]
    assert ((every >= -1e-12) & (every <= 1 + 1e-12)).all()
    assert every.sum() <= 1 + 1e-9


def test_every_metric_data_set_and_epoch_is_decomposed_apart() -> None:
    values = np.array([[A, B], [B + C, np.full(len(CUBE), 0.1)]])
    shares = variance_shares(*made(CUBE, values, metrics=("Reward", "MSE")))
    assert shares.main.shape == (2, 2, 2, 3)
    assert main(shares, 0, 0) == pytest.approx([1, 0, 0], abs=1e-12)
    assert main(shares, 0, 1) == pytest.approx([0, 1, 0], abs=1e-12)
    assert main(shares, 1, 0) == pytest.approx([0, 15 / 18, 3 / 18])
    assert np.isnan(main(shares, 1, 1) + pair(shares, 1, 1)).all()
    np.testing.assert_array_equal(shares.main[:, 0], shares.main[:, 1])


def test_a_failed_trial_makes_its_places_a_fit_and_leaves_the_others_exact() -> None:
    holes = np.where(np.arange(len(CUBE)) == 5, np.nan, A + B)
    shares = variance_shares(*made(CUBE, [A + B, holes]))
    assert not shares.exact
    assert shares.complete[0, 1].tolist() == [True, False]
    assert shares.settings[0, 1].tolist() == [24, 23]
    assert main(shares, 0, 0)[:2] == pytest.approx([8 / 23, 15 / 23])
    assert main(shares, 0, 1)[:2] == pytest.approx([8 / 23, 15 / 23], abs=0.03)


def test_a_level_that_nobody_has_finished_leaves_a_complete_grid_of_the_others() -> None:
    shares = variance_shares(*made(CUBE, np.where(A == 2, np.nan, A + C)))
    assert shares.exact
    assert main(shares) == pytest.approx([0.5, 0, 0.5], abs=1e-12)


def test_a_parameter_that_does_not_vary_yet_has_no_share() -> None:
    shares = variance_shares(*made(CUBE, np.where(A > 0, np.nan, B)))
    assert main(shares) == pytest.approx([np.nan, 1, 0], nan_ok=True, abs=1e-12)
    assert pair(shares) == pytest.approx([np.nan, np.nan, 0], nan_ok=True, abs=1e-12)


def explained(shares: Shares) -> float:
    """The mean over metrics of what parameters and pairs explain."""
    return float(np.mean(shares.main[:, 1].sum(axis=-1) + shares.pair[:, 1].sum(axis=-1)))


def test_a_fit_to_part_of_a_grid_explains_no_more_noise_than_the_whole_grid_does() -> None:
    noise = np.random.default_rng(0).normal(size=(len(FACTS), 1, len(SMALL)))
    order = np.random.default_rng(1).permutation(len(SMALL))[:110]
    whole = variance_shares(*made(SMALL, noise, metrics=tuple(FACTS)))
    part = variance_shares(*made([SMALL[i] for i in order], noise[:, :, order], metrics=tuple(FACTS)))
    assert explained(part) == pytest.approx(explained(whole), abs=0.06)


def test_a_handful_of_settings_is_not_fitted() -> None:
    drawn = [dict(zip("abcd", row, strict=True)) for row in np.random.default_rng(0).random((10, 4)).tolist()]
    shares = variance_shares(*made(drawn, np.arange(10.0)))
    assert np.isnan(main(shares) + pair(shares)).all()
    assert shares.settings[0, 1, 0] == 10


def test_a_grid_that_lacks_one_setting_says_what_the_whole_says() -> None:
    noise = np.random.default_rng(0).normal(size=(len(FACTS), 1, len(SMALL)))
    whole = variance_shares(*made(SMALL, noise, metrics=tuple(FACTS)))
    lacking = variance_shares(*made(SMALL[1:], noise[:, :, 1:], metrics=tuple(FACTS)))
    assert whole.exact and not lacking.exact
    assert lacking.main == pytest.approx(whole.main, abs=0.01)
    assert lacking.pair == pytest.approx(whole.pair, abs=0.02)


def test_noise_over_a_range_is_explained_by_nothing() -> None:
    rng = np.random.default_rng(0)
    drawn = [dict(zip("abc", row, strict=True)) for row in rng.random((120, 3)).tolist()]
    shares = variance_shares(*made(drawn, rng.normal(size=(len(FACTS), 1, 120)), metrics=tuple(FACTS)))
    assert 0 < explained(shares) < 0.12


def test_half_of_a_grid_says_nearly_what_the_whole_says() -> None:
    codes = np.array([list(setting.values()) for setting in SMALL], dtype=float)
    values = np.log(codes[:, 0]) + codes[:, 2] / 16 + codes[:, 0] * codes[:, 2] / 200
    order = np.random.default_rng(0).permutation(len(SMALL))
    whole = variance_shares(*made(SMALL, values))
    half = variance_shares(*made([SMALL[i] for i in order[:120]], values[order[:120]]))
    assert whole.exact and not half.exact
    assert main(half) == pytest.approx(main(whole), abs=0.06)
    assert pair(half) == pytest.approx(pair(whole), abs=0.06)


@pytest.mark.parametrize("count", [60, 400])
def test_numbers_drawn_from_a_range_have_the_shares_of_the_function(count: int) -> None:
    x = np.random.default_rng(2).random((count, 3))
    drawn = [dict(zip("abc", np.exp(5 * row).tolist(), strict=True)) for row in x]
    shares = variance_shares(*made(drawn, smooth(x)))
    whole = 1 + 4 / 45 + 1 / 9
    assert not shares.exact
    assert main(shares) == pytest.approx([1 / whole, 4 / 45 / whole, 0], abs=0.08)
    assert pair(shares) == pytest.approx([0, 0, 1 / 9 / whole], abs=0.04)


def test_whole_numbers_drawn_from_a_range_have_pairs_too() -> None:
    x = np.random.default_rng(2).integers(0, 20, (400, 3))
    drawn = [dict(zip("abc", row, strict=True)) for row in x.tolist()]
    shares = variance_shares(*made(drawn, (x[:, 0] - 9.5) * (x[:, 2] - 9.5)))
    assert pair(shares) == pytest.approx([0, 1, 0], abs=0.06)


def test_a_dozen_settings_drawn_from_a_range_show_what_matters_most() -> None:
    x = np.random.default_rng(2).random((12, 2))
    drawn = [dict(zip("ab", row, strict=True)) for row in x.tolist()]
    assert main(variance_shares(*made(drawn, x[:, 0]))) == pytest.approx([1, 0], abs=0.1)


def test_what_the_absence_of_a_parameter_does_belongs_to_the_parameter_that_decides_on_it() -> None:
    # kind x has 0, 3, 6 by its q, kind y has 11: 12 between the kinds and 4.5 within, of 16.5.
    settings = [{"kind": "x", "q": q, "r": r} for q in (1, 2, 3) for r in (1, 2, 3, 4)]
    settings += [{"kind": "y", "r": r} for r in (1, 2, 3, 4)]
    values = np.repeat([0.0, 3.0, 6.0, 11.0], 4)
    shares = variance_shares(*made(settings, values))
    assert main(shares) == pytest.approx([12 / 16.5, 4.5 / 16.5, 0], abs=1e-9)


def test_a_pair_that_says_no_more_than_its_parameters_has_no_share() -> None:
    settings = [{**kind, **rest} for kind in ({"kind": "x", "q": 1}, {"kind": "x", "q": 2}, {"kind": "y"})
                for rest in grid({"r": range(3), "s": range(6)})]  # fmt: skip
    shares = variance_shares(*made(settings, np.random.default_rng(0).normal(size=len(settings))))
    undefined = [two for two, share in zip(shares.pairs, pair(shares), strict=True) if np.isnan(share)]
    assert undefined == [("kind", "q")]


@pytest.mark.parametrize("count", [0, 1])
def test_of_one_setting_or_none_there_is_nothing_to_share(count: int) -> None:
    run, scores = made(CUBE[:count], np.zeros((1, count)))
    shares = variance_shares(run, scores)
    assert shares.parameters == ()
    assert shares.exact
    assert shares.main.shape == (1, 2, 1, 0)


def test_a_run_without_a_number_has_shares_that_are_none() -> None:
    run, scores = made(CUBE, np.full(len(CUBE), np.nan))
    assert np.isnan(variance_shares(run, scores).main).all()


def test_one_parameter_explains_everything() -> None:
    run, scores = made([{"a": a} for a in range(6)], np.arange(6.0))
    assert main(variance_shares(run, scores)) == [1.0]


def test_a_results_table_gives_the_same_for_its_only_data_set_and_the_mean(tmp_path: Path) -> None:
    trials = [
        Made({"loss.max_ratio": a, "loss.grad_ratio": b}, [{"x": {"Reward": a + 2.0 * b}}])
        for a in (1, 2)
        for b in (1, 2)
    ]
    run = open_run(make_run(tmp_path, [*trials, Made({"loss.max_ratio": 3, "loss.grad_ratio": 1}, status="failed")]))
    shares = variance_shares(run, score(run))
    assert shares.main[0, 0, 0].tolist() == shares.main[0, 1, 0].tolist() == pytest.approx([0.2, 0.8])


def test_too_few_settings_for_a_level_each_are_fitted_along_their_ranks_and_that_is_said() -> None:
    rng = np.random.default_rng(0)
    levels = rng.permuted(np.tile(np.arange(6), (3, 3)), axis=1).T
    chosen = [dict(zip("abc", map(float, row), strict=True)) for row in levels]
    run, scores = made(chosen, [[3 * row[0] - row[1] for row in levels]])
    found = variance_shares(run, scores)
    assert not found.complete.any() and found.ranked[0, 0, 0]
    main = found.main[0, 0, 0]
    assert main[0] > main[1] > main[2]
    assert main.sum() == pytest.approx(1, abs=0.05)
