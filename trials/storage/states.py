"""States of unfinished trials: `states/<id>.<epoch>.safetensors`, so that no finished epoch is trained again."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

from fusion_core.atomic_files import refused
from trials.storage.results import TrialRow


def resumable(row: TrialRow, folder: Path) -> TrialRow:
    """Return the row with `done` = 0 if no state of it was kept, so that it restarts."""
    return row if row.status == "finished" or not row.done or States(folder, row.id).epochs() else replace(row, done=0)


def remove_left_over(rows: Mapping[str, TrialRow], folder: Path, *, keep: bool, besides: Container[str] = ()) -> None:
    """Remove states that a killed driver left and no trial resumes from; `keep` those of ended trials.

    Those of `besides`, which have no rows, stay.
    """
    for path in folder.glob("*.*.safetensors"):
        name = path.name.split(".")[0]
        row = rows.get(name)
        if name in besides:
            continue
        if row is None or row.status == "failed" or (row.status in ("finished", "stopped") and not keep):
            path.unlink(missing_ok=True)


class States:
    """The saved states of one trial.

    A state is saved before its epoch is reported, and the one before it goes only after that report is in the table:
    whenever the program dies, there is a state of the last epoch that the table holds.
    """

    def __init__(self, folder: Path, trial: str) -> None:
        self.folder = folder
        self.trial = trial

    def path(self, epoch: int) -> Path:
        return self.folder / f"{self.trial}.{epoch}.safetensors"

    def make_folder(self) -> None:
        """Make the folder. Raises DiskError if the disk refuses."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise refused(self.folder, problem) from problem

    def epochs(self) -> list[int]:
        """Return the epochs there is a state of, newest first."""
        found = (path.name.split(".")[1] for path in self.folder.glob(f"{self.trial}.*.safetensors"))
        return sorted((int(epoch) for epoch in found if epoch.isdigit()), reverse=True)

    def remove(self, *, below: int | None = None) -> None:
        """Remove the states of epochs before `below`, or all of them."""
        for epoch in self.epochs():
            if below is None or epoch < below:
                self.path(epoch).unlink(missing_ok=True)
