"""Readers beside a sweep: they hold nobody up, and see whole epochs only."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.endurance import endure
from tests.reliability.commands import SWEEP, assert_whole, sweep
from trials.storage.results import Results


@pytest.mark.alone
@pytest.mark.slow
def test_a_soak_of_seconds_grows_neither_in_memory_nor_in_handles_and_its_reader_sees_whole_epochs(
    tmp_path: Path,
) -> None:
    figures = endure(tmp_path, 60, "inline", wait=0.04)
    assert figures["rows_lost"] == 0 and figures["whole"]
    assert figures["reads"] >= 5 and figures["torn_epochs_read"] == 0
    assert figures["handles_growth"] <= 3 and figures["memory_growth_mb"] < 60
    assert figures["write_slowest_ms"] < 10_000, "SQLite waits up to 30 s for whoever holds the table"


def test_a_reader_that_holds_a_transaction_stops_neither_the_sweep_nor_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, readers = Results.begin_run, list[Results]()

    def with_a_reader(self: Results, started: float, record: object) -> int:
        number = begin(self, started, record)  # type: ignore[arg-type]
        readers.append(Results.read(self.path))
        readers[0].query("BEGIN")
        assert readers[0].query("SELECT count(*) FROM training") == [(0,)]
        return number

    monkeypatch.setattr(Results, "begin_run", with_a_reader)
    assert sweep(tmp_path) == 0
    assert readers[0].query("SELECT count(*) FROM training") == [(0,)], "its own moment, to its end"
    readers[0].close()
    assert_whole(tmp_path / "tiny")
    with Results.open(tmp_path / "tiny" / "results.sqlite"):
        pass
    assert not (tmp_path / "tiny" / "results.sqlite-wal").exists()


def test_a_reader_between_the_rows_of_an_epoch_sees_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    differing = Results._differing

    def asking(self: Results, trial: str, epoch: int, metrics: list[tuple[object, ...]]) -> int:
        found = differing(self, trial, epoch, metrics)
        self.connection.execute("INSERT INTO metrics VALUES (?, ?, 'half', 'half', 0, 0, 1, NULL)", (trial, epoch))
        with Results.read(self.path) as reader:
            seen.extend(n for (n,) in reader.query("SELECT count(*) FROM metrics WHERE dataset = 'half'"))
        self.connection.execute("DELETE FROM metrics WHERE dataset = 'half'")
        return found

    monkeypatch.setattr(Results, "_differing", asking)
    assert sweep(tmp_path, SWEEP) == 0
    assert seen == [0] * 9
