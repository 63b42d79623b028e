"""Opens `results.sqlite`: checks that it is ours and undamaged, and explains SQLite's errors."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fusion_core.errors import FusionError, did_you_mean, printable
from trials.storage import schema

CHECK_SECONDS = 2.0
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SAFE = "Everything already reported is saved"


class ResultsError(FusionError):
    """The results table is damaged, foreign, of another version, or cannot be written."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open, and create if missing. A file that is not ours is refused and left unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _closing_unless_ours(path) as opened:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        opened.append(connection)
        new = _is_empty(connection)
        if not new:
            _check(connection, path)
            _check_pages(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if new:
            schema.create(connection)
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open read-only; works while a sweep runs, and never blocks it."""
    if not path.is_file():
        raise ResultsError(
            f"{printable(str(path))}: there is no results table here{_why_not(path)}; give the run folder of a sweep "
            "(runs/NAME)"
        )
    with _closing_unless_ours(path) as opened:
        connection = _reader(path)
        opened.append(connection)
        if _is_empty(connection):
            raise ResultsError(f"{printable(str(path))}: the table is empty; run the sweep to fill it")
        _check(connection, path)
    return connection


def _why_not(path: Path) -> str:
    """Say that the folder is missing, with one of nearly the same name, or that it is there but holds no table."""
    folder = path.parent
    if folder.is_dir():
        return ", though the folder is"
    around = folder.parent.iterdir() if folder.parent.is_dir() else ()
    near = did_you_mean(folder.name, [one.name for one in around if one.is_dir()])
    return f" and no such folder.{near}" if near else " and no such folder"


def _reader(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as problem:
        # A killed sweep's table in a read-only folder: complete if its log is empty.
        log = path.with_name(path.name + "-wal")
        if _code(problem) not in _NOT_WRITABLE or (log.exists() and log.stat().st_size):
            connection.close()
            raise
        connection.close()
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None, timeout=30)
    return connection


class Transaction:
    """All or nothing, whatever interrupts it. SQLite's errors are raised as ResultsError."""

    def __init__(self, connection: sqlite3.Connection, path: Path, file: os.stat_result | None) -> None:
        self.connection = connection
        self.path = path
        self.file = file

    def __enter__(self) -> None:
        self._must_be_there()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as problem:
            raise explained(self.path, problem) from problem

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, _: object) -> None:
        try:
            if kind is None:
                self.connection.execute("COMMIT")
        except sqlite3.Error as refused:
            problem = refused
        if problem is not None:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself if the disk is full
                self.connection.execute("ROLLBACK")
        if isinstance(problem, sqlite3.Error):
            raise explained(self.path, problem) from problem

    def _must_be_there(self) -> None:
        """Raise ResultsError if the file was removed or replaced: SQLite would write into a deleted file."""
        with suppress(OSError):
            if self.file is None or os.path.samestat(self.path.stat(), self.file):
                return
        raise ResultsError(
            f"{printable(str(self.path))}: the table was moved or deleted while the sweep ran, so nothing more is "
            "written; restore the folder, or start over, and rerun the same command"
        )


def explained(path: Path, problem: sqlite3.Error) -> ResultsError:
    """Return SQLite's error with a remedy."""
    code, reason = _code(problem), f"SQLite says: {printable(str(problem))}"
    if code in _DAMAGED or code is None:
        text = f"this must be a results table, but {reason}; restore it from a backup, or move it away to start over"
    elif code in _NOT_WRITABLE:
        text = (
            f"the table and its folder must be writable, but {reason}; fix the permissions, or choose another folder "
            "with --out"
        )
    elif code in _HELD:
        text = f"a report must be written, but {reason}. {_SAFE}: close what holds it, and rerun the same command"
    else:
        text = f"a report must be written, but {reason}. {_SAFE}: make room, and rerun the same command"
    return ResultsError(f"{printable(str(path))}: {text}")


def damaged(path: Path, what: object) -> ResultsError:
    """Return the error for a table with unexpected content."""
    text = " ".join(str(what).split())[:200]
    return ResultsError(
        f"{printable(str(path))}: the table is damaged ({printable(text)}); restore it from a backup, or move it away "
        "to start over"
    )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise ResultsError for content that cannot be parsed: it was written here, so it is damaged."""
    try:
        yield
    except sqlite3.Error as problem:
        if is_defect(problem):
            raise
        raise explained(path, problem) from problem
    except (ValueError, KeyError, TypeError) as problem:
        raise damaged(path, f"{type(problem).__name__}: {problem}") from problem


def is_defect(problem: sqlite3.Error) -> bool:
    """Return whether SQLite refuses the query, not the file: a bug in this program."""
    return _code(problem) in (
        None,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CONSTRAINT,
    ) and "decode" not in str(problem)


def _code(problem: sqlite3.Error) -> int | None:
    code = getattr(problem, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextmanager
def _closing_unless_ours(path: Path) -> Iterator[list[sqlite3.Connection]]:
    """Close the connection if the file is not a results table, and raise ResultsError."""
    opened: list[sqlite3.Connection] = []
    try:
        yield opened
    except BaseException as problem:
        for connection in opened:
            connection.close()
        if isinstance(problem, sqlite3.Error):
            raise explained(path, problem) from problem
        if isinstance(problem, UnicodeDecodeError):  # SQLite's own message quotes what is damaged
            raise damaged(path, problem) from problem
        raise


def _is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return (tables, version) == (0, 0)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ResultsError for another program's database, another version's, or one that lacks a part."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    lacking = schema.lacking(connection)
    elsewhere = "or start in another folder with --out"
    if version == schema.VERSION and lacking:
        lacks = ", ".join(lacking[:3])
        text = f"the table must hold all its columns, but lacks {lacks}; restore it from a backup, {elsewhere}"
    elif version == schema.VERSION:
        return
    elif {f"table {name}" for name in ("trials", "metrics")} & set(lacking):
        text = f"this must be the table of a sweep, but is another program's database; move it away, {elsewhere}"
    else:
        what = "a newer" if version > schema.VERSION else "an older"
        remedy = "update this program" if version > schema.VERSION else "read it with the program that wrote it"
        text = (
            f"the table must be of version {schema.VERSION}, but it says {version}: {what} program wrote it; "
            f"{remedy}, {elsewhere}"
        )
    raise ResultsError(f"{printable(str(path))}: {text}")


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ResultsError for damaged pages. Stops after CHECK_SECONDS: other damage is found on reading."""
    end = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError as problem:
        if _code(problem) != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        connection.set_progress_handler(None, 0)
    if found != [("ok",)]:
        raise damaged(path, found[0][0])
