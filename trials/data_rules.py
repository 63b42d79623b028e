"""Rules of `trial.data`: paths, names of data sets, and images that the windows of loss and metrics fit into."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fusion_core.config import DataConfig, LossConfig, SyntheticConfig, TrialConfig
from fusion_core.data.entries import CATALOG
from fusion_core.errors import did_you_mean
from fusion_core.limits import SMALLEST_TEST
from trials.fields import kind_of, models_of
from trials.messages import SEVERAL_WAYS, Problem, but_got, dotted, show
from trials.nodes import Node

SECTION = ("trial", "data")
BEST = ":best"
"""What follows the folder of a run in a start: its best trial's checkpoint."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}")
Keys = tuple[str | int, ...]


def below(data: Any, *path: str) -> Any:
    """Return what stands at a path of nested dicts, or None."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def section_of(data: dict[str, Any]) -> dict[str, Any]:
    """Return `trial.data`, empty where it is not there or no section."""
    section = below(data, *SECTION)
    return section if isinstance(section, dict) else {}


def sets_of(section: dict[str, Any]) -> list[tuple[Keys, Any]]:
    """Return every data set of the section with its place in it: `train`, then those of `test`."""
    tests = section.get("test", DataConfig().test)
    found: list[tuple[Keys, Any]] = [(("train",), section.get("train", DataConfig().train))]
    return found + [
        (("test", index), one) for index, one in enumerate(tests if isinstance(tests, list | tuple) else ())
    ]


def test_names(data: dict[str, Any]) -> list[str]:
    """Return the names of the test sets of a sweep."""
    names = [one.get("name") if isinstance(one, dict) else one for keys, one in sets_of(section_of(data))[1:]]
    return [name for name in names if isinstance(name, str)]


def needs_data(data: dict[str, Any]) -> bool:
    """Whether the recipe of a sweep trains on images."""
    kind = below(data, "trial", "recipe", "kind") or TrialConfig().recipe.kind
    models = models_of(TrialConfig.model_fields["recipe"].annotation)
    return all(getattr(model, "needs_data", True) for model in models if kind_of(model) == kind)


def make_paths_absolute(data: dict[str, Any], root: Node) -> list[Problem]:
    """Replace the paths of a sweep file in place by absolute ones, as of the working directory."""
    section = section_of(data)
    places: list[tuple[dict[str, Any], Keys]] = [(section, ("root",))]
    for keys, pair in sets_of(section):
        if isinstance(pair, dict):
            places += [(pair, (*keys, "visible")), (pair, (*keys, "infrared"))]
    problems = []
    for holder, keys in places:
        key = str(keys[-1])
        written = holder.get(key)
        if not isinstance(written, str):
            continue
        try:
            if not written or "\0" in written:
                raise ValueError
            holder[key] = Path(written).expanduser().absolute()
            os.fsencode(holder[key])
        except (ValueError, RuntimeError, OSError):
            where = (*SECTION, *keys)
            problems.append(Problem(root.at(where).place, but_got(f"{dotted(where)} must be a path", written)))
            holder[key] = Path()
    return [*problems, *_make_start_absolute(data, root), *_make_runs_absolute(data, root)]


def _make_start_absolute(data: dict[str, Any], root: Node) -> list[Problem]:
    trial = data.get("trial")
    written = below(trial, "start")
    if not isinstance(trial, dict) or not isinstance(written, str):
        return []
    folder = written.removesuffix(BEST)
    try:
        if not folder or "\0" in folder:
            raise ValueError
        path = str(Path(folder).expanduser().absolute())
        os.fsencode(path)
    except (ValueError, RuntimeError, OSError):
        where = ("trial", "start")
        return [Problem(root.at(where).place, but_got(f"trial.start must be {SEVERAL_WAYS[where]}", written))]
    trial["start"] = path + written[len(folder) :]
    return []


def _make_runs_absolute(data: dict[str, Any], root: Node) -> list[Problem]:
    """Replace the paths of `start_from`, of which one may stand alone."""
    if isinstance(data.get("start_from"), str):
        data["start_from"] = [data["start_from"]]
    runs: Any = data.get("start_from")
    problems = []
    for index, run in enumerate(runs if isinstance(runs, list) else ()):
        if not isinstance(run, str):
            continue
        try:
            if not run or "\0" in run:
                raise ValueError
            runs[index] = Path(run).expanduser().absolute()
            os.fsencode(runs[index])
        except (ValueError, RuntimeError, OSError):
            where = ("start_from", index) if isinstance(root.at(["start_from"]).value, list) else ("start_from",)
            problems.append(Problem(root.at(where).place, but_got(f"{dotted(where)} must be the folder of a run", run)))
            runs[index] = Path()
    return problems


def data_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Yield unknown and repeated names of data sets, and optional ones that are not asked for."""
    section = section_of(data)
    place = root.at((*SECTION, "test")).place
    if section.get("test") == []:
        yield Problem(
            place, "trial.data.test must name at least one data set, but got an empty list. Write [synthetic]."
        )
    for keys, name in sets_of(section):
        if isinstance(name, str) and name not in CATALOG:
            where = (*SECTION, *keys)
            text = but_got(f"{dotted(where)} must be a known data set", name, did_you_mean(name, CATALOG))
            yield Problem(root.at(where).place, text)
    names = Counter(test_names(data))
    for name, count in names.items():
        if count > 1:
            text = f"trial.data.test must name each set once, but {show(name)} is repeated. Remove or rename one."
            yield Problem(place, text)
    optional = section.get("optional")
    for index, name in enumerate(optional if isinstance(optional, list) else ()):
        if isinstance(name, str) and name not in names:
            text = but_got("trial.data.optional must name sets of trial.data.test", name, did_you_mean(name, names))
            yield Problem(root.at((*SECTION, "optional", index)).place, text)


def size_problems(root: Node, data: dict[str, Any]) -> list[Problem]:
    """Images that are smaller than the windows that go over them, where the sweep file says their size."""
    stated = stated_size(data) if needs_data(data) else None
    if stated is None:
        return []
    size, keys = stated
    side, place, problems = min(size), root.at(keys).place, []
    named = f"{dotted(keys)} {list(size)}"
    if side < SMALLEST_TEST:
        text = (
            f"{dotted(keys)} must be at least [{SMALLEST_TEST}, {SMALLEST_TEST}], which VIF needs, but got {list(size)}"
        )
        problems.append(Problem(place, text))
    for window, where in windows(root, data):
        if isinstance(window, int) and window > side:
            text = but_got(
                f"{dotted(where)} must fit into the training images ({named})", window, f" Write {side} or less."
            )
            problems.append(Problem(root.at(where).place if root.has(where) else place, text))
    return problems


def windows(root: Node, data: dict[str, Any]) -> list[tuple[Any, Keys]]:
    """Return the windows of the loss's SSIM in this sweep, each with its place."""
    axis = root.at(["grid", "loss.ssim_window_size"])
    if root.has(["grid", "loss.ssim_window_size"]) and isinstance(axis.value, list):
        return [(node.value, ("grid", "loss.ssim_window_size", index)) for index, node in enumerate(axis.value)]
    given = below(data, "trial", "loss", "ssim_window_size")
    window = LossConfig().ssim_window_size if given is None else given
    return [(window, ("trial", "loss", "ssim_window_size"))]


def stated_size(data: dict[str, Any]) -> tuple[tuple[int, int], Keys] | None:
    """Return height and width of the training images and the key that decides them; None where the files decide."""
    section = section_of(data)
    size: Any = section.get("resize")
    keys: Keys = (*SECTION, "resize")
    if size is None and section.get("train", DataConfig().train) == "synthetic":
        size, keys = below(section, "synthetic", "size"), (*SECTION, "synthetic", "size")
        size = list(SyntheticConfig().size) if size is None else size
    if isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size):
        return (size[0], size[1]), keys
    return None
