"""Settings to try, each once: skips repeated and invalid proposals of a sampler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fusion_core.errors import ConfigError
from trials.ranking.outcome import FAILED
from trials.search.sampler import Sampling
from trials.spec.identity import canonical_json
from trials.spec.search import AxisValue

MOST_TRIES = 3
"""Consecutive repeated proposals after which the nearest untried setting is tried.

`gp` would repeat itself, with a fit each time; replays of a recorded grid of 240 settings find its best sooner with the
nearest than with a random one (docs/search.md).
"""
MOST_DRAWN = 200
"""Settings drawn at random to find a valid one."""
MOST_SAID = 3
MOST_LISTED = 100_000
"""Size of the largest space that is listed to find an untried setting."""

Parameters = dict[str, AxisValue]


def key_of(parameters: Mapping[str, Any]) -> str:
    """Return a key that equal settings share."""
    return canonical_json(parameters)


class Proposals:
    """Gets new settings from `sampling`. `refused` returns why a setting is invalid; None: it is valid."""

    def __init__(
        self,
        sampling: Sampling,
        refused: Callable[[Parameters], str | None] = lambda parameters: None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.sampling = sampling
        self.refused = refused
        self.note = note
        self.tried: set[str] = set()
        self.closed: dict[str, str] = {}
        self.exhausted = False

    def next(self) -> tuple[int, Parameters] | None:
        """Return a new setting with the number to tell the sampler; None if none is left.

        Raises ConfigError if all that was drawn is invalid.
        """
        known = skipped = 0
        parameters: Parameters = {}
        size = self.sampling.space.size
        while not self.exhausted:
            if size is not None and len(self.tried) + len(self.closed) >= size:
                self.exhausted = True
                break
            if skipped and skipped % MOST_TRIES == 0 and not self._try_another(parameters, known):
                self.exhausted = True
                break
            number, parameters = self.sampling.ask()
            key = key_of(parameters)
            if key not in self.tried and self._is_open(key, parameters):
                self.tried.add(key)
                return number, parameters
            self.sampling.tell(number, FAILED)
            skipped += 1
            known += key in self.tried
        if self.closed and not self.tried:
            why = next(iter(self.closed.values())).rstrip(".")
            raise ConfigError(
                "search: a space must hold valid configurations, but all that were sampled are refused, such "
                f"as: {why}. Narrow the space. Everything already reported is saved."
            )
        return None

    def _is_open(self, key: str, parameters: Parameters) -> bool:
        """Return whether a setting is valid; the first few invalid ones are reported."""
        if key in self.closed:
            return False
        why = self.refused(parameters)
        if why is None:
            return True
        self.closed[key] = why
        if len(self.closed) <= MOST_SAID:
            more = "; further refusals are not reported" if len(self.closed) == MOST_SAID else ""
            self.note(f"search: the sampler proposed an invalid configuration; sampling again: {why}{more}")
        return False

    def _try_another(self, near: Parameters, known: int) -> bool:
        """Make the next proposal an untried, valid setting; return whether there is one.

        It is the nearest to `near`; a random one for `random` and in a space that is too large to be listed. Samplers
        learn nothing from skipped settings, and some would propose an invalid corner forever.
        """
        space, search = self.sampling.space, self.sampling.search
        chance = np.random.default_rng([search.seed, self.sampling.draws])
        if space.size is not None and space.size <= MOST_LISTED:
            left = [one for one in space.all() if key_of(one) not in self.tried and key_of(one) not in self.closed]
            chance.shuffle(left)
            if search.kind != "random":
                left.sort(key=lambda one: round(space.distance(one, near), 9))
        else:
            left = [space.at(chance.random(len(space.dimensions)).tolist()) for _ in range(MOST_DRAWN)]
        for one in left:
            if key_of(one) in self.tried or not self._is_open(key_of(one), one):
                continue
            if search.kind != "random" and known:
                self.note(
                    f"search: {search.kind} proposes configurations that were tried already ({MOST_TRIES} in a row): "
                    "the "
                    "nearest untried one is used instead"
                )
            self.sampling.try_first(one)
            return True
        return False
