"""A sweep file as a frozen value. Every problem of a file and its overrides is reported at once, with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from fusion_core.config import Frozen, NonNegative, Positive, TrialConfig
from fusion_core.errors import ConfigError, did_you_mean, printable
from trials import axes, data_rules, rules
from trials.fields import with_default_kinds
from trials.messages import Problem, dotted, in_file_order, translate
from trials.nodes import Fault, Node, Place, ReadError, shortened
from trials.reward_rules import without_what_is_swept
from trials.search.as_grid import as_grid, named_by_space, split_dimension
from trials.search.config import AxisValue, Confirm, Given, Runs, SearchConfig, Seed, StopEarly, listed
from trials.search.dimensions import space_of
from trials.search.space_rules import at_random, space_problems
from trials.space import Sections
from trials.weights import PREFIX, SECTION, Simplex, distinct_ratios, with_simplex
from trials.yaml_reader import read_yaml

MAX_BYTES = 100_000
MANY_TRIALS = 2_000
"""A sweep of more trials than this starts only where the user says `--yes`."""


class RankBy(Frozen):
    """How trials are ranked: the weighted mean of a metric over the test sets, at one epoch (None = the last)."""

    metric: str = "Reward"
    dataset_weights: dict[str, NonNegative] = Field(default_factory=dict)
    epoch: Annotated[int, Field(ge=1)] | None = None


class Resources(Frozen):
    """What one trial takes: a share of a GPU or whole GPUs (nothing where there is none), and CPU cores."""

    gpu: Positive = 1.0
    cpu: Positive = 1.0


class Limits(Frozen):
    """When a trial counts as lost, and how often it is tried.

    `trial_seconds`: how long one report (an epoch, or the start of a trial) may take before its worker counts as hung
    and is ended; null: as long as it takes. `attempts`: how often a trial is started in all when its worker died or
    hung; 1: never again.
    """

    trial_seconds: Positive | None = None
    attempts: Annotated[int, Field(ge=1)] = 3


class SweepFile(Frozen):
    """What a sweep file may say."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
    trial: TrialConfig = TrialConfig()
    grid: dict[str, tuple[AxisValue, ...]] = Field(default_factory=dict)
    simplex: dict[str, Simplex] = Field(default_factory=dict)
    space: dict[str, Given] = Field(default_factory=dict)
    search: SearchConfig = SearchConfig()
    stop_early: StopEarly = StopEarly()
    confirm: Confirm | None = None
    start_from: Runs = ()
    seeds: tuple[Seed, ...] = (0,)
    rank_by: RankBy = RankBy()
    keep_best: Annotated[int, Field(ge=0)] = 5
    keep_samples: Annotated[int, Field(ge=0)] = 3
    keep_states: bool = False
    resources: Resources = Resources()
    limits: Limits = Limits()


class SweepSpec(SweepFile):
    """A sweep, ready to run: paths are absolute, overrides are in; `text` is the file as read."""

    path: Path
    text: str
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def settings(self) -> int:
        """How many settings the sweep tries: all of its grid, or as many as its search may."""
        if self.search.adaptive:
            return min(one for one in (self.search.trials, space_of(self).size) if one is not None)
        other = axes.grid_size([values for axis, values in self.grid.items() if not axis.startswith(PREFIX)])
        weights = len(distinct_ratios(self.grid, self.trial).kept)
        return other * weights * axes.grid_size([range(one.size) for one in self.simplex.values()])

    @property
    def size(self) -> int:
        """How many trials the sweep has, those that confirm included."""
        settings = self.settings
        again = min(self.confirm.top, settings) * len(self.confirm.seeds) if self.confirm else 0
        return settings * len(self.seeds) + again

    @property
    def epochs(self) -> int:
        """How many epochs its trials have in total, counted without listing them."""
        kinds = self.grid.get("recipe.kind")
        if kinds is None or self.search.adaptive:
            return self.size * self.trial.recipe.epochs
        build = Sections(self.trial)
        recipes = [build.sections({"recipe.kind": kind})["recipe"] for kind in kinds]
        return self.size // len(recipes) * sum(recipe.epochs for recipe in recipes)

    def refuse_unless_confirmed(self) -> None:
        """Raise ConfigError for a sweep of more than MANY_TRIALS trials, with what it takes and what to do."""
        if self.size > MANY_TRIALS:
            raise ConfigError(
                f"{self.name}: a sweep of more than {MANY_TRIALS:,} trials starts only with --yes, but this one has "
                f"{self.size:,} trials, {self.epochs:,} epochs in total. Add --yes to run it, --dry-run to see how "
                "long it takes, or take values out of its axes."
            )


def load(path: Path, overrides: Sequence[str] = (), data_root: Path | None = None) -> SweepSpec:
    """Read a sweep file and lay `PATH=VALUE` overrides over it.

    Relative paths, in the file too, are relative to the current working directory; `data_root` replaces
    `trial.data.root`. Raises ConfigError with every problem.
    """
    path = Path(path)
    text = read_text(path)
    given: dict[tuple[str, ...], Node] = {}
    if data_root is not None:
        given[("trial", "data", "root")] = Node(Place(f"--data-root {shortened(str(data_root))}"), str(data_root), True)
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
    """Return the text of a sweep file. Raises ConfigError where it is not there, too large, or not plain UTF-8."""
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
        raise ConfigError(f"{name}: a sweep file may hold {MAX_BYTES:,} bytes, but this holds more. Is it one?")
    if content.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(f"{name}:1: a sweep file must start with text, but got a byte order mark. Save without BOM.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        got = f"the byte 0x{content[problem.start]:02x}"
        raise ConfigError(f"{name}:{line}: a sweep file must be UTF-8, but got {got}. Save as UTF-8.") from problem


def with_overrides(root: Node, overrides: Sequence[str], given: dict[tuple[str, ...], Node]) -> Node:
    """Return the tree with `PATH=VALUE` overrides, and then the nodes `given`, laid over it.

    Overrides that are none are among its faults. Raises ReadError for a file that is no section.
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
        raise ReadError((Place(source), "an override must be PATH=VALUE, such as trial.recipe.epochs=1"))
    if path[0] == "grid" and len(path) > 2:
        path = ("grid", ".".join(path[1:]))
    if path[0] == "space" and len(path) > 2:
        path = ("space", *split_dimension(path[1:]))
    if path[:3] == ("simplex", *SECTION.split(".")):
        path = ("simplex", SECTION, *path[3:])
    return path, read_yaml(value, source, lines=False)


def validate(root: Node) -> dict[str, Any]:
    """Return the fields of a SweepFile. Raises ConfigError with every problem of the tree."""
    written = root.data() or {}
    root, data = as_grid(root, written)
    problems = [Problem(place, fault) for place, fault in root.faults]
    problems += [*axes.grid_problems(root, data), *axes.count_problems(root, data)]
    grid = data.pop("grid", None)
    problems += data_rules.make_paths_absolute(data, root)
    data["trial"] = with_default_kinds(without_what_is_swept(data.get("trial", {}), grid))
    data["space"] = listed(data.get("space", {}))
    swept = {} if problems else axes.grid_values(root)
    of_space = root.at(["space"]).value if root.has(["space"]) else {}
    own = {axis: values for axis, values in swept.items() if not isinstance(of_space, dict) or axis not in of_space}
    try:
        file = SweepFile.model_validate({**_tuples(data), "grid": own}, strict=True)
    except ValidationError as error:
        problems += translate(error.errors(include_url=False), SweepFile, root)
        file = None
    problems += rules.cross_problems(root, {**data, "grid": grid})
    if file is not None and not problems:
        file = file.model_copy(update={"trial": with_simplex(file.trial, file.simplex)})
        if file.search.adaptive:
            problems = space_problems(file, root)
        else:
            problems = axes.combination_problems(file.trial, file.grid, file.simplex, root)
    if problems or file is None:
        raise ConfigError(*in_file_order(named_by_space(problems, written)))
    return {name: getattr(file, name) for name in file.model_fields_set}


def _tuples(value: Any) -> Any:
    """Return the same values with lists as tuples, which is what strict validation takes for a tuple."""
    if isinstance(value, dict):
        return {key: _tuples(below) for key, below in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
