"""The search of a sweep as recorded; older runs have no such record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.runs.run import Run
from trials.spec.constraints import Constraint


@dataclass(frozen=True)
class SearchRecord:
    """`seeds` are the search's own, `fresh` those it confirms the `top` settings with; `rule` stops trials early.

    `draws`: settings are drawn one by one, not taken from a grid.
    """

    draws: bool = False
    objectives: tuple[str, ...] = ()
    where: tuple[Constraint, ...] = ()
    seeds: tuple[int, ...] = ()
    top: int = 0
    fresh: tuple[int, ...] = ()
    rule: str = ""


def asked(run: Run) -> SearchRecord:
    """Return the newest record of a run."""
    resolved = run.record.get("resolved") or {}
    search, confirm = (resolved.get(name) or {} for name in ("search", "confirm"))
    rules = [rule for record in records(run) if (rule := stopping_rule(record.get("resolved") or {}))]
    return SearchRecord(
        search.get("kind", "grid") != "grid",
        tuple(search.get("objectives") or ()),
        tuple(Constraint.parse(text) for text in search.get("where") or ()),
        tuple(resolved.get("seeds") or ()),
        int(confirm.get("top") or 0),
        tuple(confirm.get("seeds") or ()),
        # Trials stopped under an earlier record stay stopped.
        stopping_rule(resolved) or next(reversed(rules), ""),
    )


def records(run: Run) -> list[Mapping[str, Any]]:
    """Return what each start of the program recorded, the newest last."""
    return list(run.provenance["record"]) if "record" in run.provenance else []


def confirming_seeds(run: Run) -> set[int]:
    """Return the seeds that any of the records confirms with and the newest does not search with."""
    resolved = [record.get("resolved") or {} for record in records(run)]
    fresh = {seed for one in resolved for seed in (one.get("confirm") or {}).get("seeds") or ()}
    return fresh - set(resolved[-1].get("seeds") or () if resolved else ())


def stopping_rule(resolved: Mapping[str, Any]) -> str:
    kind = (resolved.get("stop_early") or {}).get("kind") or "none"
    return "" if kind == "none" else str(kind)
