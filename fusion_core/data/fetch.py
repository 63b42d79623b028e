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

from fusion_core.data.entries import CATALOG, Entry, Repository, Split
from fusion_core.data.pairs import scan_pairs
from fusion_core.errors import DataError, did_you_mean, printable, shown

SECONDS_BETWEEN_LINES = 2.0
SPLITS: tuple[Split, Split] = ("train", "test")


def fetch(name: str, root: Path, echo: Callable[[str], None]) -> Path:
    """Get a data set into `root` and return its folder; `echo` gets a line of progress every few seconds.

    It is the commit that the catalog names, with its pairs matched and counted. Raises DataError if the set has no
    public repository, git is missing, the download fails, or the content differs; then, and after Ctrl-C, `root` holds
    nothing of it.
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
            commit = _download(repository, clone, target, echo)
            if not _lies_in(entry, Path(scratch), repository):
                raise DataError(f"{repository.url} must hold {name}, but has none of {entry.describe()}")
            counts = _count(entry, repository, Path(scratch))
            clone.rename(target)
    except OSError as error:
        raise DataError(f"{shown(root)} must be a folder that can be written, but got: {error}") from error
    echo(f"{name} is in {target}: {counts[0]:,} pairs to train and {counts[1]:,} to test with, commit {commit}")
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


def _count(entry: Entry, repository: Repository, root: Path) -> tuple[int, int]:
    """Return the pairs of both splits. Raises DataError for files that do not pair, and for unexpected numbers."""
    layout = entry.find(root)
    counts = []
    for split in SPLITS:
        folders = layout.folders(root, split) if layout else None
        pairing = scan_pairs(*folders) if folders else None
        if pairing is not None and pairing.problems:
            problems = "\n".join(pairing.problems).replace(f"{root}/", "")
            raise DataError(f"{repository.url} must hold pairs of {entry.name}, but:\n{problems}")
        counts.append(len(pairing) if pairing is not None else 0)
    found = (counts[0], counts[1])
    if repository.pairs not in (None, found):
        known = " and ".join(f"{count:,}" for count in repository.pairs or ())
        raise DataError(
            f"{repository.url} must hold {known} pairs of {entry.name} to train and to test with, but has "
            f"{found[0]:,} and {found[1]:,}: look at what is there now, and put it under --data-root by hand"
        )
    return found


def _download(repository: Repository, folder: Path, target: Path, echo: Callable[[str], None]) -> str:
    """Fetch one commit without its history and return its name."""
    by_hand = f"download {repository.url} by hand and put it at {target}"
    git = shutil.which("git")
    if git is None:
        raise DataError(f"--fetch must find git on PATH, but there is none; install git, or {by_hand}")
    # Nothing in a repository may run or point elsewhere: no hooks, no links, no other protocol than the URL's.
    scheme = repository.url.partition(":")[0]
    safe = (
        "core.hooksPath=/dev/null",
        "core.symlinks=false",
        "protocol.allow=never",
        f"protocol.{scheme}.allow=always",
    )
    git_here = [git, *(part for setting in safe for part in ("-c", setting)), "-C", str(folder)]
    folder.mkdir()
    wanted = repository.commit or "HEAD"
    last: deque[str] = deque(maxlen=3)
    for command in (
        ["init", "--quiet"],
        ["fetch", "--depth", "1", "--progress", "--no-tags", "--", repository.url, wanted],
        ["checkout", "--progress", "--detach", "FETCH_HEAD"],
    ):
        code = _run([*git_here, *command], last, echo)
        if code:
            raise DataError(
                f"git {command[0]} of {repository.url} must end with 0, but got {code}: {' '.join(last)}; "
                f"check the network and try again, or {by_hand}"
            )
    head = subprocess.run([*git_here, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    if repository.commit not in ("", head):
        raise DataError(f"{repository.url} must give commit {repository.commit}, but gave {head}; {by_hand}")
    return head


def _run(command: list[str], last: deque[str], echo: Callable[[str], None]) -> int:
    """Run git and return how it ended; `last` keeps its latest lines, `echo` gets some on the way."""
    # git must not prompt, and its messages must be in English
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr is not None
        try:
            for line in _sparse(_lines(process.stderr), last):
                echo(line)
            return process.wait()
        except BaseException:
            process.terminate()
            raise


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Yield lines as they come; git ends those it will overwrite with a carriage return."""
    pending = b""
    while chunk := os.read(stream.fileno(), 4096):
        *whole, pending = re.split(rb"[\r\n]+", pending + chunk)
        yield from (printable(line.decode(errors="replace").strip()) for line in whole if line.strip())
    if pending.strip():
        yield printable(pending.decode(errors="replace").strip())


def _sparse(lines: Iterator[str], last: deque[str]) -> Iterator[str]:
    """Yield the end of each phase and a line every few seconds; `last` keeps the latest of all."""
    shown = time.monotonic()
    for line in lines:
        # Git's lines on commits and branches do not matter to the reader.
        if line.startswith(("HEAD is now at", "From ", "* branch")):
            continue
        last.append(line)
        if line.endswith("done.") or time.monotonic() - shown >= SECONDS_BETWEEN_LINES:
            shown = time.monotonic()
            yield line
