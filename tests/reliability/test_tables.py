"""Tables that are not what they should be: refused with what to do, and left as they are."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analysis.runs.open_run import open_run
from fusion_core.errors import FusionError
from tests.reliability.commands import SWEEP, analysis, leftovers, one_error, sweep
from tests.trials.helpers import rows
from trials.storage.connection import ResultsError
from trials.storage.exports import export
from trials.storage.results import Results

FLIPS = 50


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    assert sweep(folder, SWEEP + "seeds: [0, 1, 2, 3]\n") == 0
    return (folder / "tiny" / "results.sqlite").read_bytes()


def with_sql(*statements: str) -> Callable[[Path, bytes], None]:
    def make(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as table, table:
            for statement in statements:
                table.execute(statement)

    return make


def foreign(path: Path, content: bytes) -> None:
    with closing(sqlite3.connect(path)) as table, table:
        table.execute("CREATE TABLE bookmarks (url TEXT)")


def flipped(path: Path, content: bytes) -> None:
    page = 4096 * 3
    path.write_bytes(content[:page] + bytes([content[page] ^ 0xFF]) + content[page + 1 :])


TABLES: dict[str, tuple[Callable[[Path, bytes], object], str]] = {
    "older": (with_sql("PRAGMA user_version = 0"), "an older program wrote it; read it with the program that wrote it"),
    "newer": (with_sql("PRAGMA user_version = 2"), "a newer program wrote it; update this program"),
    "newer in shape too": (
        with_sql("PRAGMA user_version = 7", "ALTER TABLE metrics RENAME COLUMN std TO deviation"),
        "a newer program wrote it",
    ),
    "without a column": (
        with_sql("ALTER TABLE training DROP COLUMN value"),
        "must hold all its columns, but lacks training.value",
    ),
    "without a table": (with_sql("DROP TABLE datasets"), "must hold all its columns, but lacks table datasets"),
    "another program's": (foreign, "another program's database; move it away"),
    "another program's of the same version": (
        lambda path, content: (foreign(path, content), with_sql("PRAGMA user_version = 1")(path, path.read_bytes())),
        "must hold all its columns, but lacks table trials",
    ),
    "text": (
        lambda path, _: path.write_text("trial,metric\n" * 500),
        "file is not a database; restore it from a backup",
    ),
    "short text": (lambda path, _: path.write_text("no"), "file is not a database; restore it from a backup"),
    "a folder": (lambda path, _: path.mkdir(), "unable to open database file"),
    "cut off": (lambda path, content: path.write_bytes(content[: len(content) // 2]), "restore it from a backup"),
    "a flipped byte": (flipped, "the table is damaged"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_is_not_ours_or_not_whole_is_refused_and_not_touched(
    tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    make, says = TABLES[kind]
    run = tmp_path / "tiny"
    run.mkdir()
    make(run / "results.sqlite", whole)
    before = (run / "results.sqlite").read_bytes() if (run / "results.sqlite").is_file() else None
    assert sweep(tmp_path) == 2
    said = one_error(capsys)
    assert says in said and str(run / "results.sqlite") in said
    if before is not None:
        assert (run / "results.sqlite").read_bytes() == before
    assert {path.name for path in run.iterdir()} <= {"results.sqlite", "driver.lock"}


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind != "a flipped byte"])
def test_the_report_refuses_it_too(tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    TABLES[kind][0](tmp_path / "results.sqlite", whole)
    assert analysis("report", tmp_path) == 2
    said = one_error(capsys)
    assert str(tmp_path / "results.sqlite") in said
    assert not (tmp_path / "report.html").exists()


def test_an_empty_file_is_a_table_that_has_yet_to_be_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "results.sqlite").touch()
    assert analysis("report", tmp_path / "tiny") == 2
    assert "the table is empty; run the sweep" in one_error(capsys)
    assert sweep(tmp_path) == 0


def test_any_flipped_byte_is_refused_or_read_and_never_a_traceback(tmp_path: Path, whole: bytes) -> None:
    moments, refused = random.Random(5), 0
    for number in range(FLIPS):
        run = tmp_path / str(number)
        run.mkdir()
        place = moments.randrange(len(whole))
        damaged = whole[:place] + bytes([whole[place] ^ 1 << moments.randrange(8)]) + whole[place + 1 :]
        (run / "results.sqlite").write_bytes(damaged)
        try:
            with Results.open(run / "results.sqlite") as results:
                results.register([])
            export(run)
            open_run(run)
        except FusionError:
            refused += 1
    assert 0 < refused < FLIPS, "some are in free space, or in a value"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE trials SET config = '{' WHERE number = 2",
        "UPDATE trials SET parameters = '[' WHERE number = 2",
        "UPDATE trials SET config = '{}'",
    ],
)
def test_values_that_nobody_wrote_are_refused_and_leave_no_half_file(tmp_path: Path, whole: bytes, damage: str) -> None:
    with_sql(damage)(tmp_path / "results.sqlite", whole)
    with pytest.raises(ResultsError, match="the table is damaged"):
        export(tmp_path)
    assert leftovers(tmp_path) == []


def test_a_report_that_meets_such_values_says_so(tmp_path: Path, whole: bytes) -> None:
    with_sql("UPDATE metrics SET n = 'four' WHERE epoch = 1")(tmp_path / "results.sqlite", whole)
    with pytest.raises(FusionError, match="must be the results table of a sweep, but reading it gave"):
        open_run(tmp_path)


def test_a_sweep_that_meets_such_values_says_so(
    tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny").mkdir()
    with_sql("UPDATE trials SET config = '{' WHERE number = 2")(tmp_path / "tiny" / "results.sqlite", whole)
    assert sweep(tmp_path, SWEEP + "seeds: [0, 1, 2, 3]\n") == 2
    assert "the table is damaged (JSONDecodeError" in one_error(capsys)


def test_the_check_of_a_large_table_stops_in_time(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results.sqlite").write_bytes(whole)
    monkeypatch.setattr("trials.storage.connection.CHECK_SECONDS", -1.0)
    with Results.open(tmp_path / "results.sqlite") as results:
        assert len(results.trials()) == 12


def test_a_damaged_table_that_is_put_back_goes_on(
    tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny").mkdir()
    flipped(tmp_path / "tiny" / "results.sqlite", whole)
    assert sweep(tmp_path) == 2
    (tmp_path / "tiny" / "results.sqlite").write_bytes(whole)
    assert sweep(tmp_path, SWEEP + "seeds: [0, 1, 2, 3]\n") == 0
    with pytest.raises(ResultsError, match="no results table"):
        Results.read(tmp_path / "results.sqlite")
    assert len(rows(tmp_path / "tiny")) > 12
