"""One search against a recorded grid: the sampler and the rule of real sweeps, with a trial's epochs looked up."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import numpy as np

from analysis.replay.recorded_grid import Grid
from analysis.replay.searches import Search
from analysis.replay.trace import WITHIN, Trace
from trials.ranking.outcome import FAILED, Outcome
from trials.ranking.stopping_rules import Curve, stops
from trials.search.proposals import Proposals, key_of
from trials.search.sampler import Sampling
from trials.space.dimension import Dimension
from trials.space.space import Space
from trials.spec.search import Choices


class Source(Protocol):
    """Source of the next setting: its number, and its index in the grid."""

    def next(self) -> tuple[int, int] | None: ...

    def tell(self, number: int, outcome: Outcome) -> None: ...


class Shuffled:
    """Every setting of a grid, in random order."""

    def __init__(self, grid: Grid, seed: int) -> None:
        self.order = iter(np.random.default_rng(seed).permutation(len(grid.settings)).tolist())

    def next(self) -> tuple[int, int] | None:
        place = next(self.order, None)
        return None if place is None else (place, place)

    def tell(self, number: int, outcome: Outcome) -> None:
        """Does nothing: the order is fixed."""


class Sampled:
    """Settings that a sampler proposes, each once; settings without a recorded trial count as known."""

    def __init__(self, grid: Grid, search: Search, seed: int) -> None:
        trials = max(1, round(WITHIN * len(grid.settings)))
        config = search.sampler.model_copy(update={"seed": seed, "trials": trials})
        self.sampling = Sampling(space_of(grid), config, [grid.metric])
        self.proposals = Proposals(self.sampling)
        self.proposals.tried |= {key_of(one) for one in grid.missing}
        self.place = {key_of(one): i for i, one in enumerate(grid.settings)}

    def next(self) -> tuple[int, int] | None:
        found = self.proposals.next()
        return None if found is None else (found[0], self.place[key_of(found[1])])

    def tell(self, number: int, outcome: Outcome) -> None:
        self.sampling.tell(number, outcome)


@dataclass
class Running:
    number: int
    place: int
    curve: dict[int, float] = field(default_factory=dict)


def space_of(grid: Grid) -> Space:
    """Return the space whose settings are the grid's."""
    choices: Mapping[str, tuple[Hashable, ...]] = grid.axes
    return Space(
        tuple(Dimension.of(name, Choices.model_validate({"choices": values})) for name, values in choices.items()),
        grid.kind,
    )


def replay(grid: Grid, search: Search, repeat: int, until: float = 1.0, workers: int = 1) -> Trace:
    """Return the result of one repeat; `repeat` is its seed.

    It ends when the space is exhausted, or (unless the search is to try all of it) after a share `until` of the grid's
    epochs. With several `workers` a trial's epochs are told when their recorded seconds are over.
    """
    return _Replay(grid, search, repeat, math.inf if search.whole else until * grid.cost, workers).run()


class _Replay:
    def __init__(self, grid: Grid, search: Search, repeat: int, budget: float, workers: int) -> None:
        self.grid, self.rule, self.budget, self.workers = grid, search.rule, budget, workers
        self.source: Source = Shuffled(grid, repeat) if search.whole else Sampled(grid, search, repeat)
        self.running: list[tuple[float, int, Running]] = []
        self.reported: dict[int, list[tuple[int, Curve]]] = {}
        self.seconds: list[float] = []
        self.hits: list[tuple[int, float]] = []
        self.tried, self.asking, self.clock = 0, 0.0, 0.0
        self.turn = count()

    def run(self) -> Trace:
        while len(self.seconds) < self.budget:
            while len(self.running) < self.workers and (new := self._ask()):
                self._train(new)
            if not self.running:
                break
            self.clock, _, trial = heapq.heappop(self.running)
            self._report(trial)
        hits, gains = zip(*self.hits, strict=True) if self.hits else ((), ())
        return Trace(
            np.cumsum(self.seconds), np.array(hits, dtype=int), np.array(gains, dtype=float), self.tried,
            self.tried * self.grid.epochs, self.asking,
        )  # fmt: skip

    def _ask(self) -> Running | None:
        began = time.process_time()
        found = self.source.next()
        self.asking += time.process_time() - began
        if found is None:
            return None
        self.tried += 1
        return Running(*found)

    def _train(self, trial: Running) -> None:
        """Have a trial train one more epoch; if several end together, the one that began first comes first."""
        over = self.clock + self._cost(trial.place, len(trial.curve) + 1, 1.0)
        heapq.heappush(self.running, (over, next(self.turn), trial))

    def _report(self, trial: Running) -> None:
        grid, epoch = self.grid, len(trial.curve) + 1
        self.seconds.append(self._cost(trial.place, epoch, math.nan))
        trial.curve[epoch] = float(grid.values[trial.place, epoch - 1])
        if epoch == grid.epoch:
            self.hits.append((len(self.seconds), grid.sign * trial.curve[epoch]))
        if epoch == grid.epochs:
            value = trial.curve[grid.epoch]
            self.source.tell(trial.number, Outcome((value,)) if math.isfinite(value) else FAILED)
        elif self._stops(trial, epoch):
            self.source.tell(trial.number, Outcome(steps=trial.curve))
        else:
            self._train(trial)

    def _stops(self, trial: Running, epoch: int) -> bool:
        own = {at: self.grid.sign * value for at, value in trial.curve.items()}
        others = self.reported.setdefault(epoch, [])
        stopped = math.isfinite(own[epoch]) and stops(
            self.rule, self.grid.epochs, own, epoch, [curve for _, curve in others]
        )
        others.append((trial.place, {epoch: own[epoch]}))
        return stopped

    def _cost(self, place: int, epoch: int, otherwise: float) -> float:
        return otherwise if self.grid.seconds is None else float(self.grid.seconds[place, epoch - 1])
