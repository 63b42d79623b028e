"""The report command: one build, or a build at every change of the table, served or not."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis.cli.console import Progress, escape
from analysis.comparison.reward_lift import beside
from analysis.findings.findings import Findings
from analysis.formatting import number, text
from analysis.report.report import write_page
from analysis.report.serve import is_loopback, serving
from analysis.report.tables import write_tables
from analysis.report.watch import watch
from analysis.runs.open_run import open_run
from analysis.scores.metrics import ALL
from analysis.text.answer import answer
from trials.storage.layout import RunFolder

_TOP = 5


def build(folder: Path, progress: Progress, other: Path | None = None) -> tuple[Findings, Path]:
    """Write report.html and the tables beside it; return their findings, and the page."""
    with progress.doing("reading the results table", brief=True):
        findings = Findings.of(beside(open_run(folder), other))
    scores = findings.scores
    what = ", ".join(
        f"{n} {name if n == 1 else name + 's'}"
        for n, name in ((len(scores.settings), "configuration"), (len(scores.metrics), "metric"))
    )
    with progress.doing(f"bounds and their intervals: {what}"):
        write_tables(findings)
    with progress.doing(f"page: {what}"):
        page = write_page(findings)
    return findings, page


def report_once(folder: Path, console: Console, other: Path | None = None) -> Path:
    """Build once and print the answer and the best settings; the last line is the page's path."""
    findings, page = build(folder, Progress(), other)
    scores = findings.scores
    for sentence in answer(findings):
        console.print(escape(sentence), soft_wrap=True)
    for note in scores.notes:
        console.print(f"note: {escape(note)}", soft_wrap=True)
    if scores.metrics:
        console.print(ranking_table(findings))
    print(page, flush=True)
    return page


def report_watching(folder: Path, console: Console, other: Path | None = None) -> None:
    """Build at every change of the table, printing a line each, until the sweep ends or Ctrl-C."""

    def line() -> str:
        findings, _ = build(folder, Progress(quiet=True), other)
        every = findings.run.every_trial
        done, trials = int((every["status"] == "finished").sum()), len(every)
        best = best_line(findings)
        return f"{done} of {trials} trials finished{f', best {best}' if best else ''}"

    watch(folder, line, lambda said: console.print(escape(said), soft_wrap=True))
    print(RunFolder(folder).report, flush=True)


@contextmanager
def served(pages: dict[str, Path], port: int | None, host: str, console: Console, *, show: bool) -> Iterator[bool]:
    """Serve in the `with` block if `port` (0: any) is given; `show` opens a browser. Yields whether it serves."""
    if port is None:
        yield False
        return
    if not is_loopback(host):
        print(f"warning: {host} is no loopback address: anyone who reaches it can read these pages", file=sys.stderr)
    with serving(pages, port, host) as address:
        console.print(f"serving {address} (Ctrl-C ends it)", soft_wrap=True)
        if show:
            browse(address)
        yield True


def wait_for_interrupt() -> None:
    """Return when the user presses Ctrl-C."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)


def browse(address: str) -> None:
    """Open a browser, or report that there is none."""
    if not webbrowser.open(address):
        print(f"--open: no browser could be started here; open {address} yourself", file=sys.stderr)


def best_line(findings: Findings) -> str:
    """Return the metric and value of the best setting with its trials; empty if none has a number."""
    scores = findings.scores
    if not scores.metrics:
        return ""
    table = findings.standings.ranking(scores.metric, ALL, scores.epoch)
    first = table[table["rank"] == 1]
    if not len(first):
        return ""
    numbers = ", ".join(map(str, first.iloc[0]["numbers"][:3]))
    return f"{scores.metric} {number(first.iloc[0]['value'])} (trial {numbers})"


def ranking_table(findings: Findings) -> Table:
    """Return the best settings, every start and untrained fusion, best first; empty columns are left out."""
    scores, standings = findings.scores, findings.standings
    ranking = standings.ranking(scores.metric, ALL, scores.epoch)
    ranking = ranking[(ranking["rank"] <= _TOP) | (ranking["baseline"] != "") & ranking["value"].notna()]
    has_spread, has_images = bool(ranking["std"].notna().any()), bool((ranking["n"] > 0).any())
    spread = ", ± over images" if has_spread else ""
    title = escape(f"{findings.run.name}: {scores.metric} at epoch {scores.epoch}{spread}")
    table = Table(title=title, title_justify="left", box=None)
    picked = ["selected at"] if standings.confirmed else []
    for name in ("#", scores.metric, *(["±"] if has_spread else []), *(["n"] if has_images else []), *picked):
        table.add_column(escape(name), justify="right", no_wrap=True)
    table.add_column("configuration")
    if marked := not standings.is_plain:
        table.add_column("")
    for row in ranking.to_dict("records"):
        place = "" if row["baseline"] else f"{row['rank']:.0f}"
        weights = ", ".join(
            f"{name} {text(row['parameters'][key])}" for key, name in findings.names.items() if not row["baseline"]
        )
        own = not row["baseline"]
        cells = [place, number(row["value"])]
        cells += [number(row["std"])] if has_spread else []
        cells += [str(row["n"])] if has_images else []
        cells += [number(row["picked"]) if own and row["standing"] % 2 == 0 else ""] if picked else []
        cells += [escape(row["baseline"] or weights or "the only one")]
        cells += [standings.mark(row["standing"]) if own else ""] if marked else []
        table.add_row(*cells)
    return table
