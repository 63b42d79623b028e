"""Where each setting lies in the pair-pair heatmap."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
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


def layout(axes: Mapping[str, tuple[Hashable, ...]]) -> Layout:
    """Choose up to two parameters for the rows and two for the columns; the reference's own four as it has them."""
    varied = [key for key, values in axes.items() if len(values) > 1] or list(axes)[:1]
    if set(varied) == {*_REFERENCE_ROWS, *_REFERENCE_COLUMNS}:
        return Layout(_REFERENCE_ROWS, _REFERENCE_COLUMNS, ())
    shown = varied[:4]
    half = (len(shown) + 1) // 2
    return Layout(tuple(shown[half:]), tuple(shown[:half]), tuple(varied[4:]))


def short_names(keys: list[str]) -> dict[str, str]:
    """Return the last part of each dotted key, or the whole key where two would read alike."""
    last = {key: key.rsplit(".", 1)[-1] for key in keys}
    return {key: name if list(last.values()).count(name) == 1 else key for key, name in last.items()}
