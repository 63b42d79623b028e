"""Checks that the Ray head node is alive. Ray itself would wait a minute, then end this process."""

from __future__ import annotations

import socket
import threading
import time
from typing import Self

from fusion_core.errors import FusionError, print_errors
from trials.executors.interrupt import Stop, end_at_once

EVERY_SECONDS = 2.0
LOST_SECONDS = 10.0
GRACE_SECONDS = 5.0
EXIT_CODE = 2


class ClusterError(FusionError):
    """Ray cannot be started or reached, was lost, or lacks what the sweep needs."""


class Heartbeat:
    """Checks every few seconds that Ray's head at `address` (host:port) answers, and tells `stop` when it does not."""

    def __init__(self, address: str, stop: Stop) -> None:
        host, _, port = address.rpartition(":")
        self.place = host.strip("[]"), int(port)
        self.address = address
        self.stop = stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._check, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _check(self) -> None:
        heard = time.monotonic()
        while not self._over.wait(EVERY_SECONDS):
            try:
                socket.create_connection(self.place, timeout=EVERY_SECONDS).close()
                heard = time.monotonic()
            except OSError as problem:
                if time.monotonic() - heard > LOST_SECONDS:
                    self._lost(problem)
                    return

    def _lost(self, problem: OSError) -> None:
        text = (
            f"Ray's head at {self.address} must answer, but was lost ({problem}). Everything already reported is in "
            "the table: "
            "restart Ray and rerun the same command, with the new --address if it has one"
        )
        self.stop.lost = ClusterError(text)
        # The main thread may hang in a call to the head; the table is consistent at any moment.
        if not self._over.wait(GRACE_SECONDS):
            print_errors(text)
            end_at_once(EXIT_CODE)
