"""The images of a folder by stem, and what is wrong with its files before any is opened."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from fusion_core.errors import DataError, printable, shown

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
ENDINGS = {suffix[1:] for suffix in SUFFIXES}
MOST_NAMED = 20
# A stem is part of the names of samples, between that of its set and the kind of picture.
LONGEST_STEM = 180


def files_by_stem(folder: Path) -> dict[str, Path]:
    """Return a folder's images by stem, sorted; other files and dot files are skipped. Raises DataError."""
    files, problems = list_images(Path(folder))
    if problems:
        raise DataError("\n".join(problems))
    return files


def list_images(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return a folder's images by stem, sorted, and its problems; reads names alone, 100,000 in about a second.

    A problem is a folder that cannot be read or holds no image, two files of one stem, a broken or circular link, a
    folder or pipe named like an image, and a name that a table, console or sample cannot hold.
    """
    files: dict[str, Path] = {}
    twice, no_files, names = list[str](), list[str](), list[str]()
    others = 0
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return {}, [f"{shown(folder)} must be a folder that can be read, but got: {reason}"]
    for entry in found:
        stem, _, suffix = entry.name.rpartition(".")
        if suffix.lower() not in ENDINGS or entry.name.startswith("."):
            others += 1
        elif unfit := unfit_name(stem):
            names.append(f"{shown(folder / entry.name)}: {unfit}")
        elif what := no_file(entry):
            no_files.append(f"{shown(folder / entry.name)}: {what}")
        elif stem in files:
            twice.append(f"{shown(folder / entry.name)} and {printable(files[stem].name)}")
        else:
            files[stem] = folder / entry.name
    problems = [
        *named("two files of one stem, remove one", twice),
        *named("images must be files, so remove or fix", no_files),
        *named("file names that must be changed", names),
    ]
    if not files and not problems:
        problems.append(f"{shown(folder)} must hold images ({' '.join(SUFFIXES)}), but got {others} other files")
    return dict(sorted(files.items())), problems


def unfit_name(stem: str) -> str:
    """Return the problem with a file's stem, or nothing."""
    if stem.isascii() and stem.isprintable() and len(stem) <= LONGEST_STEM:
        return ""
    categories = {unicodedata.category(letter) for letter in stem}
    if "Cs" in categories:
        return "the name is not UTF-8"
    if categories & {"Cc", "Zl", "Zp"}:
        return "the name holds control characters"
    if len(stem.encode()) > LONGEST_STEM:
        return f"the name has more than {LONGEST_STEM} bytes"
    return ""


def no_file(entry: os.DirEntry[str]) -> str:
    """Return why a path is not a file, or nothing."""
    try:
        if entry.is_file():
            return ""
        if entry.is_symlink() and not Path(entry.path).exists():
            return "a link that leads nowhere"
        return "a folder" if entry.is_dir() else "neither a file nor a folder"
    except OSError as error:
        return f"cannot be followed ({error.strerror or error})"


def named(what: str, lines: Sequence[str]) -> list[str]:
    """Return `what` with its first files, and how many more there are."""
    return ["\n".join(_lines(what, lines))] if lines else []


def _lines(what: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{what} ({len(lines)}):"
    yield from (f"  {line}" for line in lines[:MOST_NAMED])
    if len(lines) > MOST_NAMED:
        yield f"  ... and {len(lines) - MOST_NAMED} more"


def same_folder(one: Path, other: Path) -> bool:
    """Whether two paths lead to one folder; False if one is a broken or circular link."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
