"""What a search goes by before the table is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trials.results import PlannedTrial
from trials.search.goal import Goal
from trials.search.planner import Planner

if TYPE_CHECKING:
    from trials.search.history import Found
    from trials.search.space import Space
    from trials.spec import SweepSpec


@dataclass(frozen=True)
class SearchPlan:
    """The sweep file's side of a search, and what other sweeps `found`.

    `space` is None where all settings are `listed`: those of a grid, whose best are confirmed.
    """

    spec: SweepSpec
    goal: Goal
    planner: Planner
    space: Space | None = None
    listed: Sequence[PlannedTrial] = ()
    found: Sequence[Found] = ()

    @property
    def settings(self) -> int:
        """How many settings are tried at most."""
        if self.space is None:
            return len(self.listed) // len(self.spec.seeds)
        return min(one for one in (self.spec.search.trials, self.space.size) if one is not None)

    @property
    def fresh(self) -> tuple[int, ...]:
        """The seeds that confirm."""
        return self.spec.confirm.seeds if self.spec.confirm else ()

    @property
    def confirming(self) -> int:
        """How many trials confirm at most."""
        return min(self.spec.confirm.top, self.settings) * len(self.fresh) if self.spec.confirm else 0

    def notes(self, tried: int = 0) -> list[str]:
        """Say what is searched, and what is known of it; `tried` settings were so already."""
        space, search = self.space, self.spec.search
        if space is None:
            return []
        size = "no end of settings" if space.size is None else f"{space.size} settings"
        before = f", {tried} of them tried already" if tried else ""
        notes = [f"search {search.kind}: {self.settings} of {size} in {len(space.dimensions)} dimensions{before}"]
        notes += [one.said for one in self.found]
        if self.spec.stop_early.kind != "none" and search.kind in ("gp", "cmaes", "nsga2"):
            notes.append(f"search: {search.kind} learns nothing from trials that are stopped early; tpe does")
        return notes
