"""Which fields of a trial an axis may name."""

from __future__ import annotations

import re
from functools import cache
from typing import get_origin

from pydantic import BaseModel

from fusion_core.config import TrialConfig
from trials.document.fields import Models, kind_of, leaves, models_at, models_of
from trials.spec.identity import NOT_DECIDING

# A term is a Python function, and its name a column and a part of messages.
TERM = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
TERM_RULE = "the name of a term (letters, digits and _)"
RECIPES = {str(kind_of(model)): model for model in models_of(TrialConfig.model_fields["recipe"].annotation)}
LEARNERS = [kind for kind, model in RECIPES.items() if getattr(model, "learns_from_reward", False)]


@cache
def fields_to_sweep() -> dict[str, Models]:
    """Return every field that an axis may name, and the models that own it."""
    return {path: owners for path, owners in leaves().items() if refusal(path) is None}


def leaf_of(axis: str, known: dict[str, Models]) -> tuple[str | None, tuple[str, ...]]:
    """Return the field that an axis names, and the key inside it where the field is a table (`loss.terms.NAME`)."""
    section, _, last = axis.rpartition(".")
    if section in known and last and is_table(section, known[section]):
        return section, (last,)
    if axis in known and not is_table(axis, known[axis]):
        return axis, ()
    return None, ()


def is_table(path: str, owners: Models) -> bool:
    """Whether a field holds user-defined names."""
    field = owners[0].model_fields[path.rpartition(".")[2]]
    return get_origin(field.annotation) is dict


def refusal(axis: str) -> str | None:
    """Return why an existing field cannot be swept; the text follows its name."""
    section, _, name = axis.partition(".")
    if section == "data" and name.partition(".")[0] != "worst":
        return "cannot be an axis: all trials of a sweep share their data. Make a sweep file for each."
    if axis == "seed":
        return "cannot be an axis: seeds have a key of their own. Write seeds: [0, 1]."
    if name in NOT_DECIDING.get(section, ()):
        return f"cannot be an axis: no epoch's numbers depend on it. Set trial.{axis}."
    return None


def has_field(model: type[BaseModel], path: str) -> bool:
    """Return whether a recipe has a field at a dotted path."""
    *section, name = path.split(".")
    return any(name in owner.model_fields for owner in models_at(model, section, None))
