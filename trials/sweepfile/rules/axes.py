"""The axes of a sweep file as its rules see them: those of the grid, and the dimensions of the space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trials.document.nodes import Node, SourceLocation
from trials.document.problems import Path, dotted
from trials.document.yaml_reader import is_number
from trials.space.from_spec import takes_numbers


@dataclass(frozen=True)
class Axis:
    """A swept field: `node` as the file writes it in `section`, and `values` to check one by one, with their `keys`.

    A range is checked by its two ends. `values` is None if `node` has no form that values can be read from.
    """

    name: str
    section: Literal["grid", "space"]
    node: Node
    values: tuple[Node, ...] | None
    keys: tuple[Path, ...] = ()

    @classmethod
    def of_grid(cls, name: str, node: Node) -> Axis:
        values = tuple(node.value) if isinstance(node.value, list) and node.value else None
        return cls(name, "grid", node, values, tuple((index,) for index in range(len(values or ()))))

    @classmethod
    def of_space(cls, name: str, node: Node) -> Axis:
        if isinstance(node.value, list):
            values = tuple(node.value) or None
            return cls(name, "space", node, values, tuple((index,) for index in range(len(values or ()))))
        if (choices := node.child("choices")) is not None:
            values = tuple(choices.value) or None if isinstance(choices.value, list) else None
            return cls(name, "space", node, values, tuple(("choices", index) for index in range(len(values or ()))))
        ends = _ends(node) if isinstance(node.value, dict) and takes_numbers(name) else []
        return cls(name, "space", node, tuple(node.at([end]) for end in ends) or None, tuple((end,) for end in ends))

    @property
    def label(self) -> str:
        """What messages call it: `grid.loss.max_ratio`."""
        return dotted((self.section, self.name))

    @property
    def kind(self) -> str:
        """What it is in its section."""
        return "an axis of the grid" if self.section == "grid" else "a dimension of the space"

    @property
    def place(self) -> SourceLocation:
        return self.node.place

    def path(self, index: int) -> Path:
        """Return the path of a value in the file."""
        return (self.section, self.name, *self.keys[index])

    def data(self) -> Any:
        """Return its values as plain data; the text of the file if there are none to check."""
        return self.node.data() if self.values is None else [value.data() for value in self.values]


@dataclass(frozen=True)
class Document(Node):
    """The tree of a sweep file, with its axes by name: the space's first, then the grid's; the grid's wins."""

    axes: Mapping[str, Axis] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node) -> Document:
        return cls(root.place, root.value, root.quoted, root.faults, _axes_of(root))

    def swept(self) -> dict[str, Any]:
        """Return the values of every axis as plain data."""
        return {name: axis.data() for name, axis in self.axes.items()}


def _axes_of(root: Node) -> dict[str, Axis]:
    space, grid = root.child("space"), root.child("grid")
    if grid is not None and not isinstance(grid.value, dict):
        return {}
    axes: dict[str, Axis] = {}
    for name, node in space.value.items() if space is not None and isinstance(space.value, dict) else ():
        axis = Axis.of_space(name, node)
        if axis.values is not None:
            axes[name] = axis
    for name, node in grid.value.items() if grid is not None and isinstance(grid.value, dict) else ():
        axes[name] = Axis.of_grid(name, node)
    return axes


def _ends(node: Node) -> list[str]:
    """Return which ends of a range are numbers; only the first if they are equal."""
    low, high = (node.at([end]).value if node.has([end]) else None for end in ("low", "high"))
    there = [end for end, value in (("low", low), ("high", high)) if is_number(value)]
    return there[:1] if len(there) == 2 and low == high else there
