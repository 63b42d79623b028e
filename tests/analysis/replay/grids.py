"""Made-up grids, as a replay sees them and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.replay.recorded_grid import Grid
from analysis.replay.searches import Search, read_searches
from analysis.replay.trace import Trace
from tests.analysis.make import Made, make_run

A, B = "loss.max_ratio", "loss.grad_ratio"


def grid_of(values: Sequence[Sequence[float]], *, seconds: Any = None, metric: str = "Reward", epoch: int = 0) -> Grid:
    """Return a grid of one axis with these values by setting and epoch; ranked at the last epoch, or at `epoch`."""
    rows = np.array(values, dtype=float)
    axis = tuple(float(i) for i in range(len(rows)))
    times = None if seconds is None else np.broadcast_to(np.array(seconds, dtype=float), rows.shape).copy()
    return Grid(
        {A: axis}, tuple({A: one} for one in axis), (), rows, times, metric, epoch or rows.shape[1], "supervised"
    )


def hill(sizes: tuple[int, int] = (12, 10), epochs: int = 2) -> Grid:
    """Return a grid of two axes with one smooth top; earlier epochs are the same, only lower."""
    axes = {A: tuple(map(float, range(sizes[0]))), B: tuple(map(float, range(sizes[1])))}
    settings = tuple({A: a, B: b} for a in axes[A] for b in axes[B])
    top = [-(((one[A] / sizes[0] - 0.7) ** 2) + ((one[B] / sizes[1] - 0.3) ** 2)) for one in settings]
    values = np.array(top)[:, None] + 0.1 * np.arange(epochs)
    return Grid(axes, settings, (), values, np.ones_like(values), "Reward", epochs, "supervised")


def search(text: str) -> Search:
    return read_searches(text, 1)[0]


def trace(hits: Sequence[int], gains: Sequence[float], spent: int, seconds: float = 1.0) -> Trace:
    """Return a repeat whose every epoch took as many seconds; its trials had one epoch each."""
    return Trace(
        seconds * np.arange(1.0, spent + 1), np.array(hits, dtype=int), np.array(gains, dtype=float), spent, spent, 0.0
    )


def table(folder: Path, *, sizes: tuple[int, int] = (4, 3), epochs: int = 2, seeds: Sequence[int] = (0,),
          change: Any = None, **options: Any) -> Path:  # fmt: skip
    """Write a run of a grid of two axes, the first best at its end; `change(made)` gives another trial, or None."""
    trials: list[Made] = []
    for a in range(1, sizes[0] + 1):
        for b in range(1, sizes[1] + 1):
            for seed in seeds:
                own = [{"a": {"Reward": a + 0.1 * b + 0.01 * e + 0.001 * seed, "MSE": 1.0 / a}} for e in range(epochs)]
                made = Made({A: float(a), B: float(b)}, own, seed=seed)
                made = change(made) if change else made
                trials += [] if made is None else [made]
    training = {i: [{"seconds": 1.0 + i}] * epochs for i, _ in enumerate(trials)}
    return make_run(folder, trials, n={"a": 10}, training=training, **options)
