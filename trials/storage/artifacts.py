"""Artifacts kept of trials: checkpoints and samples of the best, samples of the worst and of the default."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion_core.atomic_files import write_whole
from trials.storage.layout import RunFolder

COLUMNS = ["number", "id", "file"]


class ArtifactWriter:
    """Writes `checkpoints/<number>_<id>.safetensors`, `samples/<number>_<id>/` and `worst/` of a run folder."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run

    def write(self, name: str, artifacts: Artifacts, *, checkpoint: bool, samples: bool) -> None:
        """Write checkpoint and sample images of a trial, if requested. Raises OSError or DiskError."""
        if artifacts.checkpoint is not None and checkpoint:
            self.run.checkpoints.mkdir(parents=True, exist_ok=True)
            write_whole(self.run.checkpoint(name), artifacts.checkpoint)
        if artifacts.images and samples:
            folder = self.run.samples / name
            folder.mkdir(parents=True, exist_ok=True)
            for file, content in artifacts.images.items():
                write_whole(folder / Path(file).name, content)

    def write_lists(self, number: int, trial: str, lists: Mapping[str, str]) -> None:
        """Write missing lists of worst pairs, and the index of their trials. Raises OSError or DiskError as above."""
        for name, text in lists.items():
            path = self.run.worst / Path(name).name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text.encode("utf-8", "backslashreplace"))
        if lists:
            self._index_lists(number, trial, [Path(name).name for name in lists])

    def _index_lists(self, number: int, trial: str, files: Sequence[str]) -> None:
        """Update `worst/lists.csv` with a trial's lists; a restarted trial has only its latest."""
        index = self.run.worst_index
        before = index.read_text(encoding="utf-8") if index.exists() else ""
        rows = [row for row in csv.reader(before.splitlines()[1:]) if len(row) == len(COLUMNS) and row[1] != trial]
        rows += [[str(number), trial, file] for file in files]
        rows.sort(key=lambda row: (len(row[0]), row))
        text = "".join(f"{','.join(row)}\n" for row in (COLUMNS, *rows))
        if text != before:
            write_whole(index, text.encode())

    def keep_only(self, checkpoints: Container[str], samples: Container[str], among: Container[str]) -> None:
        """Remove what belongs to other trials `among` these ids; trials that saw other data keep theirs."""
        for path in self.run.checkpoints.glob("*_*.*"):
            if path.stem not in checkpoints and _id(path.stem) in among:
                path.unlink(missing_ok=True)
        for folder in self.run.samples.glob("*_*"):
            if folder.name not in samples and _id(folder.name) in among:
                shutil.rmtree(folder, ignore_errors=True)


def _id(name: str) -> str:
    return name.partition("_")[2]


@dataclass(frozen=True)
class Artifacts:
    """What is kept of a trial: a safetensors file if it is among the best, and PNG files by name."""

    checkpoint: bytes | None
    images: dict[str, bytes]
