"""Values of a sweep file with their source locations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fusion_core.errors import ConfigError, printable

MAX_DEPTH = 24
MAX_NODES = 20_000
MAX_SHOWN = 80
Scalar = bool | int | float | str | None


@dataclass(frozen=True)
class SourceLocation:
    """Where a value was written: a line of a file, or (line 0) a command line option."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{printable(self.source)}:{self.line}" if self.line else printable(self.source)


Fault = tuple[SourceLocation, str]


class ReadError(ConfigError):
    """A fault after which reading cannot continue, and the faults before it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*(f"{place}: {text}" for place, text in faults))
        self.faults = faults


@dataclass(frozen=True)
class Node:
    """A value and its place. A mapping's values carry the place of their key.

    `faults` (only of the root) did not stop the reading; they are reported with all other problems.
    """

    place: SourceLocation
    value: dict[str, Node] | list[Node] | Scalar
    quoted: bool = False
    faults: tuple[Fault, ...] = ()

    def data(self) -> Any:
        """Return plain dicts, lists and scalars. Raises ReadError if aliases expand it too far."""
        return _plain(self, iter(range(MAX_NODES)), 0)

    def child(self, key: str | int) -> Node | None:
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    def at(self, path: Sequence[str | int]) -> Node:
        """Return the node at `path`, or the deepest one on the way to it."""
        node = self
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
        return node

    def has(self, path: Sequence[str | int]) -> bool:
        """Whether something was written at `path`."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node else None
        return node is not None

    def with_value(self, path: Sequence[str], value: Node) -> Node:
        """Return a copy with `value` at `path`; missing sections are created. Raises ReadError at a plain value."""
        if not path:
            return value
        if self.value is not None and not isinstance(self.value, dict):
            text = f"'{shortened(path[0])}' cannot be set inside a value, but {self.place} has one there"
            raise ReadError((value.place, text))
        entries = dict(self.value or {})
        below = entries.get(path[0]) or Node(value.place, {})
        entries[path[0]] = below.with_value(path[1:], value)
        return replace(self, value=entries)


def shortened(text: str) -> str:
    """Return text from a file for a message: on one line, escaped and shortened."""
    text = printable(text)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def _plain(node: Node, budget: Iterator[int], depth: int) -> Any:
    if depth > MAX_DEPTH or next(budget, None) is None:
        raise ReadError((node.place, f"aliases must not make a file grow beyond {MAX_NODES} values, but these do"))
    if isinstance(node.value, dict):
        return {key: _plain(below, budget, depth + 1) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(below, budget, depth + 1) for below in node.value]
    return node.value
