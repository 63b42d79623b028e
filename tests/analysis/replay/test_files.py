"""The command from a table to its files, its report and its refusals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import analysis.__main__ as command
from analysis.findings.findings import Findings
from analysis.replay.files import read_found
from analysis.replay.processes import Done, Pace, tasks
from analysis.replay.searches import read_searches
from analysis.report.figures.registry import page_parts
from analysis.runs.open_run import open_run
from fusion_core.errors import FusionError
from tests.analysis.replay.grids import A, table, trace

PROGRAM = Path(command.__file__).resolve().parent.parent
QUICK = ("--search", "random,sobol,asha:reduction=4,random+asha", "--repeats", 10, "--processes", 1)


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(command.app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("replay")
    noise = table(folder / "noise", sizes=(1, 1), seeds=range(4))
    run = table(folder / "grid", sizes=(8, 5))
    code, out, err = call("replay", run, *QUICK, "--noise", noise)
    assert code == 0
    return run, out, err


def test_the_command_writes_its_files_and_the_report_and_names_them_last(replayed: tuple[Path, str, str]) -> None:
    run, out, err = replayed
    assert out.splitlines()[-4:] == [
        str(run / name) for name in ("replay.csv", "replay_cost.csv", "replay.json", "report.html")
    ]
    assert 'id="fig-replay"' in (run / "report.html").read_text(encoding="utf-8")
    assert "replay: random, 10 repeats done" in err
    assert "Recommended: " in out and "Early stopping alone: asha:reduction=4 saves" in out
    assert not list(run.glob("*.partial"))


def test_the_tables_have_a_row_per_search_and_a_curve_of_each(replayed: tuple[Path, str, str]) -> None:
    run, _, _ = replayed
    costs, curves = pd.read_csv(run / "replay_cost.csv"), pd.read_csv(run / "replay.csv")
    assert costs["search"].tolist() == ["random", "sobol", "asha:reduction=4", "random+asha"]
    assert (costs["repeats"] == 10).all()
    assert costs["floor_within"].between(0, 1).all()
    assert costs["epochs_saved"].notna().tolist() == [False, False, True, True]
    assert costs["loss_most"].notna().tolist() == [False, False, True, False]
    assert set(curves["search"]) == set(costs["search"])
    assert (curves.groupby("search")["best_median"].diff().dropna() >= 0).all()
    assert (curves["regret_low"] >= -1e-12).all()
    assert curves.loc[curves["search"] == "asha:reduction=4", "cost"].iloc[-1] < 0.8


def test_the_page_has_what_the_files_say(replayed: tuple[Path, str, str]) -> None:
    run, out, _ = replayed
    opened = open_run(run)
    part = page_parts(Findings.of(opened))["replay"]
    found = read_found(run)
    assert part["said"] == list(found.said) and found.said[0] in out
    assert [one["row"]["search"] for one in part["searches"]] == found.costs["search"].tolist()
    assert part["best"] == pytest.approx(8.51)
    assert [one["name"] for one in part["targets"]] == ["top 1 %", "top 5 %", "noise floor"]
    assert json.dumps(part, allow_nan=False)


def test_a_replay_of_a_smaller_table_says_that_it_is_old(replayed: tuple[Path, str, str], tmp_path: Path) -> None:
    run, _, _ = replayed
    other = table(tmp_path, sizes=(9, 5))
    (other / "replay.json").write_bytes((run / "replay.json").read_bytes())
    opened = open_run(other)
    notes = page_parts(Findings.of(opened))["replay"]["notes"]
    assert "of 40 finished trials, and the run has 45 by now" in notes[-1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"said": 3}', '{"curves": {}, "costs": {}, "said": [], "notes": []}'])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "replay.json").write_text(text)
    with pytest.raises(FusionError, match=r"replay\.json: must be what a replay wrote"):
        read_found(tmp_path)


def test_a_run_without_a_replay_has_no_such_section(tmp_path: Path) -> None:
    opened = open_run(table(tmp_path))
    assert "replay" not in page_parts(Findings.of(opened))


def test_a_second_replay_says_what_it_replaces_and_both_compare_at_one_cost(tmp_path: Path) -> None:
    run = table(tmp_path)
    _, first, _ = call("replay", run, *QUICK)
    assert "replaces" not in first
    assert "Compared up to 50 % of the cost (--until)" in first
    _, second, _ = call("replay", run, "--search", "asha:reduction=4", "--repeats", 2, "--processes", 1)
    assert "replaces the replay of random, sobol, asha:reduction=4, random+asha there" in second
    assert "Compared up to" not in second and "few repeats (2)" in second
    assert "top 1 %" not in second
    (run / "replay.json").write_text("{")
    assert "replaces a damaged replay.json there" in call("replay", run, *QUICK)[1]


def test_every_problem_is_said_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    run = table(tmp_path / "grid")
    code, _, err = call("replay", run, "--search", "tpa", "--repeats", 0, "--noise", tmp_path / "none", "--until", 2,
                        "--metric", "VIE")  # fmt: skip
    assert code == 2
    assert len(err.splitlines()) == 5
    assert all(line.startswith("error: ") for line in err.splitlines())
    assert not list(run.glob("replay*"))


def test_a_rule_for_trials_of_one_epoch_is_refused(tmp_path: Path) -> None:
    run = table(tmp_path / "grid", epochs=1)
    code, _, err = call("replay", run, "--search", "random,asha,tpe+median")
    assert code == 2
    assert err.count("a rule must have an epoch before the last to stop at, but this run has 1") == 2
    assert call("replay", run, "--search", "random", "--repeats", 2, "--processes", 1)[0] == 0


def test_what_is_left_out_and_what_is_a_mean_is_said(tmp_path: Path) -> None:
    from dataclasses import replace

    run = table(tmp_path, seeds=(0, 1), change=lambda made: replace(made, status="failed", epochs=[])
                if made.parameters[A] == 1.0 and made.seed else made)  # fmt: skip
    code, out, _ = call("replay", run, *QUICK)
    assert code == 0
    assert "3 of the 12 configurations of the grid are left out" in out
    assert "Each configuration ran with 2 seeds" in out


def test_without_noise_its_column_is_left_out_and_that_is_said_once(tmp_path: Path) -> None:
    _, out, _ = call("replay", table(tmp_path), *QUICK)
    assert out.count("No noise floor") == 1
    assert "floor_within" not in pd.read_csv(tmp_path / "replay_cost.csv")


def test_one_repeat_of_each_search_comes_first_and_all_come_once() -> None:
    searches = read_searches("random,gp@3,tpe@1", 12)
    some = tasks(searches)
    assert [(one.search, one.repeats) for one in some[:3]] == [(0, (0,)), (1, (0,)), (2, (0,))]
    for i, search in enumerate(searches):
        assert sorted(k for one in some if one.search == i for k in one.repeats) == list(range(search.repeats))


def test_what_is_left_is_known_once_each_search_was_timed() -> None:
    searches = read_searches("random@4,gp@2", 1)
    pace, (first, second) = Pace(searches, 2), tasks(searches)[:2]
    pace.done(Done(first, (trace([1], [1], 1),), 1.0))
    assert pace.left is None
    pace.done(Done(second, (trace([1], [1], 1),), 10.0))
    assert pace.left == pytest.approx((3 * 1.0 + 1 * 10.0) / 2)


@pytest.mark.alone
@pytest.mark.slow
def test_processes_give_what_one_gives(tmp_path: Path) -> None:
    first, second = table(tmp_path / "a"), table(tmp_path / "b")
    assert call("replay", first, *QUICK)[0] == 0
    line = [sys.executable, "-m", "analysis", "replay", str(second), *map(str, QUICK[:-1]), "2"]
    subprocess.run(line, cwd=PROGRAM, check=True, capture_output=True, timeout=200)
    assert (first / "replay.csv").read_bytes() == (second / "replay.csv").read_bytes()


@pytest.mark.alone
@pytest.mark.slow
def test_ctrl_c_ends_it_and_its_processes_with_a_word(tmp_path: Path) -> None:
    run = table(tmp_path, sizes=(12, 10))
    line = [sys.executable, "-m", "analysis", "replay", str(run), "--search", "random,tpe", "--repeats", "5000",
            "--processes", "2"]  # fmt: skip
    with subprocess.Popen(
        line, cwd=PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        import psutil

        for _ in range(600):
            children = psutil.Process(process.pid).children(recursive=True)
            if len(children) >= 3:
                break
            time.sleep(0.1)
        time.sleep(3)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    psutil.wait_procs(children, timeout=20)
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    assert not list(run.glob("replay*"))
