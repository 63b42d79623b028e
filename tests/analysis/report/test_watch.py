"""Watching a run: when it builds, what it waits for, when it ends."""

import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.report.watch import ended, signature, watch
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run
from trials.storage.results import Results

TRIALS = [Made({"loss.max_ratio": 1}, [{"a": {"Reward": 0.5}}])]


class World:
    """A run that changes while the watch sleeps; what the watch built and said."""

    def __init__(self, run: Path, *events: Callable[[], object]) -> None:
        self.run, self.events = run, list(events)
        self.said: list[str] = []
        self.slept: list[float] = []
        self.built = 0
        self.refuse: Exception | None = None

    def build(self) -> str:
        if self.refuse:
            raise self.refuse
        self.built += 1
        return f"build {self.built}"

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.events:
            raise KeyboardInterrupt
        self.events.pop(0)()

    def watch(self) -> None:
        watch(self.run, self.build, self.said.append, sleep=self.sleep)


def going_on(folder: Path) -> Path:
    """Make a run whose driver (this process) is at work."""
    make_run(folder, TRIALS)
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": 0}
    (folder / "driver.lock").write_text(json.dumps(holder))
    return folder


def report(folder: Path) -> None:
    with Results.open(folder / "results.sqlite") as results:
        results.connection.execute("UPDATE metrics SET mean = mean + 1")


def end(folder: Path) -> None:
    (folder / "driver.lock").write_text("")


def nothing() -> None:
    pass


def test_it_builds_at_a_change_and_only_then_and_ends_with_the_sweep(tmp_path: Path) -> None:
    run = going_on(tmp_path)
    world = World(run, nothing, lambda: report(run), nothing, lambda: end(run))
    world.watch()
    assert world.built == 2
    assert [line.split(";")[0].split(" ", 1)[-1] for line in world.said] == ["build 1", "build 2", "sweep has ended"]


def test_the_last_rows_are_built_before_it_ends(tmp_path: Path) -> None:
    run = going_on(tmp_path)
    world = World(run, lambda: (report(run), end(run)))
    world.watch()
    assert world.built == 2


def test_a_table_that_is_not_there_yet_is_waited_for_and_it_is_said_once(tmp_path: Path) -> None:
    run = tmp_path / "run"
    world = World(run, nothing, nothing, lambda: make_run(run, TRIALS))
    world.watch()
    assert world.built == 1
    assert world.said[0] == f"{run}: there is no such folder yet, waiting for it"
    assert len(world.said) == 3


def test_a_table_that_cannot_be_read_now_is_tried_again_and_it_is_said_once(tmp_path: Path) -> None:
    run = going_on(tmp_path)

    def give_way() -> None:
        world.refuse = None
        end(run)

    world = World(run, nothing, nothing, give_way)
    world.refuse = FusionError("database is locked\nand more")
    world.watch()
    assert world.said[0] == "not readable now, trying again: database is locked"
    assert world.built == 1
    assert len(world.said) == 3


def test_a_sweep_that_ended_with_a_table_nobody_can_read_is_an_error(tmp_path: Path) -> None:
    world = World(make_run(tmp_path, TRIALS))
    world.refuse = FusionError("damaged")
    with pytest.raises(FusionError, match="damaged"):
        world.watch()


def test_between_builds_lies_as_long_as_a_build_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr("analysis.report.watch.time.monotonic", lambda: next(clock))
    run = going_on(tmp_path)
    world = World(run, nothing)
    with pytest.raises(KeyboardInterrupt):
        world.watch()
    assert world.slept[0] >= 30
    assert world.slept[1] == 2.0


def test_how_a_sweep_ended_is_told_from_its_lock_and_its_table(tmp_path: Path) -> None:
    run = going_on(tmp_path)
    assert ended(run) == ""
    end(run)
    assert ended(run) == "the sweep has ended"
    with sqlite3.connect(run / "results.sqlite") as table:
        table.execute("UPDATE provenance SET finished = NULL")
    assert ended(run) == "the program that ran the sweep is gone: it was killed"


def test_a_driver_that_was_killed_is_known_by_its_process(tmp_path: Path) -> None:
    run = going_on(tmp_path)
    with subprocess.Popen(["true"]) as gone:
        pass
    (run / "driver.lock").write_text(json.dumps({"pid": gone.pid, "host": socket.gethostname()}))
    with sqlite3.connect(run / "results.sqlite") as table:
        table.execute("UPDATE provenance SET finished = NULL")
    assert ended(run) == "the program that ran the sweep is gone: it was killed"


def test_a_driver_on_another_machine_is_taken_to_work(tmp_path: Path) -> None:
    run = going_on(tmp_path)
    (run / "driver.lock").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    assert ended(run) == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"pid": 1}', '{"host": "x"'])
def test_a_lock_file_that_says_nothing_holds_nobody(tmp_path: Path, text: str) -> None:
    run = make_run(tmp_path, TRIALS)
    (run / "driver.lock").write_text(text)
    assert ended(run) == "the sweep has ended"


def test_the_tables_of_the_reference_are_watched_too(tmp_path: Path) -> None:
    assert signature(tmp_path) == ()
    (tmp_path / "params.csv").write_text("a")
    one = signature(tmp_path)
    (tmp_path / "metrics.csv").write_text("b")
    assert signature(tmp_path) != one != ()
    assert ended(tmp_path) == ""


def test_reading_a_table_is_no_change_of_it(tmp_path: Path) -> None:
    from analysis.runs.open_run import open_run

    run = make_run(tmp_path, TRIALS)
    before = signature(run)
    open_run(run)
    assert signature(run) == before


def test_a_report_into_the_log_of_an_open_table_is_a_change(tmp_path: Path) -> None:
    run = make_run(tmp_path, TRIALS)
    with Results.open(run / "results.sqlite") as results:
        before = signature(run)
        results.connection.execute("UPDATE metrics SET mean = 0.7")
        assert signature(run) != before
