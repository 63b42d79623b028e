"""What is kept of which trials: checkpoints and samples of the best, samples of the worst and of the default."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from fusion_core.whole import write_whole
from trials.job import Kept
from trials.ranking import Leaderboard, RankedTrial

INDEX = "lists.csv"
COLUMNS = ["number", "id", "file"]


def name_of(number: int, trial: str) -> str:
    """Return what the files of a trial are called."""
    return f"{number}_{trial}"


class Standouts:
    """The finished trials of which something is kept, by the names of their files.

    Only trials that are finished count: a half-done one that ranks may yet fail, and what it pushed out would be lost.
    Extremes only ever move outwards, so whoever is one at the end was one when it finished, in whatever order.
    """

    def __init__(self, metric: str, keep_best: int, default: str | None = None) -> None:
        self.best = Leaderboard(metric, keep_best)
        self.worst = Leaderboard(metric, min(keep_best, 1), worst=True)
        self.default = default

    def add(self, trial: RankedTrial) -> None:
        """Take up a trial that is finished."""
        self.best.add(trial)
        self.worst.add(trial)

    @property
    def with_checkpoint(self) -> set[str]:
        return {name_of(trial.number, trial.id) for trial in self.best.top}

    @property
    def with_samples(self) -> set[str]:
        worst = {name_of(trial.number, trial.id) for trial in self.worst.top}
        default = {self.default} if self.default and self.best.limit else set()
        return self.with_checkpoint | worst | default


class Keeper:
    """Writes `checkpoints/<number>_<id>.safetensors`, `samples/<number>_<id>/` and `worst/` of a run folder."""

    def __init__(self, run: Path) -> None:
        self.checkpoints = run / "checkpoints"
        self.samples = run / "samples"
        self.lists = run / "worst"

    def checkpoint(self, number: int, trial: str) -> Path:
        return self.checkpoints / f"{name_of(number, trial)}.safetensors"

    def write(self, name: str, kept: Kept, standouts: Standouts) -> None:
        """Write what the standouts keep of one trial. Raises OSError or DiskError where the disk refuses."""
        if kept.checkpoint is not None and name in standouts.with_checkpoint:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            write_whole(self.checkpoints / f"{name}.safetensors", kept.checkpoint)
        if kept.images and name in standouts.with_samples:
            folder = self.samples / name
            folder.mkdir(parents=True, exist_ok=True)
            for file, content in kept.images.items():
                write_whole(folder / Path(file).name, content)

    def write_lists(self, number: int, trial: str, lists: Mapping[str, str]) -> None:
        """Write lists of worst pairs that are not there, and whose they are. Raises OSError or DiskError as above."""
        for name, text in lists.items():
            path = self.lists / Path(name).name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text.encode("utf-8", "backslashreplace"))
        if lists:
            self._index_lists(number, trial, [Path(name).name for name in lists])

    def _index_lists(self, number: int, trial: str, files: Sequence[str]) -> None:
        """Write `worst/lists.csv` anew where a trial has other lists than it says; a trial begun anew has its last."""
        index = self.lists / INDEX
        before = index.read_text(encoding="utf-8") if index.exists() else ""
        rows = [row for row in csv.reader(before.splitlines()[1:]) if len(row) == len(COLUMNS) and row[1] != trial]
        rows += [[str(number), trial, file] for file in files]
        rows.sort(key=lambda row: (len(row[0]), row))
        text = "".join(f"{','.join(row)}\n" for row in (COLUMNS, *rows))
        if text != before:
            write_whole(index, text.encode())

    def keep_only(self, checkpoints: Container[str], samples: Container[str], among: Container[str]) -> None:
        """Remove what belongs to other trials `among` these ids; trials that saw other data keep theirs."""
        for path in self.checkpoints.glob("*_*.*"):
            if path.stem not in checkpoints and _id(path.stem) in among:
                path.unlink(missing_ok=True)
        for folder in self.samples.glob("*_*"):
            if folder.name not in samples and _id(folder.name) in among:
                shutil.rmtree(folder, ignore_errors=True)


def _id(name: str) -> str:
    return name.partition("_")[2]
