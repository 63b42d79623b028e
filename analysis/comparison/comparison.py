"""Several runs side by side: the best of each, at the metrics, data sets and epochs that they share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.comparison.side import LAST, OWN, Side, same_images, side_of
from analysis.findings.findings import Findings
from analysis.runs.open_run import open_run
from analysis.runs.run import Run, in_order
from analysis.scores.metrics import ALL, KNOWN, SCORE, facts_of
from fusion_core.errors import ConfigError, FusionError


@dataclass(frozen=True)
class Comparison:
    """Runs, and the metrics, data sets and epochs that at least one run with numbers has."""

    sides: tuple[Side, ...]
    metrics: tuple[str, ...]
    datasets: tuple[str, ...]
    epochs: tuple[int | str, ...]
    metric: str
    dataset: str
    epoch: int | str

    @property
    def measured(self) -> tuple[Side, ...]:
        return tuple(side for side in self.sides if side.has_numbers)


def open_comparison(paths: Sequence[Path]) -> Comparison:
    """Open two runs or more. Raises ConfigError that lists every folder that cannot be read or is given twice."""
    problems: list[str] = []
    if len(paths) < 2:
        problems.append(f"compare: two runs or more must be given, but got {len(paths)}")
    seen: dict[Path, Path] = {}
    runs = []
    for path in paths:
        if (real := path.resolve()) in seen:
            problems.append(f"{path}: a run must be given once, but {seen[real]} is the same folder")
            continue
        seen[real] = path
        try:
            runs.append(open_run(path))
        except FusionError as problem:
            problems += str(problem).splitlines()
    if problems:
        raise ConfigError(*problems)
    return compare(runs)


def compare(runs: Sequence[Run]) -> Comparison:
    """Put runs on the same axes."""
    sides = tuple(side_of(label, Findings.of(run)) for label, run in zip(labels(runs), runs, strict=True))
    measured = [side for side in sides if side.has_numbers]
    names = {name for side in measured for name in side.scores.metrics}
    metrics = tuple(name for name in (*KNOWN, SCORE) if name in names)
    epochs: tuple[int | str, ...] = tuple(sorted({epoch for side in measured for epoch in side.scores.epochs}))
    if len({side.scores.epochs for side in measured}) > 1:
        epochs = (LAST, *epochs)
    datasets = _datasets(measured)
    wanted = [side.scores.metric for side in measured]
    shared = [name for name in metrics if all(name in side.scores.metrics for side in measured)]
    metric = next((name for name in (*wanted, *shared) if name in shared), metrics[0] if metrics else "")
    at = {side.scores.epoch for side in measured}
    return Comparison(
        sides, metrics, datasets, epochs, metric,
        _first_data_set(measured, datasets),
        at.pop() if len(at) == 1 else epochs[0] if epochs else 0,
    )  # fmt: skip


def labels(runs: Sequence[Run]) -> list[str]:
    """Return the names of runs; equal names get as many parent folders as make them distinct."""
    given = [run.path.resolve() for run in runs]
    names = [run.name for run in runs]
    for i, run in enumerate(runs):
        alike = [given[k] for k in range(len(runs)) if k != i and runs[k].name == run.name]
        if alike:
            parts = next(
                n for n in range(1, len(given[i].parts) + 1)
                if all(given[i].parts[-n:] != other.parts[-n:] for other in alike)
            )  # fmt: skip
            names[i] = f"{run.name} ({'/'.join(given[i].parts[-parts:])})"
    return names


def shared_parameters(sides: Sequence[Side]) -> dict[str, tuple[Hashable, ...]]:
    """Return the parameters that one run varies and another one has, with every value of any of them."""
    varied = dict.fromkeys(key for side in sides for key, values in side.run.axes.items() if len(values) > 1)
    levels = {key: [side.run.axes.get(key) or ((side.fixed[key],) if key in side.fixed else ()) for side in sides]
              for key in varied}  # fmt: skip
    return {
        key: in_order([value for some in found for value in some])
        for key, found in levels.items()
        if sum(map(bool, found)) > 1
    }


def levels(side: Side, key: str, values: Sequence[Hashable]) -> np.ndarray:
    """Return the index in `values` of each setting of a run, -1 for none of them."""
    fixed, place = side.fixed.get(key), {value: i for i, value in enumerate(values)}
    return np.array([place.get(setting.parameters.get(key, fixed), -1) for setting in side.scores.settings], dtype=int)


def envelope(level: np.ndarray, count: int, means: np.ndarray, *, higher: bool) -> np.ndarray:
    """Return the best of `means` over the settings at each of `count` levels; NaN where none has a number."""
    found = np.full(count, -np.inf)
    known = (level >= 0) & np.isfinite(means)
    np.maximum.at(found, level[known], means[known] if higher else -means[known])
    return np.where(np.isfinite(found), found if higher else -found, np.nan)


def best_of(values: np.ndarray, *, higher: bool) -> float:
    """Return the best number, NaN where there is none."""
    some = values[np.isfinite(values)]
    return float(some.max() if higher else some.min()) if len(some) else float("nan")


def best_so_far(side: Side, metric: str, dataset: str) -> np.ndarray:
    """Return the best of all settings at each epoch of the run or an earlier one."""
    higher = facts_of(metric).higher_is_better
    each = np.array([best_of(side.values(metric, dataset, epoch), higher=higher) for epoch in side.scores.epochs])
    return (np.fmax if higher else np.fmin).accumulate(each) if len(each) else each


def training_seconds(side: Side) -> np.ndarray:
    """Return the median over trials of the seconds of training up to each epoch; NaN where that was not recorded."""
    rows = side.run.training
    names = set(rows["name"].unique())
    name = next((one for one in ("training_seconds", "seconds") if one in names), None)
    if name is None:
        return np.full(len(side.scores.epochs), np.nan)
    wide = rows[rows["name"] == name].pivot(index="trial", columns="epoch", values="value").astype(float)
    wide = wide.reindex(columns=sorted({*wide.columns, *side.scores.epochs}))
    clock = wide.cumsum(axis=1, skipna=False)
    seconds: np.ndarray = clock.median().reindex(list(side.scores.epochs)).to_numpy(dtype=float)
    return seconds


def _datasets(sides: Sequence[Side]) -> tuple[str, ...]:
    """Return the choices: a mean over data sets first, if there are several."""
    names = list(dict.fromkeys(name for side in sides for name in side.scores.datasets[1:]))
    if len(names) <= 1:
        return tuple(names)
    alike = all(side.weights == sides[0].weights for side in sides)
    return (ALL if alike else OWN, *names)


def _first_data_set(sides: Sequence[Side], datasets: tuple[str, ...]) -> str:
    """Return the page's first data set: one for which all runs used the same images, if there is one."""
    for name in datasets:
        if all(same_images(sides[0], side, name) for side in sides):
            return name
    everywhere = [name for name in datasets if name != OWN and all(side.dataset(name) is not None for side in sides)]
    return next(iter(everywhere or datasets), "")
