"""Sweeps to break: the program as a process of its own, what it wrote, and how that differs from an undisturbed run."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fusion_core.config import TrialConfig

REPOSITORY = Path(__file__).parents[2]
SPY = Path(__file__).parent / "spy"
SYNTHETIC = """\
  recipe: {epochs: 3, batch_size: 2, accumulate: 1}
  policy: {base_channels: 2}
  data: {synthetic: {train: 4, test: 2, size: [48, 48]}}
  loss: {ssim_window_size: 11}
"""


def arithmetic(epochs: int, seconds: float) -> str:
    """Return the trial section of a sweep whose epochs take so long."""
    return f"  recipe: {{kind: arithmetic, epochs: {epochs}, seconds: {seconds}}}\n"


Row = tuple[object, ...]


@dataclass
class Chaos:
    """A sweep of `trials` trials in a folder, started again and again by the same command."""

    folder: Path
    trial: str
    trials: int = 60
    options: tuple[str, ...] = ("--workers", "2")
    extra: str = ""
    faults: int = 0
    retrained: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "epochs.log"
        self.log.touch()
        values = ", ".join(str(number) for number in range(1, self.trials + 1))
        self.file = self.folder / "chaos.yaml"
        self.file.write_text(
            f"name: chaos\ntrial:\n{self.trial}grid:\n  loss.max_ratio: [{values}]\nkeep_best: 2\n{self.extra}"
        )
        self.run = self.folder / "chaos"

    def start(self, *more: str) -> subprocess.Popen[str]:
        """Start the command in a session of its own, so that signals reach it alone."""
        environment = {**os.environ, "CHAOS_LOG": str(self.log), "PYTHONPATH": str(SPY), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "run_sweep.py", str(self.file), "--out", str(self.folder), *self.options, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=REPOSITORY,
            start_new_session=True,
            env=environment | self.environment,
        )

    def finish(self, *more: str, seconds: float = 600) -> tuple[int, str]:
        """Run the command to its end; return its exit code and what it said."""
        with self.counting():
            process = self.start(*more)
            said, _ = process.communicate(timeout=seconds)
        return process.returncode, said

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the epochs trained meanwhile that the table held before."""
        known, before = self.known(), self.trained()
        yield
        self.retrained += sum(count for key, count in (self.trained() - before).items() if key in known)

    def trained(self) -> Counter[tuple[str, ...]]:
        """Return how often the spy saw each epoch trained."""
        return Counter(tuple(line.split("\t")) for line in self.log.read_text(encoding="utf-8").splitlines())

    def known(self) -> set[tuple[str, ...]]:
        """Return the epochs in the table as the spy writes them."""
        if not (self.run / "results.sqlite").exists():
            return set()
        try:
            found = self.query("SELECT DISTINCT config, epoch FROM trials JOIN training ON trial = id")
        except sqlite3.Error:  # killed while the table was being made
            return set()
        return {
            (TrialConfig.model_validate_json(str(config)).model_dump_json(include={"loss", "seed"}), str(epoch))
            for config, epoch in found
        }

    def query(self, sql: str) -> list[Row]:
        with closing(sqlite3.connect(self.run / "results.sqlite", timeout=30)) as table:
            return list(table.execute(sql))

    def count(self, sql: str) -> int:
        """Return the one number a SELECT gives; 0 while there is no table."""
        try:
            return int(str(self.query(sql)[0][0])) if (self.run / "results.sqlite").exists() else 0
        except sqlite3.Error:
            return 0

    def epochs(self) -> int:
        return self.count("SELECT count(*) FROM training WHERE name = 'seconds'")

    def wait(self, done: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> bool:
        """Wait until it is done; False where the process ended first."""
        deadline = time.monotonic() + seconds
        while not done():
            if process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                kill_group(process)
                raise AssertionError(f"waited {seconds:g} s in vain:\n{process.communicate()[0]}")
            time.sleep(0.01)
        return True

    def rows(self) -> list[Row]:
        """Return all that must be the same however the sweep was disturbed: no clocks, attempts, nodes or memory."""
        return [
            (sql.split()[-1], *row)
            for sql in (
                "SELECT number, id, cohort, parameters, config, seed, epochs, status, error FROM trials",
                "SELECT * FROM metrics",
                "SELECT * FROM training WHERE name NOT LIKE '%second%' AND name NOT LIKE '%memory%'",
                "SELECT * FROM baselines",
                "SELECT * FROM datasets",
            )
            for row in self.query(sql)
        ]


def kill_group(process: subprocess.Popen[str]) -> None:
    """End a command and what shares its session at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def below(pid: int, name: str = "") -> list[int]:
    """Return the processes under `pid` whose command line holds `name`."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    for child in parents:
        above = child
        while above in parents and above != pid:
            above = parents[above]
        if above == pid and child != pid and name.encode() in command_of(child):
            found.append(child)
    return found


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def compare(found: list[Row], expected: list[Row]) -> tuple[int, int]:
    """Return how many rows are lost (or differ) and how many are doubled (or were never asked for)."""
    there, wanted = Counter(found), Counter(expected)
    return (wanted - there).total(), (there - wanted).total()


def table_row(name: str, faults: str, lost: int, doubled: int, retrained: int, seconds: float, result: str) -> str:
    """Return a row for docs/reliability.md."""
    return f"| {name} | {faults} | {lost} | {doubled} | {retrained} | {seconds:.0f} | {result} |"
