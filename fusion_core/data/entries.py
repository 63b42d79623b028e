"""The data sets known by name: possible folders, and sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Layout:
    """Two folders below the data root; without `{split}` in them there is one set for both splits.

    `holdout` takes every `holdout`-th pair of such a set for testing (0: the whole set, for either split).
    """

    visible: str
    infrared: str
    holdout: int = 0
    note: str = ""

    def folders(self, root: Path, split: Split) -> tuple[Path, Path] | None:
        """Return the two folders if both are there, in any upper or lower case."""
        visible = _descend(root, self.visible.format(split=split))
        infrared = _descend(root, self.infrared.format(split=split))
        return None if visible is None or infrared is None else (visible, infrared)

    def describe(self) -> str:
        folder, _, visible = self.visible.rpartition("/")
        infrared = self.infrared.rpartition("/")
        if infrared[0] != folder:
            return f"{self.visible} + {self.infrared}".replace("{split}", "{train,test}")
        return f"{folder}/{{{visible},{infrared[2]}}}".replace("{split}", "{train,test}")


@dataclass(frozen=True)
class Repository:
    """A public git repository that holds a data set; `folder` is its place below the data root, `size` for people.

    `commit` is the one that is fetched (none: the newest one), `pairs` the numbers of training and test pairs (none:
    unknown).
    """

    url: str
    folder: str
    size: str = ""
    commit: str = ""
    pairs: tuple[int, int] | None = None


@dataclass(frozen=True)
class Entry:
    """A data set known by name. `visible` is the first image of a pair, `infrared` the second (MRI for Harvard's)."""

    name: str
    title: str
    layouts: tuple[Layout, ...] = ()
    repository: Repository | None = None
    by_hand: str = ""

    def find(self, root: Path) -> Layout | None:
        """Return the first layout with any split: both splits must come from one place, or they may overlap."""
        return next((x for x in self.layouts if x.folders(root, "train") or x.folders(root, "test")), None)

    def describe(self) -> str:
        return ", ".join(layout.describe() for layout in self.layouts)


HARVARD = "Havard-Medical-Image-Fusion-Datasets"


def _split_in(*folders: str, visible: str = "vi", infrared: str = "ir", note: str = "") -> tuple[Layout, ...]:
    return tuple(
        Layout(f"{folder}/{{split}}/{visible}", f"{folder}/{{split}}/{infrared}", 0, note) for folder in folders
    )


def _whole_in(*folders: str, visible: str, infrared: str, holdout: int = 0) -> tuple[Layout, ...]:
    return tuple(Layout(f"{folder}/{visible}", f"{folder}/{infrared}", holdout) for folder in folders)


def _harvard(name: str, modality: str) -> Entry:
    pair = f"{modality}-MRI"
    splits = (f"{HARVARD}/MyDatasets/{pair}", f"MyDatasets/{pair}", f"Harvard/MyDatasets/{pair}", f"Harvard/{pair}")
    wholes = (f"{HARVARD}/{pair}", f"Harvard/{pair}", pair)
    return Entry(
        name,
        f"Harvard {pair}, 256x256, {modality} with MRI",
        (
            *_split_in(*splits, visible=modality, infrared="MRI"),
            *_whole_in(*wholes, visible=modality, infrared="MRI"),
        ),
        Repository(f"https://github.com/xianming-gu/{HARVARD}", HARVARD, "pet, spect and ct in one"),
    )


_ENTRIES = (
    Entry(
        "msrs",
        "MSRS, 1,083 train and 361 test pairs of 480x640, roads by day and night",
        (
            *_split_in("MSRS", "MSRS-main"),
            *_split_in("MSRS-mini", note="MSRS-mini, an excerpt of MSRS, stands in for it"),
        ),
        Repository(
            "https://github.com/Linfeng-Tang/MSRS",
            "MSRS",
            "641 MB",
            "2052589d3a714d0285c8792e24d2db290d84b6ea",
            (1083, 361),
        ),
    ),
    Entry(
        "m3fd",
        "M3FD, 300 pairs of about 768x1024, roads and campus; no split",
        _whole_in("M3FD/M3FD_Fusion", "M3FD_Fusion", "M3FD", visible="Vis", infrared="Ir"),
        by_hand="https://github.com/JinyuanLiu-CV/TarDAL links to M3FD_Fusion.zip",
    ),
    Entry(
        "roadscene",
        "RoadScene, 221 pairs of about 330x500; without a split 20 are held out for testing",
        (
            *_split_in("RoadScene", "RoadScene-master"),
            *(
                Layout(f"{folder}/crop_LR_visible", f"{folder}/cropinfrared", holdout=11)
                for folder in ("RoadScene", "RoadScene-master")
            ),
        ),
        Repository("https://github.com/hanna-xu/RoadScene", "RoadScene", pairs=(221, 221)),
    ),
    _harvard("pet", "PET"),
    _harvard("spect", "SPECT"),
    _harvard("ct", "CT"),
    Entry("synthetic", "street scenes made from a seed, embedded"),
)

CATALOG: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def _descend(root: Path, relative: str) -> Path | None:
    """Return the folder below `root`: each part as spelled, else the first that differs only in case."""
    folder = root
    for part in relative.split("/"):
        if not folder.is_dir():
            return None
        exact = folder / part
        if not exact.is_dir():
            alike = sorted(x for x in folder.iterdir() if x.name.lower() == part.lower() and x.is_dir())
            if not alike:
                return None
            exact = alike[0]
        folder = exact
    return folder
