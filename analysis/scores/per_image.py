"""Per-image values of settings, read from the results table on demand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from analysis.runs.run import Run
from analysis.scores.metrics import ALL, SCORE, SCORE_PARTS, START
from analysis.scores.model import Scores
from analysis.scores.score import dataset_weights
from trials.storage.layout import RunFolder
from trials.storage.results import Results

# Most rows held in memory while many places are read: one scan instead of many queries.
HELD = 120_000
_EVERY = """
SELECT epoch, dataset, metric, trial, per_image FROM json_each(?) AS asked JOIN metrics ON trial = asked.value
WHERE per_image IS NOT NULL
"""
_QUERY = """
SELECT asked.key, per_image FROM json_each(?) AS asked
JOIN metrics ON trial = asked.value AND epoch = ? AND dataset = ? AND metric = ? WHERE per_image IS NOT NULL
"""
_START_QUERY = """
SELECT per_image FROM baselines WHERE cohort IS ? AND fusion = ? AND dataset = ? AND metric = ? AND per_image NOT NULL
"""


def image_values(
    run: Run, scores: Scores, metric: str, dataset: str, epoch: int, settings: Sequence[int] | None = None
) -> list[np.ndarray] | None:
    """Return a (settings, images) float64 array per data set that counts: one for a named set, several for ALL.

    The mean over the seeds of a setting; NaN rows where it has none stored; None if there are none.
    """
    reader = ImageReader(run, scores)
    rows = range(len(scores.settings)) if settings is None else settings
    sets = [reader.read(metric, name, epoch, rows) for name in reader.shares(dataset)]
    found = [values for values in sets if values is not None]
    return [mean_over_seeds(values) for values in found] if found and len(found) == len(sets) else None


def mean_over_seeds(values: np.ndarray) -> np.ndarray:
    """Average (settings, seeds, images) over the existing seeds: (settings, images)."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1))


class ImageReader:
    """Reads the values of any metric, data set and epoch. Opens the table for each reading, so any thread may use it.

    With `hold` a small table is read once, for all of them.
    """

    def __init__(self, run: Run, scores: Scores, *, hold: bool = False) -> None:
        self.scores = scores
        self.hold = hold and len(run.metrics) <= HELD
        self.file = RunFolder(run.path).table
        self.weights = dataset_weights(run.rank_by.dataset_weights, scores.datasets[1:])
        id_of = dict(zip(run.trials["number"].tolist(), run.trials["id"].tolist(), strict=True))
        self.ids = [[id_of[number] for number in setting.numbers] for setting in scores.settings]

    def shares(self, dataset: str) -> dict[str, float]:
        """Return the data sets that count towards `dataset`, itself or all that have a weight, with their shares."""
        if dataset != ALL:
            return {dataset: 1.0}
        some = zip(self.scores.datasets[1:], self.weights, strict=True)
        return {name: float(weight / self.weights.sum()) for name, weight in some if weight > 0}

    def read(self, metric: str, dataset: str, epoch: int, settings: Sequence[int]) -> np.ndarray | None:
        """Return (settings, seeds, images) on a named data set, None if there are none.

        NaN where a seed is missing, and all of a setting whose mean is over seeds that have no values stored.
        """
        if metric == SCORE:
            parts = [self.read(name, dataset, epoch, settings) for name in SCORE_PARTS]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts) or len({part.shape for part in known}) > 1:
                return None
            return np.asarray(sum(w * part for w, part in zip(SCORE_PARTS.values(), known, strict=True)) / 4)
        values = self._rows(metric, dataset, epoch, [self.ids[i] for i in settings])
        if values is None:
            return None
        m, d, e = (list(names).index(name) for names, name in (
            (self.scores.metrics, metric), (self.scores.datasets, dataset), (self.scores.epochs, epoch)
        ))  # fmt: skip
        stored = (~np.isnan(values).any(axis=2)).sum(axis=1)
        values[stored != self.scores.trials.seeds[m, d, e, list(settings)]] = np.nan
        return values

    def _rows(self, metric: str, dataset: str, epoch: int, ids: list[list[str]]) -> np.ndarray | None:
        if not ids or not self.file.is_file():
            return None
        places = [(i, k) for i, some in enumerate(ids) for k in range(len(some))]
        rows = self._stored(metric, dataset, epoch, [trial for some in ids for trial in some])
        lengths = Counter(len(blob) for _, blob in rows)
        if not lengths:
            return None
        size = lengths.most_common(1)[0][0]
        values = np.full((len(ids), max(map(len, ids)), size // 4), np.nan)
        for place, blob in rows:
            if len(blob) == size:
                values[places[place]] = np.frombuffer(blob, "<f4")
        return values

    def _stored(self, metric: str, dataset: str, epoch: int, trials: list[str]) -> list[tuple[int, bytes]]:
        """Return (place among `trials`, values) of those that have some."""
        if self.hold:
            there = self._held.get((metric, dataset, epoch), {})
            return [(place, there[trial]) for place, trial in enumerate(trials) if trial in there]
        with Results.read(self.file) as results:
            rows = results.query(_QUERY, (json.dumps(trials), epoch, dataset, metric))
        return [(int(key), blob) for key, blob in rows if blob]

    @cached_property
    def _held(self) -> dict[tuple[str, str, int], dict[str, bytes]]:
        held: dict[tuple[str, str, int], dict[str, bytes]] = {}
        with Results.read(self.file) as results:
            every = json.dumps([trial for some in self.ids for trial in some])
            for epoch, dataset, metric, trial, blob in results.connection.execute(_EVERY, (every,)):
                if blob:
                    held.setdefault((metric, dataset, epoch), {})[trial] = blob
        return held


def start_images(run: Run, start: str, metric: str, datasets: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Return the start's values (images,) on each data set; empty if one was not kept."""
    if metric == SCORE:
        parts = [start_images(run, start, name, datasets) for name in SCORE_PARTS]
        if not all(parts):
            return ()
        weighted = zip(SCORE_PARTS.values(), parts, strict=True)
        each = [[weight * values for values in part] for weight, part in weighted]
        return tuple(np.asarray(sum(values) / 4) for values in zip(*each, strict=True))
    if not RunFolder(run.path).table.is_file() or not len(run.trials):
        return ()
    cohort, found = run.trials["cohort"].iloc[0], []
    with Results.read(RunFolder(run.path).table) as results:
        for dataset in datasets:
            rows = results.query(_START_QUERY, (cohort, f"{START}{start}", dataset, metric))
            if not rows or not rows[0][0]:
                return ()
            found.append(np.frombuffer(rows[0][0], "<f4").astype(float))
    return tuple(found)
