"""Where each setting lies in the pair-pair heatmap, and the small heatmap of every two parameters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from analysis.names import mixture
from analysis.packing import pack
from analysis.ranking import Scores, facts_of
from analysis.tables import Run

# Outer before inner, as in the reference's figure.
_REFERENCE_ROWS = ("loss.consist_ratio", "loss.ssim_shared")
_REFERENCE_COLUMNS = ("loss.max_ratio", "loss.grad_ratio")
# A heatmap has a row per value up to this many; beyond, numbers are put into BINS ranges with about as many settings.
LEVELS, BINS = 12, 8
# With more cells per setting than this, nearly all are blank, and two parameters say more than four.
_CELLS = 8
# Two-parameter heatmaps of more than six parameters are more than anybody looks at.
_PAIRED = 6


@dataclass(frozen=True)
class Layout:
    """Parameters of the rows and of the columns, outer one first; a cell shows the best over those in `over`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    over: tuple[str, ...]


def layout(axes: Mapping[str, tuple[Hashable, ...]], mixture: Sequence[str] = ()) -> Layout:
    """Choose up to two parameters for the rows and two for the columns; the reference's own four as it has them.

    Of weights that sum to the same (`mixture`), one each: of most combinations of three there is no setting.
    """
    varied = _varied(axes) or list(axes)[:1]
    if set(varied) == {*_REFERENCE_ROWS, *_REFERENCE_COLUMNS}:
        return Layout(_REFERENCE_ROWS, _REFERENCE_COLUMNS, ())
    if mixture:
        free = [key for key in varied if key not in mixture]
        rows, columns = (*free[:1], mixture[1]), (*free[1:2], mixture[0])
        return Layout(rows, columns, tuple(key for key in varied if key not in (*rows, *columns)))
    shown = varied[:4]
    half = (len(shown) + 1) // 2
    return Layout(tuple(shown[half:]), tuple(shown[:half]), tuple(varied[4:]))


def binned(values: tuple[Hashable, ...], counts: list[int]) -> tuple[list[str], list[int]] | None:
    """Return labels of ranges and the range of each value, or None where each value can have a row of its own.

    `counts`: how many settings have each value. Only numbers are binned; `values` are in rising order, after None where
    some settings lack the parameter.
    """
    if values and values[0] is None:
        found = binned(values[1:], counts[1:])
        return None if found is None else (["none", *found[0]], [0, *(1 + place for place in found[1])])
    if len(values) <= LEVELS or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in values):
        return None
    numbers = [float(x) for x in values if isinstance(x, int | float)]
    before = np.cumsum([0, *counts[:-1]]) + np.asarray(counts) / 2
    bins = np.minimum((before / max(sum(counts), 1) * BINS).astype(int), BINS - 1)
    _, places = np.unique(bins, return_inverse=True)
    ranges = [[x for x, place in zip(numbers, places, strict=True) if place == k] for k in range(places.max() + 1)]
    return [f"{some[0]:.3g}–{some[-1]:.3g}" if len(some) > 1 else f"{some[0]:.3g}" for some in ranges], places.tolist()


def levels_of(run: Run, scores: Scores, key: str) -> tuple[list[str] | None, np.ndarray]:
    """Return the labels of a parameter's ranges (None: its values themselves) and each setting's level."""
    values = run.axes[key]
    place = {value: i for i, value in enumerate(values)}
    codes = np.array([place[setting.parameters[key]] for setting in scores.settings], dtype=int)
    found = binned(values, np.bincount(codes, minlength=len(values)).tolist())
    return (None, codes) if found is None else (found[0], np.asarray(found[1])[codes])


def heatmap_part(run: Run, scores: Scores) -> dict[str, Any]:
    """Return which axes (by position) the heatmap opens with; of settings strewn over a space, the two that decide."""
    plan, keys = layout(run.axes, mixture(run, scores)), list(run.axes)
    cells = math.prod(int(levels_of(run, scores, key)[1].max(initial=0)) + 1 for key in (*plan.rows, *plan.columns))
    if cells > _CELLS * len(scores.settings):
        first, second = _strongest(run, scores, [*plan.columns, *plan.rows])
        plan = Layout((second,), (first,), tuple(key for key in _varied(run.axes) if key not in (first, second)))
    return {part: [keys.index(key) for key in getattr(plan, part)] for part in ("rows", "columns")}


def _strongest(run: Run, scores: Scores, keys: Sequence[str]) -> list[str]:
    """Return the two of these parameters that decide most, in their order."""
    from analysis.importance import variance_shares

    found, weight = variance_shares(run, scores), dict.fromkeys(keys, 0.0)
    if scores.metrics:
        main = found.main[scores.metrics.index(scores.metric), 0, scores.epochs.index(scores.epoch)]
        weight |= dict(zip(found.parameters, np.nan_to_num(main).tolist(), strict=True))
    chosen = sorted(keys, key=lambda key: -weight[key])[:2]
    return [key for key in keys if key in chosen]


def pairs_part(run: Run, scores: Scores) -> dict[str, Any] | None:
    """Return for every two parameters the best and the mean over the rest, packed (metric, data set, epoch, cell).

    A cell is first's level * levels of the second + second's level; NaN where no setting has a number. None where
    fewer than two parameters vary.
    """
    from analysis.figures import shown

    keys = list(run.axes)
    pairs = list(combinations(_varied(run.axes)[:_PAIRED], 2))
    if not pairs:
        return None
    values = scores.trials.mean[:, shown(scores)]
    higher = np.array([facts_of(name).higher_is_better for name in scores.metrics])
    levels = {key: levels_of(run, scores, key)[1] for key in dict.fromkeys(key for pair in pairs for key in pair)}
    found = []
    for first, second in pairs:
        columns = int(levels[second].max()) + 1
        cells = levels[first] * columns + levels[second]
        best, mean = by_cell(values, cells, (int(levels[first].max()) + 1) * columns, higher)
        found.append({"pair": [keys.index(first), keys.index(second)], "best": pack(best), "mean": pack(mean)})
    return {"pairs": found, "left_out": len(_varied(run.axes)[_PAIRED:])}


def by_cell(values: np.ndarray, cells: np.ndarray, count: int, higher: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return best and mean over the settings of each cell; `values` (metric, ..., setting), NaN is left out."""
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    present = cells[order][starts]
    sign = np.where(higher, 1.0, -1.0).reshape(-1, *[1] * (values.ndim - 1))
    sorted_values = values[..., order]
    there = np.isfinite(sorted_values)
    best, mean = (np.full((*values.shape[:-1], count), np.nan) for _ in range(2))
    top = np.maximum.reduceat(np.where(there, sign * sorted_values, -np.inf), starts, axis=-1)
    best[..., present] = np.where(np.isfinite(top), sign * top, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.add.reduceat(np.where(there, sorted_values, 0.0), starts, axis=-1)
        mean[..., present] = total / np.add.reduceat(there.astype(float), starts, axis=-1)
    return best, mean


def _varied(axes: Mapping[str, tuple[Hashable, ...]]) -> list[str]:
    return [key for key, values in axes.items() if len(values) > 1]
