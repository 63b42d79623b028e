"""From the data part of a configuration to decoded pairs; every problem of every set in one error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fusion_core.config import DataConfig, FolderPair
from fusion_core.data.dataset import PairSet
from fusion_core.data.entries import CATALOG, Entry, Layout, Split
from fusion_core.data.pairs import Pairing, read_pairs, scan_pairs
from fusion_core.data.reading import cropped, resized
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.errors import DataError, did_you_mean, shown

__all__ = ["CATALOG", "DataLocation", "Entry", "Layout", "LoadedData", "load_data", "locate"]

DEFAULT_ROOT = Path("data")


@dataclass(frozen=True)
class LoadedData:
    """What a trial trains on and is tested on, decoded, and notes on it for the user."""

    train: PairSet
    test: dict[str, PairSet]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataLocation:
    """The folders of one split of a data set; `holdout` as in Layout."""

    name: str
    split: Split
    visible: Path
    infrared: Path
    holdout: int = 0
    notes: tuple[str, ...] = ()

    def pairing(self) -> Pairing:
        """Match the files by stem, and keep those of this split."""
        pairing = scan_pairs(self.visible, self.infrared)
        if not self.holdout:
            return pairing
        tested = range(self.holdout // 2, len(pairing), self.holdout)
        return pairing.select(i for i in range(len(pairing)) if (i in tested) == (self.split == "test"))


class NotFoundError(DataError):
    """A data set was not found; `what` is the message without the places and the remedy."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}: {advice}")
        self.what = what


def load_data(config: DataConfig) -> LoadedData:
    """Find and decode all sets of a configuration. Raises DataError with all their problems."""
    loader = _Loader(config)
    loader.problems += _broken_names(config)
    train = loader.load(config.train, "train")
    test: dict[str, PairSet] = {}
    for wanted in config.test:
        pairs = loader.load(wanted, "test", optional=_name(wanted) in config.optional)
        if pairs is not None:
            test[_name(wanted)] = pairs
    if not test and not loader.problems:
        loader.problems.append("data.test must name at least one set that is there, but got none")
    if loader.problems or train is None:
        raise DataError("\n".join(dict.fromkeys(loader.problems)))
    return LoadedData(train, test, tuple(dict.fromkeys(loader.notes)))


def locate(wanted: str | FolderPair, split: Split, root: Path | None = None) -> DataLocation:
    """Return the folders of a set's split. Raises NotFoundError with the places searched and a remedy."""
    if isinstance(wanted, FolderPair):
        missing = [folder for folder in (wanted.visible, wanted.infrared) if not folder.is_dir()]
        if missing:
            raise NotFoundError(f"{wanted.name} not found", f"no folder {' and no folder '.join(map(shown, missing))}")
        return DataLocation(wanted.name, split, wanted.visible, wanted.infrared)
    entry = CATALOG[wanted]
    root = (DEFAULT_ROOT if root is None else Path(root)).expanduser()
    layout = entry.find(root)
    if layout is None:
        raise NotFoundError(
            f"{entry.name} not found under {shown(root)}", f"looked for {entry.describe()}. {_remedy(entry)}"
        )
    folders = layout.folders(root, split)
    if folders is None:
        what = f"{entry.name} has no {split} split under {shown(root)}"
        raise NotFoundError(what, f"looked for {layout.describe()}. {_remedy(entry)}")
    notes = [f"{entry.name}: {layout.note}"] if layout.note else []
    if layout.holdout:
        notes.append(f"{entry.name} comes without a split: every {layout.holdout}th pair is held out for testing")
    return DataLocation(entry.name, split, *folders, layout.holdout, tuple(notes))


@dataclass
class _Loader:
    """Decodes each folder pair once and collects problems and notes."""

    config: DataConfig
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decoded: dict[object, PairSet] = field(default_factory=dict)
    trained_on: tuple[Path, Path] | None = None

    def load(self, wanted: str | FolderPair, split: Split, optional: bool = False) -> PairSet | None:
        if isinstance(wanted, str) and wanted not in CATALOG:
            return None
        try:
            pairs = self._synthetic(split) if wanted == "synthetic" else self._from_folders(wanted, split)
        except NotFoundError as error:
            if optional:
                self.notes.append(f"{error.what}: left out")
            else:
                self.problems.append(str(error))
            return None
        except DataError as error:
            self.problems.append(str(error))
            return None
        except OSError as error:
            where = f"{error.strerror}: {shown(error.filename or '')}"
            self.problems.append(f"{_name(wanted)} must lie in folders that can be read, but got: {where}")
            return None
        self.notes += pairs.notes
        return pairs

    def _synthetic(self, split: Split) -> PairSet:
        pairs = synthetic_pairs(split, self.config.synthetic, getattr(self.config.limit, split))
        if self.config.crop == "none" and self.config.resize is None:
            return pairs
        visible = self._shaped(pairs.visible.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        return replace(
            pairs,
            visible=np.ascontiguousarray(visible),
            infrared=self._shaped(pairs.infrared[:, 0])[:, None],
            fingerprint="",
        )

    def _shaped(self, images: np.ndarray) -> np.ndarray:
        squares = [cropped(image, self.config.crop) for image in images]
        return np.stack([resized(image, self.config.resize or image.shape[:2]) for image in squares])

    def _from_folders(self, wanted: str | FolderPair, split: Split) -> PairSet:
        place = locate(wanted, split, self.config.root)
        limit = getattr(self.config.limit, split)
        folders = (place.visible, place.infrared)
        key = (folders, limit, place.holdout and split)
        if split == "train":
            self.trained_on = folders
        elif not place.holdout and folders == self.trained_on:
            self.notes.append(f"{place.name} has no split: it is tested on the pairs it is trained on")
        if key not in self.decoded:
            self.decoded[key] = read_pairs(
                place.pairing(), place.name, split, crop=self.config.crop, resize=self.config.resize, limit=limit
            )
        pairs = self.decoded[key]
        notes = tuple(dict.fromkeys((*place.notes, *pairs.notes)))
        return replace(pairs, name=place.name, split=split, notes=notes)


def _name(wanted: str | FolderPair) -> str:
    return wanted if isinstance(wanted, str) else wanted.name


def _broken_names(config: DataConfig) -> list[str]:
    problems = [
        f"data.{key} must name a known data set, but got {name!r}.{did_you_mean(name, CATALOG)}"
        for key, wanted in (("train", (config.train,)), ("test", config.test))
        for name in wanted
        if isinstance(name, str) and name not in CATALOG
    ]
    names = [_name(wanted) for wanted in config.test]
    known = dict.fromkeys((*CATALOG, *names))
    problems += [
        f"data.optional must name known data sets, but got {name!r}.{did_you_mean(name, known)}"
        for name in config.optional
        if name not in known
    ]
    problems += [
        f"data.test must name each set once, but got {name!r} {names.count(name)} times; rename one"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return problems


def _remedy(entry: Entry) -> str:
    if entry.repository:
        size = f" ({entry.repository.size})" if entry.repository.size else ""
        get = f"fetch it with `python run_sweep.py --fetch {entry.name}`{size}"
    else:
        get = f"download it by hand ({entry.by_hand})"
    return f"Name the folder that holds it with --data-root DIR, {get}, or use `synthetic`."
