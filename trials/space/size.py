"""How many settings, trials and epochs a sweep has, counted without listing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import prod

from fusion_core.errors import ConfigError
from trials.space.from_spec import space_of
from trials.space.grid import Sections
from trials.space.ratios import distinct_ratios
from trials.spec.simplex import WEIGHTS_PREFIX
from trials.spec.sweep import SweepFile, SweepSpec

MANY_TRIALS = 2_000
"""A sweep of more trials than this starts only with `--yes`."""


def grid_size(axes: Iterable[Collection[object]]) -> int:
    """How many combinations these axes have."""
    return prod(len(values) for values in axes)


def count_settings(spec: SweepFile) -> int:
    """Return how many settings a sweep tries: all of its grid, or as many as its search may."""
    if spec.search.adaptive:
        return min(one for one in (spec.search.trials, space_of(spec).size) if one is not None)
    other = grid_size(values for axis, values in spec.grid.items() if not axis.startswith(WEIGHTS_PREFIX))
    weights = len(distinct_ratios(spec.grid, spec.trial).kept)
    return other * weights * prod(one.size for one in spec.simplex.values())


def count_trials(spec: SweepFile) -> int:
    """Return how many trials a sweep has, those that confirm included."""
    settings = count_settings(spec)
    again = min(spec.confirm.top, settings) * len(spec.confirm.seeds) if spec.confirm else 0
    return settings * len(spec.seeds) + again


def count_epochs(spec: SweepFile) -> int:
    """Return how many epochs the trials of a sweep have in total."""
    kinds = spec.grid.get("recipe.kind")
    trials = count_trials(spec)
    if kinds is None or spec.search.adaptive:
        return trials * spec.trial.recipe.epochs
    build = Sections(spec.trial)
    epochs: list[int] = [build.sections({"recipe.kind": kind})["recipe"].epochs for kind in kinds]
    return trials // len(epochs) * sum(epochs)


def refuse_unless_confirmed(spec: SweepSpec, *, confirmed: bool) -> None:
    """Raise ConfigError for a sweep of more than MANY_TRIALS trials that is not `confirmed`, with what to do."""
    trials = count_trials(spec)
    if trials > MANY_TRIALS and not confirmed:
        raise ConfigError(
            f"{spec.name}: a sweep of more than {MANY_TRIALS:,} trials starts only with --yes, but this one has "
            f"{trials:,} trials, {count_epochs(spec):,} epochs in total. Add --yes to run it, --dry-run to see how "
            "long it takes, or take values out of its axes."
        )
