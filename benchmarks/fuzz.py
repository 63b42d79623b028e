"""Bent inputs by the ten thousand: `python -m benchmarks.fuzz --count 20000`; ends with a table, and 1 if one was bad.

Each target runs in a process of its own, so that a crash or a hang is counted too. Input N of a target depends on the
seed alone; `--keep DIR` writes those that were bad there.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

SLOW = 2.0
"""Seconds of this process's own time after which an input counts as a hang."""
STUCK = 30.0
"""Seconds without a word after which the process is ended."""
ADDRESS_SPACE = 8 << 30
WARM_UP = 50
LONGEST = 500

Outcome = tuple[int, str, float, int]


@dataclass
class Figures:
    """What became of the inputs of one target."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    tracebacks: int = 0
    hangs: int = 0
    crashes: int = 0
    slowest: float = 0.0
    first_mb: float = 0.0
    most_mb: float = 0.0
    seconds: float = 0.0
    bad: list[tuple[int, str]] = field(default_factory=list)

    def take(self, outcome: Outcome) -> None:
        index, what, seconds, memory = outcome
        self.inputs += 1
        self.slowest = max(self.slowest, seconds)
        self.most_mb = max(self.most_mb, memory / 1024)
        if self.inputs <= WARM_UP:
            self.first_mb = self.most_mb
        if what in ("read", "refused"):
            setattr(self, what, getattr(self, what) + 1)
        else:
            self.tracebacks += 1
            self.bad.append((index, what))
        if seconds > SLOW:
            self.hangs += 1
            self.bad.append((index, f"took {seconds:.1f} s"))


def target(name: str) -> tuple[Callable[[Random], Any], Callable[[Any, Path], bool], Callable[[Any], bytes]]:
    """Return how a target's inputs are made, how they are read, and their bytes."""
    if name == "images":
        from tests.fuzz.image_inputs import image_input
        from tests.fuzz.judge import read_picture_file

        return image_input, read_picture_file, bytes
    from tests.fuzz.judge import read_sweep
    from tests.fuzz.sweep_inputs import sweep_input

    return sweep_input, read_sweep, lambda given: given.content + repr(given.overrides).encode()


def work(name: str, seed: int, first: int, end: int, pipe: Connection) -> None:
    """Read inputs one after the other and report each; runs in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    make, read, _ = target(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        for index in range(first, end):
            given = make(Random(f"{seed}/{name}/{index}"))
            start = time.process_time()
            try:
                what = "read" if read(given, path) else "refused"
            except Exception:  # noqa: BLE001 - whatever comes through is what is looked for
                what = traceback.format_exc(limit=-1)[-LONGEST:]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            pipe.send((index, what, time.process_time() - start, memory))


def fuzz(name: str, count: int, seed: int) -> Figures:
    """Read `count` inputs of a target, and start again behind one that ended or held up the process."""
    figures, following, start = Figures(), 0, time.monotonic()
    spawning = multiprocessing.get_context("spawn")
    while following < count:
        ours, theirs = spawning.Pipe(duplex=False)
        process = spawning.Process(target=work, args=(name, seed, following, count, theirs))
        process.start()
        theirs.close()
        try:
            while following < count and ours.poll(STUCK):
                figures.take(ours.recv())
                following += 1
        except EOFError:
            process.join()
            figures.crashes += 1
            figures.bad.append((following, f"the process ended with {process.exitcode}"))
            following += 1
        else:
            if following < count:
                figures.hangs += 1
                figures.bad.append((following, f"not done after {STUCK:.0f} s"))
                following += 1
                process.kill()
        process.join()
    figures.seconds = time.monotonic() - start
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=["sweep files", "images"], action="append")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that were bad")
    options = parser.parse_args()
    table = Table(title=f"seed {options.seed}", title_justify="left", box=None)
    columns = ("target", "inputs", "read", "refused", "tracebacks", "hangs", "crashes", "slowest", "memory", "took")
    for column in columns:
        table.add_column(column, justify="left" if column == "target" else "right", no_wrap=True)
    bad = 0
    for name in options.target or ["sweep files", "images"]:
        figures = fuzz(name, options.count, options.seed)
        numbers = (figures.inputs, figures.read, figures.refused, figures.tracebacks, figures.hangs, figures.crashes)
        memory = f"{figures.first_mb:.0f} to {figures.most_mb:.0f} MB"
        took = (f"{figures.slowest:.2f} s", memory, f"{figures.seconds:.0f} s")
        table.add_row(name, *(f"{number:,}" for number in numbers), *took)
        for index, what in figures.bad[:10]:
            print(f"{name}, input {index}: {what}", file=sys.stderr)
        if options.keep is not None:
            keep(name, options.seed, figures, options.keep)
        bad += len(figures.bad)
    Console(width=120).print(table)
    sys.exit(1 if bad else 0)


def keep(name: str, seed: int, figures: Figures, folder: Path) -> None:
    """Write the inputs that were bad."""
    make, _, content = target(name)
    folder.mkdir(parents=True, exist_ok=True)
    for index, _ in figures.bad:
        given = make(Random(f"{seed}/{name}/{index}"))
        (folder / f"{name.replace(' ', '_')}_{index}").write_bytes(content(given))


if __name__ == "__main__":
    main()
