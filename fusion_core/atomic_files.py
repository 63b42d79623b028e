"""Files that are there whole or not at all, whatever happens while they are written."""

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
    """The disk refuses a file: it is full, read-only, broken, or the folder is gone. No trial is to blame for it."""


@contextmanager
def whole_file(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Yield where to write; what was written there takes the place of `path` at the end, or vanishes on any failure.

    With `sync` the bytes are on the disk before the name is: a machine that stops in between leaves the old file.
    Raises DiskError where the disk refuses.
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
    """Write a file whole or not at all. Raises DiskError where the disk refuses."""
    with whole_file(path, sync=sync) as partial:
        partial.write_bytes(content)


def remove_abandoned(folder: Path) -> None:
    """Remove what processes that are no more had half written anywhere below a folder."""
    for partial in folder.rglob(".*.partial"):
        process = partial.name.split(".")[-2]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            with suppress(OSError):
                partial.unlink()


def refused(path: Path, problem: OSError) -> DiskError:
    """Return what to say of a file that could not be written."""
    # pyarrow says a number and no name of it.
    reason = os.strerror(problem.errno) if problem.errno else str(problem)
    remedy = "make room" if problem.errno in FULL else "check that the folder exists and is writable"
    return DiskError(
        f"{printable(str(path))}: this file must be written, but: {reason}. Everything already reported is saved: "
        f"{remedy}, and rerun the same command"
    )
