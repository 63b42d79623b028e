"""Settings to try, none of them twice: passes over what a sampler proposes again, and what no trial can be."""

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
"""Proposals in a row that are known already, after which the nearest setting that is left is tried.

Asked again, `gp` proposes the same, and each time costs it a fit; replays of a recorded grid of 240 settings find its
best sooner with the nearest than with one drawn at random (docs/search.md).
"""
MOST_DRAWN = 200
"""Settings drawn at random to find one that a trial can be."""
MOST_SAID = 3
MOST_LISTED = 100_000
"""Settings of a space that are listed to find one that is left."""

Parameters = dict[str, AxisValue]


def key_of(parameters: Mapping[str, Any]) -> str:
    """Return what two equal settings share."""
    return canonical_json(parameters)


class Proposals:
    """Asks `sampling` for settings that are new. `refused` says why no trial can be made of one; None: one can."""

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
        """Return a number to tell the sampler by, and a setting; None where there is no other.

        Raises ConfigError where all that was drawn is refused.
        """
        known = passed_over = 0
        parameters: Parameters = {}
        size = self.sampling.space.size
        while not self.exhausted:
            if size is not None and len(self.tried) + len(self.closed) >= size:
                self.exhausted = True
                break
            if passed_over and passed_over % MOST_TRIES == 0 and not self._try_another(parameters, known):
                self.exhausted = True
                break
            number, parameters = self.sampling.ask()
            key = key_of(parameters)
            if key not in self.tried and self._is_open(key, parameters):
                self.tried.add(key)
                return number, parameters
            self.sampling.tell(number, FAILED)
            passed_over += 1
            known += key in self.tried
        if self.closed and not self.tried:
            why = next(iter(self.closed.values())).rstrip(".")
            raise ConfigError(
                "search: a space must hold valid configurations, but all that were sampled are refused, such "
                f"as: {why}. Narrow the space. Everything already reported is saved."
            )
        return None

    def _is_open(self, key: str, parameters: Parameters) -> bool:
        """Return whether a trial can be made of a setting; the first few that are refused are said."""
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
        """Have the next proposal be one that is left and that a trial can be; return whether there is one.

        It is the nearest to `near`; any for `random`, and in a space that is too large to be listed. Samplers learn
        nothing from what is passed over, and some propose a corner that is refused for ever.
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
