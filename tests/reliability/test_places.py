"""Odd places and odd clocks: works, or one clear error."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.reliability.commands import analysis, assert_whole, one_error, sweep
from tests.trials.helpers import rows
from trials.storage.results import Results


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert sweep(folder) == 0
    return rows(folder / "tiny")


@pytest.mark.parametrize("name", ["two words", "Größe ☃", "a'b\"c", "50%20?#x=1&y", "[red]bold"])
def test_any_folder_name_will_do(tmp_path: Path, undisturbed: list[tuple[object, ...]], name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert sweep(folder) == 0
    assert rows(folder / "tiny") == undisturbed
    assert analysis("report", folder / "tiny") == 0


def test_a_relative_out_is_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: list[tuple[object, ...]]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sweep(tmp_path, out=Path("../" + tmp_path.name) / "here") == 0
    found = rows(tmp_path / "here" / "tiny")
    assert [row for row in found if len(row) == 8] == [row for row in undisturbed if len(row) == 8]


def test_a_run_folder_that_cannot_be_made_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert sweep(tmp_path, out=tmp_path / "file") == 2
    assert "file" in one_error(capsys)


@pytest.mark.parametrize("away", ["deleted", "moved", "another in its place"])
def test_a_table_that_goes_while_the_sweep_runs_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], away: str
) -> None:
    report, run, epochs = Results.report, tmp_path / "tiny", 0

    def going(self: Results, *arguments: object, **options: object) -> int:
        nonlocal epochs
        epochs += 1
        if epochs == 4:
            if away == "deleted":
                shutil.rmtree(run)
            else:
                run.rename(tmp_path / "elsewhere")
            if away == "another in its place":
                Results.open(run / "results.sqlite").close()
        return report(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Results, "report", going)
    assert sweep(tmp_path) == 2
    assert "the table was moved or deleted while the sweep ran" in one_error(capsys)
    monkeypatch.undo()
    if away == "moved":
        shutil.rmtree(run, ignore_errors=True)
        (tmp_path / "elsewhere").rename(run)
        assert_whole(run)
        with Results.read(run / "results.sqlite") as results:
            assert results.query("SELECT count(*) FROM training WHERE name = 'loss_total'") == [(3,)]
    assert sweep(tmp_path) == 0


def test_a_clock_that_goes_backwards_changes_no_row_and_makes_no_duration_negative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: list[tuple[object, ...]]
) -> None:
    now = [2_000_000_000.0]

    def backwards() -> float:
        now[0] -= 3600
        return now[0]

    monkeypatch.setattr(time, "time", backwards)
    assert sweep(tmp_path) == 0
    assert rows(tmp_path / "tiny") == undisturbed
    with Results.read(tmp_path / "tiny" / "results.sqlite") as results:
        assert results.query("SELECT count(*) FROM trials WHERE seconds < 0") == [(0,)]
        assert results.query("SELECT count(*) FROM training WHERE name = 'seconds' AND value < 0") == [(0,)]
        assert results.query("SELECT count(*) FROM provenance WHERE seconds < 0 OR seconds IS NULL") == [(0,)]


def test_another_time_zone_changes_nothing_in_a_run_or_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sweep(tmp_path) == 0
    page = tmp_path / "tiny" / "report.html"
    before = page.read_bytes()
    try:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            monkeypatch.setitem(os.environ, "TZ", zone)
            time.tzset()
            assert analysis("report", tmp_path / "tiny") == 0
            assert page.read_bytes() == before
    finally:
        monkeypatch.undo()
        time.tzset()
