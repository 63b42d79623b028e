"""The results table: `runs/NAME/results.sqlite`. Only the driver writes it; anyone may read it at any time."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from fusion_core.data.dataset import PairSet
from fusion_core.reports import EpochReport, Summary
from trials.storage import schema
from trials.storage.connection import Transaction, open_for_reading, open_for_writing, reading

Baselines = Mapping[str, Mapping[str, Mapping[str, Summary]]]


@dataclass(frozen=True)
class PlannedTrial:
    """A trial as planned; `config` is canonical JSON, `start` the id of its initial checkpoint."""

    id: str
    cohort: str
    parameters: Mapping[str, Any]
    config: str
    seed: int
    epochs: int
    start: str | None = None


@dataclass(frozen=True)
class TrialRow:
    """A trial as stored in the table; `done` is the last epoch reported."""

    id: str
    number: int
    status: str
    attempts: int
    epochs: int
    done: int
    error: str | None


class Results:
    """Rows in, rows out. One transaction per report; existing rows are never overwritten."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.file = path.stat() if path.is_file() else None

    @classmethod
    def open(cls, path: Path) -> Results:
        """Open for writing, and create if missing. Raises ResultsError for a file that is not ours."""
        return cls(open_for_writing(path), path)

    @classmethod
    def read(cls, path: Path) -> Results:
        """Open for reading; works while a sweep runs, and never blocks it. Raises ResultsError as `open`."""
        return cls(open_for_reading(path), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close; the last writer leaves one plain file behind, which can be copied and read as it is."""
        with suppress(sqlite3.Error):  # another reader holds it, or we are one
            self.connection.execute("PRAGMA busy_timeout = 0")
            self.connection.execute("PRAGMA journal_mode = DELETE")
        self.connection.close()

    def query(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT. Raises ResultsError if the file cannot be read."""
        with reading(self.path), closing(self.connection.execute(sql, values)) as cursor:
            return cursor.fetchall()

    def trials(self) -> dict[str, TrialRow]:
        """Return every trial by id, in the order of their numbers."""
        rows = self.query(
            "SELECT id, number, status, attempts, epochs, COALESCE(done, 0), error FROM trials LEFT JOIN "
            "(SELECT trial, max(epoch) AS done FROM training GROUP BY trial) ON trial = id ORDER BY number"
        )
        return {row[0]: TrialRow(*row) for row in rows}

    def register(
        self, planned: Sequence[PlannedTrial], *, keep_stopped: bool = False, axes: Iterable[str] = ()
    ) -> dict[str, TrialRow]:
        """Write a `waiting` row for every new trial, with the next numbers; return all rows.

        Finished trials planned with more epochs wait again; waiting ones with all their epochs are finished. Trials
        that a dead driver left running wait again, and so do those stopped early, unless `keep_stopped`. Waiting rows
        that never ran and are no longer planned are deleted. `axes` get columns of the view before any trial has them.
        """
        with self._transaction():
            self.connection.execute("UPDATE trials SET status = 'waiting' WHERE status = 'running'")
            known = self.trials()
            asked = {trial.id for trial in planned}
            stale = [(i,) for i, row in known.items() if row.status == "waiting" and i not in asked and not row.done]
            self.connection.executemany("DELETE FROM trials WHERE id = ?", stale)
            self._insert([trial for trial in planned if trial.id not in known])
            self.connection.executemany(
                "UPDATE trials SET parameters = ?, config = ?, epochs = ?, status = ? WHERE id = ?",
                [
                    (
                        json.dumps(dict(trial.parameters)),
                        trial.config,
                        trial.epochs,
                        _status(row, trial.epochs, keep_stopped=keep_stopped),
                        trial.id,
                    )
                    for trial in planned
                    if (row := known.get(trial.id)) and (row.status != "finished" or row.epochs != trial.epochs)
                ],
            )
            keys = [key for (key,) in self.query("SELECT DISTINCT key FROM trials, json_each(parameters)")]
            schema.create_parameter_view(self.connection, dict.fromkeys([*axes, *keys]))
        return self.trials()

    def add(self, planned: Sequence[PlannedTrial]) -> list[TrialRow]:
        """Write a `waiting` row for trials that a search has just proposed; return their rows."""
        with self._transaction():
            first = self._insert(planned)
        return [TrialRow(one.id, first + i, "waiting", 0, one.epochs, 0, None) for i, one in enumerate(planned)]

    def _insert(self, new: Sequence[PlannedTrial]) -> int:
        """Insert rows with the next numbers; return the first one. Call it inside a transaction."""
        ((last,),) = self.query("SELECT COALESCE(max(number), 0) FROM trials")
        self.connection.executemany(
            "INSERT INTO trials (number, id, cohort, parameters, config, seed, epochs, status) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')",
            [(last + place, *_row(trial)) for place, trial in enumerate(new, start=1)],
        )
        return int(last) + 1

    def describe_data(self, cohort: str, sets: Mapping[str, PairSet]) -> None:
        """Write which pairs the trials of a cohort used; the training set is named `train:NAME`."""
        rows = [
            (cohort, name, pairs.fingerprint, pairs.split, len(pairs), *pairs.size, json.dumps(pairs.stems))
            for name, pairs in sets.items()
        ]
        with self._transaction():
            self.connection.executemany("INSERT OR REPLACE INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def start(self, trial: str, started: float) -> None:
        self._write(
            "UPDATE trials SET status = 'running', attempts = attempts + 1, started = ?, error = NULL WHERE id = ?",
            (started, trial),
        )

    def report(
        self,
        trial: str,
        report: EpochReport,
        *,
        last: bool,
        node: str,
        device: str,
        baselines: tuple[str, Baselines] | None = None,
        stopped: bool = False,
    ) -> int:
        """Write one epoch in one transaction; `last` marks the trial finished, `stopped` stopped.

        `baselines` are (cohort, values).

        Existing rows are kept; returns how many of them differ.
        """
        status = "finished" if last else "stopped" if stopped else "running"
        metrics = [
            (trial, report.epoch, dataset, metric, *_summary(summary))
            for dataset, values in report.metrics.items()
            for metric, summary in values.items()
        ]
        training = {**report.training, "seconds": report.seconds}
        with self._transaction():
            differing = self._differing(trial, report.epoch, metrics)
            self.connection.executemany("INSERT OR IGNORE INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?)", metrics)
            self.connection.executemany(
                "INSERT OR IGNORE INTO training VALUES (?, ?, ?, ?)",
                [(trial, report.epoch, name, _number(value)) for name, value in training.items()],
            )
            if baselines is not None:
                self.connection.executemany(
                    "INSERT OR IGNORE INTO baselines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _baseline_rows(*baselines)
                )
            self.connection.execute(
                "UPDATE trials SET seconds = seconds + ?, node = ?, device = ?, status = ? WHERE id = ?",
                (report.seconds, node, device, status, trial),
            )
        return differing

    def fail(self, trial: str, error: str) -> None:
        self._write("UPDATE trials SET status = 'failed', error = ? WHERE id = ?", (error, trial))

    def wait(self, trials: Iterable[str]) -> None:
        """Put trials back in the queue (a stopped sweep, a lost worker, a retry)."""
        with self._transaction():
            self.connection.executemany(
                "UPDATE trials SET status = 'waiting', error = NULL WHERE id = ?", [(trial,) for trial in trials]
            )

    def has_baselines(self, cohort: str, fusion: str = "visible") -> bool:
        """Return whether the table holds the scores of a baseline."""
        return bool(self.query("SELECT 1 FROM baselines WHERE cohort = ? AND fusion = ? LIMIT 1", (cohort, fusion)))

    def begin_run(self, started: float, record: Mapping[str, Any]) -> int:
        """Write the provenance of the rows to come; return the number of this run of the program."""
        text = json.dumps(record, allow_nan=False)
        return self._write("INSERT INTO provenance (started, record) VALUES (?, ?)", (started, text))

    def end_run(self, run: int, finished: float, seconds: float) -> None:
        self._write("UPDATE provenance SET finished = ?, seconds = ? WHERE id = ?", (finished, seconds, run))

    def _write(self, sql: str, values: Sequence[Any]) -> int:
        """Execute one statement; return the number of the row it inserted."""
        with self._transaction():
            return int(self.connection.execute(sql, values).lastrowid or 0)

    def _transaction(self) -> Transaction:
        return Transaction(self.connection, self.path, self.file)

    def _differing(self, trial: str, epoch: int, metrics: list[tuple[Any, ...]]) -> int:
        known = {
            (dataset, metric): mean
            for dataset, metric, mean in self.query(
                "SELECT dataset, metric, mean FROM metrics WHERE trial = ? AND epoch = ?", (trial, epoch)
            )
        }
        return sum((row[2], row[3]) in known and known[row[2], row[3]] != row[4] for row in metrics)


def _status(row: TrialRow, epochs: int, *, keep_stopped: bool) -> str:
    """Return the status of a known trial that is planned with `epochs` epochs."""
    if row.status == "failed":
        return row.status
    if row.done >= epochs:
        return "finished"
    return row.status if row.status == "stopped" and keep_stopped else "waiting"


def _row(trial: PlannedTrial) -> tuple[Any, ...]:
    parameters = json.dumps(dict(trial.parameters))
    return trial.id, trial.cohort, parameters, trial.config, trial.seed, trial.epochs


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _summary(summary: Summary) -> tuple[float | None, float | None, int, bytes | None]:
    values = None if summary.values is None else np.asarray(summary.values, dtype="<f4").tobytes()
    return _number(summary.mean), _number(summary.std), summary.n, values


def _baseline_rows(cohort: str, baselines: Baselines) -> list[tuple[Any, ...]]:
    return [
        (cohort, dataset, fusion, metric, *_summary(summary))
        for dataset, fusions in baselines.items()
        for fusion, metrics in fusions.items()
        for metric, summary in metrics.items()
    ]
