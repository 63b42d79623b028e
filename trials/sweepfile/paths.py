"""Relative paths of a sweep file made absolute."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trials.document.nodes import Node
from trials.document.problems import Problem, but_got, dotted
from trials.document.pydantic_errors import SEVERAL_WAYS
from trials.spec.sweep import BEST
from trials.sweepfile.rules.sections import SECTION, Keys, below, section_of, sets_of


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
    """Replace the paths of `start_from`, which may be a single one."""
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
