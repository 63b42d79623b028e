"""Builds the report again whenever the results table has changed, until the sweep has ended."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from analysis.runs.reference import METRICS, PARAMS
from fusion_core.errors import FusionError
from trials.storage.layout import RunFolder
from trials.storage.results import Results

POLL = 2.0
Signature = tuple[tuple[str, int, int], ...]


def watch(
    run: Path,
    build: Callable[[], str],
    say: Callable[[str], None],
    *,
    poll: float = POLL,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `build` at every change, report its line, and return when the sweep has ended and its last rows are built.

    A missing, locked or unreadable table is waited for, which is reported once. Two builds are at least `poll` seconds
    apart, and at least as long as a build takes. Raises what the last build raises.
    """
    built, last = None, ""
    while True:
        over = ended(run)  # before the build: later changes trigger another build
        now, pause = signature(run), poll
        if not now:
            missing = "no results table yet" if run.is_dir() else "there is no such folder yet"
            last = _once(f"{run}: {missing}, waiting for it", last, say)
        elif now != built:
            start = time.monotonic()
            try:
                line = build()
            except (FusionError, OSError, sqlite3.Error) as problem:
                if over:
                    raise
                last = _once(f"not readable now, trying again: {str(problem).splitlines()[0]}", last, say)
            else:
                pause = max(poll, time.monotonic() - start)
                built, last = now, ""
                say(f"{time.strftime('%H:%M:%S')} {line}; built in {time.monotonic() - start:.1f} s")
        if over and built == signature(run):
            say(over)
            return
        sleep(pause)


def _once(line: str, last: str, say: Callable[[str], None]) -> str:
    if line != last:
        say(line)
    return line


def signature(run: Path) -> Signature:
    """Return a value that changes with the table; empty if there is none."""
    table = RunFolder(run).table
    names = (table.name, f"{table.name}-wal") if table.exists() else (PARAMS, METRICS)
    found = []
    for name in names:
        try:
            state = (run / name).stat()
        except OSError:
            continue
        found.append((name, state.st_mtime_ns, state.st_size))
    return tuple(found)


def ended(run: Path) -> str:
    """Return how the newest run of the sweep ended, in words; empty while it runs, or if that is unknown."""
    table = RunFolder(run).table
    if not table.exists() or _driver_works(run):
        return ""
    try:
        with Results.read(table) as results:
            rows = results.query("SELECT finished FROM provenance ORDER BY id DESC LIMIT 1")
            ((left,),) = results.query("SELECT count(*) FROM trials WHERE status IN ('waiting', 'running')")
    except (FusionError, sqlite3.Error):
        return ""
    if not rows:
        return ""
    how = "the sweep has ended" if rows[0][0] is not None else "the program that ran the sweep is gone: it was killed"
    return f"{how}; {left} trials are left: its command resumes them" if left else how


def _driver_works(run: Path) -> bool:
    """Return whether the process in `driver.lock` is alive; one on another machine is assumed to be.

    The lock itself is not tried: it would refuse a driver that starts at that moment.
    """
    try:
        holder = json.loads(RunFolder(run).lock.read_text(encoding="utf-8"))
        if holder["host"] != socket.gethostname():
            return True
        os.kill(int(holder["pid"]), 0)
    except PermissionError:
        return True  # alive, owned by another user
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    return True
