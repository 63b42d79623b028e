"""Gathers the evidence for the means of a place: values per image, and repeats with other seeds."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from analysis.findings.place import EvaluationPoint, groups
from analysis.runs.run import Run
from analysis.scores.model import Scores
from analysis.scores.per_image import ImageReader
from analysis.scores.score import score
from analysis.statistics.bootstrap import Sample, SeedNoise, over_seeds
from analysis.statistics.evidence import OTHER_HALF, Evidence, both_halves

# Of more settings than MANY only the CANDIDATES that come first are read image by image, and the first few with each
# value of a weight: ten thousand at every place would take minutes, and settings far behind do not matter.
MANY, CANDIDATES, CANDIDATES_OF_VALUE = 512, 128, 8
NO_IMAGES, ONE_IMAGE = "no values per image at this epoch", "one test image"
_KEPT_BYTES = 192 << 20


class Gatherer:
    """Reads the evidence of a run. Resampled data sets are cached: the weighted mean needs them again."""

    def __init__(self, run: Run, scores: Scores, *, many: bool = False) -> None:
        self.run, self.scores = run, scores
        self.reader = ImageReader(run, scores, hold=many)
        self.groups = groups(run, scores)
        self._samples: OrderedDict[Hashable, Sample | None] = OrderedDict()

    def evidence(self, place: EvaluationPoint) -> tuple[np.ndarray, Evidence | None, str]:
        """Return the settings with more than a mean, the evidence on them, and a clause on what is missing.

        The best is among them, or there are none. The clause is about the images, and empty if nothing is missing.
        """
        rows = self._candidates(place)
        if not len(rows):
            return rows, None, ""
        first = int(place.when[rows].min())
        epochs = self.scores.epochs[first : self.scores.epochs.index(place.epoch) + 1]
        shares = self.reader.shares(place.dataset)
        sets = {name: [self._sample(place, name, epoch, rows) for epoch in epochs] for name in shares}
        lacking = self._lacking(place, sets)
        if not lacking:
            samples = [[one for one in each if one is not None] for each in sets.values()]
            whole = [_each_at(each, place.when[rows] - first) for each in samples]
            known = np.all([np.isfinite(sample.resampled_deviation[:, 0]) for sample in whole], axis=0)
            if known[rows == place.best].all():
                halves = _best_so_far(list(shares.values()), samples)
                if not known.all():
                    rows, halves = rows[known], (halves[0][known], halves[1][known])
                    whole = [sample.at(known) for sample in whole]
                return (
                    rows,
                    Evidence.of(place.mean[rows], [*shares.values()], whole, self._noise(place, rows), halves),
                    "",
                )
            lacking = "no values per image of the best configuration"
        if noise := self._noise(place, rows):
            each = self._by_seed(place, rows)
            there = np.isfinite(each)
            half = over_seeds(np.where(there, each, 0.0)[:, :, None], there)
            return rows, Evidence.of(place.mean[rows], [], [], noise, (half, half[:, OTHER_HALF])), lacking
        return rows[:0], None, lacking

    def _candidates(self, place: EvaluationPoint) -> np.ndarray:
        """Return the settings to compare image by image, in their order."""
        known = place.known
        if len(known) <= MANY:
            return known
        first = known[np.argsort(-place.mean[known], kind="stable")]
        taken = np.zeros(len(place.mean), dtype=bool)
        taken[first[:CANDIDATES]] = True
        for _, _, members in self.groups:
            own = np.zeros(len(taken), dtype=bool)
            own[members] = True
            taken[first[own[first]][:CANDIDATES_OF_VALUE]] = True
        return np.flatnonzero(taken)

    def _sample(self, place: EvaluationPoint, dataset: str, epoch: int, rows: np.ndarray) -> Sample | None:
        """Return a data set, resampled; None without values per image, or with a single image."""
        key = place.metric, dataset, epoch, rows.tobytes()
        if key not in self._samples:
            values = self.reader.read(place.metric, dataset, epoch, rows.tolist())
            self._samples[key] = None
            if values is not None and values.shape[2] > 1:
                self._samples[key] = Sample.of(place.sign * values, zlib.crc32(dataset.encode()))
            while sum(kept.nbytes for kept in self._samples.values() if kept) > _KEPT_BYTES and len(self._samples) > 1:
                self._samples.popitem(last=False)
        self._samples.move_to_end(key)
        return self._samples[key]

    def _lacking(self, place: EvaluationPoint, sets: dict[str, list[Sample | None]]) -> str:
        """Return why values per image cannot be used; empty if they can."""
        m = self.scores.metrics.index(place.metric)
        for name, samples in sets.items():
            if any(sample is None for sample in samples):
                n = self.scores.trials.n[m, self.scores.datasets.index(name)].max(initial=0)
                return (ONE_IMAGE if len(sets) == 1 else f"{ONE_IMAGE} in {name}") if n == 1 else NO_IMAGES
        return ""

    @cached_property
    def _by_trial(self) -> Scores:
        """Scores with each trial, that is each seed, as a setting of its own."""
        return score(replace(self.run, axes={"id": tuple(self.run.trials["id"])}), like=self.scores)

    @cached_property
    def _seeds(self) -> list[tuple[tuple[int, int], ...]]:
        """The (seed, place in `_by_trial`) of each setting's trials, in the order of the seeds."""
        of = dict(zip(self.run.trials["number"], self.run.trials["seed"], strict=True))
        place = {setting.numbers[0]: i for i, setting in enumerate(self._by_trial.settings)}
        return [tuple(sorted((of[n], place[n]) for n in setting.numbers)) for setting in self.scores.settings]

    def _by_seed(self, place: EvaluationPoint, rows: np.ndarray) -> np.ndarray:
        """Return the mean of each seed (rows, seeds), in the order of the seeds; NaN where a setting has fewer."""
        trials = self._by_trial
        m, d = trials.metrics.index(place.metric), trials.datasets.index(place.dataset)
        own = [[trial for _, trial in self._seeds[i]] for i in rows]
        each = np.full((len(rows), max(map(len, own))), np.nan)
        for i, some in enumerate(own):
            each[i, : len(some)] = place.sign * trials.trials.mean[m, d, place.when[rows[i]], some]
        return each

    def _noise(self, place: EvaluationPoint, rows: np.ndarray) -> tuple[SeedNoise, SeedNoise] | None:
        """Return the seed noise of means and of their differences; None if each setting ran once.

        If all settings ran the same seeds, an effect of the seed on all of them cancels in differences.
        """
        std, freedom = place.noise
        if not freedom > 0:
            return None
        size = 1 / np.sqrt(np.maximum(place.seeds[rows], 1))
        own, each = SeedNoise(std * size, freedom), self._by_seed(place, rows)
        shared = len({tuple(seed for seed, _ in some) for some in self._seeds}) == 1
        # Only between settings that ran all seeds: a failed trial excludes its setting.
        each = each[np.isfinite(each).all(axis=1)]
        if not shared or len(each) < 2:
            return own, own
        rest = each - each.mean(axis=1, keepdims=True) - each.mean(axis=0) + each.mean()
        freedom = (each.shape[0] - 1) * (each.shape[1] - 1)
        return own, SeedNoise(np.sqrt((rest**2).sum() / freedom) * size, freedom)


def _each_at(samples: Sequence[Sample], when: np.ndarray) -> Sample:
    """Return one sample with each setting from its own epoch."""
    if len(samples) == 1:
        return samples[0]
    where = when, np.arange(len(when))

    def own(name: str) -> np.ndarray:
        return np.asarray(np.stack([getattr(one, name) for one in samples])[where])

    return Sample(own("mean"), own("deviation"), own("resampled_deviation"), own("half"), samples[0].stream)


def _best_so_far(shares: Sequence[float], sets: Sequence[Sequence[Sample]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the picking and the reading half over all data sets, where the picking half picks the epoch too."""
    pick, read = both_halves(shares, [samples[0] for samples in sets])
    for epoch in range(1, len(sets[0])):
        picks, reads = both_halves(shares, [samples[epoch] for samples in sets])
        better = (picks > pick) | np.isnan(pick)
        pick, read = np.where(better, picks, pick), np.where(better, reads, read)
    return pick, read
