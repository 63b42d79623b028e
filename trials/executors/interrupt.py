"""Stops a sweep early: on Ctrl-C or SIGTERM (once: cleanly; twice: at once), or when the cluster is lost."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Self

EXIT_CODE = 130
WRAP_UP_SECONDS = 3.0
ALARM = signal.SIGUSR1


class Stopped(BaseException):
    """The user asked to stop. Not an Exception, so that nothing mistakes it for a failure of a trial."""


class Stop:
    """Handles SIGINT, SIGTERM and SIGHUP inside its `with` block.

    The first one raises Stopped at the next `check()`, or at once inside `interruptible()`; never in the middle of a
    transaction.
    """

    def __init__(self) -> None:
        self.requested = False
        self.lost: Exception | None = None
        self._interruptible = False
        self._wrapping_up = False
        self._timed_out = False
        self._alarm = threading.Timer(WRAP_UP_SECONDS, _thread.interrupt_main, (ALARM,))
        self._alarm.daemon = True
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._before = self.listen()
        if _takes_signals():
            self._before[ALARM] = signal.signal(ALARM, self._on_timeout)
        return self

    def listen(self) -> dict[int, object]:
        """Install the signal handlers (again, if a library has replaced them); return the earlier ones.

        Does nothing outside the main thread: use `request` to stop.
        """
        if not _takes_signals():
            return {}
        return {
            number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def request(self) -> None:
        """Ask for a stop from any thread, after the running epoch."""
        self.requested = True

    def cause(self) -> BaseException | None:
        """Return the exception to stop with; None while the sweep may continue."""
        return Stopped() if self.requested else self.lost

    def check(self) -> None:
        if (cause := self.cause()) is not None:
            raise cause

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        self._interruptible = True
        try:
            self.check()
            yield
        finally:
            self._interruptible = False

    @contextmanager
    def wrapping_up(self) -> Iterator[None]:
        """Run optional work at the end; raises Stopped if the user asked to stop and it takes too long."""
        self._wrapping_up = True
        try:
            if self._timed_out:
                raise Stopped
            yield
        finally:
            self._wrapping_up = False

    def _on_timeout(self, number: int, frame: FrameType | None) -> None:
        self._timed_out = True
        if self._wrapping_up:
            raise Stopped

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            end_at_once(EXIT_CODE)
        self.requested = True
        self._alarm.start()
        if self._interruptible:
            raise Stopped


def _takes_signals() -> bool:
    return threading.current_thread() is threading.main_thread()


def end_at_once(code: int) -> NoReturn:
    """End this process; everything reported is in the table already, and the terminal gets its cursor back."""
    if sys.stdout.isatty():
        os.write(1, b"\x1b[?25h\n")
    os._exit(code)
