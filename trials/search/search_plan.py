"""The plan of a search, made before the table is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trials.ranking.objective import Objective
from trials.ranking.stopping_rules import rungs
from trials.search.planner import Planner
from trials.storage.results import PlannedTrial

if TYPE_CHECKING:
    from trials.search.history import Found
    from trials.space.space import Space
    from trials.spec.sweep import SweepSpec

MOST_LISTED = 8


@dataclass(frozen=True)
class SearchPlan:
    """The sweep file's side of a search, and what other sweeps `found`.

    `space` is None if all settings are `listed`: those of a grid, whose best are confirmed.
    """

    spec: SweepSpec
    objective: Objective
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
    def fresh_label(self) -> str:
        return f"seed{'s' if len(self.fresh) > 1 else ''} {', '.join(map(str, self.fresh))}"

    @property
    def confirming(self) -> int:
        """How many trials confirm at most."""
        return min(self.spec.confirm.top, self.settings) * len(self.fresh) if self.spec.confirm else 0

    def notes(self, tried: int = 0) -> list[str]:
        """Describe the search and its rules; `tried` settings are done already."""
        notes = [*self._of_search(tried), *(one.note for one in self.found)]
        stop, epochs = self.spec.stop_early, self.spec.trial.recipe.epochs
        if stop.kind != "none":
            judged = ", ".join(map(str, rungs(stop, epochs)[:MOST_LISTED]))
            notes.append(f"stop_early {stop.kind}: trials are judged at epoch {judged} of {epochs}")
        if self.spec.confirm:
            count = min(self.spec.confirm.top, self.settings)
            notes.append(f"confirm: the best {count} configurations are rerun with {self.fresh_label} at the end")
        return notes

    def _of_search(self, tried: int) -> list[str]:
        space, search = self.space, self.spec.search
        if space is None:
            return []
        among = "of an infinite space" if space.size is None else f"of {space.size}"
        before = f"; {tried} are tried already" if tried else ""
        notes = [f"search {search.kind}: {self.settings} configurations {among} ({space}){before}"]
        if tried >= self.settings:
            notes.append(
                f"search: all {self.settings} configurations were tried already: raise search.trials, or give the "
                "sweep "
                "another name, to try others"
            )
        elif search.kind in ("tpe", "gp") and search.startup >= self.settings:
            notes.append(
                f"search: {search.kind} samples the first {search.startup} configurations at random (search.startup), "
                "so "
                "all of these are random"
            )
        if self.spec.stop_early.kind != "none" and search.kind in ("gp", "cmaes", "nsga2"):
            notes.append(f"search: {search.kind} learns nothing from trials that are stopped early; tpe does")
        return notes
