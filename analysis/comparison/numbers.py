"""Every number of a comparison: best of each run and differences between runs, at each metric, data set and epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from analysis.comparison.comparison import Comparison
from analysis.comparison.differences import Best, Gain, best_setting, gain
from analysis.comparison.side import Side, same_images

BEST = ("value", "corrected", "low", "high", "settings", "images", "seeds", "best")
GAIN = ("value", "corrected", "low", "high", "images", "paired", "note")


@dataclass(frozen=True)
class Numbers:
    """`best[name]` is (metric, data set, epoch, run), as in Best.

    `gains[name]` is (metric, data set, epoch, pair of `pairs`), as in Gain.

    Runs and pairs count the runs that have numbers. A gain is how much better the first of a pair is, > 0 is better;
    `gains["note"]` is an index into `notes`. NaN where there is nothing.
    """

    best: dict[str, np.ndarray]
    pairs: tuple[tuple[int, int], ...]
    gains: dict[str, np.ndarray]
    notes: tuple[str, ...]

    def place(self, comparison: Comparison) -> tuple[int, int, int]:
        """Return the first view of the comparison."""
        return (
            comparison.metrics.index(comparison.metric),
            comparison.datasets.index(comparison.dataset),
            comparison.epochs.index(comparison.epoch),
        )

    def gain(self, name: str, place: tuple[int, int, int], a: int, b: int) -> float:
        """Return one number of the gain of run `a` over run `b`."""
        if (a, b) in self.pairs:
            return float(self.gains[name][(*place, self.pairs.index((a, b)))])
        name = {"low": "high", "high": "low"}.get(name, name)
        value = float(self.gains[name][(*place, self.pairs.index((b, a)))])
        return -value if name in ("value", "corrected", "low", "high") else value

    def note(self, place: tuple[int, int, int], a: int, b: int) -> str:
        """Return why the difference of two runs was not tested, or not on pairs."""
        index = self.gain("note", place, a, b)
        return self.notes[int(index)] if np.isfinite(index) else ""


def numbers_of(comparison: Comparison) -> Numbers:
    """Judge every run everywhere, and compare every two."""
    sides = comparison.measured
    pairs = tuple(combinations(range(len(sides)), 2))
    shape = (len(comparison.metrics), len(comparison.datasets), len(comparison.epochs))
    best = {name: np.full((*shape, len(sides)), np.nan) for name in BEST}
    gains = {name: np.full((*shape, len(pairs)), np.nan) for name in GAIN}
    notes: dict[str, int] = {}
    places = list(np.ndindex(*shape))
    names = [(comparison.metrics[m], comparison.datasets[d], comparison.epochs[e]) for m, d, e in places]
    known = [_judged(side, names) for side in sides]
    met: dict[tuple[object, ...], Gain] = {}
    for (m, d, e), name in zip(places, names, strict=True):
        at = [side.at(*name) for side in sides]
        found = [of[place] if place else None for place, of in zip(at, known, strict=True)]
        for r, one in enumerate(found):
            if one is not None:
                for part in BEST:
                    best[part][m, d, e, r] = getattr(one, part)
        for p, (i, j) in enumerate(pairs):
            a, b = found[i], found[j]
            if a is None or b is None:
                continue
            # If a run's mean is a single set, or its last epoch a named one, the same comparison repeats.
            meeting = i, at[i], j, at[j]
            if meeting not in met:
                met[meeting] = gain(a, b, same_images=same_images(sides[i], sides[j], name[1]))
            made = met[meeting]
            for part in GAIN:
                value = getattr(made, part)
                gains[part][m, d, e, p] = notes.setdefault(value, len(notes)) if part == "note" else value
    return Numbers(best, pairs, gains, tuple(notes))


def _judged(side: Side, asked: list[tuple[str, str, int | str]]) -> dict[tuple[int, int, int], Best | None]:
    """Return the best setting at every place that the run has: the one that ranks first there."""
    scores = side.scores
    places = list(dict.fromkeys(place for one in asked if (place := side.at(*one)) is not None))
    names = {(scores.metrics[m], scores.datasets[d], scores.epochs[e]): (m, d, e) for m, d, e in places}
    known: dict[tuple[int, int, int], Best | None] = {}
    for judge, leaders in side.findings.standings.judges(names):
        best = best_setting(judge)
        known[names[judge.place]] = None if best is None else replace(best, best=int(leaders.at[best.best]))
    return known
