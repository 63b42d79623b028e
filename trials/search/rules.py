"""Rules of a search in a sweep file: what fits together, and what would do nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fusion_core.config import TrialConfig
from fusion_core.errors import ConfigError, did_you_mean
from fusion_core.metrics.facts import FACTS
from trials.axes import MAX_TRIALS, adaptive, fields_to_sweep, leaf_of
from trials.data_rules import below
from trials.messages import Problem, but_got, show
from trials.nodes import Node
from trials.reward_rules import kinds_of
from trials.search.config import StopEarly
from trials.search.constraints import Constraint
from trials.search.dimensions import is_whole, space_of
from trials.search.stopping import rungs
from trials.space import Sections
from trials.yaml_reader import is_number

if TYPE_CHECKING:
    from trials.spec import SweepFile

KNOBS = {"trials": None, "seed": None, "startup": ("tpe", "gp"), "population": ("cmaes", "nsga2")}
"""Keys of a search, and the kinds that mind them; None: all but a grid."""
WRITE = "Write search: {kind: tpe, trials: 60}"
MOST_EXAMPLES = 256


def search_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """A search without a budget or a space, and what does nothing with its kind."""
    kind = below(data, "search", "kind") or "grid"
    place = root.at(["search", "kind"]).place
    if not adaptive(data):
        if data.get("space"):
            text = "space has no last combination, so a sampler must choose, but search.kind is grid"
            yield Problem(root.at(["space"]).place, f"{text}. {WRITE}, or give its values under grid.")
        if data.get("start_from"):
            text = "start_from does nothing with search.kind grid, which has no sampler to tell"
            yield Problem(root.at(["start_from"]).place, f"{text}. Remove it, or {WRITE[0].lower()}{WRITE[1:]}.")
    else:
        trials = below(data, "search", "trials")
        if trials is None:
            text = f"search.trials must say how many settings {kind} may try, but is not given"
            yield Problem(place, f"{text}. Write search: {{kind: {kind}, trials: 60}}.")
        elif type(trials) is int and trials > MAX_TRIALS:
            yield Problem(
                root.at(["search", "trials"]).place, but_got(f"search.trials must be at most {MAX_TRIALS:,}", trials)
            )
        if not data.get("space") and not data.get("grid"):
            text = f"search.kind {kind} must have something to choose, but there is neither space nor grid"
            yield Problem(place, f"{text}. Write space: {{loss.max_ratio: {{low: 1, high: 64, log: true}}}}.")
        if data.get("simplex"):
            text = f"simplex does nothing with search.kind {kind}"
            remedy = "Write space: {reward.weights.VIF: {low: 0, high: 1}} and so on, or search.kind: grid."
            yield Problem(root.at(["simplex"]).place, f"{text}. {remedy}")
    for name, kinds in KNOBS.items():
        if root.has(["search", name]) and (kind == "grid" if kinds is None else kind not in kinds):
            minds = "a sampler" if kinds is None else " or ".join(kinds)
            text = f"search.{name} does nothing with kind {kind}, but is given. Remove it, or choose {minds}."
            yield Problem(root.at(["search", name]).place, text)
    yield from _goal_problems(root, data, kind)


def _goal_problems(root: Node, data: dict[str, Any], kind: str) -> Iterator[Problem]:
    """Objectives that are no metrics or that disagree with the ranking; constraints that cannot be read."""
    place, wanted = root.at(["search", "objectives"]).place, below(data, "search", "objectives")
    names = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list | tuple) else []
    for index, name in enumerate(names):
        if name not in FACTS:
            text = but_got(f"search.objectives[{index}] must be a known metric", name, did_you_mean(name, FACTS))
            yield Problem(root.at(["search", "objectives", index]).place, text)
    for name in (name for name, count in Counter(names).items() if count > 1):
        yield Problem(place, f"search.objectives must hold each metric once, but {show(name)} is repeated. Remove it.")
    ranked = below(data, "rank_by", "metric") or "Reward"
    if len(names) == 1 and names[0] in FACTS and names[0] != ranked:
        text = f"search.objectives must be what the sweep ranks by ({ranked}) where it is one, but is {names[0]}"
        yield Problem(place, f"{text}. Write rank_by: {{metric: {names[0]}}} and leave objectives out.")
    if len(set(names)) > 1 and kind == "cmaes":
        text = "search.objectives must be one with kind cmaes, which knows no fronts"
        yield Problem(place, f"{text}, but are {len(set(names))}. Choose nsga2, tpe or gp.")
    for index, text in enumerate(_listed(below(data, "search", "where"))):
        where = root.at(["search", "where", index]).place
        try:
            Constraint.parse(text)
        except ConfigError as problem:
            yield Problem(where, f"search.where: {problem}")
    if below(data, "search", "where") and kind == "cmaes":
        text = "search.where does nothing with kind cmaes, which knows no constraints"
        yield Problem(root.at(["search", "where"]).place, f"{text}. Remove it, or choose tpe, gp or nsga2.")


def range_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Dimensions that are axes too, ranges that hold nothing or cannot be stepped through, kinds that no trial has."""
    written = root.child("space")
    space = written.value if written is not None and isinstance(written.value, dict) else {}
    grid = root.at(["grid"]).value
    for axis, node in space.items():
        name = f"space.{axis}"
        if isinstance(grid, dict) and axis in grid and grid[axis].place != node.place and _is_axis(grid[axis], node):
            yield Problem(node.place, f"{name} is an axis of the grid too. Keep one of them.")
        kinds = kinds_of(data)
        for kind in _listed(below(_plain(node), "when")):
            if kind not in kinds:
                text = but_got(
                    f"{name}.when must name kinds of recipe that the sweep has", kind, did_you_mean(kind, kinds)
                )
                yield Problem(node.at(["when"]).place, text)
        if node.child("choices") is None and isinstance(node.value, dict):
            yield from _ends(name, axis, node)


def _ends(name: str, axis: str, node: Node) -> Iterator[Problem]:
    low, high, step = (below(_plain(node), key) for key in ("low", "high", "step"))
    if not is_number(low) or not is_number(high):
        return
    if low >= high:
        text = f"{name}.low must be less than high ({show(high)}), but is {show(low)}"
        yield Problem(node.at(["low"]).place, f"{text}. Exchange them, or set trial.{axis}.")
    logarithmic = below(_plain(node), "log") is True
    if logarithmic and low <= 0:
        yield Problem(node.at(["low"]).place, but_got(f"{name}.low must be above 0 where log is true", low))
    if logarithmic and step is not None:
        yield Problem(node.at(["step"]).place, f"{name}.step does nothing where log is true. Remove one of them.")
    if leaf_of(axis, fields_to_sweep())[0] is not None and is_whole(axis):
        for key, value in (("low", low), ("high", high), ("step", step)):
            if is_number(value) and not float(value).is_integer():
                yield Problem(
                    node.at([key]).place, but_got(f"{name}.{key} must be a whole number, as {axis} is", value)
                )


def stop_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """A rule that never stops a trial, or that has several objectives to judge it by."""
    kind = below(data, "stop_early", "kind")
    given = [name for name in ("grace_epochs", "reduction") if root.has(["stop_early", name])]
    if kind not in ("asha", "median"):
        if kind in (None, "none") and given:
            place = root.at(["stop_early", given[0]]).place
            yield Problem(place, f"stop_early.{given[0]} does nothing without a kind. Write kind: asha.")
        return
    place = root.at(["stop_early"]).place
    if len(_listed(below(data, "search", "objectives"))) > 1:
        text = "stop_early must judge by one metric, but search.objectives are several"
        yield Problem(place, f"{text}. Remove stop_early, or all objectives but one.")
    if kind == "median" and "reduction" in given:
        text = "stop_early.reduction does nothing with kind median. Remove it, or write kind: asha."
        yield Problem(root.at(["stop_early", "reduction"]).place, text)
    epochs = below(data, "trial", "recipe", "epochs")
    epochs = TrialConfig().recipe.epochs if epochs is None else epochs
    grace = below(data, "stop_early", "grace_epochs")
    grace = 1 if grace is None else grace
    if (
        type(epochs) is int
        and type(grace) is int
        and grace >= 1
        and not rungs(StopEarly(kind=kind, grace_epochs=grace), epochs)
    ):
        text = f"stop_early.grace_epochs must be less than trial.recipe.epochs ({epochs}), or no trial is stopped"
        yield Problem(root.at(["stop_early", "grace_epochs"]).place, but_got(text, grace))


def confirm_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Seeds that are not fresh, or that are repeated."""
    fresh = below(data, "confirm", "seeds")
    used = data.get("seeds", [0])
    numbers = [seed for seed in fresh if type(seed) is int] if isinstance(fresh, list) else []
    if fresh is None and isinstance(data.get("confirm"), dict):
        numbers = [1, 2, 3, 4]
    place = root.at(["confirm", "seeds"]).place
    for seed in (seed for seed, count in Counter(numbers).items() if count > 1):
        yield Problem(place, f"confirm.seeds must hold each seed once, but {show(seed)} is repeated. Remove it.")
    for seed in dict.fromkeys(numbers):
        if isinstance(used, list) and seed in [one for one in used if type(one) is int]:
            text = f"confirm.seeds must be fresh, but {show(seed)} is one of seeds, which the search itself runs"
            yield Problem(place, f"{text}. Write another.")


def space_problems(file: SweepFile, root: Node) -> list[Problem]:
    """Return what is wrong with a space of which each end is fine: that no trial can be made of what it holds."""
    build, reason = Sections(file.trial, keep=False), ""
    for parameters in islice(space_of(file).examples(), MOST_EXAMPLES):
        try:
            build.sections(parameters)
        except ValidationError as error:
            reason = reason or error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        else:
            return []
    place = root.at(["space" if root.has(["space"]) else "grid"]).place
    return [Problem(place, f"a space must hold settings that trials can have, but none is: {reason}")]


def _listed(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    return [one for one in values if isinstance(one, str)]


def _plain(node: Node) -> Any:
    return {key: one.value if not isinstance(one.value, list) else [below.value for below in one.value]
            for key, one in node.value.items()} if isinstance(node.value, dict) else None  # fmt: skip


def _is_axis(axis: Node, dimension: Node) -> bool:
    """Return whether an axis was written under grid, not laid there for the rules."""
    laid = [dimension, dimension.child("choices")]
    return all(axis is not one for one in laid) and axis.place != dimension.place
