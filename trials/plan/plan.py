"""The plan of a sweep: its trials, their data and their initial checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet
from trials.plan.starts import Start
from trials.ranking.objective import Objective
from trials.storage.results import PlannedTrial

if TYPE_CHECKING:
    from fusion_core.data.catalog import LoadedData
    from trials.search.search import Search
    from trials.search.search_plan import SearchPlan
    from trials.storage.layout import RunFolder
    from trials.storage.results import Results


@dataclass(frozen=True)
class Plan:
    """The trials of a sweep in order, the data they share (None if they need none), and what they begin from.

    A search that proposes trials one by one has none yet; `examples` are some that it may propose. `search` is the plan
    of a search, or of a grid whose best trials are confirmed.
    """

    trials: list[PlannedTrial]
    first: TrialConfig
    data: LoadedData | None
    fingerprints: dict[str, str]
    cohort: str
    objective: Objective
    remarks: tuple[str, ...] = ()
    starts: Mapping[str, Start] = field(default_factory=dict)
    search: SearchPlan | None = None
    examples: Sequence[PlannedTrial] = ()

    @property
    def probed(self) -> Sequence[PlannedTrial]:
        """Return the trials, or some of those that a search may propose."""
        return self.trials or self.examples

    @property
    def axes(self) -> list[str]:
        """Return what a search varies."""
        space = self.search.space if self.search else None
        return [one.name for one in space.dimensions] if space else []

    def begin(self, results: Results, run: RunFolder, note: Callable[[str], None]) -> Search | None:
        """Return the search of a sweep that has one."""
        if self.search is None:
            return None
        from trials.search.search import Search

        return Search(self.search, results, run, note)

    def pairs(self) -> LoadedData:
        """Return the data of a sweep that needs some."""
        assert self.data is not None
        return self.data

    @property
    def notes(self) -> tuple[str, ...]:
        """Return notes for the user about the sweep and its data."""
        return (*self.remarks, *(self.data.notes if self.data is not None else ()))

    @property
    def sets(self) -> dict[str, PairSet]:
        """Return the sets of pairs by the names that the table gives them."""
        return {} if self.data is None else {f"train:{self.data.train.name}": self.data.train, **self.data.test}
