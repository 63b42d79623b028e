"""States of half-done trials: `states/<id>.<epoch>.safetensors`, so that no finished epoch is trained again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from trials.results import TrialRow


def resumable(row: TrialRow, folder: Path) -> TrialRow:
    """Return the row with `done` = 0 where no state of it was kept, so that it starts anew."""
    return row if row.status == "finished" or not row.done or States(folder, row.id).epochs() else replace(row, done=0)


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

    def epochs(self) -> list[int]:
        """Return the epochs there is a state of, newest first."""
        found = (path.name.split(".")[1] for path in self.folder.glob(f"{self.trial}.*.safetensors"))
        return sorted((int(epoch) for epoch in found if epoch.isdigit()), reverse=True)

    def remove(self, *, below: int | None = None) -> None:
        """Remove the states of epochs before `below`, or all of them."""
        for epoch in self.epochs():
            if below is None or epoch < below:
                self.path(epoch).unlink(missing_ok=True)
