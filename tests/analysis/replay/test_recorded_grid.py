"""Reading a grid and its noise off tables: what is left out, what is refused, what cannot be told apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.replay.noise_floor import OWN, SHARED, read_floor
from analysis.replay.recorded_grid import GridQuery, ranked_as, read_grid
from analysis.runs.open_run import open_run
from fusion_core.errors import ConfigError
from tests.analysis.make import Made
from tests.analysis.replay.grids import A, B, table
from tests.analysis.searches import search_run


def read(folder: Path, **asked: object):
    run, scores = ranked_as(open_run(folder), GridQuery(**asked))
    return read_grid(run, scores)


def test_values_and_seconds_are_those_of_the_table(tmp_path: Path) -> None:
    grid = read(table(tmp_path))
    assert grid.settings[1] == {A: 1.0, B: 2.0}
    assert grid.values[1].tolist() == pytest.approx([1.2, 1.21])
    assert grid.seconds[1].tolist() == [2.0, 2.0]
    assert (grid.metric, grid.epoch, grid.epochs, grid.cost, grid.seeds) == ("Reward", 2, 2, 24, 1)
    assert grid.best == pytest.approx(4.31)
    assert grid.missing == ()


def test_another_metric_and_epoch_can_be_asked_for(tmp_path: Path) -> None:
    grid = read(table(tmp_path), metric="MSE", epoch=1)
    assert (grid.metric, grid.epoch, grid.epochs) == ("MSE", 1, 2)
    assert grid.best == -0.25


def test_what_is_not_there_is_refused_with_its_neighbour(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(table(tmp_path), metric="reward", epoch=7, dataset="b")
    assert len(refused.value.problems) == 3
    assert "Did you mean 'Reward'?" in str(refused.value)


@pytest.mark.parametrize("how", ["missing", "failed", "stopped", "nan"])
def test_settings_without_a_complete_trial_are_left_out(tmp_path: Path, how: str) -> None:
    def change(made: Made) -> Made | None:
        if made.parameters != {A: 2.0, B: 3.0}:
            return made
        if how == "nan":
            return replace(made, epochs=[made.epochs[0], {"a": {"Reward": None, "MSE": 1.0}}])
        return None if how == "missing" else replace(made, epochs=made.epochs[:1], status=how)

    grid = read(table(tmp_path, change=change))
    assert len(grid.settings) == 11
    assert grid.missing == ({A: 2.0, B: 3.0},)
    assert grid.cost == 22


def test_the_mean_over_seeds_stands_for_a_setting_at_the_cost_of_all(tmp_path: Path) -> None:
    grid = read(table(tmp_path, seeds=(0, 1)))
    assert grid.seeds == 2
    assert grid.values[0, 1] == pytest.approx(1.1105)
    assert grid.seconds[0].tolist() == [3.0, 3.0]


def test_without_recorded_seconds_there_are_none(tmp_path: Path) -> None:
    from trials.storage.results import Results

    with Results.open(table(tmp_path) / "results.sqlite") as results:
        results.connection.execute("DELETE FROM training WHERE trial = 'id3' AND epoch = 2")
    assert read(tmp_path).seconds is None


def test_a_search_is_no_grid(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\(a search by random\).*at least half of it finished, but 60 of the"):
        read(search_run(tmp_path))


def test_a_grid_that_has_hardly_begun_and_a_single_setting_are_refused(tmp_path: Path) -> None:
    few = table(tmp_path / "few", change=lambda made: made if made.parameters[A] < 2 or made.parameters[B] > 2 else
                replace(made, epochs=[], status="waiting"))  # fmt: skip
    assert len(read(few).settings) == 6
    fewer = table(tmp_path / "fewer", change=lambda made: made if made.parameters[A] < 2 else
                  replace(made, epochs=[], status="waiting"))  # fmt: skip
    with pytest.raises(ConfigError, match="but 3 of the 12 configurations"):
        read(fewer)
    with pytest.raises(ConfigError, match="two configurations or more, but this run has 1"):
        read(table(tmp_path / "one", sizes=(1, 1)))


def test_noise_of_one_setting_is_that_of_seeds_of_their_own(tmp_path: Path) -> None:
    noise = table(tmp_path / "noise", sizes=(1, 1), seeds=range(5))
    run, scores = ranked_as(open_run(table(tmp_path / "grid")), GridQuery())
    floor = read_floor(run, scores, open_run(noise))
    std = np.std([0.001 * seed for seed in range(5)], ddof=1)
    assert floor.of == OWN
    assert floor.std == pytest.approx(std)
    assert floor.least == pytest.approx(stats.t.ppf(0.975, 4) * np.sqrt(2) * std)


def test_what_a_seed_does_to_all_alike_is_no_noise_between_settings_of_one_seed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    own = rng.normal(0, 0.01, (6, 4))

    def change(made: Made) -> Made:
        i = int(2 * (made.parameters[A] - 1) + made.parameters[B] - 1)
        value = 1.0 * i + 5.0 * made.seed + own[i, made.seed]
        return replace(made, epochs=[{"a": {"Reward": value, "MSE": 1.0}}] * 2)

    noise = table(tmp_path / "noise", sizes=(3, 2), seeds=range(4), change=change)
    run, scores = ranked_as(open_run(table(tmp_path / "grid")), GridQuery())
    floor = read_floor(run, scores, open_run(noise))
    rest = own - own.mean(0) - own.mean(1, keepdims=True) + own.mean()
    assert (floor.of, floor.freedom) == (SHARED, 15)
    assert floor.std == pytest.approx(np.sqrt((rest**2).sum() / 15))


def test_a_run_of_several_seeds_has_a_noise_floor_of_its_own_and_one_of_a_seed_has_none(tmp_path: Path) -> None:
    run, scores = ranked_as(open_run(table(tmp_path / "two", seeds=(0, 1))), GridQuery())
    floor = read_floor(run, scores, None)
    assert floor is not None and floor.std == pytest.approx(0, abs=1e-12)
    run, scores = ranked_as(open_run(table(tmp_path / "one")), GridQuery())
    assert read_floor(run, scores, None) is None


def test_noise_without_repeats_is_refused_and_other_data_is_said(tmp_path: Path) -> None:
    run, scores = ranked_as(open_run(table(tmp_path / "grid")), GridQuery())
    with pytest.raises(ConfigError, match="must hold repeats"):
        read_floor(run, scores, open_run(table(tmp_path / "none")))
    other = read_floor(run, scores, open_run(table(tmp_path / "other", sizes=(1, 1), seeds=(0, 1), print_of="g")))
    assert "was measured on other data" in other.notes[0]
