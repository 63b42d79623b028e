"""Example pairs as the best setting fuses them, small enough to travel inside the page."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

KINDS = {"visible": "visible", "infrared": "infrared", "weight_map": "weight map", "fused": "fused"}
_WIDTH = 360


@dataclass(frozen=True)
class Sample:
    """One pair; `images` holds (caption, data URI) in the order of KINDS."""

    title: str
    images: tuple[tuple[str, str], ...]


def samples_of(run: Path, numbers: Iterable[int], limit: int = 4) -> tuple[list[Sample], list[str]]:
    """Return up to `limit` pairs, the data sets in turn, and a line for every image that cannot be read.

    They are those of the first of the trials (the seeds of one setting) whose samples were kept.
    """
    pairs: dict[str, list[str]] = {}
    kept = next((found for n in numbers if (found := sorted(run.glob(f"samples/{n}_*")))), [])
    for folder in kept:
        for fused in sorted(folder.glob("*_fused.png")):
            stem = fused.name.removesuffix("_fused.png")
            pairs.setdefault(stem.split("_", 1)[0], []).append(f"{folder.name}/{stem}")
    turns = sorted((turn, name, pair) for name, found in pairs.items() for turn, pair in enumerate(found))
    samples, problems = [], []
    for _, _, pair in turns[:limit]:
        images = []
        for kind, caption in KINDS.items():
            file = run / "samples" / f"{pair}_{kind}.png"
            uri = _small(file)
            if uri is None:
                problems.append(f"{file.name}: cannot be read as an image")
            else:
                images.append((caption, uri))
        samples.append(Sample(pair.split("/", 1)[1].replace("_", " ", 1), tuple(images)))
    return samples, problems


def _small(file: Path) -> str | None:
    image = (
        cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if file.is_file() and file.stat().st_size else None
    )
    if image is None:
        return None
    height, width = image.shape[:2]
    if width > _WIDTH:
        image = cv2.resize(image, (_WIDTH, max(1, round(height * _WIDTH / width))), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}" if done else None
