"""Reading results tables: newest cohort, swept parameters, refusals."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.runs.open_run import open_run
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run
from trials.storage.results import Results


def test_each_swept_parameter_is_an_axis_with_its_values_in_rising_order(tmp_path: Path) -> None:
    trials = [Made({"loss.max_ratio": a, "loss.max_mode": b}) for a in (10, 4) for b in ("l2", "l1")]
    run = open_run(make_run(tmp_path, trials))
    assert run.axes == {"loss.max_ratio": (4, 10), "loss.max_mode": ("l2", "l1")}
    assert run.trials["loss.max_ratio"].tolist() == [10, 10, 4, 4]


def test_what_the_sweep_file_changed_between_two_runs_is_an_axis_too(tmp_path: Path) -> None:
    before = Made({"loss.max_ratio": 10}, config={"loss": {"color_ratio": 2, "max_ratio": 10}})
    after = Made({"loss.max_ratio": 10}, config={"loss": {"color_ratio": 3, "max_ratio": 10}})
    assert open_run(make_run(tmp_path, [before, after])).axes["loss.color_ratio"] == (2, 3)


def test_an_axis_that_was_added_later_has_the_old_trials_at_the_value_they_ran_with(tmp_path: Path) -> None:
    old = Made({"loss.max_ratio": 10}, config={"loss": {"grad_ratio": 40}})
    new = Made({"loss.max_ratio": 10, "loss.grad_ratio": 64})
    assert open_run(make_run(tmp_path, [old, new])).trials["loss.grad_ratio"].tolist() == [40, 64]


def test_only_the_newest_cohort_is_read_and_the_others_are_counted(tmp_path: Path) -> None:
    trials = [Made({}, cohort="old"), Made({"loss.max_ratio": 1}, cohort="old"), Made({"loss.max_ratio": 1})]
    run = open_run(make_run(tmp_path, trials))
    assert run.trials["number"].tolist() == [3]
    assert run.notes[0].startswith("2 trials of this table were measured on other data")


def test_a_cohort_that_the_last_run_names_is_the_newest(tmp_path: Path) -> None:
    trials = [Made({}, cohort="again"), Made({"loss.max_ratio": 1}, cohort="between")]
    assert open_run(make_run(tmp_path, trials, record={"cohort": "again"})).trials["number"].tolist() == [1]


def test_a_table_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    make_run(tmp_path, [Made({"loss.max_ratio": 1}, [{"a": {"Reward": 0.5}}])])
    with Results.open(tmp_path / "results.sqlite") as writing:
        writing.connection.execute("BEGIN IMMEDIATE")
        writing.connection.execute("UPDATE metrics SET mean = 0.9")
        assert open_run(tmp_path).metrics["mean"].tolist() == [0.5]
        writing.connection.execute("COMMIT")
        assert open_run(tmp_path).metrics["mean"].tolist() == [0.9]


def test_a_folder_without_a_table_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FusionError, match=r"results\.sqlite"):
        open_run(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be taken for one" * 9])
def test_a_file_that_is_no_results_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "results.sqlite").write_bytes(content)
    with pytest.raises(FusionError, match=r"results\.sqlite"):
        open_run(tmp_path)


def test_a_damaged_table_is_refused_with_a_remedy(tmp_path: Path) -> None:
    make_run(tmp_path, [Made({"loss.max_ratio": 1})])
    with sqlite3.connect(tmp_path / "results.sqlite") as connection:
        connection.execute("DROP TABLE metrics")
    with pytest.raises(
        FusionError, match="must hold all its columns, but lacks table metrics; restore it from a backup"
    ):
        open_run(tmp_path)


def test_analysis_opens_without_torch_and_without_ray() -> None:
    code = "import sys, analysis.__main__; print(sorted({'torch', 'ray', 'accelerate'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
