"""How sure a ranking is: intervals, ties with the best, and the best value corrected for selection bias."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.findings.evidence_at import Gatherer
from analysis.findings.place import place_of
from analysis.runs.run import Run
from analysis.scores.model import Scores
from analysis.statistics.evidence import Selected, behind, pick
from analysis.statistics.ties import tied_with_best

ONE_SEED = (
    "One seed: intervals are over test images; they do not include seed-to-seed variance "
    "(sweeps/seed_noise.yaml measures it)."
)


@dataclass(frozen=True)
class Judgement:
    """How sure the ranking is at one metric, data set and epoch; arrays are over settings.

    `value` is the best mean as read; `corrected` the value on one half of the images and seeds of the best picked on
    the other, over many splits; `low`, `high` the 95 % interval of the best setting's true mean, corrected for
    selection bias. `worse` is how far each setting is behind the best (>= 0), with a 95 % interval of the paired
    difference, corrected for selection bias. `tied` are the settings statistically tied with the best, a 95 %
    confidence set of the true best; if only means are known, those that equal it. `note` says what is not in the
    intervals, or why there are none (NaN).
    """

    best: int
    value: float
    corrected: float
    low: float
    high: float
    worse: np.ndarray
    worse_low: np.ndarray
    worse_high: np.ndarray
    tied: np.ndarray
    images: int
    seeds: int
    settings: int
    note: str


@dataclass(frozen=True)
class GroupBounds:
    """The same for the best of each group of settings; arrays are over groups, NaN where unknown."""

    corrected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    worse_low: np.ndarray
    worse_high: np.ndarray
    tied: np.ndarray


def judge(run: Run, scores: Scores, metric: str, dataset: str, epoch: int) -> Judgement:
    """Return how sure the ranking of `scores` is at one place."""
    return Judge(Gatherer(run, scores), metric, dataset, epoch).judgement()


def judgements(run: Run, scores: Scores, places: Iterable[tuple[str, str, int]]) -> Iterator[Judge]:
    """Yield a Judge for each (metric, data set, epoch); faster than one by one."""
    gatherer = Gatherer(run, scores, many=True)
    for metric, dataset, epoch in places:
        yield Judge(gatherer, metric, dataset, epoch)


class Judge:
    """Judges settings at one place; inside, higher is better. `so_far`: of each setting at its own best epoch yet."""

    def __init__(self, gatherer: Gatherer, metric: str, dataset: str, epoch: int, *, so_far: bool = False) -> None:
        self.place = metric, dataset, epoch
        self.means = place_of(gatherer.scores, metric, dataset, epoch, so_far=so_far)
        self.rows, self.evidence, self.lacking = gatherer.evidence(self.means)
        best, mean = self.means.best, self.means.mean
        self.worse = mean[best] - mean if best >= 0 else np.full(len(mean), np.nan)

    def judgement(self) -> Judgement:
        """Return how sure the ranking is here."""
        means, best = self.means, self.means.best
        value = float(means.sign * means.mean[best]) if best >= 0 else np.nan
        ends = np.full((2, len(self.worse)), np.nan)
        if self.evidence is not None and self._best is not None:
            ends[:, self.rows] = behind(self.evidence, np.arange(len(self.rows)), self._best.selection_bias)
        images, seeds = (int(of[best]) if best >= 0 else 0 for of in (means.images, means.seeds))
        return Judgement(
            best, value, *self.of_best(), self.worse, ends[0], ends[1], self.tied, images, seeds, len(means.known),
            self.note,
        )  # fmt: skip

    def of_best(self) -> tuple[float, float, float]:
        """Return corrected mean and interval of the best setting, cheaper than a whole judgement; NaN if not known."""
        if self._best is None:
            return np.nan, np.nan, np.nan
        low, high = self._turned(self._best)
        return float(self.means.sign * self._best.corrected[0]), float(low[0]), float(high[0])

    def of_groups(self, groups: Sequence[np.ndarray]) -> GroupBounds:
        """Return the same of the best of each group (indices of settings)."""
        found = np.full((5, len(groups)), np.nan)
        tied = np.array([bool(self.tied[group].any()) for group in groups], dtype=bool)
        if self.evidence is not None and self._best is not None:
            position = np.full(len(self.worse), -1)
            position[self.rows] = np.arange(len(self.rows))
            bests = [self.means.best_of(group) for group in groups]
            some = [g for g, setting in enumerate(bests) if setting >= 0 and position[setting] >= 0]
            best = pick(self.evidence, [position[groups[g]][position[groups[g]] >= 0] for g in some])
            less = self._best.selection_bias - best.selection_bias
            found[:, some] = (
                self.means.sign * best.corrected, *self._turned(best),
                *behind(self.evidence, best.row, less),
            )  # fmt: skip
        return GroupBounds(found[0], found[1], found[2], found[3], found[4], tied)

    @cached_property
    def tied(self) -> np.ndarray:
        """The settings statistically tied with the best; of those not compared, as far behind as one that was."""
        tied: np.ndarray
        if self.evidence is None:
            tied = self.worse == 0
            return tied
        same = tied_with_best(self.evidence.mean, self.evidence.gaps(), *self.evidence.covariance())
        tied = self.worse <= self.worse[self.rows][same].max()
        tied[self.rows] = same
        return tied

    @property
    def note(self) -> str:
        """What the intervals leave out, or why there are none."""
        if self.means.best < 0:
            return "No configuration has a number here."
        lacking = f"{self.lacking[:1].upper()}{self.lacking[1:]}"
        if self.evidence is None:
            unsure = "the certainty of the ranking is unknown (sweeps/seed_noise.yaml measures seed variance)"
            return f"{lacking}, and one seed: {unsure}."
        if lacking:
            return f"{lacking}: intervals are over seeds alone."
        said = [] if self.evidence.noise else [ONE_SEED]
        if len(self.rows) < len(self.means.known):
            some = f"{len(self.rows)} of {len(self.means.known)} configurations"
            said.append(f"Per-image values were read for {some} only: selecting the best of all biases it upward more.")
        return " ".join(said)

    @cached_property
    def _best(self) -> Selected | None:
        return None if self.evidence is None else pick(self.evidence, [np.arange(len(self.rows))])

    def _turned(self, picked: Selected) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of an interval in the metric's own direction."""
        ends = picked.low, picked.high
        return ends if self.means.sign > 0 else (-ends[1], -ends[0])
