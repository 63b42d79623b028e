"""The comparison page."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis.comparison.comparison import (
    Comparison,
    best_so_far,
    envelope,
    levels,
    shared_parameters,
    training_seconds,
)
from analysis.comparison.fixed_values import differences
from analysis.comparison.numbers import Numbers
from analysis.comparison.side import LAST
from analysis.formatting import text
from analysis.report import html
from analysis.report.packing import pack
from analysis.scores.metrics import facts_of
from analysis.text import comparison as words
from fusion_core.metrics.facts import BASELINES
from trials.spec.labels import short_names


def render(comparison: Comparison, numbers: Numbers) -> str:
    """Return the page: it makes no request, all data are inside."""
    sides = comparison.measured
    return html.render(
        "compare/compare.html.j2",
        title=" · ".join(side.label for side in comparison.sides[:3]) + (" · ..." if len(comparison.sides) > 3 else ""),
        facts=[
            f"{len(comparison.sides)} runs",
            *(_facts(side.label, len(side.run.trials)) for side in comparison.sides),
        ],
        answer=words.answer(comparison, numbers),
        notes=words.notes(comparison),
        has_numbers=bool(sides),
        has_parameters=bool(shared_parameters(sides)),
        labels=[side.label for side in comparison.sides],
        differing=differences([side.run for side in comparison.sides]),
        shared=words.shared(comparison),
        data=html.data(comparison_data(comparison, numbers) if sides else {}),
        style=html.asset("page/page.css", "compare/compare.css"),
        theme=html.asset("page/theme.js"),
        script=html.script("compare/compare.js"),
        plotly=Markup(get_plotlyjs()),
    )


def comparison_data(comparison: Comparison, numbers: Numbers) -> dict[str, Any]:
    """Return the data of the page's figures, for the runs that have numbers; only packed arrays hold NaN."""
    sides = comparison.measured
    metric, dataset, epoch = numbers.place(comparison)
    return {
        "settings": {"at": [], "trials": [], "status": [], "statuses": []},
        "runs": [
            {
                "label": side.label,
                "epochs": list(side.scores.epochs),
                "seconds": [float(f"{x:.6g}") if np.isfinite(x) else None for x in training_seconds(side)],
                "settings": {int(i): words.setting_words(side, int(i)) for i in _picked(numbers, r)},
            }
            for r, side in enumerate(sides)
        ],
        "metrics": [_metric(name) for name in comparison.metrics],
        "datasets": list(comparison.datasets),
        "about": [words.about(comparison, name) for name in comparison.datasets],
        "epochs": list(comparison.epochs),
        "start": {"metric": metric, "dataset": dataset, "epoch": epoch, "against": 0, "clock": 0},
        "fusions": [*BASELINES.values(), "start"],
        "best": {name: pack(values) for name, values in numbers.best.items()},
        "pairs": [list(pair) for pair in numbers.pairs],
        "gains": {name: pack(values) for name, values in numbers.gains.items()},
        "notes": list(numbers.notes),
        "baselines": pack(_baselines(comparison)),
        "parameters": _parameters(comparison),
        "curves": pack(_curves(comparison)),
    }


def _facts(label: str, trials: int) -> str:
    return f"{label}: {trials} {'trial' if trials == 1 else 'trials'}"


def _picked(numbers: Numbers, run: int) -> np.ndarray:
    best = numbers.best["best"][..., run]
    return np.unique(best[np.isfinite(best)]).astype(int)


def _metric(name: str) -> dict[str, Any]:
    facts = facts_of(name)
    return {"name": name, "title": facts.title, "convention": facts.convention, "higher": facts.higher_is_better}


def _baselines(comparison: Comparison) -> np.ndarray:
    """Return (metric, data set, run, fusion), the best start of each run last."""
    sides = comparison.measured
    values = np.full((len(comparison.metrics), len(comparison.datasets), len(sides), len(BASELINES) + 1), np.nan)
    for r, side in enumerate(sides):
        for m, metric in enumerate(comparison.metrics):
            for d, dataset in enumerate(comparison.datasets):
                place = side.at(metric, dataset, LAST)
                if place is not None:
                    values[m, d, r, :-1] = side.scores.baselines.mean[place[:2]]
                    start = side.scores.best_start(metric, side.scores.datasets[place[1]])
                    values[m, d, r, -1] = np.nan if start is None else side.scores.start_means[(*place[:2], start)]
    return values


def _parameters(comparison: Comparison) -> list[dict[str, Any]]:
    """Return each shared parameter with its envelopes, packed (metric, data set, epoch, run, value)."""
    sides, found = comparison.measured, shared_parameters(comparison.measured)
    names = short_names(list(found))
    shape = (len(comparison.metrics), len(comparison.datasets), len(comparison.epochs), len(sides))
    parts = []
    for key, values in found.items():
        best = np.full((*shape, len(values)), np.nan)
        level = [levels(side, key, values) for side in sides]
        for m, d, e, r in np.ndindex(shape):
            metric = comparison.metrics[m]
            means = sides[r].values(metric, comparison.datasets[d], comparison.epochs[e])
            best[m, d, e, r] = envelope(level[r], len(values), means, higher=facts_of(metric).higher_is_better)
        shown = [text(value) for value in values]
        parts.append({"name": names[key], "values": shown, "best": pack(best)})
    return parts


def _curves(comparison: Comparison) -> np.ndarray:
    """Return (metric, data set, run, epoch of that run)."""
    sides = comparison.measured
    longest = max(len(side.scores.epochs) for side in sides)
    values = np.full((len(comparison.metrics), len(comparison.datasets), len(sides), longest), np.nan)
    for m, d, r in np.ndindex(values.shape[:3]):
        curve = best_so_far(sides[r], comparison.metrics[m], comparison.datasets[d])
        values[m, d, r, : len(curve)] = curve
    return values
