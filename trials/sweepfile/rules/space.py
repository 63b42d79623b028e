"""Rules of the space in a sweep file: its dimensions, ranges and kinds of recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fusion_core.errors import did_you_mean
from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, dotted, show
from trials.document.yaml_reader import is_number
from trials.space.dimension import KIND
from trials.space.from_spec import REWARDED, is_whole, refuses, space_of, takes_numbers
from trials.space.grid import Sections
from trials.space.space import Space
from trials.spec.sweepable import LEARNERS, RECIPES, fields_to_sweep, has_field, leaf_of
from trials.sweepfile.rules.axes import Axis, Document
from trials.sweepfile.rules.grid import name_problem
from trials.sweepfile.rules.no_effect import Swept
from trials.sweepfile.rules.sections import adaptive, kinds_of

if TYPE_CHECKING:
    from trials.spec.sweep import SweepFile


MOST_EXAMPLES = 256
MOST_STEPS = 1_000_000
"""Steps from one end of a range to the other; a Gaussian process lists all values."""
LARGEST = 1e100


def range_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """Dimensions that are axes too, empty ranges, steps that do not fit, kinds that no trial has."""
    written = root.child("space")
    for axis, node in written.value.items() if written is not None and isinstance(written.value, dict) else ():
        name = dotted(("space", axis))
        checked = root.axes.get(axis)
        if checked is None and (text := name_problem(Axis.of_space(axis, node), data)) is not None:
            yield Problem(node.place, text)
        elif checked is not None and checked.section == "grid":
            yield Problem(node.place, f"{name} is an axis of the grid too. Keep one of them.")
        if not isinstance(node.value, dict):
            continue
        yield from _when_problems(name, axis, node, kinds_of(data))
        if "choices" in node.value or leaf_of(axis, fields_to_sweep())[0] is None:
            continue
        if not takes_numbers(axis):
            text = f"{name} must be a list of values, since no number is one of {axis}, but is a range"
            yield Problem(node.place, f"{text}. Write [A, B].")
        else:
            yield from _range_problems(name, axis, node)


def no_effect_problems(root: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """A temperature with an aggregate that ignores it: settings would differ, but not their trials."""
    axis = root.axes.get("reward.temperature")
    if not adaptive(data) or axis is None or axis.values is None or len(axis.values) < 2:
        return
    aggregates = Swept(data, next(iter(kinds_of(data)), "")).values("reward.aggregate")
    without = [one for one in aggregates if isinstance(one, str) and one != "softmin"]
    if without and "softmin" in aggregates:
        text = f"{axis.label} must change every trial of a search, but with aggregate {without[0]} there is none"
        remedy = "Write reward.aggregate: [softmin], or set trial.reward.temperature."
        yield Problem(axis.place, f"{text}. {remedy}")


def _when_problems(name: str, axis: str, node: Node, kinds: list[str]) -> Iterator[Problem]:
    """Kinds of recipe that no trial has, and those that do not have the field."""
    given = node.at(["when"]).data() if node.has(["when"]) else []
    place = node.at(["when"]).place
    if given and axis == KIND:
        yield Problem(place, f"{name}.when does nothing: the kind is what `when` goes by. Remove it.")
        return
    for kind in [given] if isinstance(given, str) else given if isinstance(given, list) else ():
        if not isinstance(kind, str):
            continue
        if kind not in kinds:
            text = f"{name}.when must name kinds of recipe that the sweep has"
            yield Problem(place, but_got(text, kind, did_you_mean(kind, kinds)))
        elif not _has_effect(kind, axis):
            yield Problem(place, but_got(f"{name}.when must name kinds that have {axis}", kind, " Remove it."))


def _has_effect(kind: str, axis: str) -> bool:
    if axis.startswith("recipe."):
        return has_field(RECIPES[kind], axis.removeprefix("recipe."))
    return kind in LEARNERS or not axis.startswith(REWARDED)


def _range_problems(name: str, axis: str, node: Node) -> Iterator[Problem]:
    """Problems between the ends and the step of a range, if each is a number that the field takes."""
    given: dict[str, Any] = {key: node.at([key]).value for key in ("low", "high", "log", "step") if node.has([key])}
    step, logarithmic = given.get("step"), given.get("log") is True
    parts = isinstance(step, float) and is_whole(axis) and not step.is_integer()
    if parts:
        text = but_got(f"{name}.step must be a whole number, as {axis} is", step)
        yield Problem(node.at(["step"]).place, text)
    if not all(_is_fine(given.get(end), axis) for end in ("low", "high")):
        return
    low, high = given["low"], given["high"]
    if logarithmic and step is not None:
        yield Problem(node.at(["step"]).place, f"{name}.step does nothing where log is true. Remove one of them.")
    if low == high:
        text = f"{name}.low must be less than high, but both are {show(low)}. Write trial.{axis} instead."
        yield Problem(node.at(["low"]).place, text)
    elif low > high:
        text = f"{name}.low must be less than high ({show(high)}), but is {show(low)}. Exchange them."
        yield Problem(node.at(["low"]).place, text)
    elif max(abs(low), abs(high)) > LARGEST:
        end = "high" if abs(high) > LARGEST else "low"
        text = but_got(f"{name}.{end} must be at most {LARGEST:g} in size", given[end], " Write a smaller one.")
        yield Problem(node.at([end]).place, text)
    elif is_whole(axis) and step is None and high - low > MOST_STEPS:
        text = but_got(f"{name}.high must be at most {MOST_STEPS:,} above low ({show(low)}) without a step", high)
        yield Problem(node.at(["high"]).place, f"{text}. Give a step, or write a smaller one.")
    elif step is not None and is_number(step) and 0 < step < float("inf") and not parts and not logarithmic:
        yield from _step_problems(name, node, given)
    if logarithmic and low <= 0:
        yield Problem(node.at(["low"]).place, but_got(f"{name}.low must be above 0 where log is true", low))


def _step_problems(name: str, node: Node, given: Mapping[str, Any]) -> Iterator[Problem]:
    """A step that does not lead from one end of a range to the other, or only by too many values."""
    # In decimals: 0.3 is three steps of 0.1, but not in binary.
    low, high, step = (Fraction(str(given[key])) for key in ("low", "high", "step"))
    place = node.at(["step"]).place
    if step > high - low:
        text = but_got(f"{name}.step must be at most high - low ({_plain(high - low)})", given["step"])
        yield Problem(place, f"{text}. Write a smaller one.")
    elif (high - low) / step > MOST_STEPS:
        text = f"{name}.step must leave at most {MOST_STEPS:,} values"
        yield Problem(place, but_got(text, given["step"], " Leave it out, or write a larger one."))
    elif rest := (high - low) % step:
        text = but_got(
            f"{name}.high must be some steps of {show(given['step'])} above low ({show(given['low'])})", given["high"]
        )
        less, more = _plain(high - rest), _plain(high - rest + step)
        yield Problem(node.at(["high"]).place, f"{text}. Write {less} or {more}.")


def _plain(value: Fraction) -> str:
    return str(int(value) if value.denominator == 1 else float(value))


def _is_fine(end: Any, axis: str) -> bool:
    """Return whether an end is a number that the field takes; others are reported by another rule."""
    return is_number(end) and abs(end) < float("inf") and not refuses(axis, end)


def space_problems(file: SweepFile, root: Node) -> list[Problem]:
    """Return the problems of a space with valid ends: that none of its configurations is valid."""
    place = root.at(["space" if root.has(["space"]) else "grid"]).place
    space = space_of(file)
    problems = []
    if file.search.kind == "cmaes" and len(space.names_in_order) < 2:
        has = " and ".join(space.names_in_order) or "none"
        text = "search.kind cmaes must have two dimensions of numbers that all trials have, but has"
        problems.append(Problem(root.at(["search", "kind"]).place, f"{text} {has}. Choose tpe or gp."))
    build, reason = Sections(file.trial, keep=False), ""
    for parameters in islice(space.examples(), MOST_EXAMPLES):
        try:
            build.sections(parameters)
        except ValidationError as error:
            reason = reason or error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        else:
            return problems
    return [*problems, Problem(place, f"a space must hold valid configurations, but none is: {reason}")]


def at_random(kind: str, space: Space) -> str | None:
    """Return a note of the dimensions that an adaptive sampler draws at random; None if there are none."""
    if kind not in ("gp", "cmaes"):
        return None
    own = (
        set(space.names_in_order)
        if kind == "cmaes"
        else {one.name for one in space.dimensions} - set(space.conditional)
    )
    left = [one.name for one in space.dimensions if one.name not in own and one.size != 1]
    if not left:
        return None
    why = "values without an order or that only some trials have" if kind == "cmaes" else "what only some trials have"
    return f"search: {kind} draws {', '.join(left)} at random, since it cannot learn {why}"
