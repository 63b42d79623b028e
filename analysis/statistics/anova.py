"""Functional analysis of variance: how much of the variance between settings each parameter and each pair explains.

The values are split into a mean, a part per parameter, a part per pair, and a rest (Hooker 2007; Hutter, Hoos and
Leyton-Brown 2014). On a complete grid the parts are orthogonal and follow from marginal means. Elsewhere they are
fitted by least squares, and a part's share is its covariance with the fit (Xu and Gertner 2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, pairwise, product

import numpy as np

from analysis.statistics.contrasts import main_blocks, products

# Differences below this share of the values themselves are rounding.
_ROUNDING = 1e-12
# A fit needs this many settings per coefficient, and this many beyond them to know the noise by.
_PER_COEFFICIENT, _SPARE = 1.5, 8
_DEGREE = 3


@dataclass(frozen=True)
class Design:
    """Which levels the settings have: `codes` (settings, parameters), from 0 in the order of the values.

    `missing`, of the same shape: the setting has no such parameter. `searched` (parameters,): a number that was
    drawn from a range, whose levels are its ranks. `numbers` (parameters,): its values are numbers.
    """

    codes: np.ndarray
    missing: np.ndarray
    searched: np.ndarray
    numbers: np.ndarray | None = None

    def at(self, settings: np.ndarray) -> Design:
        """Return the design of some settings; its codes run over the levels that they have."""
        return Design(_compressed(self.codes[settings]), self.missing[settings], self.searched, self.numbers)

    def of(self, parameters: np.ndarray) -> Design:
        """Return the design of some parameters."""
        numbers = None if self.numbers is None else self.numbers[parameters]
        return Design(self.codes[:, parameters], self.missing[:, parameters], self.searched[parameters], numbers)

    @property
    def levels(self) -> np.ndarray:
        """How many levels each parameter has."""
        levels: np.ndarray = self.codes.max(axis=0, initial=-1) + 1
        return levels

    @property
    def cells(self) -> float:
        """How many settings there could be; endless where a number was drawn from a range."""
        return math.inf if self.searched.any() or self.missing.any() else float(np.prod(self.levels))

    @property
    def complete(self) -> bool:
        """Whether every combination of the levels is there; each is there at most once."""
        return bool(len(self.codes) == math.prod(self.levels.tolist()))


def _compressed(codes: np.ndarray) -> np.ndarray:
    columns = [np.unique(column, return_inverse=True)[1] for column in codes.T]
    return np.array(columns, dtype=int).reshape(codes.shape[::-1]).T


def varies(values: np.ndarray) -> np.ndarray:
    """Return for each column of (settings, columns) whether its values differ by more than rounding."""
    if not len(values):
        return np.zeros(values.shape[1], dtype=bool)
    varying: np.ndarray = np.ptp(values, axis=0) > _ROUNDING * np.abs(values).max(axis=0)
    return varying


def shares(values: np.ndarray, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares (parameters, columns) and (pairs, columns) of (settings, columns) `values` without NaN.

    Each is in [0, 1] and they add up to at most 1. NaN: a constant column, too few settings for a fit, a pair that
    cannot be told from its parameters.
    """
    total = np.where(varies(values), 1.0, np.nan)
    main, pair = (_of_grid if design.complete else _of_fit)(values - values.mean(axis=0), design)
    return main * total, pair * total


def _of_grid(values: np.ndarray, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return exact shares, from the marginal means of a complete grid."""
    count = design.codes.shape[1]
    cube = np.empty((*design.levels, values.shape[1]))
    cube[tuple(design.codes.T)] = values
    axes = set(range(count))
    parts = [cube.mean(axis=tuple(axes - {p})) for p in range(count)]
    variances = [np.mean(part**2, axis=0) for part in parts]
    for i, j in combinations(range(count), 2):
        joint = cube.mean(axis=tuple(axes - {i, j})) - parts[i][:, None] - parts[j][None]
        variances.append(np.mean(joint**2, axis=(0, 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.array(variances).reshape(-1, values.shape[1]) / np.mean(cube**2, axis=tuple(axes))
    return found[:count], found[count:]


def _of_fit(values: np.ndarray, design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of a least-squares fit, with pairs where there are settings enough for them."""
    count = design.codes.shape[1]
    pairs = list(combinations(range(count), 2))
    found = np.full((count + len(pairs), values.shape[1]), np.nan)
    plan = _plan(design)
    if plan is not None:
        blocks = main_blocks(design.codes, design.missing, plan.ranked, plan.degree)
        blocks += [products(blocks[i], blocks[j]) for i, j in pairs if plan.pairs]
        found[: len(blocks)] = _covariances(values, blocks, design.cells)
    return found[:count], found[count:]


@dataclass(frozen=True)
class _Plan:
    """A fit that the settings suffice for: with pairs or not, `ranked` parameters by powers of their rank."""

    pairs: bool
    ranked: np.ndarray
    degree: int


def along_ranks(design: Design) -> bool:
    """Return whether the settings are so few that numbers are fitted along their ranks, and not level by level."""
    plan = None if design.complete else _plan(design)
    return plan is not None and bool((plan.ranked & ~design.searched).any())


def _plan(design: Design) -> _Plan | None:
    """Return the richest fit that there are settings enough for; None where there are too few for any."""
    degrees = range(_DEGREE, 0, -1) if design.searched.any() else (1,)
    plans = [_Plan(pairs, design.searched, degree) for pairs, degree in product((True, False), degrees)]
    if design.numbers is not None:
        plans.append(_Plan(False, design.searched | design.numbers, 1))
    for plan in plans:
        blocks = main_blocks(design.codes, design.missing, plan.ranked, plan.degree)
        widths = [block.shape[1] for block in blocks]
        coefficients = 1 + sum(widths) + plan.pairs * sum(a * b for a, b in combinations(widths, 2))
        if max(_PER_COEFFICIENT * coefficients, coefficients + _SPARE) <= len(design.codes):
            return plan
    return None


def _covariances(values: np.ndarray, blocks: list[np.ndarray], cells: float) -> np.ndarray:
    """Return (blocks, columns) shares of centred values, less what fitting noise would give."""
    settings = len(values)
    design = np.column_stack([np.ones(settings), *blocks])
    solve = np.linalg.pinv(design.T @ design, hermitian=True, rcond=1e-10) @ design.T
    beta = solve @ values
    fit = design @ beta
    # The degrees of freedom that each column takes; columns that say the same share one.
    freedom = np.sum(design.T * solve, axis=1)
    noise = np.sum((values - fit) ** 2, axis=0) / (settings - freedom.sum())
    # With every cell of a grid there, nothing is left to chance: the correction of a finite population.
    unseen = 1 - settings / cells
    ends = np.cumsum([1, *(block.shape[1] for block in blocks)])
    parts = np.array([
        np.mean((design[:, a:b] @ beta[a:b]) * fit, axis=0) - unseen * noise * freedom[a:b].sum() / settings
        for a, b in pairwise(ends)
    ]).clip(min=0)  # fmt: skip
    rest = noise * (1 - freedom.sum() / cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = parts / (parts.sum(axis=0) + rest)
    found[[block.shape[1] == 0 for block in blocks]] = np.nan
    return found
