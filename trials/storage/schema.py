"""The tables of `results.sqlite`, and the view that gives each swept parameter its column."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

VERSION = 1
TABLES = """
CREATE TABLE trials (
  id TEXT PRIMARY KEY, number INTEGER UNIQUE NOT NULL, cohort TEXT NOT NULL,
  parameters TEXT NOT NULL, config TEXT NOT NULL, seed INTEGER NOT NULL, epochs INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'finished', 'stopped', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0, started REAL, seconds REAL NOT NULL DEFAULT 0, node TEXT, device TEXT, error TEXT
);
CREATE TABLE metrics (
  trial TEXT NOT NULL, epoch INTEGER NOT NULL, dataset TEXT NOT NULL, metric TEXT NOT NULL,
  mean REAL, std REAL, n INTEGER NOT NULL, per_image BLOB,
  PRIMARY KEY (trial, epoch, dataset, metric)
) WITHOUT ROWID;
CREATE TABLE training (
  trial TEXT NOT NULL, epoch INTEGER NOT NULL, name TEXT NOT NULL, value REAL,
  PRIMARY KEY (trial, epoch, name)
) WITHOUT ROWID;
CREATE TABLE baselines (
  cohort TEXT NOT NULL, dataset TEXT NOT NULL, fusion TEXT NOT NULL, metric TEXT NOT NULL,
  mean REAL, std REAL, n INTEGER NOT NULL, per_image BLOB,
  PRIMARY KEY (cohort, dataset, fusion, metric)
) WITHOUT ROWID;
CREATE TABLE datasets (
  cohort TEXT NOT NULL, dataset TEXT NOT NULL, fingerprint TEXT NOT NULL, split TEXT NOT NULL,
  pairs INTEGER NOT NULL, height INTEGER NOT NULL, width INTEGER NOT NULL, stems TEXT NOT NULL,
  PRIMARY KEY (cohort, dataset)
) WITHOUT ROWID;
CREATE TABLE provenance (
  id INTEGER PRIMARY KEY, started REAL NOT NULL, finished REAL, seconds REAL, record TEXT NOT NULL
);
"""


def create(connection: sqlite3.Connection) -> None:
    """Create the tables, all or none."""
    connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")


def lacking(connection: sqlite3.Connection) -> list[str]:
    """Return the missing tables and columns, such as `table trials` or `metrics.std`."""
    present = _columns(connection)
    absent = [f"table {table}" for table in COLUMNS if table not in present]
    return absent + [
        f"{table}.{column}"
        for table, columns in COLUMNS.items()
        for column in columns
        if table in present and column not in present[table]
    ]


def create_parameter_view(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Recreate `trial_parameters`: one column per dotted key, its value read from the trial's config."""
    columns = "".join(f", json_extract(config, {_path(key)}) AS {_identifier(key)}" for key in keys)
    connection.execute("DROP VIEW IF EXISTS trial_parameters")
    connection.execute(f"CREATE VIEW trial_parameters AS SELECT number, id, seed, status, cohort{columns} FROM trials")


def _columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'"
    )
    columns: dict[str, list[str]] = {}
    for table, column in rows:
        columns.setdefault(table, []).append(column)
    return columns


def _all_columns() -> dict[str, list[str]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        create(connection)
        return _columns(connection)


COLUMNS = _all_columns()


def _path(key: str) -> str:
    path = "$" + "".join(f'."{part}"' for part in key.split("."))
    return "'" + path.replace("'", "''") + "'"


def _identifier(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'
