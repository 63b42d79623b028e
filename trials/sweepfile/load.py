"""A sweep file as a frozen value. Every problem of a file and its overrides is reported at once, with its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fusion_core.errors import ConfigError, did_you_mean, printable
from trials.document.fields import with_default_kinds
from trials.document.nodes import Node, SourceLocation, shortened
from trials.document.problems import Problem, in_file_order
from trials.document.pydantic_errors import translate
from trials.document.yaml_reader import read_yaml
from trials.space.from_spec import space_of
from trials.space.ratios import distinct_ratios, with_simplex
from trials.spec.search import listed
from trials.spec.sweep import SweepFile, SweepSpec
from trials.sweepfile.overrides import with_overrides
from trials.sweepfile.paths import make_paths_absolute
from trials.sweepfile.rules.all import cross_problems
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.grid import combination_problems, count_problems, grid_problems, grid_values
from trials.sweepfile.rules.reward import without_swept_fields
from trials.sweepfile.rules.space import at_random, space_problems

MAX_BYTES = 100_000


def load(path: Path, overrides: Sequence[str] = (), data_root: Path | None = None) -> SweepSpec:
    """Read a sweep file and apply `PATH=VALUE` overrides.

    Relative paths, in the file too, are relative to the current working directory; `data_root` replaces
    `trial.data.root`. Raises ConfigError with every problem.
    """
    path = Path(path)
    text = read_text(path)
    given: dict[tuple[str, ...], Node] = {}
    if data_root is not None:
        given[("trial", "data", "root")] = Node(
            SourceLocation(f"--data-root {shortened(str(data_root))}"), str(data_root), True
        )
    root = with_overrides(read_yaml(text, str(path)), overrides, given)
    spec = SweepSpec(**validate(root), path=path.absolute(), text=text, overrides=tuple(overrides))
    epochs, ranked = spec.trial.recipe.epochs, spec.rank_by.epoch
    if spec.search.adaptive:
        note = at_random(spec.search.kind, space_of(spec))
    else:
        note = distinct_ratios(spec.grid, spec.trial).note
    if note is not None:
        spec = spec.model_copy(update={"notes": (note,)})
    if ranked is None or ranked <= epochs:
        return spec
    note = f"rank_by.epoch is {ranked}, but --set gives the trials {epochs}: they are ranked at epoch {epochs}"
    rank_by = spec.rank_by.model_copy(update={"epoch": epochs})
    return spec.model_copy(update={"rank_by": rank_by, "notes": (*spec.notes, note)})


def read_text(path: Path) -> str:
    """Return the text of a sweep file. Raises ConfigError if it is missing, too large, or not plain UTF-8."""
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        near = [one.name for one in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise ConfigError(
            f"{name}: a sweep file must exist, but this does not.{did_you_mean(path.name, near)}"
        ) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise ConfigError(f"{name}: a sweep file must be readable, but got: {reason}") from problem
    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"{name}: a sweep file may hold {MAX_BYTES:,} bytes, but this file is larger. Is it a sweep file?"
        )
    if content.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(f"{name}:1: a sweep file must start with text, but got a byte order mark. Save without BOM.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        got = f"the byte 0x{content[problem.start]:02x}"
        raise ConfigError(f"{name}:{line}: a sweep file must be UTF-8, but got {got}. Save as UTF-8.") from problem


def validate(root: Node) -> dict[str, Any]:
    """Return the fields of a SweepFile. Raises ConfigError with every problem of the tree."""
    data = root.data() or {}
    document = Document.of(root)
    axes = document.swept()
    problems = [Problem(place, fault) for place, fault in root.faults]
    problems += grid_problems(document, {**data, "axes": axes}) + count_problems(document, data)
    problems += make_paths_absolute(data, root)
    data["trial"] = with_default_kinds(without_swept_fields(data.get("trial", {}), axes))
    data["space"] = listed(data.get("space", {}))
    grid = {} if problems else grid_values(document)
    try:
        file = SweepFile.model_validate({**_tuples(data), "grid": grid}, strict=True)
    except ValidationError as error:
        problems += translate(error.errors(include_url=False), SweepFile, root)
        file = None
    problems += cross_problems(document, {**data, "axes": axes})
    if file is not None and not problems:
        file = file.model_copy(update={"trial": with_simplex(file.trial, file.simplex)})
        if file.search.adaptive:
            problems = space_problems(file, root)
        else:
            problems = combination_problems(file.trial, file.grid, file.simplex, root)
    if problems or file is None:
        raise ConfigError(*in_file_order(problems))
    return {name: getattr(file, name) for name in file.model_fields_set}


def _tuples(value: Any) -> Any:
    """Return the same values with lists as tuples, which is what strict validation takes for a tuple."""
    if isinstance(value, dict):
        return {key: _tuples(below) for key, below in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
