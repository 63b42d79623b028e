"""Whole folders of images: fuse them with a checkpoint, or measure anybody's fused images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from fusion_core.checkpoints import Checkpoint
from fusion_core.data.pairs import Pairing, files_by_stem, read_image, read_pair, scan_pairs
from fusion_core.errors import DataError
from fusion_core.images import as_image
from fusion_core.limits import SMALLEST_TEST
from fusion_core.metrics.catalog import measure
from fusion_core.policy import UNetPolicy
from fusion_core.sources import Fused, Sources

MOST_NAMED = 20


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


def write_png(path: Path, image: np.ndarray) -> None:
    """Write uint8 (H, W) or RGB (H, W, 3), whole or not at all."""
    done, data = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1])
    if not done:
        raise DataError(f"{path}: the image could not be encoded as PNG")
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data.tobytes())
    partial.replace(path)


def fuse_folder(
    checkpoint: Checkpoint, visible: Path, infrared: Path, out: Path, *, maps: bool = False, device: str = "cpu"
) -> Iterator[FusedFile]:
    """Fuse every pair at its own size; write `out/STEM.png`, and `out/maps/STEM.png` (white = infrared) with `maps`.

    Raises DataError that names every file that does not pair, before anything is written.
    """
    if out.resolve() in (visible.resolve(), infrared.resolve()):
        raise DataError(f"--out must be a folder of its own, but {out} holds the sources. Name another.")
    pairing = scan_pairs(visible, infrared)
    _raise_problems(list(pairing.problems))
    _raise_problems(_check_sizes(pairing, UNetPolicy.MIN_SIZE))
    (out / "maps" if maps else out).mkdir(parents=True, exist_ok=True)
    for stem, visible_file, infrared_file in zip(pairing.stems, pairing.visible, pairing.infrared, strict=True):
        a, b = read_pair(visible_file, infrared_file)
        fused, weight_map = checkpoint.fuse(Sources.from_pixels(as_batch(a, device), as_batch(b, device)))
        target = out / f"{stem}.png"
        write_png(target, as_image(fused.pixels[0]))
        map_target = out / "maps" / f"{stem}.png" if maps else None
        if map_target is not None:
            write_png(map_target, as_image(weight_map[0] * 255))
        yield FusedFile(stem, target, map_target)


def evaluate_folder(
    visible: Path,
    infrared: Path,
    fused: Path,
    *,
    device: str = "cpu",
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Return the stems and every metric's value per image; each image at its own size, one thread per image.

    Raises DataError that names every file that is missing, unreadable, of another size, or too small for VIF.
    """
    pairing = scan_pairs(visible, infrared)
    files = files_by_stem(fused)
    problems = list(pairing.problems)
    problems += _listed(f"no fused image in {fused}", [stem for stem in pairing.stems if stem not in files])
    problems += _listed("a fused image without a pair", [str(files[s]) for s in files if s not in set(pairing.stems)])
    _raise_problems(problems)

    def one(index: int) -> dict[str, float] | str:
        try:
            return _measure_files(pairing.visible[index], pairing.infrared[index], files[pairing.stems[index]], device)
        except DataError as problem:
            return str(problem)

    rows: list[dict[str, float]] = []
    with ThreadPoolExecutor(os.cpu_count() if device == "cpu" else 1) as pool:
        for index, outcome in enumerate(pool.map(one, range(len(pairing))), start=1):
            if isinstance(outcome, str):
                problems.append(outcome)
            else:
                rows.append(outcome)
            advance(index, len(pairing))
    _raise_problems(problems)
    return pairing.stems, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _measure_files(visible: Path, infrared: Path, fused: Path, device: str) -> dict[str, float]:
    a, b = read_pair(visible, infrared)
    f = read_image(fused)
    if f.shape[:2] != b.shape:
        raise DataError(f"{fused} must have the size of its sources, {b.shape[0]}x{b.shape[1]}, but is {_size(f)}")
    if min(b.shape) < SMALLEST_TEST:
        raise DataError(f"{visible} must be at least {SMALLEST_TEST}x{SMALLEST_TEST} for VIF, but is {_size(a)}")
    values = measure(
        Sources.from_pixels(as_batch(a, device), as_batch(b, device)), Fused.from_pixels(as_batch(f, device))
    )
    return {name: value.item() for name, value in values.items()}


def _check_sizes(pairing: Pairing, smallest: int) -> list[str]:
    problems = []
    for visible, infrared in zip(pairing.visible, pairing.infrared, strict=True):
        try:
            a, _ = read_pair(visible, infrared)
        except DataError as problem:
            problems.append(str(problem))
            continue
        if min(a.shape[:2]) < smallest:
            problems.append(f"{visible} must be at least {smallest}x{smallest} for the policy, but is {_size(a)}")
    return problems


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}x{image.shape[1]}"


def _listed(what: str, names: list[str]) -> list[str]:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"{what}: {', '.join(names[:MOST_NAMED])}{more}"] if names else []


def _raise_problems(problems: list[str]) -> None:
    if problems:
        raise DataError("\n".join(problems))
