"""Atomic writes: a file exists completely or not at all, even after a crash."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from fusion_core.errors import FusionError, printable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
REFUSING = FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT, errno.ENOTDIR, errno.ESTALE}


class DiskError(FusionError):
    """The disk refuses a file: it is full, read-only, broken, or the folder is gone. It is not the fault of a trial."""


@contextmanager
def whole_file(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary path; it replaces `path` at the end, or is removed on any failure.

    With `sync` the bytes are on the disk before the rename: a crash in between leaves the old file. Raises DiskError if
    the disk refuses.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        try:
            yield partial
            if sync:
                with partial.open("rb+") as file:
                    os.fsync(file.fileno())
            partial.replace(path)
        except OSError as problem:
            raise refused(path, problem) from problem
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file atomically. Raises DiskError if the disk refuses."""
    with whole_file(path, sync=sync) as partial:
        partial.write_bytes(content)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of dead processes anywhere below a folder."""
    for partial in folder.rglob(".*.partial"):
        process = partial.name.split(".")[-2]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            with suppress(OSError):
                partial.unlink()


def refused(path: Path, problem: OSError) -> DiskError:
    """Return the error for a file that could not be written."""
    # pyarrow gives the error number without its name.
    reason = os.strerror(problem.errno) if problem.errno else str(problem)
    remedy = "make room" if problem.errno in FULL else "check that the folder exists and is writable"
    return DiskError(
        f"{printable(str(path))}: this file must be written, but: {reason}. Everything already reported is saved: "
        f"{remedy}, and rerun the same command"
    )
