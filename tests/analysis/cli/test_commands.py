"""`python -m analysis`: commands, what they print and write, how they refuse, how they end."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import analysis.__main__ as command
from analysis.cli.console import completed
from analysis.paper import Choice
from analysis.report.report import write_report
from tests.analysis.make import Made, make_run
from tests.analysis.rewarded import reward_run, simplex

KEY = "loss.max_ratio"
TRIALS = [Made({KEY: i}, [{"a": {"Reward": 0.1 * i, "MSE": 0.2}}]) for i in (1, 2, 3)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", TRIALS)


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(command.app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


COMMANDS = {"report": None, "compare": None, "paper": None, "bounds": None}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("runs/a", "report runs/a"),
        ("report runs/a", "report runs/a"),
        ("--watch runs/a", "report --watch runs/a"),
        ("runs/a --serve", "report runs/a --serve=0"),
        ("runs/a --serve 8000", "report runs/a --serve=8000"),
        ("runs/a --serve --watch", "report runs/a --serve=0 --watch"),
        ("--serve runs/a", "report --serve=0 runs/a"),
        ("compare a b --serve 80", "compare a b --serve=80"),
        ("bounds runs/a --out b.csv", "bounds runs/a --out b.csv"),
        ("comapre a b", "comapre a b"),
        ("--help", "--help"),
        ("", ""),
    ],
)
def test_a_run_alone_means_its_report_and_serve_may_go_without_a_port(given: str, meant: str) -> None:
    assert completed(given.split(), COMMANDS) == meant.split()


def test_a_folder_whose_name_is_like_a_command_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers").mkdir()
    assert completed(["papers"], COMMANDS) == ["report", "papers"]


@pytest.mark.parametrize("words", [[], ["report"]])
def test_the_report_is_written_and_its_path_is_the_last_line(run: Path, words: list[str]) -> None:
    code, out, _ = call(*words, run)
    assert code == 0
    assert "Best configuration: max_ratio 3 (trial 3)." in out
    assert out.splitlines()[-1] == str(run / "report.html")
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_long_work_is_said_on_standard_error_in_plain_lines_without_a_terminal(run: Path) -> None:
    assert call(run)[2].splitlines() == [
        "bounds and their intervals: 3 configurations, 2 metrics",
        "page: 3 configurations, 2 metrics",
    ]


def test_a_report_writes_the_bounds_beside_it_as_csv_and_parquet(run: Path) -> None:
    write_report(run)
    csv, parquet = pd.read_csv(run / "bounds.csv"), pd.read_parquet(run / "bounds.parquet")
    assert len(csv) == len(parquet) > 0
    assert list(csv) == list(parquet)
    best = csv[(csv["metric"] == "Reward") & (csv["dataset"] == "a") & ~csv["up_to"]]
    assert best["value"].tolist() == [1, 2, 3]
    assert best["best"].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert not list(run.glob(".*partial"))


@pytest.mark.parametrize("trials", [[], [Made({KEY: 1}, status="waiting")], [Made({}, [{"a": {"Reward": 0.5}}])]])
def test_a_sweep_without_bounds_writes_their_columns_alone(tmp_path: Path, trials: list[Made]) -> None:
    assert call("bounds", make_run(tmp_path, trials))[0] == 0
    assert len(pd.read_csv(tmp_path / "bounds.csv")) == len(pd.read_parquet(tmp_path / "bounds.parquet")) == 0


def test_weights_that_are_numbers_and_words_fit_a_parquet_file(tmp_path: Path) -> None:
    trials = [Made({KEY: 1, "loss.max_mode": mode}, [{"a": {"Reward": 0.5}}]) for mode in ("l1", "l2")]
    trials.append(Made({KEY: 2, "loss.max_mode": "l1"}, [{"a": {"Reward": 0.6}}]))
    assert call("bounds", make_run(tmp_path, trials))[0] == 0
    assert set(pd.read_parquet(tmp_path / "bounds.parquet")["value"].astype(str)) >= {"l1", "l2"}


def test_bounds_of_a_range_are_the_same_from_every_command(tmp_path: Path) -> None:
    trials = [Made({KEY: i / 7}, [{"a": {"Reward": float(i % 13)}}]) for i in range(40)]
    folder = make_run(tmp_path, trials)
    assert call("bounds", folder, "--out", tmp_path / "asked.csv")[0] == 0
    assert call("report", folder)[0] == 0
    assert call("paper", folder)[0] == 0
    asked, page = (pd.read_csv(tmp_path / name) for name in ("asked.csv", "bounds.csv"))
    paper = pd.read_csv(tmp_path / "paper" / "table_bounds.csv")
    assert len(set(asked["value"])) == 8
    assert asked.equals(page)
    here = page[(page["dataset"] == "a") & ~page["up_to"]]
    assert paper["value"].tolist() == here["value"].tolist()
    assert paper["best"].tolist() == here["best"].tolist()


def test_a_run_beside_is_drawn_or_refused_with_a_line(tmp_path: Path) -> None:
    losses = [{KEY: 1.0}, {KEY: 2.0}]
    same = reward_run(tmp_path / "loss", losses, kind="supervised", starts=(), record={"sweep": "loss_grid"})
    other = reward_run(tmp_path / "apart", losses, kind="supervised", starts=(), print_of="x")
    folder = reward_run(tmp_path / "reward", simplex(0.5, ("VIF", "Qabf")))
    assert call("report", folder, "--beside", same)[0] == 0
    assert "loss-trained (loss_grid)" in (folder / "report.html").read_text()
    code, _, err = call("report", folder, "--beside", other)
    assert code == 2
    assert err.startswith("error: --beside ") and "same images" in err


@pytest.mark.parametrize("name", ["b.csv", "b.parquet"])
def test_bounds_go_to_the_file_that_is_asked_for(run: Path, tmp_path: Path, name: str) -> None:
    code, out, _ = call("bounds", run, "--out", tmp_path / name)
    assert (code, out.strip()) == (0, str(tmp_path / name))
    assert not (run / "bounds.csv").exists()


def test_another_ending_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    code, _, err = call("bounds", tmp_path / "no run", "--out", tmp_path / "b.xlsx")
    assert code == 2
    assert err == "error: --out: the file must end in .csv or .parquet, but got 'b.xlsx'\n"


def test_options_of_the_paper_reach_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def write_paper(folder: Path, out: Path | None, choice: Choice) -> list[Path]:
        given.update(asdict(choice), folder=folder, out=out)
        return [Path("table.tex")]

    monkeypatch.setattr("analysis.paper.write_paper", write_paper)
    code, out, _ = call("paper", run, "--out", "o", "--methods", "m.csv", "--metric", "VIF", "--epoch", 2, "--top", 3)
    assert (code, out.strip()) == (0, "table.tex")
    assert given == {
        "folder": run, "out": Path("o"), "methods": Path("m.csv"), "metric": "VIF", "epoch": 2, "dataset": None,
        "top": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "results.sqlite: there is no results table here"),
        (["report", "nowhere"], "results.sqlite: there is no results table here"),
        (["bounds", "nowhere"], "results.sqlite: there is no results table here"),
        (["compare", "nowhere", "elsewhere"], "elsewhere/results.sqlite: there is no results table here"),
        (["compare", "nowhere"], "two runs or more must be given, but got 1"),
        (["comapre", "a", "b"], "No such command 'comapre'"),
        (["a", "--serve", "99999"], "--serve"),
        (["a", "--nothing"], "No such option"),
    ],
)
def test_a_mistake_ends_with_two_and_a_reason(arguments: list[str], said: str) -> None:
    code, out, err = call(*arguments)
    assert code == 2
    assert said in err
    assert out == ""


def test_every_problem_of_a_reference_folder_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "params.csv").write_text("exp_id,max_ratio\n1,x\n1,2\n")
    code, _, err = call(tmp_path)
    assert code == 2
    assert [line.split(": ")[0] for line in err.splitlines()] == ["error"] * 3


def test_an_interrupted_build_ends_with_a_word_and_leaves_no_partial_file(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.cli.report.write_page", interrupted)
    code, _, err = call(run)
    assert code == 130
    assert err.splitlines()[-1] == "stopped"
    assert not list(run.glob(".*partial"))


def test_a_table_that_is_locked_halfway_is_one_error(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> Path:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("analysis.cli.report.write_page", locked)
    code, _, err = call(run)
    assert code == 2
    assert err.splitlines()[-1].endswith("but SQLite says: database is locked; try again")


def test_serving_to_others_is_warned_of(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.cli.report.wait_for_interrupt", lambda: None)
    code, out, err = call(run, "--serve", "--host", "0.0.0.0")
    assert code == 0
    assert "serving http://0.0.0.0:" in out
    assert "warning: 0.0.0.0 is no loopback address" in err
    assert "warning" not in call(run, "--serve")[2]


def test_open_shows_the_file_or_the_address_it_is_served_at(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(shown.append(address)) or len(shown) < 2)
    monkeypatch.setattr("analysis.cli.report.wait_for_interrupt", lambda: None)
    call(run, "--open")
    _, _, err = call(run, "--open", "--serve")
    assert shown[0] == (run / "report.html").as_uri()
    assert shown[1].startswith("http://127.0.0.1:")
    assert f"no browser could be started here; open {shown[1]} yourself" in err


def test_watching_a_sweep_that_has_ended_builds_once_and_ends(run: Path) -> None:
    code, out, _ = call(run, "--watch")
    lines = out.splitlines()
    assert code == 0
    assert "3 of 3 trials finished, best Reward 0.3 (trial 3); built in" in lines[0]
    assert lines[1:] == ["the sweep has ended", str(run / "report.html")]


@pytest.mark.slow
def test_a_watch_that_starts_before_the_sweep_serves_its_page_and_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "analysis", str(tmp_path / "run"), "--watch", "--serve"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        address = watching.stdout.readline().split()[1]
        assert "there is no such folder yet, waiting for it" in watching.stdout.readline()
        with urllib.request.urlopen(address, timeout=10) as page:
            assert b"No report yet" in page.read()
        make_run(tmp_path / "run", TRIALS)
        assert "3 of 3 trials finished" in watching.stdout.readline()
        assert watching.stdout.readline() == "the sweep has ended\n"
        with urllib.request.urlopen(address, timeout=10) as page:
            assert b"Best configuration: max_ratio 3" in page.read()
        time.sleep(0.2)
        os.kill(watching.pid, signal.SIGINT)
        _, err = watching.communicate(timeout=20)
    assert watching.returncode == 0
    assert err == "stopped\n"
