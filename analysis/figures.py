"""The numbers that the page draws, as one JSON value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.heatmap import layout, short_names
from analysis.ranking import ALL, FUSIONS, Scores, Stats, dataset_weights, facts_of
from analysis.tables import Run

_DIGITS = 6
_REASON = 160


def page_data(run: Run, scores: Scores) -> dict[str, Any]:
    """Return everything the page's figures need; NaN is None, `values[metric][data set][epoch]` has one per setting."""
    names = short_names(list(run.axes))
    plan = layout(run.axes)
    # The mean over a single data set would say everything twice.
    datasets = scores.datasets if len(scores.datasets) != 2 else scores.datasets[1:]
    first = len(scores.datasets) - len(datasets)
    trials, baselines = scores.trials[:, first:], scores.baselines[:, first:]
    several_seeds = len(trials.seeds) > 0 and bool(trials.seeds.max(initial=0) > 1)
    return {
        "axes": [{"name": names[key], "key": key, "values": list(values)} for key, values in run.axes.items()],
        "layout": {
            part: [list(run.axes).index(key) for key in getattr(plan, part)] for part in ("rows", "columns", "over")
        },
        "settings": [
            {
                "at": [run.axes[key].index(value) for key, value in setting.parameters.items()],
                "trials": list(setting.numbers),
                "status": setting.status,
            }
            for setting in scores.settings
        ],
        "failures": {int(row.number): _short(row.error) for row in failed_trials(run).itertuples()},
        "metrics": [_metric(name) for name in scores.metrics],
        "datasets": list(datasets),
        "weights": {ALL: _weights(run, scores)},
        "epochs": list(scores.epochs),
        "start": {
            "metric": _index(scores.metrics, scores.metric),
            "dataset": 0,
            "epoch": _index(scores.epochs, scores.epoch),
        },
        "fusions": list(FUSIONS.values()),
        "values": _numbers(trials.mean),
        "stds": _numbers(trials.std),
        "images": _images(trials),
        "seeds": trials.seeds.max(axis=0).astype(int).tolist() if several_seeds else None,
        "spreads": _numbers(trials.spread) if several_seeds else None,
        "baselines": {
            "values": _numbers(baselines.mean),
            "stds": _numbers(baselines.std),
            "images": _images(baselines),
        },
    }


def failed_trials(run: Run) -> Any:
    """Return the rows of the trials that failed, by number."""
    return run.trials[run.trials["status"] == "failed"]


def _weights(run: Run, scores: Scores) -> str:
    weights = dataset_weights(run.rank_by.dataset_weights, scores.datasets[1:])
    shares = weights / weights.sum() if weights.sum() > 0 else weights
    return ", ".join(f"{name} {share:.2g}" for name, share in zip(scores.datasets[1:], shares, strict=True))


def _short(error: str | None) -> str:
    text = " ".join((error or "no reason was recorded").split())
    return text if len(text) <= _REASON else f"{text[:_REASON]} …"


def _index(values: tuple[Any, ...], value: Any) -> int:
    return values.index(value) if value in values else 0


def _metric(name: str) -> dict[str, Any]:
    facts = facts_of(name)
    return {"name": name, "title": facts.title, "convention": facts.convention, "higher": facts.higher_is_better}


def _numbers(values: np.ndarray) -> Any:
    """Nest as lists, to six significant digits, None where there is no finite number."""
    if values.ndim > 1:
        return [_numbers(part) for part in values]
    return [float(f"{x:.{_DIGITS}g}") if math.isfinite(x) else None for x in values.tolist()]


def _images(stats: Stats) -> Any:
    """Return n for each metric and data set, as one number where all places agree, else nested like the values."""

    def nest(n: np.ndarray, depth: int) -> Any:
        if depth < 2:
            return [nest(part, depth + 1) for part in n]
        some = np.unique(n[n > 0])
        return int(some[0]) if len(some) == 1 else n.astype(int).tolist()

    return nest(stats.n, 0)
