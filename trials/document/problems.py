"""A broken rule with its place, and how its rule, value and remedy are worded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fusion_core.errors import printable
from trials.document.nodes import Node, SourceLocation

Path = tuple[str | int, ...]
MOST = 100


@dataclass(frozen=True)
class Problem:
    """One broken rule and where it was broken."""

    place: SourceLocation
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def in_file_order(problems: Iterable[Problem]) -> list[str]:
    """Return the problems as text, each once: the file's by line, then those of the command line. At most MOST."""
    ordered = sorted(problems, key=lambda problem: (problem.place.line == 0, problem.place.line))
    texts = list(dict.fromkeys(str(problem) for problem in ordered))
    return texts if len(texts) <= MOST else [*texts[:MOST], f"... and at least {len(texts) - MOST} more problems"]


def first_of(problems: Iterable[Problem]) -> list[Problem]:
    """Return one problem more than is shown, so that no time is spent on formatting thousands."""
    return list(islice(problems, MOST + 1))


def but_got(rule: str, value: Any, remedy: str = "") -> str:
    """Return `rule, but got value`, and the remedy (with a space before it) as a sentence of its own."""
    return f"{rule}, but got {show(value)}{'.' if remedy else ''}{remedy}"


def show(value: Any) -> str:
    """Return a value for a message: short, and with control characters escaped."""
    if isinstance(value, Node):
        value = value.value
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "an empty list" if not value else "a list"
    if value is None:
        return "nothing"
    text = ("true" if value else "false") if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"


def dotted(path: Iterable[str | int]) -> str:
    """Return `trial.data.test[1]` for a path; control characters in keys are escaped."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{printable(key[:60])}"
    return text.removeprefix(".") or "the file"
