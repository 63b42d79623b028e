"""A recorded grid as searches see it: score and seconds of each setting at each epoch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.runs.run import Run
from analysis.scores.metrics import ALL, SCORE, facts_of
from analysis.scores.model import Scores
from analysis.scores.score import dataset_weights, score
from fusion_core.errors import ConfigError, did_you_mean
from trials.spec.sweep import RankBy

LEAST_COMPLETE = 0.5
SECONDS = "seconds"


@dataclass(frozen=True)
class GridQuery:
    """How a replay ranks; None: as the sweep does."""

    metric: str | None = None
    epoch: int | None = None
    dataset: str | None = None


@dataclass(frozen=True, eq=False)
class Grid:
    """The complete settings of a grid. `values` and `seconds` are (setting, epoch), of epochs 1, 2, and so on.

    `values` are the metric's own, means over the seeds; `seconds` None if none were recorded. `missing` are the
    settings of the grid that have no complete trial.
    """

    axes: Mapping[str, tuple[Hashable, ...]]
    settings: tuple[Mapping[str, Hashable], ...]
    missing: tuple[Mapping[str, Hashable], ...]
    values: np.ndarray
    seconds: np.ndarray | None
    metric: str
    epoch: int
    kind: str
    seeds: int = 1

    @property
    def epochs(self) -> int:
        return int(self.values.shape[1])

    @property
    def cost(self) -> int:
        """Epochs of the whole grid."""
        return int(self.values.size)

    @property
    def sign(self) -> float:
        return facts_of(self.metric).sign

    @property
    def gains(self) -> np.ndarray:
        """Each setting's value at the epoch that is ranked, higher is better."""
        return self.sign * self.values[:, self.epoch - 1]

    @property
    def best(self) -> float:
        return float(self.gains.max())

    def rank_threshold(self, share: float) -> float:
        """Return the gain of the worst setting of the best `share`, at least one setting."""
        return float(np.sort(self.gains)[::-1][max(1, int(share * len(self.settings) + 1e-9)) - 1])


def ranked_as(run: Run, asked: GridQuery) -> tuple[Run, Scores]:
    """Return the run and its scores, ranked by the query instead of the sweep's ranking. Raises ConfigError."""
    scores = score(run)
    metrics = [name for name in scores.metrics if name != SCORE]
    problems = []
    for what, wanted, known in (
        ("--metric", asked.metric, metrics), ("--epoch", asked.epoch, scores.epochs),
        ("--dataset", asked.dataset, scores.datasets[1:]),
    ):  # fmt: skip
        if wanted is not None and wanted not in known:
            hint = did_you_mean(str(wanted), [str(one) for one in known])
            problems.append(f"{what} must be one that {run.name} has, but got {wanted!r}.{hint}")
    rank = run.rank_by
    if asked.metric is None and metrics and rank.metric not in metrics:
        problems.append(f"{run.name} ranks by {rank.metric}, which no trial has reported: name another by --metric")
    if asked.epoch is None and rank.epoch is not None and rank.epoch not in scores.epochs:
        problems.append(f"{run.name} ranks at epoch {rank.epoch}, which no trial has reached: name another by --epoch")
    if problems:
        raise ConfigError(*problems)
    weights = rank.dataset_weights if asked.dataset is None else {asked.dataset: 1.0}
    run = replace(
        run,
        rank_by=RankBy(metric=asked.metric or rank.metric, dataset_weights=weights, epoch=asked.epoch or rank.epoch),
    )
    return run, score(run)


def read_grid(run: Run, scores: Scores) -> Grid:
    """Return the grid that a run recorded. Raises ConfigError if it is not a grid, or less than half complete."""
    axes = {key: values for key, values in run.axes.items() if len(values) > 1}
    problems = []
    if not scores.metrics or len(scores.settings) < 2 or not axes:
        raise ConfigError(
            f"{run.path}: a replay needs a grid of two configurations or more, but this run has {len(scores.settings)}"
        )
    if some := [key for key, values in axes.items() if None in values]:
        problems.append(
            f"{run.path}: every configuration of a grid that is replayed must have all its axes, but some have no "
            f"{', '.join(some)}: replay a run of one kind of trial"
        )
        raise ConfigError(*problems)
    size = int(np.prod([len(values) for values in axes.values()]))
    complete = _complete(run, scores)
    if len(complete) < max(2, LEAST_COMPLETE * size):
        kind = ((run.record.get("resolved") or {}).get("search") or {}).get("kind") or "grid"
        what = "" if kind == "grid" else f" (a search by {kind})"
        raise ConfigError(
            f"{run.path}{what}: a replay needs the table of a grid, at least half of it finished, but {len(complete)} "
            f"of the {size} configurations that its values make are: finish the grid by its own command, or replay "
            "another"
        )
    m, epochs = scores.metrics.index(scores.metric), scores.epochs[-1]
    values = np.full((len(complete), epochs), np.nan)
    for e, epoch in enumerate(scores.epochs):
        if epoch >= 1:
            values[:, epoch - 1] = scores.trials.mean[m, 0, e, complete]
    settings = tuple({key: scores.settings[i].parameters[key] for key in axes} for i in complete)
    have = {tuple(one.values()) for one in settings}
    return Grid(
        axes, settings, tuple(one for one in _product(axes) if tuple(one.values()) not in have), values,
        _seconds(run, scores, complete, epochs), scores.metric, scores.epoch, str(run.trials["recipe"].iloc[0]),
        len(scores.settings[complete[0]].numbers),
    )  # fmt: skip


def _complete(run: Run, scores: Scores) -> np.ndarray:
    """Return the settings that finished with every seed, with a number on each data set with a weight."""
    m, e = scores.metrics.index(scores.metric), scores.epochs.index(scores.epoch)
    counted = 1 + np.flatnonzero(dataset_weights(run.rank_by.dataset_weights, scores.datasets[1:]) > 0)
    has = np.isfinite(scores.trials.mean[m][counted][:, [e, -1]]).all(axis=(0, 1))
    seeds = max(len(one.numbers) for one in scores.settings)
    done = [one.status == "finished" and len(one.numbers) == seeds for one in scores.settings]
    return np.flatnonzero(has & np.array(done))


def _seconds(run: Run, scores: Scores, complete: np.ndarray, epochs: int) -> np.ndarray | None:
    """Return the seconds of each epoch of each setting, all seeds together; None if some were not recorded."""
    rows = run.training[(run.training["name"] == SECONDS) & run.training["epoch"].between(1, epochs)]
    number_of = dict(zip(run.trials["id"], run.trials["number"], strict=True))
    place = {n: k for k, i in enumerate(complete.tolist()) for n in scores.settings[i].numbers}
    at = rows["trial"].map(number_of).map(place)
    rows, at = rows[at.notna()], at[at.notna()].astype(int)
    found = np.zeros((len(complete), epochs))
    counts = np.zeros_like(found)
    where = at.to_numpy(), rows["epoch"].to_numpy(dtype=int) - 1
    np.add.at(found, where, pd.to_numeric(rows["value"]).to_numpy(dtype=float, na_value=np.nan))
    np.add.at(counts, where, 1)
    whole = (counts == len(scores.settings[complete[0]].numbers)).all() and (found > 0).all()
    return found if whole else None


def _product(axes: Mapping[str, tuple[Hashable, ...]]) -> list[dict[str, Hashable]]:
    from itertools import product

    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def where_of(run: Run, scores: Scores) -> str:
    """Return the data set, or the weights of the mean over several."""
    names = [n for n, w in zip(scores.datasets[1:], dataset_weights(run.rank_by.dataset_weights, scores.datasets[1:]),
                               strict=True) if w > 0]  # fmt: skip
    return names[0] if len(names) == 1 else ALL
