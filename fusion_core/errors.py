"""Errors that a user can act on: rule, value, place, remedy."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

MOST_COMPARED = 500


class FusionError(Exception):
    """A user's mistake or a missing thing; the command line prints the message without a traceback."""


class ConfigError(FusionError):
    """A configuration breaks a rule; the message lists every problem, one a line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DataError(FusionError):
    """Images are missing, unpaired or unreadable; the message names every file."""


class ImageError(FusionError, ValueError):
    """Arrays given to the library break a rule; the message lists every problem, one a line."""


class CheckpointError(FusionError):
    """A checkpoint is missing, damaged, or of another architecture."""


class TrialError(FusionError):
    """A trial cannot go on (a NaN loss, say); the reason goes to its row."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the closest known name, or the list of known names if none is close."""
    folded = {one.casefold(): one for one in islice(known, MOST_COMPARED)}
    close = difflib.get_close_matches(str(name)[:200].casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {folded[close[0]]!r}?"
    return f" Known: {', '.join(printable(one[:60]) for one in list(folded.values())[:30])}." if folded else ""


def printable(text: str) -> str:
    """Return text that may come from a file or a file name, with terminal control characters escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def print_errors(problem: BaseException | str) -> None:
    """Print a user's mistakes to standard error, one `error:` line each."""
    for line in str(problem).splitlines():
        print(f"error: {printable(line)}", file=sys.stderr, flush=True)


def shown(path: Path | str) -> str:
    """Return a path for a message, without terminal control characters or line breaks."""
    return printable(str(path))
