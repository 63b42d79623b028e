"""Assigns each baseline measurement to one job until the table contains it."""

from __future__ import annotations

from trials.storage.layout import start_fusion
from trials.storage.results import Results


class BaselinesWanted:
    """Asks one job at a time for the untrained fusions, and one for the metrics of each start."""

    def __init__(self, results: Results, cohort: str, *, has_data: bool) -> None:
        self.results = results
        self.cohort = cohort
        self.has_data = has_data
        self.asked_baselines = False
        self.asked_starts: set[str] = set()

    def baselines(self) -> bool:
        """Return True for the first job that is handed out while the table lacks the untrained fusions."""
        wanted = self.has_data and not self.asked_baselines
        self.asked_baselines = True
        return wanted and not self.results.has_baselines(self.cohort)

    def metrics_of(self, start: str | None) -> bool:
        """Return True for the first job of each start that is handed out while the table lacks its metrics."""
        if start is None or start in self.asked_starts:
            return False
        self.asked_starts.add(start)
        return not self.results.has_baselines(self.cohort, start_fusion(start))

    def request_again(self) -> None:
        """Request the baselines again: the job that was to report them may have failed."""
        self.asked_baselines = False
        self.asked_starts.clear()
