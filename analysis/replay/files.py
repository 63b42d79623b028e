"""`replay.csv`, `replay_cost.csv` and `replay.json` of a run: the results of a replay, for people and for the page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.replay.costs import Target
from fusion_core.atomic_files import whole_file, write_whole
from fusion_core.errors import FusionError

CURVES, COSTS, FACTS = "replay.csv", "replay_cost.csv", "replay.json"


@dataclass(frozen=True, eq=False)
class Found:
    """The results of a replay. `trials` is the number of finished trials then; `said` is the recommendation."""

    curves: pd.DataFrame
    costs: pd.DataFrame
    targets: tuple[Target, ...]
    metric: str
    dataset: str
    epoch: int
    settings: int
    epochs: int
    best: float
    workers: int
    trials: int
    judged_by: str
    recommended: str | None
    said: tuple[str, ...]
    notes: tuple[str, ...]


def write_found(run: Path, found: Found) -> list[Path]:
    """Write the three files, each whole or not at all; return their paths."""
    paths = [run / CURVES, run / COSTS, run / FACTS]
    for path, frame in ((paths[0], found.curves), (paths[1], found.costs)):
        with whole_file(path) as partial:
            frame.to_csv(partial, index=False)
    facts = {
        **{name: value for name, value in vars(found).items() if name not in ("curves", "costs")},
        "targets": [asdict(one) for one in found.targets],
        "costs": _records(found.costs), "curves": _records(found.curves),
    }  # fmt: skip
    write_whole(paths[2], json.dumps(facts, allow_nan=False).encode())
    return paths


def read_found(run: Path) -> Found | None:
    """Return the replay of a run folder, None if there is none. Raises FusionError if damaged."""
    path = run / FACTS
    if not path.exists():
        return None
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        facts |= {name: pd.DataFrame(facts[name]) for name in ("curves", "costs")}
        facts |= {name: tuple(facts[name]) for name in ("said", "notes")}
        return Found(**{**facts, "targets": tuple(Target(**one) for one in facts["targets"])})
    except (ValueError, TypeError, KeyError, OSError) as problem:
        raise FusionError(
            f"{path}: must be what a replay wrote, but: {problem}; remove it, or run python -m analysis replay again"
        ) from problem


def replaced(run: Path) -> str:
    """Describe the replay in a run folder that a new one would replace; empty if there is none."""
    try:
        found = read_found(run)
    except FusionError:
        return f"replaces a damaged {FACTS} there"
    return "" if found is None else f"replaces the replay of {', '.join(found.costs['search'])} there"


def _records(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns as lists; JSON has no NaN."""
    return {str(name): [None if pd.isna(x) else x for x in column.tolist()] for name, column in frame.items()}
