"""Rules of `trial.data`: paths, names of data sets, and images that the windows of loss and metrics fit into."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from fusion_core.config import LossConfig
from fusion_core.data.entries import CATALOG
from fusion_core.data.limits import SMALLEST_TEST
from fusion_core.errors import did_you_mean
from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, dotted, show
from trials.sweepfile.rules.axes import Document
from trials.sweepfile.rules.sections import (
    SECTION,
    Keys,
    below,
    needs_data,
    section_of,
    sets_of,
    stated_size,
    test_names,
)

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}")


def data_problems(root: Node, data: dict[str, Any]) -> Iterator[Problem]:
    """Yield unknown and repeated names of data sets, and optional ones that are not test sets."""
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


def size_problems(root: Document, data: dict[str, Any]) -> list[Problem]:
    """Images smaller than the windows of loss and metrics, if the sweep file states their size."""
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


def windows(root: Document, data: dict[str, Any]) -> list[tuple[Any, Keys]]:
    """Return the windows of the loss's SSIM in this sweep, each with its place."""
    axis = root.axes.get("loss.ssim_window_size")
    if axis is not None and axis.values is not None:
        return [(node.value, axis.path(index)) for index, node in enumerate(axis.values)]
    given = below(data, "trial", "loss", "ssim_window_size")
    window = LossConfig().ssim_window_size if given is None else given
    return [(window, ("trial", "loss", "ssim_window_size"))]
