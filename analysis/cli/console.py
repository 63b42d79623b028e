"""What every command of the analysis shares on the console: refusals, progress, and which command is meant."""

from __future__ import annotations

import difflib
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich import markup
from rich.console import Console
from typer.core import TyperGroup

from fusion_core.errors import FusionError, print_errors, printable

INTERRUPTED = 130


class Commands(TyperGroup):
    """`python -m analysis RUN` is `report RUN`; `--serve` may go without its port."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, completed(args, self.commands))


def completed(arguments: Sequence[str], commands: Mapping[str, Any]) -> list[str]:
    """Return the arguments with the command that is left out, and with port 0 (any) where `--serve` has none."""
    words = list(arguments)
    if words and words[0] not in (*commands, "--help") and not _mistyped(words[0], commands):
        words.insert(0, "report")
    given = []
    for i, word in enumerate(words):
        before = words[i - 1] if i else ""
        follows = words[i + 1] if i + 1 < len(words) else ""
        if word == "--serve" and not follows.isdecimal():
            given.append("--serve=0")
        elif not (before == "--serve" and word.isdecimal()):
            given.append(f"--serve={follows}" if word == "--serve" else word)
    return given


def _mistyped(word: str, commands: Mapping[str, Any]) -> bool:
    """Return whether a word is rather a command that is spelt wrong than a folder."""
    return bool(difflib.get_close_matches(word, commands, n=1, cutoff=0.75)) and not Path(word).exists()


def escape(text: str) -> str:
    """Return text that the console shows as it is: neither Rich's markup in it nor a terminal's escapes do anything."""
    return markup.escape(printable(text))


@contextmanager
def refusals() -> Iterator[None]:
    """End with exit code 2 and a line per problem for a user's mistake; with 130 and a word for Ctrl-C."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read the output has seen enough; Typer ends quietly
    except (FusionError, OSError) as problem:
        print_errors(problem)
        raise typer.Exit(2) from problem
    except sqlite3.Error as problem:
        print_errors(f"the results table must be readable throughout, but SQLite says: {problem}; try again")
        raise typer.Exit(2) from problem
    except KeyboardInterrupt as problem:
        print("stopped", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from problem


class Progress:
    """Says what is being done: a moving line on a terminal, else a plain line on standard error (not if `quiet`)."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.quiet = quiet

    @contextmanager
    def doing(self, what: str, *, brief: bool = False) -> Iterator[None]:
        """Show `what` while it lasts; `brief` work is not worth a plain line."""
        if self.console.is_terminal:
            with self.console.status(what):
                yield
            return
        if not (brief or self.quiet):
            print(what, file=sys.stderr, flush=True)
        yield
