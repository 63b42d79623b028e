"""Why a sweep ends before its end: Ctrl-C and SIGTERM (once cleanly, twice at once), or a cluster that is lost."""

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
    """Listens for SIGINT, SIGTERM and SIGHUP while it is entered.

    The first one raises Stopped at the next `check()`, or at once where the code is `interruptible()`; never in the
    middle of a transaction.
    """

    def __init__(self) -> None:
        self.requested = False
        self.lost: Exception | None = None
        self._interruptible = False
        self._wrapping_up = False
        self._late = False
        self._alarm = threading.Timer(WRAP_UP_SECONDS, _thread.interrupt_main, (ALARM,))
        self._alarm.daemon = True
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._before = self.listen()
        if _takes_signals():
            self._before[ALARM] = signal.signal(ALARM, self._be_late)
        return self

    def listen(self) -> dict[int, object]:
        """Take the signals (again, where a library has taken them); return who had them before.

        Off the main thread there is nothing to take: `request` is the way to stop.
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
        """Return what to end with; None while nothing speaks against going on."""
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
        """Run what is good to have at the end; raises Stopped where the user asked to stop and it takes too long."""
        self._wrapping_up = True
        try:
            if self._late:
                raise Stopped
            yield
        finally:
            self._wrapping_up = False

    def _be_late(self, number: int, frame: FrameType | None) -> None:
        self._late = True
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
