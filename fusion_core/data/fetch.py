"""Fetching a data set from its public git repository; nothing half-written stays behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from fusion_core.data.entries import CATALOG, Entry, Repository
from fusion_core.errors import DataError, did_you_mean

SECONDS_BETWEEN_LINES = 2.0


def fetch(name: str, root: Path, echo: Callable[[str], None]) -> Path:
    """Clone a data set into `root` and return its folder; `echo` gets a line of progress every few seconds.

    Raises DataError where the set has no public repository, git is missing, or the clone fails; then, and after
    Ctrl-C, `root` holds nothing of it.
    """
    entry, repository = _fetchable(name, root)
    target = root / repository.folder
    if target.exists():
        if not _lies_in(entry, root, repository):
            raise DataError(
                f"{target} must hold {name}, but has none of {entry.describe()}; move it away and fetch {name} again"
            )
        echo(f"{name} is already in {target}")
        return target
    size = f" ({repository.size})" if repository.size else ""
    echo(f"Fetching {name} from {repository.url}{size} into {target}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=root, ignore_cleanup_errors=True) as scratch:
            # the folder keeps its final name, so that its layout can be checked before it is moved
            clone = Path(scratch) / repository.folder
            _clone(repository, clone, target, echo)
            if not _lies_in(entry, Path(scratch), repository):
                raise DataError(f"{repository.url} must hold {name}, but has none of {entry.describe()}")
            clone.rename(target)
    except OSError as error:
        raise DataError(f"{root} must be a folder that can be written, but got: {error}") from error
    echo(f"{name} is in {target}")
    return target


def _fetchable(name: str, root: Path) -> tuple[Entry, Repository]:
    if name not in CATALOG:
        raise DataError(f"--fetch must name a known data set, but got {name!r}.{did_you_mean(name, CATALOG)}")
    entry = CATALOG[name]
    if entry.repository is not None:
        return entry, entry.repository
    if not entry.layouts:
        raise DataError(
            f"--fetch must name a data set that is downloaded, but {name} is made from a seed: use it as it is"
        )
    raise DataError(
        f"--fetch must name a data set with a public git repository, but {name} has none; download it by hand "
        f"({entry.by_hand}) and put it under {root} as {entry.layouts[0].describe()}"
    )


def _lies_in(entry: Entry, root: Path, repository: Repository) -> bool:
    layouts = [layout for layout in entry.layouts if layout.visible.startswith(f"{repository.folder}/")]
    return any(layout.folders(root, "train") or layout.folders(root, "test") for layout in layouts)


def _clone(repository: Repository, folder: Path, target: Path, echo: Callable[[str], None]) -> None:
    by_hand = f"download {repository.url} by hand and put it at {target}"
    git = shutil.which("git")
    if git is None:
        raise DataError(f"--fetch must find git on PATH, but there is none; install git, or {by_hand}")
    command = [git, "clone", "--depth", "1", "--progress", "--", repository.url, str(folder)]
    # no question may be asked, and messages must be readable here whatever the language
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    last: deque[str] = deque(maxlen=3)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr is not None
        try:
            for line in _sparse(_lines(process.stderr), last):
                echo(line)
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code:
        raise DataError(
            f"git clone of {repository.url} must end with 0, but got {code}: {' '.join(last)}; "
            f"check the network and try again, or {by_hand}"
        )


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Yield lines as they come; git ends those it will overwrite with a carriage return."""
    pending = b""
    while chunk := os.read(stream.fileno(), 4096):
        *whole, pending = re.split(rb"[\r\n]+", pending + chunk)
        yield from (line.decode(errors="replace").strip() for line in whole if line.strip())
    if pending.strip():
        yield pending.decode(errors="replace").strip()


def _sparse(lines: Iterator[str], last: deque[str]) -> Iterator[str]:
    """Yield the end of each phase and a line every few seconds; `last` keeps the latest of all."""
    shown = time.monotonic()
    for line in lines:
        # git names the scratch folder there, which means nothing to the reader
        if line.startswith("Cloning into"):
            continue
        last.append(line)
        if line.endswith("done.") or time.monotonic() - shown >= SECONDS_BETWEEN_LINES:
            shown = time.monotonic()
            yield line
