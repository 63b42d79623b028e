"""Tables of a search: the settings that rank first, by what they rank by, and a caption that says so."""

from pathlib import Path
from typing import Any

import pytest

from analysis.paper.figures_noise import noise
from analysis.paper.subject import Subject
from analysis.paper.tables_comparison import comparison
from analysis.paper.tables_settings import top_settings
from tests.analysis.make import Made, make_run
from tests.analysis.paper.test_tables import column, subject_of
from tests.analysis.searches import KEY, at, searched
from tests.analysis.test_final import CURSED, FRESH, picked_and_again


def subject(folder: Path, trials: list[Made], **search: Any) -> Subject:
    return subject_of(make_run(folder, trials, record=searched(**search)), top=10)


def test_the_best_settings_of_a_paper_are_the_confirmed_ones(tmp_path: Path) -> None:
    table = top_settings(subject(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH)))
    assert column(table, "max_ratio") == ["2", "1"] and column(table, "Reward ↑") == ["0.7600", "0.6400"]
    assert table.data["trials"].tolist() == ["6 7", "4 5"]
    assert "Confirmed: 2 of 3 settings were run again with fresh seeds (1, 2)" in table.caption


def test_a_default_that_was_not_confirmed_is_called_so_beside_ours(tmp_path: Path) -> None:
    trials = picked_and_again({1: (0.9, (0.6, 0.68)), 2: (0.8, (0.75, 0.77)), 10: (0.7, ())})
    table = comparison(subject(tmp_path, trials, confirm=(2, FRESH)), [])
    assert column(table, "method")[:2] == ["ours, best Reward", "ours, default weights (not confirmed)"]
    assert table.data["Reward"].tolist()[:2] == pytest.approx([0.76, 0.7])
    assert "the best of 2 settings by Reward ↑ 0.76 [" in table.caption


def test_only_settings_that_keep_to_a_constraint_compete(tmp_path: Path) -> None:
    trials = [Made({KEY: weight}, [at(value, Nabf=nabf)]) for weight, value, nabf in ((1, 0.9, 0.02), (2, 0.7, 0.001))]
    table = top_settings(subject(tmp_path, trials, where=["Nabf <= 0.005"]))
    assert column(table, "max_ratio") == ["2"]
    assert "1 of 2 keep to Nabf <= 0.005." in table.caption


def test_the_noise_floor_of_a_paper_is_that_of_the_confirming_trials(tmp_path: Path) -> None:
    drawn = noise(subject(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH)))
    assert "between 2 seeds, pooled over 2 repeated settings" in drawn.caption
