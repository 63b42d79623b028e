"""YAML text to values that remember their place. Safe by construction: no tags, bounded depth and size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from fusion_core.errors import ConfigError, printable

MAX_DEPTH = 24
MAX_NODES = 20_000

Scalar = bool | int | float | str | None

NULL = {"", "~", "null", "Null", "NULL"}
BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
PREFIXED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
TAB_INDENT = re.compile(r" *\t\s*[^\s#]")


@dataclass(frozen=True)
class Place:
    """Where a value was written: a line of a file, or (line 0) a command line option."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{printable(self.source)}:{self.line}" if self.line else printable(self.source)


@dataclass(frozen=True)
class Node:
    """A value and its place. A mapping's values carry the place of their key."""

    place: Place
    value: dict[str, Node] | list[Node] | Scalar
    quoted: bool = False

    def data(self) -> Any:
        """Return plain dicts, lists and scalars. Raises ConfigError where aliases make it grow beyond bounds."""
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
        """Return a copy with `value` at `path`; sections on the way are made. Raises ConfigError at a plain value."""
        if not path:
            return value
        if self.value is not None and not isinstance(self.value, dict):
            raise ConfigError(
                f"{value.place}: {path[0]!r} cannot be set inside a value, but {self.place} has one there"
            )
        entries = dict(self.value or {})
        below = entries.get(path[0]) or Node(value.place, {})
        entries[path[0]] = below.with_value(path[1:], value)
        return replace(self, value=entries)


def read_yaml(text: str, source: str, *, lines: bool = True) -> Node:
    """Parse one YAML 1.2 document. `lines` says whether places name a line. Raises ConfigError."""
    tabs = [number for number, line in enumerate(text.split("\n"), 1) if TAB_INDENT.match(line)]
    if tabs:
        places = [Place(source, number) if lines else Place(source) for number in tabs[:10]]
        raise ConfigError(*(f"{place}: lines must be indented with spaces, but got a tab" for place in places))
    reader = _Reader(source, lines)
    try:
        return reader.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        what = problem.problem or problem.context or "it cannot be read"
        raise ConfigError(f"{reader.place(mark)}: this must be YAML, but {printable(what)}") from problem
    except (YAMLError, ValueError, TypeError, IndexError, AttributeError, OverflowError, AssertionError) as problem:
        what = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise ConfigError(f"{reader.place(None)}: this must be YAML, but {printable(what)}") from problem


class _Reader:
    """Builds nodes from parser events, so that nothing is ever constructed from a tag."""

    def __init__(self, source: str, lines: bool) -> None:
        self.source = source
        self.lines = lines
        self.line = 1
        self.count = 0
        self.anchors: dict[str, Node] = {}

    def place(self, mark: Any) -> Place:
        line = mark.line + 1 if mark is not None else self.line
        return Place(self.source, line if self.lines else 0)

    def document(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise ConfigError(f"{self.place(event.start_mark)}: one document is read, but a second starts here")
                if event.version or event.tags:
                    raise ConfigError(
                        f"{self.place(event.start_mark)}: %YAML and %TAG lines are not read. Remove them."
                    )
                root = self.node(next(events), events, 0)
        return root or Node(self.place(None), None)

    def node(self, event: Any, events: Iterator[Event], depth: int) -> Node:
        place = self.place(event.start_mark)
        self.line = event.start_mark.line + 1
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            limit = f"{MAX_DEPTH} levels deep" if depth > MAX_DEPTH else f"{MAX_NODES} values long"
            raise ConfigError(f"{place}: a sweep file may be {limit}, but this is more")
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                raise ConfigError(
                    f"{place}: *{printable(event.anchor)} must stand after the end of its &anchor, but does not"
                )
            return replace(self.anchors[event.anchor], place=place)
        if event.tag not in (None, "!"):
            raise ConfigError(f"{place}: tags are not read, but got {str(event.tag)!r}. Remove it.")
        node = self.content(event, events, depth, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def content(self, event: Any, events: Iterator[Event], depth: int, place: Place) -> Node:
        if isinstance(event, ScalarEvent):
            quoted = bool(event.style)
            return Node(place, event.value if quoted else resolve(event.value), quoted)
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), SequenceEndEvent):
                items.append(self.node(event, events, depth + 1))
            return Node(place, items)
        assert isinstance(event, MappingStartEvent)
        return Node(place, self.entries(events, depth))

    def entries(self, events: Iterator[Event], depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            place = self.place(event.start_mark)
            if not isinstance(event, ScalarEvent) or event.tag not in (None, "!"):
                raise ConfigError(f"{place}: a key must be plain text, but got something else")
            key, plain = event.value, not event.style
            value = replace(self.node(next(events), events, depth + 1), place=place)
            if key == "<<" and plain:
                merged = {**_mapping_to_merge(value), **merged}
            elif key in entries:
                first = entries[key].place
                raise ConfigError(f"{place}: a key may stand once, but {key!r} is at {first} already. Remove one.")
            else:
                entries[key] = value
        return {**merged, **entries}


def resolve(text: str) -> Scalar:
    """Return what plain YAML 1.2 text means; `1e-4` is a number, `yes` and `1_000` are text."""
    if text in NULL:
        return None
    if text in BOOLEAN:
        return BOOLEAN[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if PREFIXED.fullmatch(text):
        return int(text, 0)
    if FLOAT.fullmatch(text) and len(text) < 400:
        return float(text)
    if special := SPECIAL.fullmatch(text):
        return float(special[1] + special[2])
    return text


def is_number(value: object) -> bool:
    """Whether a value is a number in YAML's sense: true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping_to_merge(node: Node) -> dict[str, Node]:
    parts = node.value if isinstance(node.value, list) else [node]
    merged: dict[str, Node] = {}
    for part in parts:
        if not isinstance(part.value, dict):
            raise ConfigError(f"{node.place}: << must name a section, or a list of sections, but got a value")
        merged = {**part.value, **merged}
    return merged


def _plain(node: Node, budget: Iterator[int], depth: int) -> Any:
    if depth > MAX_DEPTH or next(budget, None) is None:
        raise ConfigError(f"{node.place}: aliases must not make a file grow beyond {MAX_NODES} values, but these do")
    if isinstance(node.value, dict):
        return {key: _plain(below, budget, depth + 1) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(below, budget, depth + 1) for below in node.value]
    return node.value
