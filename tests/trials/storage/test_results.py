from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from fusion_core.data.dataset import PairSet
from fusion_core.reports import EpochReport, Summary
from tests.trials.helpers import epoch_report, planned
from trials.storage.connection import ResultsError
from trials.storage.lock import LockedError, RunLock
from trials.storage.results import Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results.open(tmp_path / "results.sqlite")


def report(results: Results, trial: str, epoch: int, value: float = 1.0, *, last: bool = False) -> int:
    return results.report(
        trial, epoch_report(epoch, {"msrs": {"VIF": value, "MSE": 0.1}}), last=last, node="here", device="cpu"
    )


def test_trials_are_numbered_in_the_order_given_and_keep_their_numbers_when_the_grid_grows(results: Results) -> None:
    results.register([planned("b"), planned("a")])
    trials = results.register([planned("new"), planned("a"), planned("b")])
    assert {name: row.number for name, row in trials.items()} == {"b": 1, "a": 2, "new": 3}


def test_a_report_is_in_the_table_once_however_often_it_comes(results: Results) -> None:
    results.register([planned("a")])
    assert report(results, "a", 1, 0.5) == 0
    assert report(results, "a", 1, 0.5) == 0
    assert results.query("SELECT trial, epoch, dataset, metric, mean, std, n FROM metrics WHERE metric = 'VIF'") == [
        ("a", 1, "msrs", "VIF", 0.5, 0.1, 2)
    ]


def test_a_row_that_comes_again_with_another_value_is_counted_and_the_first_stays(results: Results) -> None:
    results.register([planned("a")])
    report(results, "a", 1, 0.5)
    assert report(results, "a", 1, 0.75) == 1
    assert results.query("SELECT mean FROM metrics WHERE metric = 'VIF'") == [(0.5,)]


def test_the_last_report_makes_a_trial_finished_in_the_same_transaction(results: Results) -> None:
    results.register([planned("a")])
    results.start("a", 100.0)
    report(results, "a", 1)
    assert results.trials()["a"].status == "running"
    report(results, "a", 2, last=True)
    row = results.trials()["a"]
    assert (row.status, row.done, row.attempts) == ("finished", 2, 1)
    assert results.query("SELECT seconds, node, device, started FROM trials") == [(3.0, "here", "cpu", 100.0)]


def test_not_a_number_is_null(results: Results) -> None:
    results.register([planned("a")])
    nan = EpochReport(1, {"s": {"Nabf": Summary(float("nan"), float("nan"), 3)}}, {"loss_total": float("nan")}, 0.0)
    results.report("a", nan, last=False, node="n", device="cpu")
    assert results.query("SELECT mean, std, n, per_image FROM metrics") == [(None, None, 3, None)]
    assert results.query("SELECT value FROM training WHERE name = 'loss_total'") == [(None,)]


def test_values_per_image_are_little_endian_float32(results: Results) -> None:
    results.register([planned("a")])
    report(results, "a", 1, 0.25)
    ((blob,),) = results.query("SELECT per_image FROM metrics WHERE metric = 'VIF'")
    assert np.frombuffer(blob, "<f4").tolist() == [0.25, 0.25]


def test_trials_that_a_killed_driver_left_running_wait_again(results: Results) -> None:
    results.register([planned("a"), planned("b")])
    results.start("a", 1.0)
    assert {row.status for row in results.register([planned("a"), planned("b")]).values()} == {"waiting"}


def test_more_epochs_make_a_finished_trial_wait_and_fewer_leave_it(results: Results) -> None:
    results.register([planned("a", 1), planned("b", 1)])
    report(results, "a", 1, last=True)
    report(results, "b", 1, last=True)
    trials = results.register([planned("a", 3), planned("b", 1)])
    assert (trials["a"].status, trials["a"].epochs, trials["a"].done) == ("waiting", 3, 1)
    assert (trials["b"].status, trials["b"].epochs) == ("finished", 1)
    again = results.register([planned("a", 1)])["a"]
    assert (again.status, again.epochs) == ("finished", 1)


def test_a_waiting_trial_the_sweep_no_longer_asks_for_goes_unless_it_has_rows(results: Results) -> None:
    results.register([planned("a"), planned("b"), planned("c")])
    report(results, "b", 1)
    results.wait(["b"])
    assert list(results.register([planned("a")])) == ["a", "b"]


def test_the_parameter_view_has_a_column_per_swept_key(results: Results) -> None:
    results.register([planned("a", max_ratio=4, ssim_shared=10), planned("b", max_ratio=16, ssim_shared=1)])
    rows = results.query('SELECT number, "loss.max_ratio", "loss.ssim_shared" FROM trial_parameters ORDER BY number')
    assert rows == [(1, 4.0, 10.0), (2, 16.0, 1.0)]


def test_the_view_follows_when_an_axis_is_added(results: Results) -> None:
    results.register([planned("a", max_ratio=4)])
    results.register([planned("a", max_ratio=4), planned("b", max_ratio=4, grad_ratio=7)])
    assert results.query('SELECT "loss.grad_ratio" FROM trial_parameters ORDER BY number') == [(40.0,), (7.0,)]


def test_baselines_are_written_once_per_cohort(results: Results) -> None:
    results.register([planned("a")])
    values = {"msrs": {"visible": {"VIF": Summary(1.0, 0.0, 2)}}}
    for _ in range(2):
        results.report("a", epoch_report(1, {}), last=False, node="n", device="cpu", baselines=("one", values))
    assert results.query("SELECT cohort, dataset, fusion, metric, mean FROM baselines") == [
        ("one", "msrs", "visible", "VIF", 1.0)
    ]
    assert results.has_baselines("one") and not results.has_baselines("two")


def test_the_data_of_a_cohort_are_described(results: Results) -> None:
    pairs = PairSet("s", "test", ("p", "q"), np.zeros((2, 3, 4, 5), np.uint8), np.zeros((2, 1, 4, 5), np.uint8))
    results.describe_data("one", {"s": pairs})
    assert results.query("SELECT dataset, split, pairs, height, width, stems FROM datasets") == [
        ("s", "test", 2, 4, 5, '["p", "q"]')
    ]


def test_a_transaction_that_breaks_leaves_no_row(results: Results) -> None:
    results.register([planned("a")])
    broken = EpochReport(1, {"s": {"VIF": Summary(1.0, 0.0, 2)}}, {"loss_total": None}, 0.0)  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        results.report("a", broken, last=False, node="n", device="cpu")
    assert results.query("SELECT count(*) FROM metrics") == [(0,)]


def test_a_reader_sees_whole_reports_and_does_not_stop_the_writer(results: Results) -> None:
    results.register([planned("a")])
    with Results.read(results.path) as reader:
        reader.query("BEGIN")
        assert reader.query("SELECT count(*) FROM metrics") == [(0,)]
        report(results, "a", 1)
        assert reader.query("SELECT count(*) FROM metrics") == [(0,)]
        reader.query("COMMIT")
        assert reader.query("SELECT count(*) FROM metrics") == [(2,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.query("DELETE FROM metrics")


@pytest.mark.parametrize(
    ("content", "says"), [(b"not a database at all" * 99, "file is not a database"), (b"", "the table is empty")]
)
def test_a_file_that_is_no_results_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "results.sqlite"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=says):
        Results.read(path)


def test_a_table_of_another_version_is_refused_with_what_to_do(results: Results) -> None:
    results.connection.execute("PRAGMA user_version = 9")
    with pytest.raises(ResultsError, match="version 1, but it says 9: a newer program wrote it; update this program"):
        Results.open(results.path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results table here"):
        Results.read(tmp_path / "results.sqlite")


def test_a_second_lock_on_a_run_folder_says_who_holds_the_first(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(LockedError, match=r"process \d+ on .* \(since 20"), RunLock(tmp_path):
        pass
    with RunLock(tmp_path):
        assert (tmp_path / "driver.lock").exists()
