"""Rules of the grid: an axis names a field of the trial, and each of its values is one that the field may have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any

from pydantic import ValidationError

from fusion_core.config import TrialConfig
from fusion_core.config.reward import REWARDABLE
from fusion_core.errors import did_you_mean
from trials.document.fields import Models, kind_of
from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, dotted, first_of, show
from trials.document.pydantic_errors import sentence
from trials.document.yaml_reader import is_number
from trials.space.grid import Sections, with_value
from trials.space.ratios import distinct_ratios
from trials.space.size import grid_size
from trials.spec.simplex import WEIGHTS, Simplex
from trials.spec.sweepable import (
    RECIPES,
    TERM,
    TERM_RULE,
    fields_to_sweep,
    has_field,
    is_table,
    leaf_of,
    refusal,
)
from trials.sweepfile.rules.axes import Axis, Document
from trials.sweepfile.rules.sections import adaptive, kinds_of, points_of

MAX_TRIALS = 100_000


def grid_values(root: Document) -> dict[str, tuple[Any, ...]]:
    """Return the values of every axis of a grid without problems, in file order, but for those of the space."""
    space = root.at(["space"]).value if root.has(["space"]) else None
    own = space if isinstance(space, dict) else {}
    return {name: tuple(axis.data()) for name, axis in root.axes.items() if axis.section == "grid" and name not in own}


def grid_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """Return the problems of the axes: unknown ones, empty ones, values that no field takes, repeats."""
    node = root.child("grid")
    if node is not None and not isinstance(node.value, dict):
        remedy = " Remove the key, or give it an axis." if node.value is None else ""
        rule = "grid must be a section of axes such as `loss.max_ratio: [4, 10]`"
        return [Problem(node.place, but_got(rule, node, remedy))]
    return first_of(problem for axis in root.axes.values() for problem in axis_problems(axis, root, data))


def count_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """Too many trials, counted before equal reward weights are left out."""
    if adaptive(data):
        return []
    seeds = data.get("seeds")
    count = grid_size([axis.values for axis in root.axes.values() if axis.values]) * points_of(data)
    count *= len(seeds) if isinstance(seeds, list) else 1
    if count <= MAX_TRIALS:
        return []
    many = f"{count:,}" if count < 10**15 else "over 10^15"
    remedy = "Take values out of its axes, or make several sweeps of it."
    text = f"a sweep may have {MAX_TRIALS:,} trials, but this one has {many}. {remedy}"
    sections = ("grid", "space", "simplex", "seeds") if root.axes else ("grid", "simplex", "seeds")
    section = next(name for name in sections if root.has([name]))
    return [Problem(root.at([section]).place, text)]


def name_problem(axis: Axis, data: dict[str, Any]) -> str | None:
    """Return the problem if an axis does not name a field that trials of this sweep can differ in."""
    known = fields_to_sweep()
    path, inside = leaf_of(axis.name, known)
    if path is None:
        refused = refusal(axis.name)
        return f"{axis.label} {refused}" if refused else unknown_axis(axis, known)
    if path == WEIGHTS and inside[0] not in REWARDABLE:
        close = did_you_mean(inside[0], REWARDABLE)
        return but_got(f"{axis.label} must end in a metric", inside[0], close)
    if inside and not TERM.fullmatch(inside[0]):
        return but_got(f"{axis.label} must end in {TERM_RULE}", inside[0])
    section, _, name = axis.name.partition(".")
    kinds = kinds_of(data) if section == "recipe" and name != "kind" else []
    lacking = [kind for kind in kinds if not has_field(RECIPES[kind], name)]
    if lacking and (lacking == kinds or not adaptive(data)):
        return f"{axis.label} must be a field of {section} of kind {lacking[0]}, but is not one"
    return None


def axis_problems(axis: Axis, root: Document, data: dict[str, Any]) -> list[Problem]:
    """Return the problems of one axis."""
    if (text := name_problem(axis, data)) is not None:
        return [Problem(axis.place, text)]
    path, inside = leaf_of(axis.name, fields_to_sweep())
    assert path is not None
    owners = fields_to_sweep()[path]
    if axis.values is None:
        example = f" Write [{show(axis.node)}]." if is_number(axis.node.value) else ""
        return [Problem(axis.place, but_got(f"{axis.label} must be a list of values", axis.node, example))]
    return first_of(value_problems(axis, (path.rpartition(".")[2], *inside), owners, root))


def value_problems(axis: Axis, names: tuple[str, ...], owners: Models, root: Document) -> Iterator[Problem]:
    """Yield the problems of the values of an axis, alone and with one another."""
    seen = set()
    for index, node in enumerate(axis.values or ()):
        path = axis.path(index)
        if isinstance(node.value, dict | list) or node.value is None:
            yield Problem(node.place, but_got(f"{dotted(path)} must be a number, text, true or false", node))
            continue
        text = refused_value(names, owners, path, root)
        if text:
            yield Problem(node.place, text)
        key = (isinstance(node.value, bool), node.value)
        if key in seen:
            text = f"{axis.label} must hold each value once, but {show(node)} is repeated. Remove it."
            yield Problem(node.place, text)
        seen.add(key)


def refused_value(names: tuple[str, ...], owners: Models, path: tuple[str | int, ...], root: Node) -> str | None:
    """Return why no owner of a field takes a value, or None if one does."""
    node = root.at(path)
    if names == ("kind",):
        kinds = [kind for kind in map(kind_of, owners) if kind]
        close = did_you_mean(str(node.value), kinds)
        return (
            None if node.value in kinds else but_got(f"{dotted(path)} must be one of {', '.join(kinds)}", node, close)
        )
    reasons = []
    for owner in owners:
        try:
            owner.model_validate(with_value({}, list(names), node.value), strict=True)
        except ValidationError as error:
            own = [one for one in error.errors(include_url=False) if one["loc"][: len(names)] == names]
            if own:
                reasons.append(sentence(own[0], path, TrialConfig, root))
                continue
        return None
    return reasons[0]


def unknown_axis(axis: Axis, known: dict[str, Models]) -> str:
    """Return the message for an axis that names no field, with the nearest field or those of its section."""
    names = [f"{path}.NAME" if is_table(path, owners) else path for path, owners in known.items()]
    below = [path for path in names if path.startswith(f"{axis.name}.")]
    if below:
        return f"{axis.label} must name one field of that section. Known: {', '.join(below)}."
    rule = "a grid axis must name a field" if axis.section == "grid" else "space must name fields"
    close = did_you_mean(axis.name.removeprefix("trial."), names)
    return but_got(f"{rule} of the trial", axis.name, close)


def combination_problems(
    trial: TrialConfig, grid: dict[str, tuple[Any, ...]], simplex: dict[str, Simplex], root: Node
) -> list[Problem]:
    """Return the refused combinations of valid values; the first of each section."""
    build = Sections(trial)
    own: dict[str, list[str]] = defaultdict(list)
    for axis in grid:
        own[axis.partition(".")[0]].append(axis)
    if simplex:
        own.setdefault("reward", [])
    ratios = distinct_ratios(grid, trial)
    if not ratios.kept:
        place = root.at(["grid", ratios.axes[0]]).place
        return [Problem(place, f"{WEIGHTS} must hold one above 0, but no combination does. Give a metric a weight.")]
    problems = []
    for section, axes in own.items():
        # A rule that holds at the corners, where one metric has all the weight, holds everywhere between them.
        corners = list(simplex[WEIGHTS].corners()) if simplex and section == "reward" else [{}]
        place = root.at(["grid", axes[0]] if axes else ["simplex", WEIGHTS]).place
        for values, corner in product(product(*(grid[axis] for axis in axes)), corners):
            swept = dict(zip(axes, values, strict=True))
            if section == "reward" and not ratios.keeps(swept):
                continue
            changes = tuple((axis.partition(".")[2], value) for axis, value in {**swept, **corner}.items())
            try:
                build.section(section, changes)
            except ValidationError as error:
                problems.append(Problem(place, _refused_combination(error, section, changes)))
                break
    return problems


def _refused_combination(error: ValidationError, section: str, changes: tuple[tuple[str, Any], ...]) -> str:
    first = error.errors(include_url=False)[0]
    chosen = ", ".join(f"{section}.{name}={show(value)}" for name, value in changes)
    what = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        what = f"trial.{section} must have no key {show(first['loc'][-1])}"
    return f"in the combination {chosen}: {what}"
