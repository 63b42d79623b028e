"""Many repeats of many searches, in processes of one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field

from analysis.replay.recorded_grid import Grid
from analysis.replay.searches import Search
from analysis.replay.trace import Trace
from fusion_core.errors import FusionError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
AT_ONCE = 5
SLOW = ("gp",)


@dataclass(frozen=True)
class Task:
    """Repeats of one search, by their seeds."""

    search: int
    repeats: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Done:
    """The result of a task, and the seconds that each of its repeats took."""

    task: Task
    traces: tuple[Trace, ...]
    seconds: float


@dataclass
class Pace:
    """Estimates the time left from the repeats of each search; None before one of each is done."""

    searches: Sequence[Search]
    processes: int
    took: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def done(self, one: Done) -> None:
        self.took[one.task.search] += [one.seconds] * len(one.traces)

    @property
    def repeats(self) -> int:
        return sum(map(len, self.took.values()))

    @property
    def left(self) -> float | None:
        """Return the seconds that are left."""
        if len(self.took) < len(self.searches):
            return None
        # The first repeat of a process also imports its modules.
        known = {i: took[1:] or took for i, took in self.took.items()}
        means = {i: sum(took) / len(took) for i, took in known.items()}
        return sum(means[i] * (one.repeats - len(self.took[i])) for i, one in enumerate(self.searches)) / self.processes


def tasks(searches: Sequence[Search]) -> list[Task]:
    """Return the first repeat of each search, so that all are timed, then the others."""
    found = [Task(i, (0,)) for i, _ in enumerate(searches)]
    for i, search in enumerate(searches):
        size = 1 if search.sampler.kind in SLOW else AT_ONCE
        rest = range(1, search.repeats)
        found += [Task(i, tuple(rest[k : k + size])) for k in range(0, len(rest), size)]
    return found


def replays(grid: Grid, searches: Sequence[Search], until: float, workers: int, processes: int) -> Iterator[Done]:
    """Yield the result of each task, in any order. Ends its processes if it is closed early."""
    if processes == 1:
        yield from (_replayed(grid, searches[task.search], task, until, workers) for task in tasks(searches))
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    whole = False
    try:
        with _for_children():
            futures: list[Future[Done]] = [
                pool.submit(_replayed, grid, searches[task.search], task, until, workers) for task in tasks(searches)
            ]
        for future in as_completed(futures):
            yield future.result()
        whole = True
    except BrokenProcessPool as problem:
        raise FusionError(
            "a process of the replay must last to its end, but one was killed (for memory?): try fewer --processes"
        ) from problem
    finally:
        if not whole:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
        pool.shutdown(wait=whole, cancel_futures=True)


def _replayed(grid: Grid, search: Search, task: Task, until: float, workers: int) -> Done:
    from analysis.replay.simulate import replay

    began = time.perf_counter()
    traces = tuple(replay(grid, search, repeat, until, workers) for repeat in task.repeats)
    return Done(task, traces, (time.perf_counter() - began) / len(traces))


@contextmanager
def _for_children() -> Iterator[None]:
    """Inside the `with` block, new processes have one thread each, and ignore Ctrl-C."""
    before = {name: os.environ.get(name) for name in THREADS}
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
        if main:
            signal.signal(signal.SIGINT, handler)
