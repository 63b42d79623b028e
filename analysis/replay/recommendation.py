"""Which search a replay recommends, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.formatting import difference, percent
from analysis.replay.costs import FLOOR, SAID, SURE, TOP_5, Target
from analysis.replay.noise_floor import OWN, Floor
from analysis.replay.recorded_grid import Grid
from analysis.replay.trace import WITHIN

VACUOUS = 0.5
"""If the noise floor holds so large a share of the grid, reaching it says little about a search."""
FEW = 20
"""With fewer repeats, the cheapest search is largely chance."""


def judged_by(grid: Grid, wanted: Sequence[Target]) -> Target:
    """Return the target that decides: the noise floor, unless there is none or most of the grid is within it."""
    by = {one.name: one for one in wanted}
    floor = by.get(FLOOR)
    return floor if floor is not None and floor.settings < VACUOUS * len(grid.settings) else by[TOP_5]


def recommended(table: pd.DataFrame, target: Target) -> str | None:
    """Return the search that reaches the target at the least cost in 90 % of its repeats; None if none does."""
    cost = table.set_index("search")[f"{target.name}_cost_q90"].dropna()
    return str(cost.idxmin()) if len(cost) else None


def advice(grid: Grid, floor: Floor | None, wanted: Sequence[Target], table: pd.DataFrame) -> list[str]:
    """Return the recommendation, the search that comes nearer to the best, and the savings of early stopping alone."""
    target = judged_by(grid, wanted)
    said = [_recommendation(target, table)]
    least = int(table["repeats"].min())
    if least < FEW:
        said[0] += f" This rests on few repeats ({least}): with {FEW} or more it is surer."
    if nearer := _nearer(target, wanted, table):
        said.append(nearer)
    if alone := _alone(floor, table):
        said.append(alone)
    return said


def remarks(grid: Grid, floor: Floor | None, wanted: Sequence[Target]) -> list[str]:
    """Return remarks on the table: how wide the noise floor is, and which target replaces it."""
    if floor is None:
        return [
            f"No noise floor: this run has no repeated seeds and no --noise was given; judged by the {SAID[TOP_5]}."
        ]
    inside = next(one.settings for one in wanted if one.name == FLOOR)
    apart = (
        " (what a seed does to all alike would cancel here: several configurations of the same seeds would measure it)"
    )
    said = [
        f"Noise floor by {floor.source}: two configurations {floor.of} that differ by less than "
        f"{difference(floor.least)} "
        f"are indistinguishable (± {difference(floor.std)} between seeds, {floor.freedom:.0f} degrees of freedom"
        f"); {inside} of {len(grid.settings)} configurations are that near to the best."
    ]
    if judged_by(grid, wanted).name != FLOOR:
        said.append(
            f"The noise floor is too wide to separate the searches{apart if floor.of == OWN else ''}: judged by the "
            f"{SAID[TOP_5]} in its place."
        )
    return [*said, *floor.notes]


def goal(target: Target) -> str:
    """Describe the target that a search has reached."""
    return (
        "a configuration statistically tied with the grid's best"
        if target.name == FLOOR
        else f"the {SAID[target.name]}"
    )


def _recommendation(target: Target, table: pd.DataFrame) -> str:
    rows = table.set_index("search")
    name = recommended(table, target)
    if name is None:
        near = rows.sort_values([f"{target.name}_within", "regret_median"], ascending=[False, True]).iloc[0]
        return (
            f"No search reaches {goal(target)} in {percent(SURE)} of its repeats as far as they went; {near.name} "
            f"comes nearest: {percent(near[f'{target.name}_within'])} of {near['repeats']:.0f} repeats within "
            f"{percent(WITHIN)} of the grid's epochs."
        )
    row = rows.loc[name]
    at = {key: row[f"{target.name}_{key}"] for key in ("cost_q90", "cost_median", "seconds_q90", "within")}
    seconds = "" if pd.isna(at["seconds_q90"]) else f", {percent(at['seconds_q90'])} of its seconds"
    return (
        f"Recommended: {name}. In {percent(SURE)} of {row['repeats']:.0f} repeats it has {goal(target)} by "
        f"{percent(at['cost_q90'])} of the grid's epochs{seconds} (median {percent(at['cost_median'])}); "
        f"{percent(at['within'])} of the repeats have it within {percent(WITHIN)}."
    )


def _nearer(target: Target, wanted: Sequence[Target], table: pd.DataFrame) -> str:
    """Say which search comes nearer to the best than to the target that decides, at the least cost."""
    costs = table.set_index("search")
    said = []
    for one in sorted(wanted, key=lambda one: -one.least):
        name = recommended(table, one) if one.least > target.least else None
        if name is not None:
            said.append(f"the {SAID[one.name]} by {percent(costs.loc[name, f'{one.name}_cost_q90'])} with {name}")
    return f"Nearer to the best, in {percent(SURE)} of the repeats: {', '.join(reversed(said))}." if said else ""


def _alone(floor: Floor | None, table: pd.DataFrame) -> str:
    """Describe the rule that saves most and loses no more than the noise floor in all repeats, if known."""
    rows = table[table["loss_most"].notna() & table["epochs_saved"].notna()].set_index("search")
    if not len(rows):
        return ""
    least = 0.0 if floor is None else floor.least
    kept = rows[rows["loss_most"] <= least]
    if not len(kept):
        first = rows.sort_values("loss_most").iloc[0]
        limit = "nothing" if floor is None else "at most the noise floor"
        return (
            f"Early stopping alone: no rule loses {limit} in every repeat; {first.name} saves "
            f"{percent(first['epochs_saved'])} of the epochs and loses up to {difference(first['loss_most'])}."
        )
    best = kept.sort_values(["epochs_saved", "loss_most"], ascending=[False, True]).iloc[0]
    beyond = "" if floor is None else f", within the noise floor of {difference(floor.least)}"
    lost = f"at most {difference(best['loss_most'])}{beyond}" if best["loss_most"] > 0 else "nothing"
    return (
        f"Early stopping alone: {best.name} saves {percent(best['epochs_saved'])} of the whole grid's epochs and, in "
        f"{best['repeats']:.0f} repeats, loses {lost}."
    )
