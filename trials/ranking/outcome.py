"""The result of a setting, in the form that a sampler takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """What came of a setting: `values` of its objectives, or None where it failed or was stopped.

    `excess`: by how much it breaks each constraint, at most 0 where it keeps to it. `steps`: the objective by epoch, of
    one that was stopped early.
    """

    values: tuple[float, ...] | None = None
    excess: Mapping[str, float] = field(default_factory=dict)
    steps: Mapping[int, float] = field(default_factory=dict)


FAILED = Outcome()


def over_seeds(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what came of a setting that several seeds ran: the means; FAILED where one of them failed."""
    if any(one.values is None for one in outcomes):
        steps = [one.steps for one in outcomes if one.steps]
        shared = set(steps[0]).intersection(*steps) if len(steps) == len(outcomes) else set()
        return Outcome(steps={epoch: _mean(one[epoch] for one in steps) for epoch in sorted(shared)})
    values = zip(*(one.values or () for one in outcomes), strict=True)
    names = outcomes[0].excess
    return Outcome(tuple(map(_mean, values)), {name: _mean(one.excess[name] for one in outcomes) for name in names})


def _mean(values: Iterable[float]) -> float:
    some = list(values)
    return sum(some) / len(some)
