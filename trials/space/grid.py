"""From a sweep to its trials: every combination of the grid, times every point of the simplex, times every seed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fusion_core.config import TrialConfig
from trials.document.fields import with_default_kinds
from trials.space.ratios import distinct_ratios
from trials.spec.search import AxisValue
from trials.spec.simplex import WEIGHTS, WEIGHTS_PREFIX

if TYPE_CHECKING:
    from trials.spec.sweep import SweepSpec


@dataclass(frozen=True)
class Trial:
    """One trial: the swept values by dotted path, as the file wrote them, and its configuration (seed included)."""

    parameters: dict[str, AxisValue]
    config: TrialConfig


def expand(spec: SweepSpec) -> list[Trial]:
    """Return the trials in file order: the last axis varies faster than the first, the simplex faster than the axes,
    seeds fastest. Reward weights with the ratios of an earlier combination are left out.

    Sections are validated once per distinct combination of their own axes, so ten thousand trials take a second.
    Raises pydantic's ValidationError for a combination that breaks a rule; `sweepfile.load` refuses it earlier.
    """
    build = Sections(spec.trial)
    axes = list(spec.grid)
    ratios = distinct_ratios(spec.grid, spec.trial)
    points: list[dict[str, AxisValue]] = list(spec.simplex[WEIGHTS].points()) if spec.simplex else [{}]
    trials: list[Trial] = []
    for values in product(*spec.grid.values()):
        swept = dict(zip(axes, values, strict=True))
        for point in points if ratios.keeps(swept) else ():
            parameters = {**swept, **point}
            sections = build.sections(parameters)
            trials += [Trial(parameters, TrialConfig.model_validate({**sections, "seed": seed})) for seed in spec.seeds]
    return trials


class Sections:
    """Builds the sections of a trial for one combination; `keep` caches built sections, as for a grid."""

    def __init__(self, trial: TrialConfig, *, keep: bool = True) -> None:
        self.keep = keep
        self.shared: dict[str, Any] = {
            name: getattr(trial, name) for name in TrialConfig.model_fields if name != "seed"
        }
        # Only what is given: defaults must stay unset for rules such as that of ssim_shared.
        given = {
            name: section.model_dump(exclude_unset=True) if isinstance(section, BaseModel) else {}
            for name, section in self.shared.items()
        }
        self.given: dict[str, dict[str, Any]] = with_default_kinds(given)
        self.built: dict[tuple[Any, ...], BaseModel] = {}

    def sections(self, parameters: dict[str, AxisValue]) -> dict[str, Any]:
        """Return every section of the trial with these values at their dotted paths."""
        changes: dict[str, list[tuple[str, AxisValue]]] = {}
        for dotted, value in parameters.items():
            section, _, below = dotted.partition(".")
            changes.setdefault(section, []).append((below, value))
        return {**self.shared, **{name: self.section(name, tuple(own)) for name, own in changes.items()}}

    def section(self, name: str, changes: tuple[tuple[str, AxisValue], ...]) -> BaseModel:
        """Return one section, validated as it would be in a file. Raises ValidationError with the trial's paths."""
        key = (name, *((below, type(value), value) for below, value in changes))
        if key not in self.built:
            data = self.given[name]
            if any(f"{name}.{below}".startswith(WEIGHTS_PREFIX) for below, _ in changes):
                data = {**data, "weights": self.shared[name].weights}  # the others keep theirs, by default too
            for below, value in changes:
                data = with_value(data, below.split("."), value)
            built: BaseModel = getattr(TrialConfig.model_validate({name: data}), name)
            if not self.keep:
                return built
            self.built[key] = built
        return self.built[key]


def with_value(data: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """Return a copy of nested dicts with `value` at `path`."""
    if len(path) == 1:
        return {**data, path[0]: value}
    return {**data, path[0]: with_value(data.get(path[0]) or {}, path[1:], value)}
