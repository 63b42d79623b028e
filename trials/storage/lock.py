"""One driver per run folder. The lock ends with its process, however that exits."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import IO, Self

from fusion_core.errors import FusionError
from trials.storage.layout import RunFolder


class LockedError(FusionError):
    """Another driver works in this run folder."""


class RunLock:
    """Hold `driver.lock` of a run folder. Raises LockedError if another process holds it."""

    def __init__(self, run: Path) -> None:
        self.path = RunFolder(run).lock
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            file.seek(0)
            holder = _describe(file.read())
            file.close()
            raise LockedError(
                f"{self.path.parent}: one driver at a time may write here, but {holder} does; "
                "wait for it, stop it, or choose another folder with --out"
            ) from problem
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}))
        file.flush()
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            # The file stays: removing it could let two others lock different files of this name.
            self._file.truncate(0)
            self._file.close()


def _describe(text: str) -> str:
    try:
        holder = json.loads(text)
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
        return f"process {holder['pid']} on {holder['host']} (since {since})"
    except (ValueError, KeyError, TypeError):
        return "another process"
