"""Tables of a run made by hand: the numbers are those of the page's functions, the marks are right."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.findings.bounds import bounds
from analysis.findings.findings import Findings
from analysis.paper.choice import Choice, asked
from analysis.paper.methods import Published
from analysis.paper.style import NothingToShow
from analysis.paper.subject import Subject
from analysis.paper.tables.bounds import bounds_of_metrics, bounds_of_values
from analysis.paper.tables.comparison import comparison
from analysis.paper.tables.importance import importances
from analysis.paper.tables.settings import price_list, top_settings
from analysis.paper.tables.table import Table
from analysis.runs.open_run import open_run
from tests.analysis.make import Made, make_run

MAX, GRAD = "loss.max_ratio", "loss.grad_ratio"
UNTRAINED = {"visible": {"a": {"Reward": 9.0, "VIF": 1.0, "MSE": 0.5}}}


def reward(a: int, b: int) -> float:
    return 0.1 * a + 0.01 * b


def grid() -> list[Made]:
    return [
        Made({MAX: a, GRAD: b}, [{"a": {"Reward": reward(a, b), "VIF": 1.0 - 0.1 * a, "MSE": 0.01 * b}}])
        for a, b in product((4, 10), (2, 40, 90))
    ]


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return subject_of(make_run(tmp_path, grid(), baselines=UNTRAINED))


def subject_of(folder: Path, top: int = 3, **more: Any) -> Subject:
    run = open_run(folder)
    found, _ = asked(Findings.of(run), Choice(top=top, **more))
    assert found is not None
    return found


def column(table: Table, title: str) -> list[str]:
    place = [one.title for one in table.columns].index(title)
    return [row[place].text for block in table.blocks for row in block.rows]


def marks(table: Table, title: str) -> list[int]:
    place = [one.title for one in table.columns].index(title)
    return [row[place].rank for block in table.blocks for row in block.rows]


def test_the_best_settings_come_first_with_their_other_metrics(subject: Subject) -> None:
    table = top_settings(subject)
    assert column(table, "max_ratio") == ["10", "10", "4"]
    assert column(table, "grad_ratio") == ["90", "40", "90"]
    assert column(table, "Reward ↑") == ["1.900", "1.400", "1.300"]
    assert marks(table, "Reward ↑") == [1, 2, 0]
    assert marks(table, "MSE ↓") == [2, 1, 2]
    assert table.data["trials"].tolist() == ["6", "5", "3"]
    assert "n = 10 images" in table.caption
    assert "The best 3 of 6 configurations" in table.caption


def test_worse_is_never_below_zero_whichever_way_a_metric_points(subject: Subject) -> None:
    worse = top_settings(subject_of(subject.run.path, metric="MSE", top=6)).data["worse"]
    assert worse.tolist() == pytest.approx([0, 0, 0.38, 0.38, 0.88, 0.88])


def test_the_bounds_are_those_of_the_page(subject: Subject) -> None:
    table = bounds_of_values(subject)
    assert column(table, "weight") == ["max_ratio", "", "grad_ratio", "", ""]
    assert column(table, "Reward ↑") == ["1.300", "1.900", "1.020", "1.400", "1.900"]
    assert column(table, "best at") == ["90", "90", "10", "10", "10"]
    assert column(table, "settings") == ["3", "3", "2", "2", "2"]
    page = bounds(subject.run, subject.scores, datasets=["a"], epochs=[1], up_to=(False,))
    np.testing.assert_array_equal(table.data["best"], page["best"])
    np.testing.assert_array_equal(table.data["corrected"], page["corrected"])


def test_marks_of_bounds_are_within_a_parameter(subject: Subject) -> None:
    assert marks(bounds_of_values(subject), "Reward ↑") == [2, 1, 0, 2, 1]
    table = bounds_of_metrics(subject)
    assert marks(table, "VIF ↑") == [1, 2, 0, 0, 0]
    assert column(table, "MSE ↓") == ["0.0200", "0.0200", "0.0200", "0.4000", "0.9000"]
    assert marks(table, "MSE ↓") == [0, 0, 1, 2, 0]


def test_importances_are_shares_of_the_variance(subject: Subject) -> None:
    table = importances(subject)
    assert column(table, "VIF")[:2] == ["1.000", "0.000"]
    assert column(table, "MSE")[:2] == ["0.000", "1.000"]
    shares = table.data.set_index("weight")["Reward"]
    assert shares[[MAX, GRAD]].sum() == pytest.approx(1)
    assert "exact" in table.caption


def test_prices_are_shares_of_what_there_is_to_lose(subject: Subject) -> None:
    table = price_list(subject)
    assert column(table, "best for") == ["Reward ↑", "VIF ↑", "MSE ↓"]
    assert column(table, "Reward") == ["–", "41 %", "59 %"]
    assert column(table, "VIF") == ["100 %", "–", "0 %"]


def test_ours_stand_below_the_published_and_compete_with_them_but_copies_do_not(subject: Subject) -> None:
    published = [Published("A_1", "", {"VIF": 0.62, "Reward": 1.5}, {"VIF": 2, "Reward": 1})]
    table = comparison(subject, published)
    assert [one.title for one in table.columns] == ["method", "VIF ↑", "Reward ↑"]
    assert column(table, "method")[:3] == ["A_1", "ours, best Reward", "ours, default weights"]
    assert column(table, "VIF ↑") == ["0.62", "0.00", "0.00", "1.00", "–", "–"]
    assert column(table, "Reward ↑") == ["1.5", "1.9", "1.4", "9.0", "–", "–"]
    assert marks(table, "Reward ↑") == [2, 1, 0, 0, 0, 0]
    assert "Published rows are as given" in table.caption


def test_without_published_rows_the_familiar_metrics_are_compared(subject: Subject) -> None:
    table = comparison(subject, [])
    assert [one.title for one in table.columns] == ["method", "Reward ↑", "VIF ↑", "MSE ↓"]
    assert "Published" not in table.caption


def test_each_data_set_of_the_published_rows_has_a_block_of_its_own(tmp_path: Path) -> None:
    trials = [Made({MAX: i}, [{"a": {"Reward": i}, "b": {"Reward": 2.0 * i}}]) for i in (1, 2)]
    subject = subject_of(make_run(tmp_path, trials, n={"a": 7, "b": 5}))
    published = [Published("A", name, {"Reward": 3.0}, {"Reward": 1}) for name in ("b", "a")]
    table = comparison(subject, published)
    assert [block.heading for block in table.blocks][::2] == ["b (n = 5 images)", "a (n = 7 images)"]
    assert [block.rows[1][1].text for block in table.blocks][::2] == ["4.0", "2.0"]
    assert [block.rows[1][1].rank for block in table.blocks][::2] == [1, 2]


def test_a_metric_that_was_published_but_not_measured_is_a_dash(subject: Subject) -> None:
    table = comparison(subject, [Published("A", "", {"SCD": 1.2}, {"SCD": 1})])
    assert column(table, "SCD ↑")[:2] == ["1.2", "–"]


def test_a_table_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    subject = subject_of(make_run(tmp_path, [Made({MAX: 1}, [{"a": {"Reward": 0.5}}])]))
    for make, why in ((bounds_of_values, "few values"), (importances, "two parameters"), (price_list, "two metrics")):
        with pytest.raises(NothingToShow, match=why):
            make(subject)
    assert column(top_settings(subject), "Reward ↑") == ["0.5000"]


def test_captions_count_only_the_data_sets_that_have_a_weight(tmp_path: Path) -> None:
    trials = [Made({MAX: i}, [{name: {"Reward": i} for name in "abc"}]) for i in (1, 2)]
    weights = {"metric": "Reward", "dataset_weights": {"a": 0.7, "b": 0.3}}
    subject = subject_of(make_run(tmp_path, trials, rank_by=weights, n={"a": 4, "b": 3, "c": 9}))
    assert subject.place == "weighted mean over 2 data sets, epoch 1, n = 7 images"
    assert subject_of(tmp_path, dataset="c").place == "c, epoch 1, n = 9 images"


def test_nothing_is_called_tied_where_no_interval_can_be_given(subject: Subject) -> None:
    assert not subject.is_sure("Reward")
    for make in (top_settings, bounds_of_values, bounds_of_metrics):
        table = make(subject)
        assert not any(cell.tied for block in table.blocks for row in block.rows for cell in row)
    assert "the certainty of the ranking is unknown" in top_settings(subject).caption


def test_settings_that_seeds_cannot_tell_apart_have_a_dagger(tmp_path: Path) -> None:
    values = {1: (1.0, 1.2, 1.1), 2: (1.1, 1.0, 1.25), 3: (5.0, 5.1, 4.9), 4: (5.2, 4.9, 5.0)}
    trials = [Made({MAX: i}, [{"a": {"Reward": x}}], seed=s) for i, some in values.items() for s, x in enumerate(some)]
    table = top_settings(subject_of(make_run(tmp_path, trials), top=4))
    assert [row[2].tied for row in table.blocks[0].rows] == [True, True, False, False]
    assert "2 of 4, 95 % confidence set" in table.caption
    assert "mean of up to 3 seeds" in table.caption


def test_an_unknown_number_of_images_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path, [Made({MAX: i}, [{"a": {"Reward": i}}]) for i in (1, 2)], n={"a": 0})
    assert subject_of(run).place == "a, epoch 1, number of images not recorded"
