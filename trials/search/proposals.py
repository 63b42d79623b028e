"""Settings to try, none of them twice: passes over what a sampler proposes again, and what no trial can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fusion_core.errors import ConfigError
from trials.identity import canonical_json
from trials.search.config import AxisValue
from trials.search.outcome import FAILED
from trials.search.sampling import Sampling

MOST_TRIES = 3
"""Proposals in a row that are known already, after which the nearest setting that is left is tried.

Asked again, `gp` proposes the same, and each time costs it a fit; replays of a recorded grid of 240 settings find its
best sooner with the nearest than with one drawn at random (docs/search.md).
"""
MOST_REFUSED = 200
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
        self.exhausted = False
        self.said = 0

    def next(self) -> tuple[int, Parameters] | None:
        """Return a number to tell the sampler by, and a setting; None where every setting of the space was tried.

        Raises ConfigError where nearly all that is proposed is refused.
        """
        known = refused = 0
        parameters: Parameters = {}
        size = self.sampling.space.size
        while not self.exhausted:
            if size is not None and len(self.tried) >= size:
                self.exhausted = True
                break
            if known >= MOST_TRIES and not self._try_another(parameters):
                self.exhausted = True
                break
            if refused and refused % MOST_TRIES == 0:
                self._try_allowed()
            number, parameters = self.sampling.ask()
            key = key_of(parameters)
            why = None if key in self.tried else self.refused(parameters)
            if key not in self.tried and why is None:
                self.tried.add(key)
                return number, parameters
            self.sampling.tell(number, FAILED)
            known += key in self.tried
            if why is not None:
                self.tried.add(key)
                refused += 1
                self._say_refused(why)
            if refused >= MOST_REFUSED:
                raise ConfigError(
                    f"search: a space must hold settings that trials can have, but the last {refused} that were drawn "
                    f"are refused, such as: {why} Narrow the space. What was reported before is safe."
                )
        return None

    def _say_refused(self, why: str) -> None:
        self.said += 1
        if self.said <= MOST_SAID:
            more = "; what else is refused is not said" if self.said == MOST_SAID else ""
            self.note(f"search: the sampler proposed what no trial can be, and is asked again: {why}{more}")

    def _try_allowed(self) -> None:
        """Have the next proposal be one that a trial can be, drawn at random, where that finds one.

        Samplers learn nothing from what is refused, and some propose a corner that is for ever.
        """
        space = self.sampling.space
        chance = np.random.default_rng([self.sampling.search.seed, self.sampling.draws])
        for _ in range(MOST_REFUSED):
            one = space.at(chance.random(len(space.dimensions)).tolist())
            if key_of(one) not in self.tried and self.refused(one) is None:
                self.sampling.try_first(one)
                return

    def _try_another(self, near: Parameters) -> bool:
        """Have the next proposal be one that is left, the nearest to `near`; return whether there is one.

        It is any of them for `random`, and in a space that is too large to be listed.
        """
        space, search = self.sampling.space, self.sampling.search
        chance = np.random.default_rng([search.seed, self.sampling.draws])
        if space.size is not None and space.size <= MOST_LISTED:
            left = [one for one in space.all() if key_of(one) not in self.tried]
            if left and search.kind != "random":
                away = np.array([space.distance(one, near) for one in left])
                left = [left[i] for i in np.flatnonzero(away <= away.min() + 1e-9)]
            chosen = left[int(chance.integers(len(left)))] if left else None
        else:
            drawn = (space.at(chance.random(len(space.dimensions)).tolist()) for _ in range(MOST_REFUSED))
            chosen = next((one for one in drawn if key_of(one) not in self.tried), None)
        if chosen is None:
            return False
        if search.kind != "random":
            self.note(
                f"search: {search.kind} proposes settings again that were tried ({MOST_TRIES} in a row): where it "
                "does, the nearest that is left is next"
            )
        self.sampling.try_first(chosen)
        return True
