"""Checkpoints and samples of the best trials: written whole, removed when better ones come."""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterable
from pathlib import Path

from trials.job import Kept
from trials.ranking import RankedTrial


class Keeper:
    """Writes `checkpoints/<number>_<id>.safetensors` and `samples/<number>_<id>/` of a run folder."""

    def __init__(self, run: Path) -> None:
        self.checkpoints = run / "checkpoints"
        self.samples = run / "samples"

    def checkpoint(self, number: int, trial: str) -> Path:
        return self.checkpoints / f"{number}_{trial}.safetensors"

    def write(self, number: int, trial: str, kept: Kept) -> None:
        """Write what is kept of one trial. Raises OSError where the disk refuses."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        path = self.checkpoint(number, trial)
        partial = path.with_suffix(".partial")
        partial.write_bytes(kept.checkpoint)
        partial.replace(path)
        folder = self.samples / f"{number}_{trial}"
        for name, content in kept.images.items():
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / f".{name}.partial"
            partial.write_bytes(content)
            partial.replace(folder / name)

    def keep_only(self, trials: Iterable[RankedTrial], among: Container[str]) -> None:
        """Remove what belongs to other trials `among` these ids; trials that saw other data keep theirs."""
        names = {f"{trial.number}_{trial.id}" for trial in trials}
        for path in self.checkpoints.glob("*_*.*"):
            if path.stem not in names and _id(path.stem) in among:
                path.unlink(missing_ok=True)
        for folder in self.samples.glob("*_*"):
            if folder.name not in names and _id(folder.name) in among:
                shutil.rmtree(folder, ignore_errors=True)


def _id(name: str) -> str:
    return name.partition("_")[2]
