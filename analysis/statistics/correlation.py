"""Spearman correlation with Bonett-Wright and bootstrap intervals."""

from __future__ import annotations

import numpy as np

DRAWS = 599
# Of more settings than this the interval is Bonett and Wright's (2000), which needs no resamples.
MANY = 600
# Fewer settings than this have no interval.
LEAST = 5
_LEVEL, _NORMAL = 0.95, 1.959964


def correlated(weights: np.ndarray, metrics: np.ndarray) -> np.ndarray:
    """Return (3, weights, metrics): correlations of (weights, settings) with (metrics, settings), their ends."""
    settings = weights.shape[1]
    rho = _spearman(weights, metrics, np.ones((1, settings), dtype=np.float32))[0]
    if settings < LEAST:
        return np.stack([rho, np.full_like(rho, np.nan), np.full_like(rho, np.nan)])
    if settings > MANY:
        with np.errstate(divide="ignore"):
            half = _NORMAL * np.sqrt((1 + rho**2 / 2) / (settings - 3))
            return np.stack([rho, np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)])
    drawn = np.random.default_rng((4, settings)).multinomial(settings, np.full(settings, 1 / settings), DRAWS)
    resampled = _spearman(weights, metrics, drawn.astype(np.float32))
    return np.stack([rho, *np.nanquantile(resampled, ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2), axis=0)])


def _spearman(weights: np.ndarray, metrics: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return (draws, weights, metrics): correlations in resamples that hold settings `drawn` (draws, settings) times.

    NaN where a resample holds one value alone.
    """
    total = drawn.sum(axis=1)
    counted, spread = [], []
    for values in weights:
        ranks = _ranks(values, drawn)
        ranks -= ((ranks * drawn).sum(axis=1) / total)[:, None]
        counted.append(ranks * drawn)
        spread.append((ranks * counted[-1]).sum(axis=1))
    found = np.empty((len(drawn), len(weights), len(metrics)))
    for m, values in enumerate(metrics):
        ranks = _ranks(values, drawn)
        own = np.einsum("ds,ds,ds->d", ranks, ranks, drawn) - np.einsum("ds,ds->d", ranks, drawn) ** 2 / total
        for w in range(len(weights)):
            with np.errstate(invalid="ignore", divide="ignore"):
                found[:, w, m] = np.einsum("ds,ds->d", counted[w], ranks) / np.sqrt(spread[w] * own)
    return np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)


def _ranks(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return (draws, settings): each value's rank in its resample, less half a rank; ties share their mean rank."""
    levels, level = np.unique(values, return_inverse=True)
    order = np.argsort(level, kind="stable")
    within = drawn[:, order]
    if len(levels) < len(values):
        within = np.add.reduceat(within, np.searchsorted(level[order], np.arange(len(levels))), axis=1)
    return np.asarray((np.cumsum(within, axis=1) - within / 2)[:, level])
