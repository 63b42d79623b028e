"""A space as the rules of a grid see it: choices as they are, a range as its two ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from trials.messages import Problem
from trials.nodes import Node

FIELDS_OF_RANGE = ("low", "high", "log", "step", "when", "choices")


def as_grid(root: Node, data: dict[str, Any]) -> tuple[Node, dict[str, Any]]:
    """Return the file with the dimensions of its space among the axes of its grid, as a tree and as plain values."""
    space, grid = root.child("space"), root.child("grid")
    if space is None or not isinstance(space.value, dict) or not space.value:
        return root, dict(data)
    if grid is not None and not isinstance(grid.value, dict | None):
        return root, dict(data)
    own = {axis: ends for axis, node in space.value.items() if (ends := _values(node)) is not None}
    among = grid.value if grid is not None and isinstance(grid.value, dict) else {}
    merged = Node((grid or space).place, {**own, **among})
    assert isinstance(root.value, dict)
    seen = {**(data.get("grid") or {}), **{axis: ends.data() for axis, ends in own.items() if axis not in among}}
    return replace(root, value={**root.value, "grid": merged}), {**data, "grid": seen}


def named_by_space(problems: Iterable[Problem], data: dict[str, Any]) -> list[Problem]:
    """Return problems of axes that the space gives with the names that the file has for them."""
    space = data.get("space")
    found = list(problems)
    for axis, given in space.items() if isinstance(space, dict) else ():
        ends = {"[0]": ".low", "[1]": ".high"} if isinstance(given, dict) and "choices" not in given else {}
        names = {f"grid.{axis}{place}": f"space.{axis}{end}" for place, end in ends.items()}
        for old, new in {**names, f"grid.{axis}": f"space.{axis}"}.items():
            found = [replace(one, text=one.text.replace(old, new)) for one in found]
    return found


def _values(node: Node) -> Node | None:
    """Return the values to check a dimension by; None where it has no form that they could be read from."""
    if isinstance(node.value, list):
        return node
    if not isinstance(node.value, dict):
        return None
    if (choices := node.child("choices")) is not None:
        return choices if isinstance(choices.value, list) else None
    ends = [node.child("low"), node.child("high")]
    there = [one for one in ends if one is not None and isinstance(one.value, int | float)]
    if len(there) < 2 or isinstance(there[0].value, bool) or isinstance(there[1].value, bool):
        return None
    # The same end twice is what is wrong with the range, not a repeated value.
    return Node(node.place, there if there[0].value != there[1].value else there[:1])
