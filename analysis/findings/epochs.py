"""How early a trial can be judged: agreement of each epoch's ranking with the last one's."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from analysis.scores.metrics import facts_of
from analysis.scores.model import Scores
from analysis.statistics.anova import varies

_TOP = 0.1


def agreement(scores: Scores) -> pd.DataFrame:
    """Return a row per metric, data set and epoch, the last included: metric, dataset, epoch, last, spearman, regret,
    regret_share, top_overlap, settings.

    Only settings with a number at both epochs count (`settings`). `regret` is what choosing the best at `epoch` loses
    at `last`, >= 0 (the mean over those that tie), `regret_share` the same over the range at `last`; `top_overlap` is
    the share of the best tenth that both epochs have in common. NaN where undefined, as for a constant metric.
    """
    rows = []
    for m, metric in enumerate(scores.metrics):
        sign = facts_of(metric).sign
        for d, dataset in enumerate(scores.datasets):
            gains = sign * scores.trials.mean[m, d]
            reached = np.flatnonzero(np.isfinite(gains).any(axis=1))
            if len(reached):
                last = int(reached[-1])
                rows += [
                    (metric, dataset, scores.epochs[e], scores.epochs[last], *_agree(gains[e], gains[last]))
                    for e in range(last + 1)
                ]
    columns = ["metric", "dataset", "epoch", "last", "spearman", "regret", "regret_share", "top_overlap", "settings"]
    return pd.DataFrame(rows, columns=columns)


def _agree(now: np.ndarray, last: np.ndarray) -> tuple[float, float, float, float, int]:
    both = np.isfinite(now) & np.isfinite(last)
    now, last = now[both], last[both]
    if not len(now):
        return math.nan, math.nan, math.nan, math.nan, 0
    regret = float(last.max() - last[now == now.max()].mean())
    whole = float(np.ptp(last))
    if not varies(np.column_stack([now, last])).all():
        return math.nan, regret, math.nan, math.nan, len(now)
    ranks = pd.DataFrame({"now": now, "last": last}).rank().to_numpy()
    spearman = float(np.corrcoef(ranks.T)[0, 1])
    return spearman, regret, regret / whole, _overlap(now, last), len(now)


def _overlap(now: np.ndarray, last: np.ndarray) -> float:
    """Return the share of the best tenth in common; ties with the last of the tenth belong to it."""
    count = math.ceil(_TOP * len(now))
    tops = [values >= np.partition(values, -count)[-count] for values in (now, last)]
    return float((tops[0] & tops[1]).sum() / max(top.sum() for top in tops))


def median_setting(values: np.ndarray) -> int:
    """Return the setting nearest to the median of (settings,), the first among equals; -1 if none has a number."""
    there = np.flatnonzero(np.isfinite(values))
    return int(there[np.argmin(np.abs(values[there] - np.median(values[there])))]) if len(there) else -1


def front_runners(
    scores: Scores, metric: str, dataset: str, k: int = 5, default: tuple[int, str] | None = None
) -> pd.DataFrame:
    """Return the settings to draw as curves: setting, why; each once, for its first reason.

    They are the best `k` at the last epoch and the best `k` at the first one, best first, the `default` (a setting and
    what it is called) if one is given, and the one nearest the median of the last epoch. Empty if no setting has a
    number.
    """
    sign = facts_of(metric).sign
    gains = sign * scores.trials.mean[scores.metrics.index(metric), scores.datasets.index(dataset)]
    reached = np.flatnonzero(np.isfinite(gains).any(axis=1))
    reasons: dict[int, str] = {}
    for epoch in reached[[-1, 0]] if len(reached) else ():
        there = np.flatnonzero(np.isfinite(gains[epoch]))
        for setting in there[np.argsort(-gains[epoch, there], kind="stable")][:k].tolist():
            reasons.setdefault(setting, f"best at epoch {scores.epochs[epoch]}")
    if default is not None:
        reasons.setdefault(*default)
    if len(reached):
        reasons.setdefault(median_setting(gains[reached[-1]]), "median")
    return pd.DataFrame({"setting": list(reasons), "why": list(reasons.values())})
