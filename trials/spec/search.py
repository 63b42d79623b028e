"""What a sweep file may say of its search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from fusion_core.config import Count, Frozen, Positive
from fusion_core.errors import printable

AxisValue = bool | int | float | str
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
WRITE = "Write {low: A, high: B} or {choices: [A, B]}."
Kind = Literal["grid", "random", "sobol", "tpe", "gp", "cmaes", "nsga2"]


class SearchConfig(Frozen):
    """Which settings a sweep tries: all of its grid, or `trials` of them, chosen by a sampler.

    `random` and `sobol` (scrambled, Owen 1998) look at no result; `tpe` (Bergstra et al. 2011), `gp` (a Gaussian
    process), `cmaes` (Hansen and Ostermeier 2001) and `nsga2` (Deb et al. 2002) do. `objectives`: metrics to optimise
    together; none: the one that the sweep ranks by. `where`: constraints, such as `Nabf <= 0.005`. `startup`: settings
    that `tpe` and `gp` draw at random first. `population`: settings of a generation of `cmaes` and `nsga2`; None: a
    fifth of the trials, from 8 to 50, and for `cmaes` its own rule.
    """

    kind: Kind = "grid"
    trials: Count | None = None
    seed: Seed = 0
    objectives: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    startup: Count = 10
    population: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_constraint_as_text(cls, value: object) -> object:
        return _in_a_list(value, "where")

    @property
    def adaptive(self) -> bool:
        """Whether settings are drawn one after the other, not all known beforehand."""
        return self.kind != "grid"


class Range(Frozen):
    """Numbers from `low` to `high`, both included; whole ones if the field takes no others.

    `log`: evenly on a logarithmic scale. `step`: only every `step`-th from `low` on. `when`: the kinds of recipe whose
    trials have it; none: all that have the field.
    """

    low: Finite
    high: Finite
    log: bool = False
    step: Positive | None = None
    when: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _has_an_end(cls, value: object) -> object:
        if isinstance(value, dict) and not {"low", "high"} & value.keys():
            keys = [printable(str(key)[:60]) for key in list(value)[:3]]
            raise ValueError(
                f"a dimension must have low and high, or choices, but has {', '.join(keys) or 'neither'}. {WRITE}"
            )
        return _in_a_list(value, "when")


class Choices(Frozen):
    """One of some values: numbers in their order, words in none."""

    choices: Annotated[tuple[AxisValue, ...], Field(min_length=1)]
    when: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _is_no_range(cls, value: object) -> object:
        if isinstance(value, dict) and (ends := [key for key in ("low", "high", "log", "step") if key in value]):
            raise ValueError(
                f"a dimension must have either choices or low and high, but has choices and {ends[0]}. {WRITE}"
            )
        return _in_a_list(value, "when")


class StopEarly(Frozen):
    """When a trial ends before its last epoch, by the metric that the sweep ranks by.

    `asha` (Li et al. 2020): at epochs `grace_epochs`, times `reduction`, times it again, and so on, a trial continues
    if it is among the best 1 / `reduction` of those that came so far. `median` (Golovin et al. 2017): after
    `grace_epochs`, at every epoch, if it is no worse than the median of those that came so far (`reduction` has no
    effect then), once five did.
    """

    kind: Literal["none", "asha", "median"] = "none"
    grace_epochs: Count = 1
    reduction: Annotated[int, Field(ge=2)] = 3


class Confirm(Frozen):
    """Run the `top` settings again with fresh `seeds` when the search has ended, and rank by those runs."""

    top: Count = 8
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (1, 2, 3, 4)


def listed(value: Any) -> Any:
    """Return a space with plain lists of values written out as choices.

    Choices that are not plain values are left out: the rules of axes report them.
    """
    if not isinstance(value, dict):
        return value
    given = {axis: {"choices": own} if isinstance(own, list) else own for axis, own in value.items()}
    return {
        axis: {**own, "choices": _plain_values(own["choices"])} if isinstance(own, dict) and own.get("choices") else own
        for axis, own in given.items()
    }


def _plain_values(choices: Any) -> Any:
    if not isinstance(choices, list):
        return choices
    return [one for one in choices if isinstance(one, AxisValue)] or [True]


def _in_a_list(value: object, key: str) -> object:
    """Return a section of which one entry may be a text instead of a list."""
    if isinstance(value, dict) and isinstance(value.get(key), str):
        return {**value, key: (value[key],)}
    return value


def _which(value: Any) -> str:
    return CHOICES if isinstance(value, Choices) or (isinstance(value, dict) and "choices" in value) else RANGE


# Not possible as keys: messages find their place by the path of keys.
RANGE, CHOICES = "<range>", "<choices>"
Given = Annotated[Annotated[Range, Tag(RANGE)] | Annotated[Choices, Tag(CHOICES)], Discriminator(_which)]
Runs = tuple[Path, ...]
