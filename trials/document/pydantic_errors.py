"""Problems as sentences: rule, value, place, remedy. Translates what pydantic found into the words of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel

from fusion_core.config import TrialConfig
from fusion_core.errors import did_you_mean
from trials.document.fields import field_names, kind_of, models_at, tuple_length, with_default_kinds
from trials.document.nodes import Node
from trials.document.problems import MOST, Path, Problem, but_got, dotted, show
from trials.document.yaml_reader import is_number, resolve

BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "readable text",
    "path_type": "a path",
    "is_instance_of": "a path",
    "tuple_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
}
PATTERNS = {
    r"^[A-Za-z0-9_-]+$": "letters, digits, _ and -",
    r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$": "letters, digits, _, . and -, the first no . or -",
}
SEVERAL_WAYS: dict[Path, str] = {
    ("trial", "start"): "the path of a checkpoint, RUN:best, or {recipe: {kind: supervised, epochs: N}}",
    ("trial", "data", "limit"): "a number of pairs, or {train: N, test: N}",
    ("trial", "data", "train"): "the name of a data set, or {name: N, visible: DIR, infrared: DIR}",
    ("trial", "data", "test"): "the name of a data set, or {name: N, visible: DIR, infrared: DIR}",
}
FORMS: dict[Path, str] = {
    ("space",): "a section of dimensions such as `loss.max_ratio: {low: 1, high: 64}`",
    ("search", "where"): "a list of constraints such as Nabf <= 0.005",
    ("start_from",): "the folder of a run, or a list of them",
}
DIMENSION = "{low: A, high: B}, {choices: [A, B]} or [A, B]"


def translate(errors: Sequence[Any], model: type[BaseModel], root: Node) -> list[Problem]:
    """Return pydantic's errors about `root`, which was validated as `model`, as problems with places."""
    errors = errors[: MOST + 1]
    paths = [path_of(error, root) for error in errors]
    found: dict[Path, Problem] = {}
    for error, path in zip(errors, paths, strict=True):
        node = root.at(path)
        # The field also takes text: the problem inside the section helps more than "not a text".
        if isinstance(node.value, dict) and any(path == one[: len(path)] != one for one in paths):
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
    if error["type"] == "union_tag_invalid" and node.child("kind") is not None:
        path.append("kind")
    return tuple(path)


def sentence(error: Any, path: Path, model: type[BaseModel], root: Node) -> str:
    """Return one error as a sentence; pydantic's own message if there is no better one here."""
    kind, context = error["type"], error.get("ctx") or {}
    node, name = root.at(path), dotted(path)
    if kind == "extra_forbidden":
        return unknown_key(path, model, root)
    if kind == "missing":
        return missing(path, model, node)
    if kind in BOUNDS:
        words, bound = BOUNDS[kind]
        limit = context[bound]
        return but_got(f"{name} must be {words} {int(limit) if limit == int(limit) else limit}", node)
    if kind in TYPES:
        expected = SEVERAL_WAYS.get(path[:3], TYPES[kind]) if kind != "tuple_type" else TYPES[kind]
        expected = DIMENSION if path[:1] == ("space",) and len(path) == 2 else FORMS.get(path, expected)
        return but_got(f"{name} must be {expected}", node, remedy(expected, node) or with_kind(path, model, node))
    if kind in ("literal_error", "union_tag_invalid"):
        known = context.get("expected") or context["expected_tags"]
        names = [one.strip().strip("'") for one in known.replace(" or ", ",").split(",")]
        close = did_you_mean(str(node.value), names)
        return but_got(f"{name} must be one of {', '.join(names)}", node, close if "Did" in close else "")
    if kind in ("too_long", "too_short"):
        words, size = (
            ("at most", context.get("max_length")) if kind == "too_long" else ("at least", context["min_length"])
        )
        values = "value" if size == 1 else "values"
        return f"{name} must be a list of {words} {size} {values}, but got {context['actual_length']}"
    if kind == "string_too_long":
        got = len(node.value) if isinstance(node.value, str) else "more"
        return f"{name} must have at most {context['max_length']} letters, but has {got}. Shorten it."
    if kind == "string_pattern_mismatch":
        return but_got(f"{name} must be {PATTERNS.get(context['pattern'], context['pattern'])}", node)
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def with_kind(path: Path, model: type[BaseModel], node: Node) -> str:
    """Return how to write a section that has a kind, if only its kind is given."""
    owners = [field for one in models_at(model, path, None) if (field := one.model_fields.get("kind"))]
    known = [kind for field in owners for kind in get_args(field.annotation)]
    return f" Write {{kind: {node.value}}}." if node.value in known else ""


def unknown_key(path: Path, model: type[BaseModel], root: Node) -> str:
    """Return the message for an unknown key, with the nearest known one."""
    section, key = path[:-1], str(path[-1])
    if not section and key in TrialConfig.model_fields:
        return f"a sweep file has no key {key!r}. Did you mean 'trial.{key}'?"
    models = models_at(model, section, kinds_given(root))
    where = dotted(section) if section else "a sweep file"
    kinds = [kind for kind in map(kind_of, models) if kind]
    of_kind = f" of kind {' or '.join(kinds)}" if kinds else ""
    return f"{where}{of_kind} has no key {show(key)}.{did_you_mean(key, field_names(models))}"


def kinds_given(root: Node) -> dict[str, Any]:
    """Return the sections of a trial with the `kind` that each names, or its default one."""
    trial = root.at(["trial"]).value if root.has(["trial"]) else None
    named = {
        name: {"kind": below.at(["kind"]).value} if below.has(["kind"]) else {}
        for name, below in (trial.items() if isinstance(trial, dict) else ())
    }
    return {"trial": with_default_kinds(named)}


def missing(path: Path, model: type[BaseModel], node: Node) -> str:
    """Return the message for a missing key, or a missing value of a fixed-length list."""
    if isinstance(path[-1], int):
        count = len(node.value) if isinstance(node.value, list) else 0
        expected = tuple_length(models_at(model, path[:-2], None), str(path[-2]))
        return f"{dotted(path[:-1])} must be a list of {expected} values, but got {count}"
    return f"{dotted(path)} must be given, but is not there. Add it."


def remedy(expected: str, node: Node) -> str:
    """Return a remedy for a value of the wrong type, if there is a short one."""
    value = node.value
    if len(str(value)) > 60:
        return ""
    if "number" in expected and isinstance(value, str):
        if is_number(resolve(value)):
            return " Remove the quotes." if node.quoted else ""
        plain = value.replace("_", "")
        return f" Write {plain}." if is_number(resolve(plain)) else ""
    if expected == TYPES["bool_type"] and str(value).lower() in ("yes", "no", "on", "off"):
        return f" Write {'true' if str(value).lower() in ('yes', 'on') else 'false'}."
    if expected == TYPES["tuple_type"] and value is not None and not isinstance(value, dict):
        return f" Write [{show(value) if is_number(value) else value}]." if str(value).isprintable() else ""
    return ""
