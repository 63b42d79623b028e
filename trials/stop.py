"""Ctrl-C and SIGTERM: once stops cleanly, twice at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

EXIT_CODE = 130


class Stopped(BaseException):
    """The user asked to stop. Not an Exception, so that nothing mistakes it for a failure of a trial."""


class Stop:
    """Listens for SIGINT, SIGTERM and SIGHUP while it is entered.

    The first one raises Stopped at the next `check()`, or at once where the code is `interruptible()`; never in the
    middle of a transaction.
    """

    def __init__(self) -> None:
        self.requested = False
        self._interruptible = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def check(self) -> None:
        if self.requested:
            raise Stopped

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        self._interruptible = True
        try:
            self.check()
            yield
        finally:
            self._interruptible = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            # The terminal gets its cursor back; everything reported is in the table already.
            if sys.stdout.isatty():
                os.write(1, b"\x1b[?25h\n")
            os._exit(EXIT_CODE)
        self.requested = True
        if self._interruptible:
            raise Stopped
