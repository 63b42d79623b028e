"""`--set PATH=VALUE`: parse overrides and apply them to the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trials.document.nodes import Fault, Node, ReadError, SourceLocation, shortened
from trials.document.problems import dotted
from trials.document.yaml_reader import read_yaml
from trials.spec.simplex import WEIGHTS
from trials.spec.sweepable import fields_to_sweep, leaf_of

FIELDS_OF_RANGE = ("low", "high", "log", "step", "when", "choices")


def with_overrides(root: Node, overrides: Sequence[str], given: dict[tuple[str, ...], Node]) -> Node:
    """Return the tree with `PATH=VALUE` overrides, and then the nodes `given`, applied.

    Invalid overrides are among its faults. Raises ReadError for a file that is not a mapping.
    """
    if root.value is not None and not isinstance(root.value, dict):
        text = "a sweep file must be a section of keys such as `name: demo`, but is not"
        raise ReadError(*root.faults, (root.place, text))
    faults: list[Fault] = list(root.faults)
    seen: set[tuple[str, ...]] = set()
    pairs: list[tuple[tuple[str, ...], Node]] = []
    for override in overrides:
        try:
            path, node = parse_override(override)
        except ReadError as error:
            faults += error.faults
            continue
        faults += node.faults
        if path in seen:
            faults.append((node.place, f"an option may be set once, but {dotted(path)} is set twice. Remove one."))
        seen.add(path)
        pairs.append((path, node))
    for path, node in [*pairs, *given.items()]:
        try:
            root = root.with_value(path, node)
        except ReadError as error:
            faults += error.faults
    return replace(root, faults=tuple(faults))


def parse_override(override: str) -> tuple[tuple[str, ...], Node]:
    """Split `trial.recipe.epochs=1` into its path and its value, read as YAML. `grid.` is followed by one axis."""
    source = f"--set {shortened(override)}"
    name, equals, value = override.partition("=")
    path = tuple(name.strip().split("."))
    if not equals or not all(path):
        raise ReadError((SourceLocation(source), "an override must be PATH=VALUE, such as trial.recipe.epochs=1"))
    if path[0] == "grid" and len(path) > 2:
        path = ("grid", ".".join(path[1:]))
    if path[0] == "space" and len(path) > 2:
        path = ("space", *split_dimension(path[1:]))
    if path[:3] == ("simplex", *WEIGHTS.split(".")):
        path = ("simplex", WEIGHTS, *path[3:])
    return path, read_yaml(value, source, lines=False)


def split_dimension(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path of an override below `space.`: the dimension, and the key in it, if one is named."""
    for count in range(len(keys), 0, -1):
        axis = ".".join(keys[:count])
        if leaf_of(axis, fields_to_sweep())[0] is not None:
            return (axis, *keys[count:])
    last = keys[-1:] if keys[-1] in FIELDS_OF_RANGE else ()
    return (".".join(keys[: len(keys) - len(last)]), *last)
