"""`RUN/optuna.journal`: the study of a search, for Optuna's dashboard and for samplers that keep notes in it.

It is rebuilt from the table at every start of the sweep; only the notes are taken over from the previous one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from fusion_core.atomic_files import refused
from trials.search.proposals import key_of
from trials.search.sampler import NOTHING, SETTING, Note
from trials.space.space import Space
from trials.storage.layout import RunFolder

# The generation of a setting, and the state of CMA-ES after it.
NOTES = ("NSGAIISampler:", "cma")


class Unlocked:
    """No lock: one driver holds the run folder, and the lock of a killed one would block the next."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held."""


class Journal(JournalFileBackend):
    """A journal that does not sync its lines to the disk.

    Syncing the ten lines of a setting takes 20 ms, those of 10,000 settings most of a minute; all that must survive a
    crash is in the table. Raises DiskError if the disk refuses.
    """

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        path = Path(self._file_path)
        try:
            with path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        except OSError as problem:
            raise refused(path, problem) from problem


class StudyFile:
    """The journal of a run folder: `notes` of the previous study, by setting, and `storage` for the new one."""

    def __init__(self, run: RunFolder, space: Space, say: Callable[[str], None]) -> None:
        self.path, self.before = run.journal, run.journal_before
        self.space = space
        self.notes: dict[str, Note] = {}
        self.failed: list[tuple[str, int, FrozenTrial]] = []
        try:
            if self.path.exists() and not self.before.exists():
                self.path.rename(self.before)
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            raise refused(self.path, problem) from problem
        if self.before.exists():
            self._read(say)
        self.storage = _storage(self.path)

    def note_of(self, parameters: Mapping[str, Any]) -> Note:
        return self.notes.get(key_of(parameters), NOTHING)

    def skipped(self, settings: Container[str]) -> list[tuple[int, FrozenTrial]]:
        """Return skipped draws and their recorded trials: none of them is one of `settings`."""
        return [
            (draw, trial)
            for key, draw, trial in self.failed
            if key not in settings or draw != self.notes.get(key, NOTHING).draw
        ]

    def written(self) -> None:
        """Remove the previous study: the new one holds all that the table has."""
        self.before.unlink(missing_ok=True)

    def _read(self, say: Callable[[str], None]) -> None:
        try:
            storage = _storage(self.before)
            trials = [
                trial
                for study in storage.get_all_studies()
                for trial in storage.get_all_trials(study._study_id, deepcopy=False)
                if SETTING in trial.user_attrs
            ]
            same = all(map(self._fits, trials))
            for trial in trials:
                self._take(trial, same=same)
        except Exception as problem:  # noqa: BLE001 - whatever a damaged file does: the table has all that counts
            self.notes, self.failed = {}, []
            say(
                f"{self.path.name} could not be read ({type(problem).__name__}: {str(problem)[:200]}): it is rebuilt "
                "from the table; cmaes and nsga2 begin a new generation"
            )

    def _fits(self, trial: FrozenTrial) -> bool:
        """Return whether a recorded trial fits this space: its notes depend on the space."""
        parameters = trial.user_attrs[SETTING]["parameters"]
        return trial.distributions == self.space.distributions(parameters) and all(
            one.value(trial.params[one.name]) == parameters[one.name] for one in self.space.active(parameters)
        )

    def _take(self, trial: FrozenTrial, *, same: bool) -> None:
        """Record a trial; only its draw number if the space was another one (not `same`)."""
        setting = trial.user_attrs[SETTING]
        key, draw = key_of(setting["parameters"]), setting["draw"]
        if same and draw is not None and trial.state == TrialState.FAIL:
            self.failed.append((key, draw, trial))
        if self.notes.get(key, NOTHING).draw is None:  # else it was proposed again later
            own = {name: value for name, value in trial.system_attrs.items() if name.startswith(NOTES)}
            self.notes[key] = Note(draw, trial.params, own) if same else Note(draw)


def _storage(path: Path) -> JournalStorage:
    return JournalStorage(Journal(str(path), lock_obj=Unlocked()))  # type: ignore[arg-type]
