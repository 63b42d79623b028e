"""A replay from its run folder to its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.replay import recommendation
from analysis.replay.costs import Target, costs, curves, table, targets, up_to
from analysis.replay.files import Found
from analysis.replay.noise_floor import Floor, read_floor
from analysis.replay.recorded_grid import Grid, GridQuery, ranked_as, read_grid, where_of
from analysis.replay.searches import Search, read_searches
from analysis.replay.trace import Trace
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from fusion_core.errors import ConfigError, FusionError
from trials.ranking.stopping_rules import rungs


@dataclass(frozen=True, eq=False)
class Proof:
    """What is replayed: `searches` against a `grid`; `floor` is None if the seed variance is unknown."""

    run: Run
    dataset: str
    grid: Grid
    floor: Floor | None
    searches: tuple[Search, ...]
    until: float
    workers: int

    @property
    def targets(self) -> tuple[Target, ...]:
        return targets(self.grid, self.floor)

    @property
    def limit(self) -> float:
        """The smallest epoch budget of any search, as a share of the grid's epochs: all are compared at it."""
        return 1.0 if all(one.whole for one in self.searches) else self.until

    @property
    def notes(self) -> tuple[str, ...]:
        """Return notes on the grid and its noise."""
        grid, said = self.grid, []
        if grid.missing:
            said.append(
                f"{len(grid.missing)} of the {len(grid.missing) + len(grid.settings)} configurations of the grid are "
                "left "
                "out: they are missing, failed, were stopped, or have no number where it is ranked."
            )
        if grid.seeds > 1:
            said.append(
                f"Each configuration ran with {grid.seeds} seeds: a trial of the replay is their mean, at the cost of "
                "all."
            )
        if grid.seconds is None:
            said.append("No seconds per epoch were recorded: cost is counted in epochs alone.")
        if self.limit < 1:
            said.append(
                f"Compared up to {100 * self.limit:.3g} % of the cost (--until): what a search reaches later does not "
                "count."
            )
        return (*said, *recommendation.remarks(grid, self.floor, self.targets))

    def found(self, traces: Sequence[Sequence[Trace]]) -> Found:
        """Return the results of the repeats of each search."""
        import pandas as pd

        wanted = self.targets
        each = list(zip(self.searches, traces, strict=True))
        rows = table([costs(self.grid, search, own, wanted) for search, own in each])
        target, fair = recommendation.judged_by(self.grid, wanted), up_to(self.limit, rows, wanted)
        return Found(
            pd.concat([curves(self.grid, search, own) for search, own in each], ignore_index=True), rows, wanted,
            self.grid.metric, self.dataset, self.grid.epoch, len(self.grid.settings), self.grid.epochs,
            self.grid.sign * self.grid.best, self.workers, finished(self.run), target.name,
            recommendation.recommended(fair, target),
            tuple(recommendation.advice(self.grid, self.floor, wanted, fair)), self.notes,
        )  # fmt: skip


def prepare(
    path: Path, search: str, repeats: int, noise: Path | None, asked: GridQuery, until: float, workers: int
) -> Proof:
    """Read all inputs of a replay. Raises ConfigError with all problems at once."""
    problems: list[str] = []
    searches: tuple[Search, ...] = ()
    try:
        searches = read_searches(search, repeats)
    except ConfigError as problem:
        problems += problem.problems
    if not 0 < until <= 1:
        problems.append(f"--until must be a share of the grid's cost, above 0 and at most 1, but got {until:g}")
    grid: Grid | None = None
    measured: Run | None = None
    try:
        measured = open_run(noise) if noise else None
    except FusionError as problem:
        problems.append(f"--noise {problem}")
    try:
        run, scores = ranked_as(open_run(path), asked)
        grid = read_grid(run, scores)
        floor = read_floor(run, scores, measured)
    except FusionError as problem:
        problems += str(problem).splitlines()
    if grid is not None:
        idle = [one.name for one in searches if one.stops_early and not rungs(one.rule, grid.epochs)]
        problems += [
            f"--search {name}: a rule must have an epoch before the last to stop at, but this run has {grid.epochs}: "
            "leave it out, or lower its grace" for name in idle
        ]  # fmt: skip
    if problems or grid is None:
        raise ConfigError(*problems)
    return Proof(run, where_of(run, scores), grid, floor, searches, until, workers)


def finished(run: Run) -> int:
    """Return the number of finished trials: a replay of fewer is outdated."""
    return int((run.trials["status"] == "finished").sum())
