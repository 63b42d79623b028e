"""What the person sees while a sweep runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fusion_core.errors import printable
from trials.job import Report
from trials.names import short_names
from trials.ranking import RankedTrial, sign
from trials.results import TrialRow
from trials.tally import Tally, duration

if TYPE_CHECKING:
    from trials.driver import Outcome

LINE_EVERY_SECONDS = 10.0
SHOWN = 5
MOST_FAILURES = 10


class Display:
    """Shows a sweep; `title` and everything that comes from files is shown as it is, never as markup."""

    def __init__(self, title: str, run: Path, metric: str, console: Console | None = None) -> None:
        self.title = title
        self.run = run
        self.metric = metric
        self.console = console or Console(highlight=False)
        self.tally = Tally()
        self.top: list[RankedTrial] = []
        self._live: Live | None = None
        self._next_line = 0.0
        self._notes: set[str] = set()

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def begin(self, rows: Iterable[TrialRow], top: list[RankedTrial]) -> None:
        self.tally = Tally.of(rows)
        self.top = top[:SHOWN]

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self._notes:
            self._notes.add(text)
            self.console.print(shown(text), soft_wrap=True)

    def started(self, row: TrialRow) -> None:
        self.tally.running += 1

    def reported(self, row: TrialRow, report: Report, top: list[RankedTrial], *, stopped: bool = False) -> None:
        self.tally.report(report)
        if stopped:
            assert report.epoch is not None
            self.tally.stop(row.epochs - report.epoch.epoch)
        self.top = top[:SHOWN]
        if self._live is None and (report.last or stopped) and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_SECONDS
            self.console.print(shown(self.line()), soft_wrap=True)

    def lost(self, row: TrialRow, reason: str) -> None:
        self.tally.running -= 1
        self.console.print(shown(f"trial {row.number}: its worker died ({reason}); it is tried again"), soft_wrap=True)

    def failed(self, row: TrialRow, error: str) -> None:
        self.tally.fail(row)
        self.console.print(shown(f"trial {row.number} failed: {error}", style="red"), soft_wrap=True)

    def line(self) -> str:
        """Return the state of the sweep as one line."""
        parts = [f"{self.tally.finished}/{self.tally.total} trials"]
        if self.tally.stopped:
            parts.append(f"{self.tally.stopped} stopped early")
        if self.tally.failed:
            parts.append(f"{self.tally.failed} failed")
        if (speed := self.tally.pairs_per_second) is not None:
            parts.append(f"{speed:.3g} pairs/s")
        if (left := self.tally.seconds_left) is not None and self.tally.epochs_left:
            parts.append(f"{duration(left)} left")
        if self.top:
            best = self.top[0]
            parts.append(f"best {self.metric} {best.score:.4f} ({said(best.parameters)})")
        return ", ".join(parts)

    def _render(self) -> RenderableType:
        tally = self.tally
        bar = Table.grid()
        bar.add_row(ProgressBar(total=max(tally.total, 1), completed=tally.done, width=min(self.console.width, 60)))
        early = f"{tally.stopped} stopped early · " if tally.stopped else ""
        counts = Text(f"{tally.finished} done · {early}{tally.running} running · ")
        counts.append(f"{tally.failed} failed", style="red" if tally.failed else "")
        counts.append(f" · {tally.total} in all")
        parts: list[RenderableType] = [shown(self.title, style="bold"), bar, counts, Text(self._pace())]
        if self.top:
            parts += [Text(), best_table(self.top, self.metric), Text()]
        parts.append(shown(f"{_short(self.run)} · Ctrl-C stops, the same command goes on", style="dim"))
        return Group(*parts)

    def _pace(self) -> str:
        tally = self.tally
        left = tally.seconds_left
        parts = [f"{duration(tally.elapsed)} so far"]
        parts.append(f"{duration(left)} left" if left is not None else "time left is known after the first epoch")
        if (speed := tally.pairs_per_second) is not None:
            parts.append(f"{speed:.3g} pairs/s")
        return " · ".join(parts)


UNTRAINED = {
    "visible": "copy of the visible image",
    "infrared": "copy of the infrared image",
    "average": "average of both",
}


def shown(text: str, style: str = "") -> Text:
    """Return text as it is: neither Rich's markup in it nor what steers a terminal does anything."""
    return Text("\n".join(map(printable, text.split("\n"))), style=style)


def said(parameters: Mapping[str, Any]) -> str:
    """Write swept values in a line, by the last part of their names."""
    return (
        ", ".join(f"{key.rpartition('.')[2]} {_value(value)}" for key, value in parameters.items())
        or "nothing is swept"
    )


def best_table(top: Sequence[RankedTrial], metric: str) -> Table:
    """Return the best trials, or settings with their trials, with their weights."""
    repeated = any(trial.others for trial in top)
    confirmed = any(trial.picked is not None for trial in top)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("trials" if repeated else "trial", justify="right")
    table.add_column(shown(metric), justify="right")
    if repeated:
        table.add_column("±", justify="right")
    if confirmed:
        table.add_column("picked", justify="right")
    keys = list(dict.fromkeys(key for trial in top for key in trial.parameters))
    for name in short_names(keys).values():
        table.add_column(shown(name), justify="right")
    seeds = not repeated and len({trial.seed for trial in top}) > 1
    if seeds:
        table.add_column("seed", justify="right")
    for trial in top:
        cells = [_numbers((trial.number, *trial.others)), f"{trial.score:.4f}"]
        cells += ["" if trial.spread is None else f"{trial.spread:.4f}"] if repeated else []
        cells += ["" if trial.picked is None else f"{trial.picked:.4f}"] if confirmed else []
        values = [shown(_value(trial.parameters.get(key, ""))) for key in keys]
        table.add_row(*cells, *values, *([str(trial.seed)] if seeds else []))
    return table


def _numbers(numbers: Sequence[int]) -> str:
    """Write the numbers of trials, those in a row as `61-63`."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and list(numbers) == list(range(first, last + 1)):
        return f"{first}-{last}"
    return ", ".join(map(str, numbers))


def _value(value: Any) -> str:
    """Write a swept value as people do: a third as 0.3333."""
    return f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else str(value)


def summary(outcome: Outcome, report: Path, command: str, seconds: float) -> list[RenderableType]:
    """Return what is said at the end: the best weights, where things are, what failed, and how to go on."""
    tally = outcome.tally
    parts: list[RenderableType] = []
    if outcome.failures:
        parts.append(Text(f"{len(outcome.failures)} of {tally.total} trials failed:", style="red"))
        parts += [shown(f"  trial {row.number}: {row.error}") for row in outcome.failures[:MOST_FAILURES]]
        if (more := len(outcome.failures) - MOST_FAILURES) > 0:
            parts.append(Text(f"  and {more} more, in the report"))
        parts.append(Text("  --retry-failed tries them again"))
    if outcome.top:
        best = outcome.top[0]
        parts.append(best_table(outcome.top[:SHOWN], outcome.metric))
        parts.append(shown(f"best weights: {said(best.parameters)} ({outcome.metric} {best.score:.4f})", style="bold"))
    elif tally.finished and outcome.constrained:
        parts.append(shown("no setting keeps to search.where: none is named best"))
    elif tally.finished:
        parts.append(shown(f"no trial has a {outcome.metric} at the epoch that rank_by names: nothing is ranked"))
    parts += [shown(text) for text in outcome.found]
    if outcome.untrained is not None:
        fusion, score = outcome.untrained
        short = outcome.top and sign(outcome.metric) * (outcome.top[0].score - score) < 0
        text = f"best untrained: {UNTRAINED[fusion]} ({outcome.metric} {score:.4f})"
        parts.append(shown(text + (", which no trial reaches" if short else "")))
    checkpoints = outcome.run / "checkpoints"
    if checkpoints.is_dir():
        parts.append(shown(f"checkpoints: {_short(checkpoints)}"))
    parts.append(shown(f"report: {_short(report)}"))
    if outcome.stopped:
        done = f"{tally.finished} of {tally.total} trials"
        parts.append(shown(f"stopped at {done}; nothing is lost. To go on:\n  {command}", style="bold"))
    else:
        early = f", {tally.stopped} stopped early" if tally.stopped else ""
        parts.append(Text(f"{tally.finished} of {tally.total} trials finished{early}, {duration(seconds)}"))
    return parts


def _short(path: Path) -> Path:
    """Return the path as seen from here, where that is shorter."""
    with suppress(ValueError):
        return path.absolute().relative_to(Path.cwd())
    return path
