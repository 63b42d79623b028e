"""What the next setting costs: `python -m benchmarks.search` (about eight minutes), milliseconds per ask + tell.

By sampler, by how many settings are known, by how many numbers a setting has, with the study in memory and in the
journal of a run folder, as this process's own time, which a busy machine changes little. `nsga2` has two objectives,
the others one. A sampler is not asked where it would take `--longest` seconds, by the square of what is known.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.timing import report
from trials.ranking.outcome import Outcome
from trials.search.journal import StudyFile
from trials.search.sampler import Note, Sampling
from trials.space.dimension import Dimension
from trials.space.space import Space
from trials.spec.search import Range, SearchConfig
from trials.storage.layout import RunFolder

SAMPLERS = ("random", "sobol", "tpe", "gp", "cmaes", "nsga2")
KNOWN = (30, 100, 300, 1000, 3000, 10_000)
POPULATION = 50
WARM_UP = 25
"""Settings asked for before the clock runs: two generations of CMA-ES, which makes a note at the end of each."""


@dataclass(frozen=True)
class Cost:
    """Milliseconds per ask + tell (median), and per known setting when the study is filled."""

    sampler: str
    dimensions: int
    journal: bool
    known: int
    milliseconds: float
    filling: float


def space_of(dimensions: int) -> Space:
    """Return a space of so many numbers, every other on a logarithmic scale."""
    given = [Range(low=0.01, high=1, log=bool(index % 2)) for index in range(dimensions)]
    return Space(tuple(Dimension.of(f"x{index}", one) for index, one in enumerate(given)), "supervised")


def outcome_of(parameters: dict[str, object], objectives: int) -> Outcome:
    """Return a bowl's value, and a tilted plane's where there are two objectives."""
    values = np.array([float(str(value)) for value in parameters.values()])
    return Outcome((float(-((values - 0.3) ** 2).sum()), float(values.mean()))[:objectives])


def costs(
    sampler: str, dimensions: int, folder: Path | None, known: tuple[int, ...], repeats: int, longest: float
) -> Iterator[Cost]:
    """Yield what a sampler costs at each number of known settings; `folder`: where its journal lies, if it has one."""
    space, objectives = space_of(dimensions), ("VIF", "Nabf") if sampler == "nsga2" else ("VIF",)
    population = POPULATION if sampler == "nsga2" else None
    search = SearchConfig.model_validate({"kind": sampler, "trials": known[-1], "population": population})
    storage = None if folder is None else StudyFile(RunFolder(folder), space, print).storage
    sampling = Sampling(space, search, objectives, storage)
    chance, there = np.random.default_rng(0), 0

    def ask_and_tell() -> float:
        nonlocal there
        start = time.process_time()
        number, parameters = sampling.ask()
        sampling.tell(number, outcome_of(dict(parameters), len(objectives)))
        there += 1
        return time.process_time() - start

    for count in known:
        settings = [space.at(chance.random(dimensions).tolist()) for _ in range(there, count)]
        start = time.process_time()
        notes = [Note(draw, {}, _noted(sampler, draw)) for draw in range(there + 1, count + 1)]
        sampling.add(
            [
                sampling.known(setting, outcome_of(dict(setting), len(objectives)), note)
                for setting, note in zip(settings, notes, strict=True)
            ]
        )
        filling = (time.process_time() - start) / max(1, len(settings))
        there = max(there, count)
        for _ in range(WARM_UP if sampler == "cmaes" else 1):
            ask_and_tell()
        seconds: list[float] = []
        while len(seconds) < repeats and sum(seconds) < longest:
            seconds.append(ask_and_tell())
        middle = sorted(seconds)[len(seconds) // 2]
        yield Cost(sampler, dimensions, folder is not None, count, 1000 * middle, 1000 * filling)
        more = next((other for other in known if other > count), count)
        if middle * (more / count) ** 2 > longest:
            return


def _noted(sampler: str, draw: int) -> dict[str, int]:
    """Return what NSGA-II notes of a setting: its generation."""
    return {"NSGAIISampler:generation": draw // POPULATION} if sampler == "nsga2" else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler", choices=SAMPLERS, action="append")
    parser.add_argument("--dimensions", type=int, action="append")
    parser.add_argument("--most", type=int, default=KNOWN[-1], help="known settings at most")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--longest", type=float, default=10.0)
    options = parser.parse_args()
    known = tuple(count for count in KNOWN if count <= options.most)
    table = Table(title="ms per ask + tell", title_justify="left", box=None)
    for column in ("sampler", "numbers", "study", *(f"{count:,}" for count in known), "filling"):
        table.add_column(column, justify="left" if column in ("sampler", "study") else "right", no_wrap=True)
    figures: dict[str, float] = {}
    for sampler in options.sampler or SAMPLERS:
        for dimensions in options.dimensions or (4, 10):
            for journal in (False, True):
                with tempfile.TemporaryDirectory() as folder:
                    place = Path(folder) if journal else None
                    found = list(costs(sampler, dimensions, place, known, options.repeats, options.longest))
                figures |= {f"{sampler}/{dimensions}/{'journal' if journal else 'memory'}/{one.known}": one.milliseconds
                            for one in found}  # fmt: skip
                cells = [f"{one.milliseconds:.3g}" for one in found]
                cells += ["-"] * (len(known) - len(found))
                where = "journal" if journal else "memory"
                table.add_row(sampler, str(dimensions), where, *cells, f"{found[-1].filling:.2f}")
                print(sampler, dimensions, where, *cells, f"{found[-1].filling:.2f}", flush=True)
    Console(width=120).print(table)
    report(benchmark="search", **figures)


if __name__ == "__main__":
    main()
