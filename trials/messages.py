"""Problems as sentences: rule, value, place, remedy. Translates what pydantic found into the words of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from fusion_core.config import TrialConfig
from fusion_core.errors import did_you_mean
from trials.fields import field_names, kind_of, models_at
from trials.yaml_reader import Node, Place, resolve

Path = tuple[str | int, ...]

BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "readable text",
    "path_type": "a path",
    "tuple_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
}
NUMERIC = {"int_type", "float_type", "int_from_float", "finite_number"}


@dataclass(frozen=True)
class Problem:
    """One broken rule and where it was broken."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def in_file_order(problems: Iterable[Problem]) -> list[str]:
    """Return the problems as text, each once: the file's by line, then those of the command line."""
    ordered = sorted(problems, key=lambda problem: (problem.place.line == 0, problem.place.line))
    return list(dict.fromkeys(str(problem) for problem in ordered))


def show(value: Any) -> str:
    """Return a value as a message shows it: short, and with control characters escaped."""
    if isinstance(value, Node):
        value = value.value
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list | tuple):
        return "an empty list" if not value else "a list"
    if value is None:
        return "nothing"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"


def dotted(path: Iterable[str | int]) -> str:
    """Return `trial.data.test[1]` for a path; control characters in keys are escaped."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{repr(key[:60])[1:-1]}"
    return text.removeprefix(".") or "the file"


def translate(errors: Sequence[Any], model: type[BaseModel], root: Node) -> list[Problem]:
    """Return pydantic's errors about `root`, which was validated as `model`, as problems with places."""
    found: dict[Path, Problem] = {}
    for error in errors:
        path = path_of(error, root)
        node = root.at(path)
        if (
            error["type"] == "string_type"
            and isinstance(node.value, dict)
            and len(errors) > 1
            and len(error["loc"]) > 1
        ):
            if any(path_of(other, root)[: len(path)] == path != path_of(other, root) for other in errors):
                continue
        found.setdefault(path, Problem(node.place, sentence(error, path, model, root)))
    return list(found.values())


def path_of(error: Any, root: Node) -> Path:
    """Return where in the file an error is; pydantic's names for members of a union are left out."""
    node, path = root, []
    for index, key in enumerate(error["loc"]):
        below = node.child(key)
        if below is not None:
            node = below
            path.append(key)
        elif index == len(error["loc"]) - 1 and error["type"] == "missing":
            path.append(key)
    if error["type"] in ("union_tag_invalid", "union_tag_not_found") and node.child("kind") is not None:
        path.append("kind")
    return tuple(path)


def sentence(error: Any, path: Path, model: type[BaseModel], root: Node) -> str:
    """Return one error as a sentence; what pydantic says itself where this knows no better."""
    kind, context = error["type"], error.get("ctx") or {}
    node, name = root.at(path), dotted(path)
    if kind == "extra_forbidden":
        return unknown_key(path, model, root)
    if kind == "missing":
        return missing(path, node)
    if kind in BOUNDS:
        words, bound = BOUNDS[kind]
        return f"{name} must be {words} {context[bound]}, but got {show(node)}"
    if kind in TYPES:
        return f"{name} must be {TYPES[kind]}, but got {show(node)}.{remedy(kind, node)}".removesuffix(".")
    if kind in ("literal_error", "union_tag_invalid"):
        known = context.get("expected") or context["expected_tags"]
        names = [one.strip().strip("'") for one in known.replace(" or ", ",").split(",")]
        return f"{name} must be one of {', '.join(names)}, but got {show(node)}.{near(node, names)}".removesuffix(".")
    if kind in ("too_long", "too_short"):
        bound = "at most" if kind == "too_long" else "at least"
        size = context["max_length"] if kind == "too_long" else context["min_length"]
        return f"{name} must be a list of {bound} {size} values, but got {context['actual_length']}"
    if kind == "string_pattern_mismatch":
        return f"{name} must match {context['pattern']}, but got {show(node)}"
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def unknown_key(path: Path, model: type[BaseModel], root: Node) -> str:
    """Return what to say of a key that no model has, with the nearest one that is there."""
    section, key = path[:-1], str(path[-1])
    models = models_at(model, section, root.data())
    known = field_names(models)
    if not section and key in TrialConfig.model_fields:
        return f"a sweep file has no key {key!r}. Did you mean 'trial.{key}'?"
    where = f"{dotted(section)}" if section else "a sweep file"
    tags = [kind for kind in map(kind_of, models) if kind]
    if tags:
        where += f" of kind {' or '.join(tags)}"
    return f"{where} has no key {show(key)}.{did_you_mean(key, known)}"


def missing(path: Path, node: Node) -> str:
    if path and isinstance(path[-1], int):
        count = len(node.value) if isinstance(node.value, list) else 0
        return f"{dotted(path[:-1])} must be a longer list, but got {count} values"
    return f"{dotted(path)} must be given, but is not there. Add it."


def near(node: Node, names: list[str]) -> str:
    text = did_you_mean(str(node.value), names)
    return text if text.startswith(" Did") else ""


def remedy(kind: str, node: Node) -> str:
    """Return what to do about a value of the wrong type, where that is plain."""
    value = node.value
    if kind in NUMERIC and isinstance(value, str):
        if isinstance(resolve(value), int | float) and not isinstance(resolve(value), bool) and node.quoted:
            return " Remove the quotes."
        if "_" in value and isinstance(resolve(value.replace("_", "")), int | float):
            return f" Write {value.replace('_', '')}."
    if kind == "bool_type" and str(value).lower() in ("yes", "no", "on", "off"):
        return f" Write {'true' if str(value).lower() in ('yes', 'on') else 'false'}."
    if kind == "tuple_type" and not isinstance(value, dict) and value is not None:
        return f" Write [{value}]."
    return ""
