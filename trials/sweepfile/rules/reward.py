"""Rules of learning from a reward: its start, keys without effect, and the simplex of its weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from fusion_core.config.reward import REWARDABLE
from fusion_core.data.limits import REMEDY, SMALLEST_NIQE
from fusion_core.errors import did_you_mean
from trials.document.nodes import SourceLocation
from trials.document.problems import Problem, but_got, dotted, show
from trials.document.yaml_reader import is_number
from trials.spec.simplex import WEIGHTS, WEIGHTS_PREFIX
from trials.spec.sweepable import LEARNERS, RECIPES
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.sections import OF, axes_below, below, kinds_of, stated_size

START = "start: {recipe: {kind: supervised, epochs: 2}}"


def without_swept_fields(trial: Any, axes: Mapping[str, Any]) -> Any:
    """Return a trial's data with the kind and the variant of its recipe left to the axes that give them.

    A kind that is not given is the first of its axis, and `legacy`, which sets other fields, is for its own trials.
    """
    recipe = trial.get("recipe", {}) if isinstance(trial, dict) else None
    if not isinstance(recipe, dict):
        return trial
    if "kind" not in recipe and "recipe.kind" in axes and (known := kinds_of({"axes": axes})):
        recipe = {"kind": known[0], **recipe}
    if "recipe.variant" in axes and recipe.get("variant") == "legacy":
        recipe = {key: value for key, value in recipe.items() if key != "variant"}
    return {**trial, "recipe": recipe}


def start_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """A missing start, an unused one, and axes of a start that is a file."""
    kinds = kinds_of(data)
    start, axes = below(data, "trial", "start"), axes_below(data, "start.")
    place = root.at(["trial", "start"]).place
    learning = [kind for kind in kinds if kind in LEARNERS]
    if learning and start is None and not axes:
        text = f"recipe {learning[0]} learns from a reward, so trial.start must say where it begins, but is not given."
        yield Problem(_kind_place(root), f"{text} Write {START} under trial.")
    if kinds and not any(getattr(RECIPES[kind], "needs_data", True) for kind in kinds):
        if start is not None:
            text = f"trial.start does nothing with recipe {kinds[0]}, which trains no policy. Remove it."
            yield Problem(place, text)
        for axis in axes:
            text = f"{root.axes[axis].label} does nothing with recipe {kinds[0]}, which trains no policy. Remove it."
            yield Problem(root.axes[axis].place, text)
    if isinstance(start, str):
        for axis in axes:
            label = root.axes[axis].label
            text = f"{label} varies how a start is trained, but {place} names a file. Write {START}."
            yield Problem(root.axes[axis].place, text)


def idle_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """A reward, or worst pairs by it, if no recipe learns from one."""
    kinds = kinds_of(data)
    if not kinds or any(kind in LEARNERS for kind in kinds):
        return
    sections = (("trial", "reward"), ("trial", "data", "worst"))
    places = [(root.at(path).place, dotted(path)) for path in sections if below(data, *path) is not None]
    for prefix in ("reward.", "data.worst."):
        places += [(root.axes[axis].place, root.axes[axis].label) for axis in axes_below(data, prefix)]
    if root.has(["simplex", WEIGHTS]):
        places.append((root.at(["simplex", WEIGHTS]).place, f"simplex.{WEIGHTS}"))
    for place, name in places:
        text = f"{name} does nothing with recipe {kinds[0]}, which learns from no reward."
        yield Problem(place, f"{text} Remove it, or write recipe: {{kind: {LEARNERS[-1]}}}.")


def simplex_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """A section other than the weights, unknown or repeated metrics, and weights given twice."""
    sections = data.get("simplex")
    for name in sections if isinstance(sections, dict) else ():
        if name != WEIGHTS:
            place = root.at(["simplex", name]).place
            yield Problem(place, but_got("simplex must name reward.weights alone", name, " Write reward.weights."))
    if below(sections, WEIGHTS) is None:
        return
    metrics = below(sections, WEIGHTS, "of")
    for index, name in enumerate(metrics if isinstance(metrics, list | tuple) else ()):
        if isinstance(name, str) and name not in REWARDABLE:
            where = (*OF, index)
            text = but_got(f"{dotted(where)} must be a metric", name, did_you_mean(name, REWARDABLE))
            yield Problem(root.at(where).place, text)
    names = Counter(name for name in metrics if isinstance(name, str)) if isinstance(metrics, list | tuple) else {}
    for name, count in names.items():
        if count > 1:
            text = f"{dotted(OF)} must name each metric once, but {show(name)} is repeated. Remove it."
            yield Problem(root.at(OF).place, text)
    for axis in axes_below(data, WEIGHTS_PREFIX):
        label = root.axes[axis].label
        text = f"{label} and simplex.{WEIGHTS} both give weights. Add the metric to {dotted(OF)}, or keep one."
        yield Problem(root.axes[axis].place, text)
    given = ("trial", "reward", "weights")
    if root.has(given):
        text = f"trial.reward.weights does nothing beside simplex.{WEIGHTS}, which gives every weight. Remove it."
        yield Problem(root.at(given).place, text)


def reward_size_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """Images too small for a rewarded NIQE, if the sweep file states their size."""
    stated = stated_size(data)
    if stated is None or min(stated[0]) >= SMALLEST_NIQE or not any(kind in LEARNERS for kind in kinds_of(data)):
        return
    axis, of = below(data, "axes", f"{WEIGHTS_PREFIX}NIQE"), below(data, *OF)
    given = axis if isinstance(axis, list) else [below(data, "trial", "reward", "weights", "NIQE")]
    if any(is_number(weight) and weight > 0 for weight in given) or (isinstance(of, list | tuple) and "NIQE" in of):
        (size, keys), least = stated, [SMALLEST_NIQE, SMALLEST_NIQE]
        text = f"{dotted(keys)} must be at least {least} where NIQE is rewarded, but got {list(size)}. {REMEDY}"
        yield Problem(root.at(keys).place, text)


def _kind_place(root: Document) -> SourceLocation:
    """Return where the kind of the recipe is written, or the deepest place on the way there."""
    axis = root.axes.get("recipe.kind")
    return root.at(["trial", "recipe", "kind"]).place if axis is None else axis.place
