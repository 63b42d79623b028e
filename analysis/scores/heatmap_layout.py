"""Chooses the row and column axes of a heatmap."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

# Outer before inner, as in the reference's figure.
_REFERENCE_ROWS = ("loss.consist_ratio", "loss.ssim_shared")
_REFERENCE_COLUMNS = ("loss.max_ratio", "loss.grad_ratio")


@dataclass(frozen=True)
class Layout:
    """Parameters of the rows and of the columns, outer one first; a cell shows the best over those in `over`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    over: tuple[str, ...]


def layout(axes: Mapping[str, tuple[Hashable, ...]], mixture: Sequence[str] = ()) -> Layout:
    """Choose up to two parameters for the rows and two for the columns; the reference's four as in its figure.

    Of weights with a constant sum (`mixture`), one each: most combinations of three have no setting.
    """
    varied = varied_axes(axes) or list(axes)[:1]
    if set(varied) == {*_REFERENCE_ROWS, *_REFERENCE_COLUMNS}:
        return Layout(_REFERENCE_ROWS, _REFERENCE_COLUMNS, ())
    if mixture:
        free = [key for key in varied if key not in mixture]
        rows, columns = (*free[:1], mixture[1]), (*free[1:2], mixture[0])
        return Layout(rows, columns, tuple(key for key in varied if key not in (*rows, *columns)))
    shown = varied[:4]
    half = (len(shown) + 1) // 2
    return Layout(tuple(shown[half:]), tuple(shown[:half]), tuple(varied[4:]))


def varied_axes(axes: Mapping[str, tuple[Hashable, ...]]) -> list[str]:
    return [key for key, values in axes.items() if len(values) > 1]
