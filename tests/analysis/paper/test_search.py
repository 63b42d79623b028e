"""Tables of a search: the settings that rank first, by what they rank by, and a caption that says so."""

from pathlib import Path
from typing import Any

import pytest

from analysis.findings.findings import Findings
from analysis.paper.figures.gallery import _chosen
from analysis.paper.figures.importance import importance
from analysis.paper.figures.noise import noise
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.bounds import bounds_of_values
from analysis.paper.tables.comparison import comparison
from analysis.paper.tables.importance import importances
from analysis.paper.tables.settings import top_settings
from analysis.runs.open_run import open_run
from analysis.text.answer import answer
from tests.analysis.findings.test_standings import CURSED, FRESH, picked_and_again
from tests.analysis.make import Made, make_run
from tests.analysis.paper.test_tables import column, subject_of
from tests.analysis.searches import KEY, at, search_run, searched


def subject(folder: Path, trials: list[Made], **search: Any) -> Subject:
    return subject_of(make_run(folder, trials, record=searched(**search)), top=10)


def test_the_best_settings_of_a_paper_are_the_confirmed_ones(tmp_path: Path) -> None:
    table = top_settings(subject(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH)))
    assert column(table, "max_ratio") == ["2", "1"] and column(table, "Reward ↑") == ["0.7600", "0.6400"]
    assert table.data["trials"].tolist() == ["6 7", "4 5"]
    assert "Confirmed: 2 of 3 configurations were run again with fresh seeds (1, 2)" in table.caption


def test_a_default_that_was_not_confirmed_is_called_so_beside_ours(tmp_path: Path) -> None:
    trials = picked_and_again({1: (0.9, (0.6, 0.68)), 2: (0.8, (0.75, 0.77)), 10: (0.7, ())})
    table = comparison(subject(tmp_path, trials, confirm=(2, FRESH)), [])
    assert column(table, "method")[:2] == ["ours, best Reward", "ours, default weights (not confirmed)"]
    assert table.data["Reward"].tolist()[:2] == pytest.approx([0.76, 0.7])
    assert "the best of 2 configurations by Reward ↑ 0.76 [" in table.caption


def test_only_settings_that_keep_to_a_constraint_compete(tmp_path: Path) -> None:
    trials = [Made({KEY: weight}, [at(value, Nabf=nabf)]) for weight, value, nabf in ((1, 0.9, 0.02), (2, 0.7, 0.001))]
    table = top_settings(subject(tmp_path, trials, where=["Nabf <= 0.005"]))
    assert column(table, "max_ratio") == ["2"]
    assert "1 of 2 keep to Nabf <= 0.005." in table.caption


def test_the_noise_floor_of_a_paper_is_that_of_the_confirming_trials(tmp_path: Path) -> None:
    drawn = noise(subject(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH)))
    assert "between 2 seeds, pooled over 2 repeated configurations" in drawn.caption


def test_a_caption_of_what_the_search_itself_measured_says_of_which_seeds_it_is(tmp_path: Path) -> None:
    found = subject(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))
    own = "of the search's own seed 0, not of the seeds that confirm"
    assert own in bounds_of_values(found).caption
    assert own not in top_settings(found).caption and own not in noise(found).caption


def test_headline_and_paper_agree_that_so_few_settings_say_nothing_of_importance(tmp_path: Path) -> None:
    run = open_run(search_run(tmp_path, count=8))
    why = "8 configurations are too few to separate the weights."
    assert f"Which weight decides it is unknown: {why}" in answer(Findings.of(run))
    for draw in (importance, importances):
        with pytest.raises(NothingToShow, match=f"Which weight decides Reward is unknown: {why}"):
            draw(subject_of(tmp_path))


def test_the_confirmed_best_leads_the_gallery_and_only_the_defaults_are_called_default(tmp_path: Path) -> None:
    trials = picked_and_again({1: (0.9, (0.6, 0.68)), 11: (0.8, (0.75, 0.77)), 9: (0.7, ())})
    found = subject(tmp_path, trials, confirm=(2, FRESH))
    for number, trial in ((1, "id0"), (2, "id1"), (3, "id2")):
        folder = tmp_path / "samples" / f"{number}_{trial}"
        folder.mkdir(parents=True)
        (folder / "a_pair_fused.png").touch()
    assert [(one.why, one.setting, one.value) for one in _chosen(found)] == [
        ("best (confirmed)", 1, pytest.approx(0.76)), ("nearest to the defaults", 0, pytest.approx(0.64)),
        ("worst", 2, pytest.approx(0.7)),
    ]  # fmt: skip
    exact = subject(tmp_path / "exact", picked_and_again({10: (0.9, ()), 9: (0.7, ())}))
    assert exact.default_name == "default"
