"""A disk that is full: one clear error, nothing half-written, and the same command goes on where there is room."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.reliability.commands import SWEEP, analysis, assert_whole, leftovers, one_error, sweep
from tests.trials.helpers import rows
from trials.storage.results import Results

IMAGES = """\
name: tiny
trial:
  recipe: {epochs: 2, batch_size: 2, accumulate: 1}
  policy: {base_channels: 2}
  data: {synthetic: {train: 2, test: 1, size: [48, 48]}}
  loss: {ssim_window_size: 11}
grid:
  loss.max_ratio: [4]
keep_best: 1
keep_samples: 1
"""
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for text in (SWEEP, IMAGES):
        folder = tmp_path_factory.mktemp("undisturbed")
        assert sweep(folder, text) == 0
        found[text] = numbers(folder / "tiny")
    return found


def numbers(run: Path) -> list[tuple[object, ...]]:
    return [row for row in rows(run) if "memory_bytes" not in row]


def no_room_for(monkeypatch: pytest.MonkeyPatch, part: str, *, at: int = 1) -> None:
    """The `at`-th file whose path has `part` in it is half written when the disk is full; so are all after it."""
    write, seen = Path.write_bytes, 0

    def half(path: Path, content: bytes) -> int:
        nonlocal seen
        seen += part in str(path)
        if part in str(path) and seen >= at:
            write(path, content[: len(content) // 2])
            raise FULL
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", half)


def no_room_to_rename(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if part in str(target):
            raise FULL
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)


def no_room_in_pandas(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def half(self: pd.DataFrame, path: Path, **_: object) -> None:
        path.write_text("half")
        raise FULL

    monkeypatch.setattr(pd.DataFrame, method, half)


FAULTS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "state": (SWEEP, lambda patch: no_room_for(patch, "/states/", at=2)),
    "state of a policy": (IMAGES, lambda patch: no_room_for(patch, "/states/")),
    "checkpoint": (SWEEP, lambda patch: no_room_for(patch, "/checkpoints/")),
    "sample image": (IMAGES, lambda patch: no_room_for(patch, "/samples/")),
    "sweep file's copy": (SWEEP, lambda patch: no_room_for(patch, "sweep.yaml")),
    "CSV": (SWEEP, lambda patch: no_room_in_pandas(patch, "to_csv")),
    "Parquet": (SWEEP, lambda patch: no_room_in_pandas(patch, "to_parquet")),
    "report": (SWEEP, lambda patch: no_room_for(patch, "report.html")),
    "renaming": (SWEEP, lambda patch: no_room_to_rename(patch, "metrics.csv")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_full_disk_is_one_error_and_the_same_command_goes_on_to_the_same_rows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    undisturbed: dict[str, list[tuple[object, ...]]],
    fault: str,
) -> None:
    text, inject = FAULTS[fault]
    with monkeypatch.context() as patch:
        inject(patch)
        assert sweep(tmp_path, text) == 2
    said = one_error(capsys)
    assert str(tmp_path / "tiny") in said and "No space left on device" in said and "make room" in said
    run = tmp_path / "tiny"
    assert leftovers(run) == []
    if text is SWEEP:
        assert_whole(run)
    with Results.read(run / "results.sqlite") as results:
        assert "failed" not in {row.status for row in results.trials().values()}, "no trial is to blame"
    assert sweep(tmp_path, text) == 0
    assert numbers(run) == undisturbed[text]
    assert {"report.html", "params.csv", "results.parquet"} <= {path.name for path in run.iterdir()}


@pytest.mark.parametrize("pages", (0, 7))
def test_a_table_that_cannot_grow_holds_whole_epochs_and_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    undisturbed: dict[str, list[tuple[object, ...]]],
    pages: int,
) -> None:
    start = Results.start

    def little_room(self: Results, trial: str, started: float) -> None:
        ((now,),) = self.query("PRAGMA page_count")
        self.connection.execute(f"PRAGMA max_page_count = {now + pages}")
        monkeypatch.setattr(Results, "start", start)
        start(self, trial, started)

    monkeypatch.setattr(Results, "start", little_room)
    many = SWEEP + f"seeds: {list(range(12))}\n"
    assert sweep(tmp_path, many) == 2
    said = one_error(capsys)
    assert "database or disk is full" in said and "make room, and rerun the same command" in said
    assert_whole(tmp_path / "tiny")
    assert sweep(tmp_path, many) == 0
    assert {row for row in undisturbed[SWEEP] if len(row) == 8} <= set(rows(tmp_path / "tiny"))


def test_a_report_that_finds_no_room_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(tmp_path) == 0
    before = (tmp_path / "tiny" / "report.html").read_bytes()
    capsys.readouterr()
    no_room_for(monkeypatch, "report.html")
    assert analysis("report", tmp_path / "tiny") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert (tmp_path / "tiny" / "report.html").read_bytes() == before and leftovers(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 300 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_real_disk_that_runs_full_is_one_error_and_more_room_brings_the_same_rows(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SWEEP + f"seeds: {list(range(40))}\n"
    assert sweep(tmp_path, text) == 0
    capsys.readouterr()
    assert sweep(tmp_path, text, out=small_disk) == 2
    said = one_error(capsys)
    assert "make room, and rerun the same command" in said
    with Results.read(small_disk / "tiny" / "results.sqlite") as results:
        assert {row.status for row in results.trials().values()} <= {"waiting", "running", "finished"}
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert_whole(small_disk / "tiny")
    assert sweep(tmp_path, text, out=small_disk) == 0
    assert rows(small_disk / "tiny") == rows(tmp_path / "tiny")


def test_a_disk_that_is_read_only_is_one_error(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert sweep(tmp_path, out=small_disk) == 2
    assert "Read-only file system" in one_error(capsys)


def test_a_run_on_a_disk_that_became_read_only_can_be_looked_at_and_not_gone_on_with(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert sweep(tmp_path, out=small_disk) == 0
    with Results.open(small_disk / "tiny" / "results.sqlite") as results:
        results.connection.execute("PRAGMA journal_mode = WAL")
        copy = (small_disk / "tiny" / "results.sqlite").read_bytes()
    (small_disk / "tiny" / "results.sqlite").write_bytes(copy)  # as a killed driver leaves it
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    capsys.readouterr()
    assert sweep(tmp_path, out=small_disk) == 2
    assert "Read-only file system" in one_error(capsys)
    with Results.read(small_disk / "tiny" / "results.sqlite") as results:
        assert len(results.trials()) == 3
