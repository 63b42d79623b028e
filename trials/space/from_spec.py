"""The space of a sweep: its dimensions, which of them take whole numbers, and whose trials have them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fusion_core.config import TrialConfig
from trials.space.dimension import KIND, Dimension
from trials.space.grid import Sections, Trial, with_value
from trials.space.space import Space
from trials.spec.search import Choices, Given, Range
from trials.spec.sweepable import LEARNERS, RECIPES, fields_to_sweep, has_field, leaf_of

if TYPE_CHECKING:
    from trials.spec.sweep import SweepFile, SweepSpec


REWARDED = ("reward.", "data.worst.")
NO_NUMBER = {"literal_error", "bool_type", "string_type", "tuple_type"}


def space_of(file: SweepFile) -> Space:
    """Return what a search may try: the axes of the grid as choices, then the dimensions of the space."""
    given: dict[str, Given] = {**{axis: Choices(choices=values) for axis, values in file.grid.items()}, **file.space}
    kind = file.trial.recipe.kind
    swept = given.get(KIND)
    kinds = tuple(map(str, swept.choices)) if isinstance(swept, Choices) else (kind,)
    return Space(
        tuple(
            Dimension.of(name, own, whole=isinstance(own, Range) and is_whole(name), kinds=kinds_with(name, own, kinds))
            for name, own in given.items()
        ),
        kind,
    )


def kinds_with(name: str, given: Given, kinds: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the kinds of recipe, of those that are swept, whose trials have a field; None: all of them."""
    found = [kind for kind in kinds if not given.when or kind in given.when]
    if name.startswith("recipe.") and name != KIND:
        found = [kind for kind in found if has_field(RECIPES[kind], name.removeprefix("recipe."))]
    if name.startswith(REWARDED):
        found = [kind for kind in found if kind in LEARNERS]
    return None if tuple(found) == kinds else tuple(found)


def is_whole(name: str) -> bool:
    """Return whether a field takes only whole numbers."""
    return _refusals(name, 0.5) == {"int_type"}


def takes_numbers(name: str) -> bool:
    """Return whether a field takes numbers; true of an unknown field."""
    return name != KIND and not _refusals(name, 1) & NO_NUMBER


def refuses(name: str, value: float) -> bool:
    """Return whether a field refuses this number."""
    return bool(_refusals(name, value))


def _refusals(name: str, value: float) -> set[str]:
    """Return the pydantic error types of a field's value; none if one of its owners takes it."""
    path, inside = leaf_of(name, fields_to_sweep())
    if path is None:
        return set()
    keys = (path.rpartition(".")[2], *inside)
    found: set[str] = set()
    for owner in fields_to_sweep()[path]:
        try:
            owner.model_validate(with_value({}, list(keys), value), strict=True)
        except ValidationError as error:
            own = {one["type"] for one in error.errors(include_url=False) if one["loc"][: len(keys)] == keys}
            if own:
                found |= own
                continue
        return set()
    return found


def examples(spec: SweepSpec, space: Space) -> list[Trial]:
    """Return trials that a search may propose: those in the middle of its space, and at each end of a dimension."""
    build = Sections(spec.trial)
    found = []
    for parameters in space.examples():
        with suppress(ValidationError):  # of an invalid combination: the search skips those too
            config = TrialConfig.model_validate({**build.sections(parameters), "seed": spec.seeds[0]})
            found.append(Trial(parameters, config))
    return found
