"""Batches that oversample the training pairs that the start fuses worst."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence

import numpy as np

from fusion_core.config import WorstConfig


def worst_rows(scores: np.ndarray, stems: Sequence[str], config: WorstConfig) -> np.ndarray:
    """Return the rows of the lowest scores, worst first; of equal ones the first by name."""
    count = min(max(math.ceil(config.percent * len(scores)), config.min), config.max, len(scores))
    return np.array(sorted(range(len(scores)), key=lambda row: (scores[row], stems[row]))[:count])


def worst_list(rows: np.ndarray, scores: np.ndarray, stems: Sequence[str]) -> tuple[str, str]:
    """Return the list's name, derived from its content, and the list: a line per pair, score and name."""
    text = "".join(f"{scores[row]:.6f} {stems[row]}\n" for row in rows)
    return f"{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.txt", text


def batches(
    random: np.random.Generator, count: int, size: int, updates: int, worst: np.ndarray | None, mix: float
) -> Iterator[np.ndarray]:
    """Yield `updates` batches of at most `size` distinct rows of `count`, each sorted.

    Every pair comes once before any comes again; of each batch a share `mix` is drawn from `worst`.
    """
    size = min(size, count)
    chosen = 0 if worst is None else min(round(mix * size), len(worst))
    queues = _Shuffled(random, np.arange(count)), _Shuffled(random, np.arange(0) if worst is None else worst)
    for _ in range(updates):
        rows = queues[1].take(chosen, set())
        rows += queues[0].take(size - chosen, set(rows))
        yield np.sort(np.array(rows))


class _Shuffled:
    """Yields rows forever, in a new order each round."""

    def __init__(self, random: np.random.Generator, rows: np.ndarray) -> None:
        self.random = random
        self.rows = rows
        self.left: list[int] = []

    def take(self, count: int, besides: set[int]) -> list[int]:
        """Return `count` distinct rows that are not in `besides`; those skipped come next time."""
        taken: list[int] = []
        skipped: list[int] = []
        while len(taken) < count:
            if not self.left:
                self.left = self.random.permutation(self.rows).tolist()
            row = self.left.pop()
            if row in besides or row in taken:
                skipped.append(row)
            else:
                taken.append(row)
        self.left += reversed(skipped)
        return taken
