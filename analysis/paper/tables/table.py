"""A table before it is LaTeX, Markdown or CSV: what stands in its cells and which of them are best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.paper.numbers import NONE, decimals_of, direction, exponent_of, interval, times, write
from analysis.scores.metrics import facts_of

HOW = "Best bold, second underlined"


@dataclass(frozen=True)
class Column:
    """A title in plain text; `align` is l, r or c."""

    title: str
    align: str = "r"


@dataclass(frozen=True)
class Cell:
    """Plain text; `rank` 1 is the best of its column, 2 the second; `tied` statistically tied with the best."""

    text: str = NONE
    rank: int = 0
    tied: bool = False


@dataclass(frozen=True)
class Block:
    """Rows that belong together, with a line that says how, where there is more than one block."""

    heading: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Table:
    """`data` are the same numbers unrounded, for the CSV; a wide table takes two columns of the page."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    data: pd.DataFrame
    wide: bool = False


def plain(texts: Iterable[str]) -> list[Cell]:
    """Return a column of cells without marks."""
    return [Cell(text) for text in texts]


def block(columns: Sequence[Sequence[Cell]], heading: str = "") -> Block:
    """Return columns of cells as rows."""
    return Block(heading, tuple(zip(*columns, strict=True)))


def marked(texts: Sequence[str], values: np.ndarray, higher: bool, tied: Sequence[bool] | None = None) -> list[Cell]:
    """Return a cell per value: those that read as the best one are best, the next ones second.

    Nothing is marked where all read alike. What reads alike is marked alike, whatever digits are cut off.
    """
    shown = sorted({float(t.replace("−", "-")) for t, v in zip(texts, values, strict=True) if np.isfinite(v)})
    ladder = (shown[::-1] if higher else shown)[:2] if len(shown) > 1 else []
    ties = tied if tied is not None else [False] * len(texts)
    return [
        Cell(text, _rank(text, value, ladder), bool(tie)) for text, value, tie in zip(texts, values, ties, strict=True)
    ]


@dataclass(frozen=True)
class Printed:
    """How the values of one metric are printed in one column; `exponent` is taken out of them."""

    metric: str
    exponent: int
    decimals: int

    @classmethod
    def of(
        cls,
        metric: str,
        values: np.ndarray,
        given: int | None = None,
        rivals: Sequence[np.ndarray] | None = None,
    ) -> Printed:
        """Find what these values need; `given` decimals are kept unless the best and the second would read alike.

        `rivals` are the groups in which there is a best and a second, else it is all values.
        """
        exponent, higher = exponent_of(values), facts_of(metric).higher_is_better
        least = decimals_of(values * 10.0**-exponent, None, None if exponent else given)
        groups = [values] if rivals is None else rivals
        return cls(metric, exponent, max([least, *(decimals_of(g * 10.0**-exponent, higher, least) for g in groups)]))

    @property
    def column(self) -> Column:
        """The title: the metric, its direction, and the power of ten."""
        return Column(" ".join(filter(None, (self.metric, direction(self.metric), times(self.exponent)))))

    @property
    def power(self) -> str:
        """What to say where columns without that title are printed so too."""
        return f" All values {times(self.exponent)}." if self.exponent else ""

    def texts(self, values: np.ndarray) -> list[str]:
        """Write values."""
        return [write(float(value), self.decimals) for value in values * 10.0**-self.exponent]

    def intervals(self, low: np.ndarray, high: np.ndarray) -> list[str]:
        """Write `[low, high]` for each."""
        scale = 10.0**-self.exponent
        return [interval(a * scale, b * scale, self.decimals) for a, b in zip(low, high, strict=True)]

    def cells(self, values: np.ndarray, tied: Sequence[bool] | None = None) -> list[Cell]:
        """Write values and mark the best and the second of them."""
        return marked(self.texts(values), values, facts_of(self.metric).higher_is_better, tied)


def _rank(text: str, value: float, ladder: list[float]) -> int:
    if not np.isfinite(value) or not ladder:
        return 0
    shown = float(text.replace("−", "-"))
    return ladder.index(shown) + 1 if shown in ladder else 0
