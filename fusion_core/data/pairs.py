"""Two folders of images to one set of pairs, matched by file stem; every problem in one error."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from fusion_core.data.dataset import PairSet
from fusion_core.data.limits import SMALLEST_TRAIN
from fusion_core.data.listing import files_by_stem, list_images, named, same_folder
from fusion_core.data.reading import (
    FALSE_COLOUR,
    Picture,
    coloured,
    cropped,
    read_picture,
    resized,
    to_grey,
)
from fusion_core.data.stack import PairStack
from fusion_core.errors import DataError, shown

__all__ = ["Pairing", "files_by_stem", "find_pairs", "read_pair", "read_pairs", "scan_pairs"]


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


class PairOfPictures(NamedTuple):
    """Visible (H, W, 3) or (H, W), and infrared (H, W), uint8; `remarks` are notes on each for the owner."""

    visible: np.ndarray
    infrared: np.ndarray
    remarks: tuple[str, ...] = ()


class _Outcome(NamedTuple):
    images: tuple[np.ndarray, np.ndarray] | None
    unreadable: tuple[str, ...] = ()
    unequal: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def scan_pairs(visible: Path, infrared: Path) -> Pairing:
    """Match two folders by stem without raising: unpaired files are in `problems`."""
    visible, infrared = Path(visible), Path(infrared)
    if same_folder(visible, infrared):
        return Pairing((), (), (), (f"visible and infrared must be two folders, but both are {shown(visible)}",))
    (left, left_problems), (right, right_problems) = list_images(visible), list_images(infrared)
    problems = [*left_problems, *right_problems]
    if left and right:
        for one, other, folder in ((left, right, infrared), (right, left, visible)):
            alone = [shown(one[stem]) for stem in one if stem not in other]
            problems += named(f"no partner of that name in {shown(folder)}, so rename or remove", alone)
    stems = tuple(stem for stem in left if stem in right)
    if left and right and not stems:
        problems.append(f"{shown(visible)} and {shown(infrared)} must share file stems, but none is in both")
    return Pairing(stems, tuple(left[s] for s in stems), tuple(right[s] for s in stems), tuple(problems))


def find_pairs(visible: Path, infrared: Path) -> Pairing:
    """Match two folders by stem. Raises DataError that names every file that does not pair."""
    pairing = scan_pairs(visible, infrared)
    if pairing.problems:
        raise DataError("\n".join(pairing.problems))
    return pairing


def read_pair(visible: Path, infrared: Path) -> PairOfPictures:
    """Return one pair and the remarks on its images. Raises DataError for both files at once."""
    outcome = _read_checked(visible, infrared)
    if outcome.images is None:
        raise DataError("\n".join((*outcome.unreadable, *outcome.unequal)))
    return PairOfPictures(*outcome.images, outcome.remarks)


def read_pairs(
    pairing: Pairing,
    name: str,
    split: str,
    *,
    crop: Literal["none", "square"] = "none",
    resize: tuple[int, int] | None = None,
    limit: int | None = None,
) -> PairSet:
    """Decode the first `limit` pairs; without `resize`, images of another size are resized to the set's commonest.

    The set is grey (one channel) if every visible file is; its notes count what was done to the images. Raises
    DataError that names every file that is unpaired, unreadable, not of its partner's size, or too small to be
    enlarged, and for a set that does not fit into memory.
    """
    chosen = pairing.select(range(min(len(pairing), limit or len(pairing))))

    def read(visible: Path, infrared: Path) -> _Outcome:
        outcome = _read_checked(visible, infrared)
        return outcome if outcome.images is None else outcome._replace(images=_shaped(outcome.images, crop, resize))

    stack = PairStack(name, split, chosen.stems)
    unreadable, unequal, small = list[str](), list[str](), list[str]()
    remarks: Counter[str] = Counter()
    with closing(_in_threads(read, chosen)) as outcomes:
        for index, outcome in enumerate(outcomes):
            unreadable += outcome.unreadable
            unequal += outcome.unequal
            small += outcome.small
            remarks.update(outcome.remarks)
            if outcome.images is not None:
                stack.put(index, *outcome.images)
    problems = [
        *pairing.problems,
        *named("unreadable", unreadable),
        *named("sizes differ within a pair, so register or crop them to one", unequal),
    ]
    if not problems and not len(chosen):
        problems.append("a data set must hold at least one pair, but got none")
    # A set of only small images is refused later, with the size that its recipe and metrics need.
    if small and not problems and min(stack.size) >= SMALLEST_TRAIN:
        problems += named(f"images must have at least {SMALLEST_TRAIN} pixels a side to be enlarged", small)
    if problems:
        raise DataError("\n".join(f"{name}: {problem}" for problem in problems))
    notes = tuple(f"{name}: {count} of {len(chosen)} {split} {what}" for what, count in remarks.items())
    return stack.finish(notes)


def _in_threads(read: Callable[[Path, Path], _Outcome], pairs: Pairing) -> Generator[_Outcome]:
    """Yield the result of `read` for each pair, in order; closing the generator stops the reading."""
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        yield from pool.map(read, pairs.visible, pairs.infrared)
    finally:
        pool.shutdown(cancel_futures=True)


def _read_checked(visible_path: Path, infrared_path: Path) -> _Outcome:
    pictures: list[Picture] = []
    unreadable: list[str] = []
    for path in (visible_path, infrared_path):
        try:
            pictures.append(read_picture(path))
        except DataError as error:
            unreadable.append(str(error))
    if unreadable:
        return _Outcome(None, tuple(unreadable))
    visible, infrared = pictures[0].pixels, to_grey(pictures[1].pixels)
    if visible.shape[:2] != infrared.shape:
        sizes = f"{shown(visible_path)} is {_size(visible)}, {shown(infrared_path)} is {_size(infrared)}"
        return _Outcome(None, (), (sizes,))
    small = (f"{shown(visible_path)} is {_size(visible)}",) if min(infrared.shape) < SMALLEST_TRAIN else ()
    remarks = [f"visible images {remark}" for remark in pictures[0].remarks]
    remarks += [f"infrared images {remark}" for remark in pictures[1].remarks]
    remarks += [f"infrared images {FALSE_COLOUR}"] if coloured(pictures[1].pixels) else []
    return _Outcome((visible, infrared), (), (), small, tuple(remarks))


def _shaped(
    images: tuple[np.ndarray, np.ndarray], crop: Literal["none", "square"], resize: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray]:
    visible, infrared = (cropped(image, crop) for image in images)
    return (visible, infrared) if resize is None else (resized(visible, resize), resized(infrared, resize))


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"
