"""YAML text to values with their source locations. Safe by construction: no tags, bounded depth and size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn, TypeGuard

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

from trials.document.nodes import MAX_DEPTH, MAX_NODES, Fault, Node, ReadError, Scalar, SourceLocation, shortened

NULL = {"", "~", "null", "Null", "NULL"}
BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
PREFIXED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF|nan|NaN|NAN)")
TAB_INDENT = re.compile(r" *\t\s*[^\s#]")
# What YAML 1.2 does not count as printable. A byte order mark at the start is refused with the file.
UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
MOST_LINES = 10
REMEDIES = {
    "mapping values are not allowed here": "Indent the keys of a section alike, and quote text that holds a colon.",
    "expected <block end>": "Indent the keys of a section alike.",
    "found character": "Quote text that starts with a character of YAML's own, and replace tabs by spaces.",
    "could not find expected ':'": "Write key: value.",
    "unexpected end of stream": "Close the quote.",
    "expected ',' or": "Close the bracket, and put a comma between values.",
    "expected the node content": "Quote text that starts with a character of YAML's own.",
}


def read_yaml(text: str, source: str, *, lines: bool = True) -> Node:
    """Parse one YAML 1.2 document. `lines` says whether places name a line.

    Raises ReadError for invalid YAML. Valid but unsupported YAML (repeated keys, tags, keys that are not text) is in
    the `faults` of the node.
    """
    _refuse_lines(text, source, lines)
    reader = _Reader(source, lines)
    try:
        return reader.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        reader.stop(reader.place(mark), _no_yaml(problem.problem or problem.context or "it cannot be read"), problem)
    except (YAMLError, ValueError, TypeError, IndexError, AttributeError, OverflowError, AssertionError) as problem:
        reader.stop(reader.place(None), _no_yaml(str(problem) or type(problem).__name__), problem)


def _refuse_lines(text: str, source: str, lines: bool) -> None:
    """Raise ReadError that names the first ten lines with tab indents or unreadable characters."""
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), 1):
        place = SourceLocation(source, number if lines else 0)
        if TAB_INDENT.match(line):
            faults.append((place, "lines must be indented with spaces, but got a tab. Replace it."))
        if found := UNREADABLE.search(line):
            got = f"the character U+{ord(found[0]):04X}"
            faults.append((place, f"a line must be readable text, but got {got} in it. Remove it."))
        if len(faults) >= MOST_LINES:
            break
    if faults:
        raise ReadError(*faults)


def _no_yaml(what: str) -> str:
    # The parser names tokens as tuples of one.
    what = re.sub(r"\('(.*?)',\)", r"\1", " ".join(what.split()))
    remedy = next((f". {remedy}" for start, remedy in REMEDIES.items() if start in what), "")
    return f"this must be YAML, but {shortened(what)}{remedy}"


class _Reader:
    """Builds nodes from parser events, so that nothing is ever constructed from a tag."""

    def __init__(self, source: str, lines: bool) -> None:
        self.source = source
        self.lines = lines
        self.line = 1
        self.count = 0
        self.anchors: dict[str, Node] = {}
        self.faults: list[Fault] = []

    def place(self, mark: Any) -> SourceLocation:
        line = mark.line + 1 if mark is not None else self.line
        return SourceLocation(self.source, line if self.lines else 0)

    def stop(self, place: SourceLocation, text: str, cause: BaseException | None = None) -> NoReturn:
        raise ReadError(*self.faults, (place, text)) from cause

    def document(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                place = self.place(event.start_mark)
                if root is not None:
                    self.stop(place, "one document is read, but a second starts here. Make it a file of its own.")
                if event.version or event.tags:
                    self.faults.append((place, "%YAML and %TAG lines are not read. Remove them."))
                root = self.node(next(events), events, 0)
        return replace(root or Node(self.place(None), None), faults=tuple(self.faults))

    def node(self, event: Any, events: Iterator[Event], depth: int) -> Node:
        place = self.place(event.start_mark)
        self.line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            self.stop(place, f"a sweep file may be {MAX_DEPTH} levels deep, but this is more")
        self.spend(place, 1)
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                anchor = shortened(event.anchor)
                self.stop(place, f"*{anchor} must stand after the end of its &anchor, but does not")
            return replace(self.anchors[event.anchor], place=place)
        if event.tag not in (None, "!"):
            self.faults.append((place, f"tags are not read, but got '{shortened(str(event.tag))}'. Remove it."))
        node = self.content(event, events, depth, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def spend(self, place: SourceLocation, values: int) -> None:
        """Count values, merged ones included: they cost as much as written ones."""
        self.count += values
        if self.count > MAX_NODES:
            self.stop(place, f"a sweep file may be {MAX_NODES} values long, but this is more")

    def content(self, event: Any, events: Iterator[Event], depth: int, place: SourceLocation) -> Node:
        if isinstance(event, ScalarEvent):
            quoted = bool(event.style)
            text = self.readable(event.value, place)
            return Node(place, text if quoted else resolve(text), quoted)
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), SequenceEndEvent):
                items.append(self.node(event, events, depth + 1))
            return Node(place, items)
        assert isinstance(event, MappingStartEvent)
        return Node(place, self.entries(events, depth))

    def readable(self, text: str, place: SourceLocation) -> str:
        """Return text; unpaired surrogates are replaced and reported as a fault, since they cannot be stored."""
        if not SURROGATE.search(text):
            return text
        self.faults.append((place, f"text must be readable, but got '{shortened(text)}'. Write it again."))
        return SURROGATE.sub("\ufffd", text)

    def entries(self, events: Iterator[Event], depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            place = self.place(event.start_mark)
            key, plain = self.key(event, events, depth), not getattr(event, "style", None)
            value = replace(self.node(next(events), events, depth + 1), place=place)
            if key is None:
                continue
            if key == "<<" and plain:
                merged = {**self.to_merge(value), **merged}
            elif key in entries:
                first = entries[key].place
                text = f"a key may stand once, but '{shortened(key)}' is at {first} already. Remove one."
                self.faults.append((place, text))
            else:
                entries[key] = value
        return {**merged, **entries}

    def key(self, event: Any, events: Iterator[Event], depth: int) -> str | None:
        """Return a key, or None for one that is not text."""
        place = self.place(event.start_mark)
        if isinstance(event, ScalarEvent) and event.tag in (None, "!"):
            return self.readable(event.value, place)
        self.faults.append((place, "a key must be plain text, but got something else"))
        if not isinstance(event, ScalarEvent):
            self.node(event, events, depth + 1)
        return None

    def to_merge(self, node: Node) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        for part in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(part.value, dict):
                text = "<< must name a section, or a list of sections, but got a value"
                self.faults.append((node.place, text))
                return {}
            self.spend(node.place, len(part.value))
            merged = {**part.value, **merged}
        return merged


def resolve(text: str) -> Scalar:
    """Return what plain YAML 1.2 text means: `1e-4` is a number and `010` is ten; `yes`, `1_000`, `1:30` are text."""
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


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number in YAML's sense: true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
