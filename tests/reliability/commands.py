"""The commands as their users call them, in this process, and what must hold of a run folder whatever happened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer

import run_sweep
from tests.trials.helpers import write_sweep

SWEEP = """\
name: tiny
trial:
  recipe: {kind: arithmetic, epochs: 3}
grid:
  loss.max_ratio: [10, 4, 16]
keep_best: 1
"""
METRICS = 5
"""How many an arithmetic trial has in every epoch."""


def sweep(folder: Path, text: str = SWEEP, out: Path | None = None) -> int:
    """Run `run_sweep.py` on a sweep file; return its exit code. Any other exception is a traceback: a defect."""
    path = write_sweep(folder, text)
    try:
        run_sweep.main(path, executor=run_sweep.Executor.inline, out=out or folder)
    except typer.Exit as end:
        return end.exit_code
    return 0


def analysis(*arguments: object) -> int:
    """Run `python -m analysis`; return its exit code."""
    from analysis.__main__ import app

    try:
        code = app([*map(str, arguments)], standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    return int(code or 0)


def one_error(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the error that was said: one line and nothing else on standard error."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


def assert_whole(run: Path, *, tidy: bool = True) -> None:
    """The table opens, its pages are whole, and so is every epoch in it; nothing half-written lies about if `tidy`."""
    with closing(sqlite3.connect(run / "results.sqlite")) as table:
        assert table.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        epochs = table.execute("SELECT trial, epoch, count(*) FROM metrics GROUP BY trial, epoch").fetchall()
        trained = table.execute("SELECT trial, epoch FROM training GROUP BY trial, epoch").fetchall()
    assert {count for *_, count in epochs} <= {METRICS}
    assert {(trial, epoch) for trial, epoch, _ in epochs} == set(trained)
    assert not tidy or leftovers(run) == []


def leftovers(run: Path) -> list[Path]:
    return [path for path in run.rglob("*") if "partial" in path.name]
