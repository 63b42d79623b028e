"""The upper bound of every metric at every value of every swept weight: the best that this value allows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import product

import numpy as np
import pandas as pd

from analysis.findings.evidence_at import Gatherer
from analysis.findings.judgement import Judge, Judgement
from analysis.findings.place import EvaluationPoint
from analysis.runs.run import Run
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores

COLUMNS = (
    "metric", "dataset", "epoch", "up_to", "parameter", "value", "best", "trial", "setting", "at_epoch", "corrected",
    "low", "high", "q1", "median", "q3", "settings", "images", "seeds", "worse", "worse_low", "worse_high", "tied",
)  # fmt: skip
_MANY = 40


def bounds(
    run: Run,
    scores: Scores,
    *,
    metrics: Collection[str] | None = None,
    datasets: Collection[str] | None = None,
    epochs: Collection[int] | None = None,
    up_to: Sequence[bool] = (False, True),
    judged: dict[tuple[str, str, int], Judgement] | None = None,
) -> pd.DataFrame:
    """Return a row per metric, data set, epoch, `up_to`, swept parameter and value.

    `best` is the best mean among the settings with that value, `trial` (its first seed) and `setting` attain it, `q1`,
    `median`, `q3` of all `settings` with that value; `corrected`, `low`, `high` as in Judgement; `worse` how far it is
    behind the best of all (>= 0), with its interval; `tied` whether a setting with this value is statistically tied
    with the best of all. `up_to`: of each setting at its own best epoch so far, `at_epoch`. A value that no setting
    with a number has: NaN, and -1 for the trial and setting. `judged` is filled with the Judgement of every place.
    """
    places = list(product(
        scores.metrics if metrics is None else metrics, scores.datasets if datasets is None else datasets,
        scores.epochs if epochs is None else epochs,
    ))  # fmt: skip
    gatherer = Gatherer(run, scores, many=len(places) > _MANY)
    some, members = gatherer.groups, [group for _, _, group in gatherer.groups]
    if not some or not places or not up_to:
        return pd.DataFrame(columns=list(COLUMNS))
    # The mean over a single data set is that data set, and `up_to` the first epoch is that epoch: judge them once.
    shares = list(gatherer.reader.shares(ALL))
    found: dict[tuple[str, str, int, bool], dict[str, np.ndarray]] = {}
    said: dict[tuple[str, str, int], Judgement] = {}
    parts: list[dict[str, np.ndarray]] = []
    for (metric, dataset, epoch), so_far in product(places, up_to):
        where = metric, shares[0] if dataset == ALL and len(shares) == 1 else dataset, epoch
        key = *where, bool(so_far) and epoch != scores.epochs[0]
        if key not in found:
            judge = Judge(gatherer, *where, so_far=so_far)
            found[key] = {**_attained(scores, judge.means, members), **vars(judge.of_groups(members))}
            if judged is not None and not so_far:
                said[where] = judge.judgement()
        if where in said and judged is not None:
            judged[metric, dataset, epoch] = said[where]
        parts.append(found[key])
    table = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    kinds = [(*place, so_far) for place in places for so_far in up_to]
    for name, column in zip(("metric", "dataset", "epoch", "up_to"), zip(*kinds, strict=True), strict=True):
        table[name] = np.repeat(np.array(column), len(some))
    table["parameter"] = [key for key, _, _ in some] * len(kinds)
    table["value"] = [value for _, value, _ in some] * len(kinds)
    return table[list(COLUMNS)]


def _attained(scores: Scores, means: EvaluationPoint, members: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the best of each group of settings, the setting that attains it, and the quartiles of the group."""
    first = np.array([means.best_of(group) for group in members])
    there = [np.sort(means.sign * means.mean[group]) for group in members]
    there = [values[: len(values) - np.isnan(values).sum()] for values in there]
    low, median, high = np.array([_quartiles(values) for values in there]).T
    some = first >= 0
    best = np.where(some, means.mean[first], np.nan)
    return {
        "best": means.sign * best, "setting": first, "q1": low, "median": median, "q3": high,
        "settings": np.array([len(values) for values in there]),
        "trial": np.array([scores.settings[i].numbers[0] if i >= 0 else -1 for i in first]),
        "at_epoch": np.where(some, np.array(scores.epochs)[means.when[first]], -1),
        "images": np.where(some, means.images[first], 0).astype(int),
        "seeds": np.where(some, means.seeds[first], 0).astype(int),
        "worse": means.mean[means.best] - best if means.best >= 0 else best,
    }  # fmt: skip


def _quartiles(values: np.ndarray) -> np.ndarray:
    """Return the quartiles of sorted values, as numpy's quantile does."""
    if not len(values):
        return np.full(3, np.nan)
    place = np.array([0.25, 0.5, 0.75]) * (len(values) - 1)
    below = place.astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    return np.asarray(values[below] + (place - below) * (values[above] - values[below]))
