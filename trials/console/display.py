"""What the person sees while a sweep runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from trials.console.tables import best_table
from trials.console.tally import Tally
from trials.console.text import duration, parameters_text, plain, short_path
from trials.ranking.leaderboard import RankedTrial
from trials.storage.results import TrialRow
from trials.worker.messages import Report

LINE_EVERY_SECONDS = 10.0
SHOWN = 5


class Display:
    """Shows a sweep; `title` and everything that comes from files is shown as plain text, never as markup."""

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
        """Print a note once."""
        if text not in self._notes:
            self._notes.add(text)
            self.console.print(plain(text), soft_wrap=True)

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
            self.console.print(plain(self.line()), soft_wrap=True)

    def lost(self, row: TrialRow, reason: str) -> None:
        self.tally.running -= 1
        self.console.print(plain(f"trial {row.number}: worker process died ({reason}); retrying"), soft_wrap=True)

    def failed(self, row: TrialRow, error: str) -> None:
        self.tally.fail(row)
        self.console.print(plain(f"trial {row.number} failed: {error}", style="red"), soft_wrap=True)

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
            parts.append(f"best {self.metric} {best.score:.4f} ({parameters_text(best.parameters)})")
        return ", ".join(parts)

    def _render(self) -> RenderableType:
        tally = self.tally
        bar = Table.grid()
        bar.add_row(ProgressBar(total=max(tally.total, 1), completed=tally.done, width=min(self.console.width, 60)))
        early = f"{tally.stopped} stopped early · " if tally.stopped else ""
        counts = Text(f"{tally.finished} done · {early}{tally.running} running · ")
        counts.append(f"{tally.failed} failed", style="red" if tally.failed else "")
        counts.append(f" · {tally.total} in all")
        parts: list[RenderableType] = [plain(self.title, style="bold"), bar, counts, Text(self._pace())]
        if self.top:
            parts += [Text(), best_table(self.top, self.metric), Text()]
        parts.append(plain(f"{short_path(self.run)} · Ctrl-C stops; the same command resumes", style="dim"))
        return Group(*parts)

    def _pace(self) -> str:
        tally = self.tally
        left = tally.seconds_left
        parts = [f"{duration(tally.elapsed)} so far"]
        parts.append(f"{duration(left)} left" if left is not None else "time left: known after the first epoch")
        if (speed := tally.pairs_per_second) is not None:
            parts.append(f"{speed:.3g} pairs/s")
        return " · ".join(parts)
