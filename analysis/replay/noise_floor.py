"""The minimum detectable difference between two settings of a grid, given seed variance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.runs.run import Run
from analysis.scores.model import Scores, pooled
from analysis.scores.score import score
from analysis.statistics.seed_noise import resolvable
from fusion_core.errors import ConfigError

# Used if the settings of the grid ran the same seeds, and the common effect of a seed is known.
SHARED, OWN = "of one seed", "of seeds of their own"


@dataclass(frozen=True)
class Floor:
    """Settings that differ by less than `least` are indistinguishable; `of` is SHARED or OWN.

    `std` is the standard deviation between seeds that it comes from, `freedom` its degrees of freedom.
    """

    least: float
    std: float
    freedom: float
    of: str
    source: str
    notes: tuple[str, ...] = ()


def read_floor(run: Run, scores: Scores, noise: Run | None) -> Floor | None:
    """Return the noise floor of a grid by another run, or by its own seeds; None if there is neither.

    Two settings with the same seeds differ by less than two with different ones, since common effects of a seed cancel:
    a noise run with several settings on the same seeds measures by how much. Raises ConfigError if `noise` has no
    repeats at the place that ranks.
    """
    source = run if noise is None else replace(noise, rank_by=run.rank_by)
    measured = scores if noise is None else score(source, like=scores)
    place = scores.metrics.index(scores.metric), 0, scores.epochs.index(scores.epoch)
    alike = len({tuple(sorted(some)) for some in _seeds(run, scores)}) == 1
    std, freedom, of = np.nan, 0.0, OWN
    if alike:
        std, freedom = _apart(source, measured, place)
        of = SHARED
    if not freedom > 0:
        std, freedom = map(float, pooled(measured.trials[place]))
        of = OWN
    if not freedom > 0:
        if noise is None:
            return None
        raise ConfigError(
            f"--noise {noise.path}: must hold repeats of a configuration with several seeds that have {scores.metric} "
            "at "
            f"epoch {scores.epoch}, but none has: run sweeps/seed_noise.yaml, on the grid's data"
        )
    notes = () if noise is None else _notes(run, noise)
    seeds = len(scores.settings[0].numbers)
    return Floor(resolvable(std, freedom, 2, seeds), std, freedom, of, source.name, notes)


def _apart(run: Run, scores: Scores, place: tuple[int, int, int]) -> tuple[float, float]:
    """Return the deviation between seeds without the effect that is common to all settings.

    NaN and 0 degrees of freedom unless two settings ran the same two seeds or more.
    """
    each = score(replace(run, axes={"id": tuple(run.trials["id"])}), like=scores)
    value = {one.numbers[0]: each.trials.mean[place][i] for i, one in enumerate(each.settings)}
    seed_of = dict(zip(run.trials["number"], run.trials["seed"], strict=True))
    rows = [[value[n] for n in sorted(one.numbers, key=lambda n: seed_of[n])] for one in scores.settings]
    seeds = _seeds(run, scores)
    some = [row for row, own in zip(rows, seeds, strict=True) if own == max(seeds, key=len) and np.isfinite(row).all()]
    if len(some) < 2 or len(some[0]) < 2:
        return float("nan"), 0.0
    table = np.array(some)
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return float(np.sqrt((rest**2).sum() / freedom)), float(freedom)


def _seeds(run: Run, scores: Scores) -> list[list[int]]:
    of = dict(zip(run.trials["number"], run.trials["seed"], strict=True))
    return [sorted(int(of[n]) for n in one.numbers) for one in scores.settings]


def _notes(run: Run, noise: Run) -> tuple[str, ...]:
    """Return notes about a noise that was measured on other data."""
    prints = [dict(zip(one.datasets["dataset"], one.datasets["fingerprint"], strict=True)) for one in (run, noise)]
    other = [name for name, mark in prints[0].items() if prints[1].get(name, mark) != mark]
    lacking = [name for name in prints[0] if name not in prints[1]]
    if not other and not lacking:
        return ()
    return (f"{noise.name} was measured on other data than {run.name} ({', '.join([*other, *lacking])}): its noise "
            "may be another",)  # fmt: skip
