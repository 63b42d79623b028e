"""The columns of a least-squares fit: what a parameter, and what two together, can do to a metric."""

from __future__ import annotations

import numpy as np


def main_blocks(codes: np.ndarray, missing: np.ndarray, searched: np.ndarray, degree: int) -> list[np.ndarray]:
    """Return (settings, coefficients) per parameter: which level, or if searched the powers of the rank, of mean 0.

    Powers need fewer coefficients for a smooth response than bins do, and ranks do not ask whether a range is linear.
    A setting without the parameter has 0, so that what its absence does belongs to the parameter that decides on it;
    the absence counts here only where nothing else in the sweep tells of it.
    """
    blocks = []
    for levels, lacks, from_range in zip(codes.T, missing.T, searched, strict=True):
        there = np.flatnonzero(~lacks)
        columns = _powers(levels[there], degree) if from_range else _indicators(levels[there])
        block = np.zeros((len(codes), columns.shape[1]))
        block[there] = columns - columns.mean(axis=0)
        blocks.append(block)
    for p in np.flatnonzero(missing.any(axis=0)):
        absence = _beyond(missing[:, [p]].astype(float), np.column_stack(blocks))
        blocks[p] = np.column_stack([blocks[p], absence])
    return blocks


def products(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return what the products of two parameters' columns say beyond the two alone."""
    columns = (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
    return _beyond(columns, np.column_stack([one, other]))


def _beyond(columns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the part of each column that is orthogonal to 1 and to the known ones; no column where none is left."""
    known = np.column_stack([np.ones(len(known)), known])
    left = columns - known @ np.linalg.lstsq(known, columns, rcond=None)[0]
    independent: np.ndarray = left[:, np.linalg.norm(left, axis=0) > 1e-8 * np.linalg.norm(columns, axis=0)]
    return independent


def _indicators(codes: np.ndarray) -> np.ndarray:
    """Return (settings, levels - 1) zeros and ones: which of the levels but the first."""
    indicators: np.ndarray = (codes[:, None] == np.unique(codes)[1:]).astype(float)
    return indicators


def _powers(codes: np.ndarray, degree: int) -> np.ndarray:
    """Return (settings, degree) powers of the ranks, which run from -1 to 1."""
    from scipy.stats import rankdata  # opening a report should not wait for it

    ranks = (2 * rankdata(codes) - 1) / len(codes) - 1
    powers: np.ndarray = ranks[:, None] ** np.arange(1, degree + 1)
    return powers
