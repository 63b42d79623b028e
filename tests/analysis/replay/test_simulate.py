"""What a replay trains, by hand: which epochs it pays for, whom it stops, what it finds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from analysis.replay.simulate import Shuffled, replay, space_of
from tests.analysis.replay.grids import grid_of, hill, search


def order(count: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).permutation(count).tolist()


@pytest.mark.parametrize("name", ["random", "sobol", "tpe", "cmaes", "nsga2"])
def test_without_a_rule_every_trial_costs_all_its_epochs(name: str) -> None:
    found = replay(hill(), search(name), 0, until=0.25)
    assert found.spent == 60
    assert found.tried == 30
    assert found.hits.tolist() == list(range(2, 61, 2))


def test_seconds_are_those_that_were_recorded() -> None:
    grid = grid_of([[1, 2], [3, 4], [5, 6]], seconds=[[1, 2], [10, 20], [100, 200]])
    first, second, third = order(3)
    steps = [grid.seconds[i, e] for i in (first, second, third) for e in (0, 1)]
    assert replay(grid, search("asha:grace=2"), 0).seconds.tolist() == np.cumsum(steps).tolist()


def test_asha_stops_whom_its_rule_stops_by_hand() -> None:
    early = [3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0]
    grid = grid_of([[value, value] for value in early])
    came = [early[i] for i in order(len(early))]
    goes_on = []
    for k, value in enumerate(came):
        goes_on.append(sum(one > value for one in came[:k]) < max(1, (k + 1) // 2))
    found = replay(grid, search("asha:reduction=2"), 0)
    assert found.spent == len(early) + sum(goes_on)
    assert found.gains.tolist() == [value for value, on in zip(came, goes_on, strict=True) if on]


def test_nothing_is_saved_at_the_last_epoch() -> None:
    grid = hill(epochs=4)
    found = replay(grid, search("asha:reduction=2:grace=2"), 0)
    ran_to = 4 * len(found.hits) + 2 * (found.tried - len(found.hits))
    assert found.spent == ran_to


def test_only_trials_that_came_to_the_ranked_epoch_have_a_score() -> None:
    grid = grid_of([[value, value, value] for value in range(20)], epoch=2)
    found = replay(grid, search("asha:grace=2:reduction=8"), 0)
    assert len(found.hits) == 20
    assert found.spent < 60
    assert len(replay(grid, search("asha:grace=1:reduction=8"), 0).hits) < 20


def test_the_median_rule_lets_the_first_five_go_on() -> None:
    grid = grid_of([[value, value] for value in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)])
    found = replay(grid, search("median"), 3)
    came = [float(9 - i) for i in order(10, 3)]
    on = [k < 5 or value >= float(np.median(came[:k])) for k, value in enumerate(came)]
    assert found.gains.tolist() == [value for value, stays in zip(came, on, strict=True) if stays]


def test_a_lower_better_metric_is_searched_downwards() -> None:
    grid = grid_of([[x, x] for x in np.linspace(0, 1, 40)], metric="MSE")
    found = replay(grid, search("tpe"), 0, until=0.5)
    assert grid.best == 0
    assert found.gains.max() == pytest.approx(0, abs=0.06)
    stopped = replay(grid, search("asha:reduction=4"), 0)
    assert stopped.gains.max() == 0


@pytest.mark.parametrize("name", ["random", "tpe", "asha:reduction=4", "tpe+asha", "nsga2+median"])
def test_a_seed_gives_the_same_repeat_and_another_gives_another(name: str) -> None:
    first, again, other = (replay(hill(), search(name), seed, 0.3).gains.tolist() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("name", ["random", "sobol", "tpe", "cmaes", "nsga2", "tpe+asha"])
def test_no_setting_is_tried_twice_and_a_search_to_the_end_has_them_all(name: str) -> None:
    grid = hill((5, 4))
    found = replay(grid, search(name), 0, until=1.0)
    assert found.tried <= 20
    if "+" not in name:
        assert sorted(found.gains) == sorted(grid.gains)
        assert found.gains.max() == grid.best


def test_settings_without_a_trial_are_passed_over_at_no_cost() -> None:
    grid = hill((6, 5))
    keep = [i for i in range(30) if i % 3]
    some = replace(
        grid, settings=tuple(grid.settings[i] for i in keep), missing=grid.settings[::3], values=grid.values[keep],
        seconds=None,
    )  # fmt: skip
    found = replay(some, search("tpe"), 0)
    assert found.tried == 20
    assert found.spent == some.cost


def test_random_finds_one_of_the_best_as_often_as_a_draw_without_replacement_does() -> None:
    grid = hill((8, 5))
    best = grid.rank_threshold(0.1)
    k, repeats = 8, 300
    found = [bool((replay(grid, search("random"), seed, until=k / 40).gains >= best).any()) for seed in range(repeats)]
    expected = 1 - hypergeom(40, 4, k).pmf(0)
    assert np.mean(found) == pytest.approx(expected, abs=3.3 * math.sqrt(expected * (1 - expected) / repeats))


@given(
    st.integers(2, 12), st.integers(1, 3), st.integers(1, 5), st.sampled_from(["asha", "median", "asha:reduction=5"])
)
def test_a_whole_grid_is_tried_whole_with_any_rule_and_any_workers(
    n: int, epochs: int, workers: int, name: str
) -> None:
    rng = np.random.default_rng(n)
    grid = grid_of(rng.random((n, epochs)), seconds=rng.random((n, epochs)) + 0.1)
    found = replay(grid, search(name), 0, workers=workers)
    assert found.tried == n
    assert n <= found.spent <= grid.cost
    assert found.full == grid.cost


def test_with_workers_a_trial_is_told_when_its_seconds_are_over() -> None:
    grid = grid_of([[1.0], [2.0], [3.0]], seconds=[[3.0], [2.0], [1.0]])
    places = order(3)
    found = replay(grid, search("asha"), 0, workers=3)
    by_end = sorted(places, key=lambda i: grid.seconds[i, 0])
    assert found.gains.tolist() == [grid.gains[i] for i in by_end]


def test_a_score_that_is_no_number_is_told_as_a_failure_and_the_search_goes_on() -> None:
    values = np.array(hill((4, 3)).values)
    values[3, -1] = np.nan
    found = replay(replace(hill((4, 3)), values=values), search("tpe"), 0)
    assert found.tried == 12


def test_the_space_of_a_grid_holds_its_settings_and_no_others() -> None:
    grid = hill((3, 4))
    assert list(space_of(grid).all()) == list(grid.settings)
    assert space_of(grid).size == 12


def test_the_order_of_a_whole_grid_is_random_and_has_every_setting_once() -> None:
    source = Shuffled(hill((3, 4)), 5)
    places = [place for _, place in iter(source.next, None)]
    assert sorted(places) == list(range(12)) != places
