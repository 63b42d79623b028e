"""Reads the sections of a sweep file before they are validated."""

from __future__ import annotations

from math import comb
from typing import Any

from fusion_core.config import DataConfig, SyntheticConfig, TrialConfig
from fusion_core.config.reward import REWARDABLE
from trials.document.fields import kind_of, models_of
from trials.spec.simplex import WEIGHTS
from trials.spec.sweepable import RECIPES

SECTION = ("trial", "data")
Keys = tuple[str | int, ...]
OF = ("simplex", WEIGHTS, "of")


def below(data: Any, *path: str) -> Any:
    """Return the value at a path of nested dicts, or None."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def section_of(data: dict[str, Any]) -> dict[str, Any]:
    """Return `trial.data`, empty if it is missing or not a section."""
    section = below(data, *SECTION)
    return section if isinstance(section, dict) else {}


def sets_of(section: dict[str, Any]) -> list[tuple[Keys, Any]]:
    """Return every data set of the section with its place in it: `train`, then those of `test`."""
    tests = section.get("test", DataConfig().test)
    found: list[tuple[Keys, Any]] = [(("train",), section.get("train", DataConfig().train))]
    return found + [
        (("test", index), one) for index, one in enumerate(tests if isinstance(tests, list | tuple) else ())
    ]


def test_names(data: dict[str, Any]) -> list[str]:
    """Return the names of the test sets of a sweep."""
    names = [one.get("name") if isinstance(one, dict) else one for keys, one in sets_of(section_of(data))[1:]]
    return [name for name in names if isinstance(name, str)]


def needs_data(data: dict[str, Any]) -> bool:
    """Whether the recipe of a sweep trains on images."""
    kind = below(data, "trial", "recipe", "kind") or TrialConfig().recipe.kind
    models = models_of(TrialConfig.model_fields["recipe"].annotation)
    return all(getattr(model, "needs_data", True) for model in models if kind_of(model) == kind)


def stated_size(data: dict[str, Any]) -> tuple[tuple[int, int], Keys] | None:
    """Return height and width of the training images and the key that decides them; None if the files decide."""
    section = section_of(data)
    size: Any = section.get("resize")
    keys: Keys = (*SECTION, "resize")
    if size is None and section.get("train", DataConfig().train) == "synthetic":
        size, keys = below(section, "synthetic", "size"), (*SECTION, "synthetic", "size")
        size = list(SyntheticConfig().size) if size is None else size
    if isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size):
        return (size[0], size[1]), keys
    return None


def adaptive(data: dict[str, Any]) -> bool:
    """Return whether a sampler chooses the settings, each of which has the fields of its own kind of recipe."""
    return below(data, "search", "kind") not in (None, "grid")


def kinds_of(data: dict[str, Any]) -> list[str]:
    """Return the kinds of recipe that a sweep runs; unknown ones are left out."""
    swept, given = below(data, "axes", "recipe.kind"), below(data, "trial", "recipe", "kind")
    kinds = swept if isinstance(swept, list) else [TrialConfig().recipe.kind if given is None else given]
    return [kind for kind in kinds if isinstance(kind, str) and kind in RECIPES]


def axes_below(data: dict[str, Any], prefix: str) -> list[str]:
    """Return the axes whose names have this prefix."""
    return [axis for axis in data.get("axes", {}) if axis.startswith(prefix)]


def points_of(data: dict[str, Any]) -> int:
    """Return how many points the simplex of a file has, as far as that is known; 1 without one."""
    metrics, steps = below(data, "simplex", WEIGHTS, "of"), below(data, "simplex", WEIGHTS, "steps")
    if not isinstance(metrics, list | tuple) or type(steps) is not int or steps < 1:
        return 1
    count = len(metrics[: len(REWARDABLE)])
    return comb(steps + count - 1, max(count - 1, 0))
