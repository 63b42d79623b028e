"""What a trial began from, image by image, and how much better its settings are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.compare_gains import Best
from analysis.images import ImageReader
from analysis.ranking import ALL, SCORE, SCORE_PARTS, START, Scores, facts_of
from analysis.tables import Run
from trials.results import FILE, Results

# Recipes that learn from no reward.
_OTHERS = ("supervised", "arithmetic")
_QUERY = """
SELECT per_image FROM baselines WHERE cohort IS ? AND fusion = ? AND dataset = ? AND metric = ? AND per_image NOT NULL
"""


def learns_from_reward(run: Run, scores: Scores) -> np.ndarray:
    """Return which settings learn from a reward, (settings,)."""
    if "recipe" not in run.trials:
        return np.zeros(len(scores.settings), dtype=bool)
    kinds = zip(run.trials["number"], run.trials["recipe"], strict=True)
    rewarded = {number for number, kind in kinds if kind not in _OTHERS}
    return np.array([setting.numbers[0] in rewarded for setting in scores.settings], dtype=bool)


def start_images(run: Run, start: str, metric: str, datasets: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Return the start's values (images,) on each data set; empty where one of them was not kept."""
    if metric == SCORE:
        parts = [start_images(run, start, name, datasets) for name in SCORE_PARTS]
        if not all(parts):
            return ()
        weighted = zip(SCORE_PARTS.values(), parts, strict=True)
        each = [[weight * values for values in part] for weight, part in weighted]
        return tuple(np.asarray(sum(values) / 4) for values in zip(*each, strict=True))
    if not (run.path / FILE).is_file() or not len(run.trials):
        return ()
    cohort, found = run.trials["cohort"].iloc[0], []
    with Results.read(run.path / FILE) as results:
        for dataset in datasets:
            rows = results.query(_QUERY, (cohort, f"{START}{start}", dataset, metric))
            if not rows or not rows[0][0]:
                return ()
            found.append(np.frombuffer(rows[0][0], "<f4").astype(float))
    return tuple(found)


def best_of_start(run: Run, scores: Scores, metric: str, dataset: str, index: int) -> Best | None:
    """Return a start at a place as one setting that nobody picked; None where trials began from nothing."""
    if scores.starts is None:
        return None
    place = scores.metrics.index(metric), scores.datasets.index(dataset), index
    shares = ImageReader(run, scores).shares(dataset)
    sign = 1.0 if facts_of(metric).higher_is_better else -1.0
    values = start_images(run, scores.start_ids[index], metric, list(shares))
    value = float(scores.starts.mean[place])
    return Best(
        best=0, value=value, corrected=value, low=np.nan, high=np.nan, images=int(scores.starts.n[place]), seeds=1,
        settings=1, note="" if values else "The start's values per image were not kept.", sign=sign,
        per_image=tuple(sign * one for one in values), weights=np.array(list(shares.values())), seed_error=0.0,
        seed_freedom=0.0,
    )  # fmt: skip


def whole(scores: Scores) -> str:
    """Return the data set that a sentence about all of them is said of."""
    return scores.datasets[1] if len(scores.datasets) == 2 else ALL
