"""The text printed at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from fusion_core.metrics.facts import BASELINES, facts_of
from trials.console.display import SHOWN
from trials.console.tables import best_table
from trials.console.text import duration, parameters_text, plain, short_path
from trials.storage.layout import RunFolder

if TYPE_CHECKING:
    from trials.sweep.options import Outcome


MOST_FAILURES = 10


def summary(outcome: Outcome, report: Path, command: str, seconds: float) -> list[RenderableType]:
    """Return the text printed at the end: the best weights, where things are, what failed, and how to continue."""
    tally = outcome.tally
    parts: list[RenderableType] = []
    if outcome.failures:
        parts.append(Text(f"{len(outcome.failures)} of {tally.total} trials failed:", style="red"))
        parts += [plain(f"  trial {row.number}: {row.error}") for row in outcome.failures[:MOST_FAILURES]]
        if (more := len(outcome.failures) - MOST_FAILURES) > 0:
            parts.append(Text(f"  and {more} more, in the report"))
        parts.append(Text("  --retry-failed retries them"))
    if outcome.top:
        best = outcome.top[0]
        parts.append(best_table(outcome.top[:SHOWN], outcome.metric))
        parts.append(
            plain(f"best weights: {parameters_text(best.parameters)} ({outcome.metric} {best.score:.4f})", style="bold")
        )
    elif tally.finished and outcome.constrained:
        parts.append(plain("no configuration satisfies search.where, so no best is reported"))
    elif tally.finished:
        parts.append(plain(f"no trial has a {outcome.metric} at the epoch in rank_by, so nothing is ranked"))
    parts += [plain(text) for text in outcome.found]
    if outcome.untrained is not None:
        fusion, score = outcome.untrained
        short = outcome.top and facts_of(outcome.metric).sign * (outcome.top[0].score - score) < 0
        text = f"best baseline: {BASELINES[fusion]} ({outcome.metric} {score:.4f})"
        parts.append(plain(text + (", and no trial reaches it" if short else "")))
    checkpoints = RunFolder(outcome.run).checkpoints
    if checkpoints.is_dir():
        parts.append(plain(f"checkpoints: {short_path(checkpoints)}"))
    parts.append(plain(f"report: {short_path(report)}"))
    if outcome.stopped:
        done = f"{tally.finished} of {tally.total} trials"
        parts.append(plain(f"stopped at {done}; nothing is lost. To resume:\n  {command}", style="bold"))
    else:
        early = f", {tally.stopped} stopped early" if tally.stopped else ""
        parts.append(Text(f"{tally.finished} of {tally.total} trials finished{early}, {duration(seconds)}"))
    return parts
