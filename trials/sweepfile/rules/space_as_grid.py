"""A space as the rules of a grid see it: choices as they are, a range as its two ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from trials.document.nodes import Node
from trials.document.problems import Problem, show
from trials.document.yaml_reader import is_number
from trials.space.from_spec import takes_numbers
from trials.spec.sweepable import name_of


def as_grid(root: Node, data: dict[str, Any]) -> tuple[Node, dict[str, Any]]:
    """Return the file with the dimensions of its space among the axes of its grid, as a tree and as plain values."""
    space, grid = root.child("space"), root.child("grid")
    if space is None or not isinstance(space.value, dict) or not space.value:
        return root, dict(data)
    if grid is not None and not isinstance(grid.value, dict):
        return root, dict(data)
    own = {axis: values for axis, node in space.value.items() if (values := _values(axis, node)) is not None}
    among = grid.value if grid is not None and isinstance(grid.value, dict) else {}
    merged = Node((grid or space).place, {**own, **among})
    assert isinstance(root.value, dict)
    seen = {**(data.get("grid") or {}), **{axis: ends.data() for axis, ends in own.items() if axis not in among}}
    return replace(root, value={**root.value, "grid": merged}), {**data, "grid": seen}


def named_by_space(problems: Iterable[Problem], data: dict[str, Any]) -> list[Problem]:
    """Return problems of axes that the space gives with the names that the file has for them."""
    space, grid = data.get("space"), data.get("grid")
    found = list(problems)
    for axis, given in space.items() if isinstance(space, dict) else ():
        if isinstance(grid, dict) and axis in grid:
            continue
        for old, new in _names(axis, given).items():
            found = [replace(one, text=one.text.replace(old, new)) for one in found]
        # Not where it is the beginning of a longer name.
        alone = re.compile(rf"\b{re.escape(name_of(axis))}(?![\w-]|\.\w)")
        own = _in_space(axis).replace("\\", r"\\")
        found = [replace(one, text=alone.sub(own, one.text)) for one in found]
    return found


def ends_of(given: Mapping[str, Any]) -> list[str]:
    """Return which ends of a range are numbers; an end that the other repeats is not what is wrong with its value."""
    there = [key for key in ("low", "high") if is_number(given.get(key))]
    return there[:1] if len(there) == 2 and given["low"] == given["high"] else there


def _names(axis: str, given: Any) -> dict[str, str]:
    """Return what a problem calls a dimension and its values as those of a grid, and as the file does."""
    names = {
        f"a grid axis must name a field of the trial, but got {show(axis)}": (
            f"space must name fields of the trial, but got {show(axis)}"
        ),
        f"trial.{axis} is an axis of the grid": f"trial.{axis} is a dimension of the space",
    }
    if isinstance(given, dict) and "choices" not in given:
        ends = enumerate(ends_of(given))
        return names | {f"{name_of(axis)}[{index}]": f"{_in_space(axis)}.{end}" for index, end in ends}
    return names | {f"{name_of(axis)}[": f"{_in_space(axis)}{'.choices' if isinstance(given, dict) else ''}["}


def _in_space(axis: str) -> str:
    return name_of(axis).replace("grid", "space", 1)


def _values(axis: str, node: Node) -> Node | None:
    """Return the values to check a dimension by; None where it has no form that they could be read from."""
    if isinstance(node.value, list):
        return node if node.value else None
    if not isinstance(node.value, dict):
        return None
    if (choices := node.child("choices")) is not None:
        return choices if isinstance(choices.value, list) and choices.value else None
    ends = ends_of({key: below.value for key, below in node.value.items()})
    return Node(node.place, [node.at([end]) for end in ends]) if ends and takes_numbers(axis) else None
