"""Sample images of a run: which pairs of which trials were kept, and each one small enough for a page."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from trials.storage.layout import RunFolder, trial_name

SOURCES = ("visible", "infrared")
MADE = ("weight_map", "fused")
_WIDTH = 640
_BUDGET = 3_000_000
_COLUMNS = 3
_FOR_COLUMNS = 0.65  # of the budget; the rest is for the other trials on the same pairs
_QUALITY = {"visible": 86, "infrared": 86, "weight_map": 80, "fused": 88}


@dataclass(frozen=True)
class Pair:
    """A test pair; `place` is its index in the data set, -1 if unknown."""

    dataset: str
    stem: str
    place: int

    def file(self, kind: str) -> str:
        """Return the name of its image of a kind: visible, infrared, weight_map or fused."""
        return f"{self.dataset}_{self.stem}_{kind}.png"


@dataclass(frozen=True)
class Picture:
    """An image as a data URI, and its size before it was made smaller."""

    uri: str
    width: int
    height: int


def folders_of(run: Path, trials: Mapping[int, str]) -> dict[int, Path]:
    """Return the folder of each of these trials (number -> id) that has samples, by number."""
    names = {trial_name(number, trial): number for number, trial in trials.items()}
    folders = [folder for folder in RunFolder(run).samples.glob("*_*") if folder.name in names]
    return {names[folder.name]: folder for folder in sorted(folders) if next(folder.glob("*_fused.png"), None)}


def pairs_in(folders: Sequence[Path], stems: Mapping[str, Sequence[str]]) -> list[Pair]:
    """Return the pairs that any of the folders has: the data sets in turn, each in the order of its stems."""
    names = {file.name.removesuffix("_fused.png") for folder in folders for file in folder.glob("*_fused.png")}
    known = [
        Pair(dataset, stem, place)
        for dataset, members in stems.items()
        for place, stem in enumerate(members)
        if f"{dataset}_{stem}" in names
    ]
    there = {f"{pair.dataset}_{pair.stem}" for pair in known}
    found = known + [_unlisted(name, list(stems)) for name in sorted(names - there)]
    order = list(dict.fromkeys([*stems, *(pair.dataset for pair in found)]))
    turns: dict[str, int] = {}
    keys = {}
    for pair in found:
        turns[pair.dataset] = turns.get(pair.dataset, 0) + 1
        keys[pair] = (turns[pair.dataset], order.index(pair.dataset))
    return sorted(found, key=keys.__getitem__)


def picture(file: Path, kind: str) -> Picture | None:
    """Return an image at most 640 pixels wide, as WebP; None if it is missing or cannot be read."""
    try:
        state = file.stat()
        return _encoded(file, kind, state.st_mtime_ns, state.st_size)
    except OSError:
        return None


@dataclass
class Images:
    """The images that go into the page: their size so far, those that cannot be read, and the number left out."""

    spent: int = 0
    unreadable: list[str] = field(default_factory=list)
    left_out: int = 0

    def of(self, folder: Path, pair: Pair, kinds: Iterable[str]) -> dict[str, Picture | None]:
        """Return a folder's images of a pair."""
        found = {kind: picture(folder / pair.file(kind), kind) for kind in kinds}
        self.unreadable += [f"{folder.name}/{pair.file(kind)}" for kind, image in found.items() if image is None]
        return found

    def fit(self, found: Iterable[Picture | None], budget: float) -> bool:
        """Return whether these images fit into what is left of a budget, and count them if they do."""
        size = sum(len(image.uri) for image in found if image is not None)
        if self.spent + size > budget:
            return False
        self.spent += size
        return True

    def notes(self) -> list[str]:
        notes = []
        if self.unreadable:
            more = f" and {len(self.unreadable) - 1} more" if len(self.unreadable) > 1 else ""
            notes.append(f"Cannot be read as an image: {self.unreadable[0]}{more}.")
        if self.left_out:
            notes.append(f"{self.left_out} images are left out to keep this page small; they lie in samples/.")
        return notes


def shown_in(pairs: list[Pair], trials: list[int], folders: dict[int, Path], images: Images) -> list[Any]:
    """Return (pair, its images) as far as the budget goes: whole pairs in the first columns, then the other trials."""
    having = {pair: [n for n in trials if (folders[n] / pair.file("fused")).is_file()] for pair in pairs}
    pairs = [pair for pair in pairs if having[pair]]  # a folder may be removed while its sweep runs
    first = trials[:_COLUMNS]
    share = _BUDGET * (_FOR_COLUMNS if len(trials) > _COLUMNS else 1)
    shown: list[tuple[Pair, dict[str, Any]]] = []
    for pair in pairs:
        sources = images.of(folders[having[pair][0]], pair, SOURCES)
        made = {n: images.of(folders[n], pair, MADE) for n in having[pair] if n in first}
        every = [*sources.values(), *(image for one in made.values() for image in one.values())]
        if not images.fit(every, share if shown else math.inf):
            break
        size = next(((image.width, image.height) for image in every if image is not None), (4, 3))
        shown.append((pair, {"dataset": pair.dataset, "stem": pair.stem, "size": size, **_uris(sources), "made": made}))
    for pair, entry in shown:
        for number in (n for n in having[pair] if n not in first):
            found = images.of(folders[number], pair, MADE)
            if not images.fit(found.values(), _BUDGET):
                break
            entry["made"][number] = found
    kept = sum(len(SOURCES) + len(MADE) * len(having[pair]) for pair in pairs)
    images.left_out = kept - sum(len(SOURCES) + len(MADE) * len(entry["made"]) for _, entry in shown)
    for _, entry in shown:
        entry["made"] = {number: _uris(found) for number, found in entry["made"].items()}
    return shown


def _uris(found: dict[str, Picture | None]) -> dict[str, str | None]:
    return {kind: image.uri if image else None for kind, image in found.items()}


def _unlisted(name: str, datasets: list[str]) -> Pair:
    """Guess the data set of a pair that the table does not list: the longest name that fits, or the first word."""
    fitting = [dataset for dataset in datasets if name.startswith(f"{dataset}_")]
    dataset = max(fitting, key=len, default=name.partition("_")[0])
    return Pair(dataset, name.removeprefix(f"{dataset}_"), -1)


@lru_cache(maxsize=512)
def _encoded(file: Path, kind: str, modified: int, size: int) -> Picture | None:
    """Encode a file, cached until it changes, since a page may be rebuilt while its sweep runs."""
    image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if size else None
    if image is None:
        return None
    height, width = image.shape[:2]
    if width > _WIDTH:
        image = cv2.resize(image, (_WIDTH, max(1, round(height * _WIDTH / width))), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY[kind]])
    if not done:
        return None
    return Picture(f"data:image/webp;base64,{base64.b64encode(data.tobytes()).decode()}", width, height)
