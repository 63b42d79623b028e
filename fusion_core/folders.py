"""Whole folders of images: fuse them with a checkpoint, or measure given fused images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import torch

from fusion_core.atomic_files import write_whole
from fusion_core.data.limits import SMALLEST_TEST
from fusion_core.data.listing import files_by_stem, named, same_folder
from fusion_core.data.pairs import Pairing, read_pair, scan_pairs
from fusion_core.data.reading import read_picture
from fusion_core.errors import DataError, shown
from fusion_core.images.colour import as_image
from fusion_core.images.png import png
from fusion_core.metrics.catalog import measure
from fusion_core.models.checkpoints import Checkpoint
from fusion_core.models.policy import UNetPolicy
from fusion_core.sources import Fused, Sources

# Feature maps, in units of base channels, that the policy's last level holds at once, with skips.
MAPS_AT_ONCE = 6

Note = Callable[[str], None]


@dataclass(frozen=True)
class FusedFile:
    """One file as `fuse_folder` wrote it."""

    stem: str
    fused: Path
    weight_map: Path | None


def as_batch(image: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """(H, W) or (H, W, 3) uint8 to (1, C, H, W)."""
    planes = image[None] if image.ndim == 2 else image.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes))[None].to(device)


def fuse_folder(
    checkpoint: Checkpoint,
    visible: Path,
    infrared: Path,
    out: Path,
    *,
    maps: bool = False,
    device: str = "cpu",
    note: Note = lambda line: None,
) -> Iterator[FusedFile]:
    """Fuse every pair at its own size; write `out/STEM.png`, and `out/maps/STEM.png` (white = infrared) with `maps`.

    `note` receives the remarks of reading. Raises DataError that names every file that does not pair, cannot be read,
    or is too small or too large for the policy, before anything is written.
    """
    targets = [out, out / "maps"] if maps else [out]
    for target in targets:
        if any(same_folder(target, source) for source in (visible, infrared)):
            raise DataError(f"--out must be a folder of its own, but {shown(target)} holds the sources. Name another.")
    pairing = scan_pairs(visible, infrared)
    _check_pairs(checkpoint, pairing, device, note)
    try:
        targets[-1].mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror or problem
        raise DataError(f"--out {shown(out)} must be a folder that can be written, but got: {reason}") from problem
    for stem, visible_file, infrared_file in zip(pairing.stems, pairing.visible, pairing.infrared, strict=True):
        pair = read_pair(visible_file, infrared_file)
        sources = Sources.from_pixels(as_batch(pair.visible, device), as_batch(pair.infrared, device))
        fused, weight_map = checkpoint.fuse(sources)
        files = [target / f"{stem}.png" for target in targets]
        write_whole(files[0], png(as_image(fused.pixels[0])))
        if maps:
            write_whole(files[1], png(as_image(weight_map[0] * 255)))
        yield FusedFile(stem, files[0], files[1] if maps else None)


def _check_pairs(checkpoint: Checkpoint, pairing: Pairing, device: str, note: Note) -> None:
    """Read every pair once. Raises DataError that names all that do not pair and all that cannot be fused."""
    smallest, problems, remarks = UNetPolicy.MIN_SIZE, list(pairing.problems), Counter[str]()
    pixel = MAPS_AT_ONCE * 4 * checkpoint.policy.leave.in_channels
    free = psutil.virtual_memory().available if device == "cpu" else torch.cuda.mem_get_info(device)[0]
    for visible, infrared in zip(pairing.visible, pairing.infrared, strict=True):
        try:
            pair = read_pair(visible, infrared)
        except DataError as problem:
            problems.append(str(problem))
            continue
        remarks.update(pair.remarks)
        height, width = pair.infrared.shape
        if min(height, width) < smallest:
            problems.append(
                f"{shown(visible)} must be at least {smallest}x{smallest} for the policy, but is {height}x{width}"
            )
        if height * width * pixel > free:
            problems.append(
                f"{shown(visible)} is {height}x{width}: its fusion takes {height * width * pixel / 1e9:,.1f} GB of "
                f"memory, but {free / 1e9:,.1f} GB are free. Cut it into tiles, or scale it down."
            )
    _raise_problems(problems)
    _say(remarks, len(pairing), note)


class _Measured(NamedTuple):
    values: dict[str, float]
    remarks: tuple[str, ...]


def evaluate_folder(
    visible: Path,
    infrared: Path,
    fused: Path,
    *,
    device: str = "cpu",
    advance: Callable[[int, int], None] = lambda done, total: None,
    note: Note = lambda line: None,
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Return the stems and every metric's value per image; each image at its own size, one thread per image.

    `note` receives the remarks of reading. Raises DataError that names every file that is missing, unreadable, of
    another size, or too small for VIF.
    """
    pairing = scan_pairs(visible, infrared)
    stems, problems = dict.fromkeys(pairing.stems), list(pairing.problems)
    files: dict[str, Path] = {}
    try:
        files = files_by_stem(fused)
    except DataError as problem:
        problems.append(str(problem))
    else:
        problems += named(f"no fused image in {shown(fused)} of", [shown(s) for s in pairing.stems if s not in files])
        problems += named("fused images without a pair", [shown(file) for s, file in files.items() if s not in stems])
    # After a problem, the rest is only checked, so that all problems are reported at once.
    wanted = [(a, b, files[s]) for s, a, b in zip(stems, pairing.visible, pairing.infrared, strict=True) if s in files]
    to_measure = not problems

    def one(paths: tuple[Path, Path, Path]) -> _Measured | str:
        try:
            return _measure_files(*paths, device if to_measure else None)
        except DataError as problem:
            return str(problem)

    rows, remarks = list[dict[str, float]](), Counter[str]()
    with ThreadPoolExecutor(os.cpu_count() if device == "cpu" else 1) as pool:
        for index, outcome in enumerate(pool.map(one, wanted), start=1):
            if isinstance(outcome, str):
                problems.append(outcome)
            else:
                rows.append(outcome.values)
                remarks.update(outcome.remarks)
            advance(index, len(wanted))
    _raise_problems(problems)
    _say(remarks, len(pairing), note)
    return pairing.stems, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _measure_files(visible: Path, infrared: Path, fused: Path, device: str | None) -> _Measured:
    """Return the metrics of one image, none without a device. Raises DataError for files that do not fit together."""
    pair, picture = read_pair(visible, infrared), read_picture(fused)
    height, width = pair.infrared.shape
    if picture.pixels.shape[:2] != (height, width):
        size = "x".join(map(str, picture.pixels.shape[:2]))
        raise DataError(f"{shown(fused)} must have the size of its sources, {height}x{width}, but is {size}")
    if min(height, width) < SMALLEST_TEST:
        least = f"{SMALLEST_TEST}x{SMALLEST_TEST}"
        raise DataError(f"{shown(visible)} must be at least {least} for VIF, but is {height}x{width}")
    if device is None:
        return _Measured({}, ())
    sources = Sources.from_pixels(as_batch(pair.visible, device), as_batch(pair.infrared, device))
    values = measure(sources, Fused.from_pixels(as_batch(picture.pixels, device)))
    remarks = (*pair.remarks, *(f"fused images {remark}" for remark in picture.remarks))
    return _Measured({name: value.item() for name, value in values.items()}, remarks)


def _say(remarks: Counter[str], images: int, note: Note) -> None:
    for what, count in remarks.items():
        note(f"{count} of {images} {what}")


def _raise_problems(problems: list[str]) -> None:
    if problems:
        raise DataError("\n".join(problems))
