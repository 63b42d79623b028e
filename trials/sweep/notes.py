"""What a user should know of a results table that is continued."""

from __future__ import annotations

from collections.abc import Sequence

from trials.plan.plan import Plan
from trials.ranking.leaderboard import RankedTrial
from trials.storage.layout import RunFolder, start_fusion, trial_name
from trials.storage.results import Results

STARTS_OF = "SELECT DISTINCT fusion FROM baselines WHERE cohort = ? AND fusion LIKE 'start:%'"


def table_notes(results: Results, plan: Plan) -> list[str]:
    """Return what the table holds that this sweep would not write."""
    notes = []
    ((others,),) = results.query("SELECT count(*) FROM trials WHERE cohort != ?", (plan.cohort,))
    if others:
        notes.append(f"{others} trials in the table used other data: they are kept, but not compared with these")
    begun = {fusion for (fusion,) in results.query(STARTS_OF, (plan.cohort,))}
    if earlier := begun - set(map(start_fusion, plan.starts)):
        notes.append(
            f"trials in the table began from another initial checkpoint ({', '.join(sorted(earlier))}): they are "
            "kept, and ranked with these"
        )
    return notes


def checkpoint_notes(run: RunFolder, best: Sequence[RankedTrial]) -> list[str]:
    """Return which of the best trials have no checkpoint."""
    lacking = [trial.number for trial in best if not run.checkpoint(trial_name(trial.number, trial.id)).exists()]
    if not lacking:
        return []
    numbers = ", ".join(map(str, sorted(lacking)))
    return [f"no checkpoint of trial {numbers}, among the best: keep_best was smaller then, or the file was removed"]
