"""Two folders of images to one set of pairs, matched by file stem; every problem in one error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from fusion_core.data.dataset import PairSet
from fusion_core.data.reading import SUFFIXES, cropped, read_image, resized, to_grey
from fusion_core.data.stack import PairStack
from fusion_core.errors import DataError

__all__ = ["Pairing", "files_by_stem", "find_pairs", "read_image", "read_pair", "read_pairs", "scan_pairs"]

MOST_NAMED = 20


@dataclass(frozen=True)
class Pairing:
    """Files that pair by stem, in order of the stem; `problems` name those that do not."""

    stems: tuple[str, ...]
    visible: tuple[Path, ...]
    infrared: tuple[Path, ...]
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.stems)

    def select(self, indices: Iterable[int]) -> Pairing:
        """Return the pairs at these places, and all problems."""
        kept = tuple(indices)
        return Pairing(
            tuple(self.stems[i] for i in kept),
            tuple(self.visible[i] for i in kept),
            tuple(self.infrared[i] for i in kept),
            self.problems,
        )


class _Outcome(NamedTuple):
    images: tuple[np.ndarray, np.ndarray] | None
    unreadable: tuple[str, ...] = ()
    unequal: tuple[str, ...] = ()


def files_by_stem(folder: Path) -> dict[str, Path]:
    """Return a folder's images by stem, sorted; other files and dot files are passed over. Raises DataError."""
    files, problems = _list_images(Path(folder))
    if problems:
        raise DataError("\n".join(problems))
    return files


def scan_pairs(visible: Path, infrared: Path) -> Pairing:
    """Match two folders by stem without raising: what does not pair is in `problems`."""
    visible, infrared = Path(visible), Path(infrared)
    if visible.resolve() == infrared.resolve():
        return Pairing((), (), (), (f"visible and infrared must be two folders, but both are {visible}",))
    (left, left_problems), (right, right_problems) = _list_images(visible), _list_images(infrared)
    problems = [*left_problems, *right_problems]
    if left and right:
        problems += _named(f"no partner in {infrared}", [str(left[stem]) for stem in left if stem not in right])
        problems += _named(f"no partner in {visible}", [str(right[stem]) for stem in right if stem not in left])
    stems = tuple(stem for stem in left if stem in right)
    if left and right and not stems:
        problems.append(f"{visible} and {infrared} must share file stems, but none is in both")
    return Pairing(stems, tuple(left[s] for s in stems), tuple(right[s] for s in stems), tuple(problems))


def find_pairs(visible: Path, infrared: Path) -> Pairing:
    """Match two folders by stem. Raises DataError that names every file that does not pair."""
    pairing = scan_pairs(visible, infrared)
    if pairing.problems:
        raise DataError("\n".join(pairing.problems))
    return pairing


def read_pair(visible: Path, infrared: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return visible (H, W, 3) or (H, W), and infrared (H, W), as stored. Raises DataError for both files at once."""
    images, unreadable, unequal = _read_checked(visible, infrared)
    if images is None:
        raise DataError("\n".join((*unreadable, *unequal)))
    return images


def read_pairs(
    pairing: Pairing,
    name: str,
    split: str,
    *,
    crop: Literal["none", "square"] = "none",
    resize: tuple[int, int] | None = None,
    limit: int | None = None,
) -> PairSet:
    """Decode the first `limit` pairs; without `resize`, images of another size take the set's commonest.

    The set is grey (one channel) where every visible file is. Raises DataError that names every file that is
    unpaired, unreadable, or not of its partner's size.
    """
    chosen = pairing.select(range(min(len(pairing), limit or len(pairing))))

    def read(visible: Path, infrared: Path) -> _Outcome:
        outcome = _read_checked(visible, infrared)
        return outcome if outcome.images is None else _Outcome(_shaped(outcome.images, crop, resize))

    stack = PairStack(name, split, chosen.stems)
    unreadable: list[str] = []
    unequal: list[str] = []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for index, outcome in enumerate(pool.map(read, chosen.visible, chosen.infrared)):
            unreadable += outcome.unreadable
            unequal += outcome.unequal
            if outcome.images is not None:
                stack.put(index, *outcome.images)
    problems = [
        *pairing.problems,
        *_named("unreadable", unreadable),
        *_named("sizes differ within a pair", unequal),
    ]
    if not problems and not len(chosen):
        problems.append("a data set must hold at least one pair, but got none")
    if problems:
        raise DataError("\n".join(f"{name}: {problem}" for problem in problems))
    return stack.finish()


def _list_images(folder: Path) -> tuple[dict[str, Path], list[str]]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError as error:
        return {}, [f"{folder} must be a folder that can be read, but got: {error.strerror or error}"]
    files: dict[str, Path] = {}
    twice: list[str] = []
    for path in (folder / name for name in names):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in files:
            twice.append(f"{path} and {files[path.stem].name}")
        files.setdefault(path.stem, path)
    problems = _named("two files of one stem", twice)
    if not files:
        problems.append(f"{folder} must hold images ({' '.join(SUFFIXES)}), but got {len(names)} other files")
    return dict(sorted(files.items())), problems


def _read_checked(visible_path: Path, infrared_path: Path) -> _Outcome:
    images: list[np.ndarray] = []
    unreadable: list[str] = []
    for path in (visible_path, infrared_path):
        try:
            images.append(read_image(path))
        except DataError as error:
            unreadable.append(str(error))
    if unreadable:
        return _Outcome(None, tuple(unreadable))
    visible, infrared = images[0], to_grey(images[1])
    if visible.shape[:2] != infrared.shape:
        return _Outcome(None, (), (f"{visible_path} is {_size(visible)}, {infrared_path} is {_size(infrared)}",))
    return _Outcome((visible, infrared))


def _shaped(
    images: tuple[np.ndarray, np.ndarray], crop: Literal["none", "square"], resize: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray]:
    visible, infrared = (cropped(image, crop) for image in images)
    return (visible, infrared) if resize is None else (resized(visible, resize), resized(infrared, resize))


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"


def _named(what: str, lines: Sequence[str]) -> list[str]:
    """Return `what` with its files, no more than can be read, and how many more there are."""
    if not lines:
        return []
    more = [f"  ... and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return ["\n".join([f"{what} ({len(lines)}):", *(f"  {line}" for line in lines[:MOST_NAMED]), *more])]
