"""Where trials begin: policies that are trained first, checkpoints of files, and the best of other runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fusion_core.config import StartConfig, TrialConfig
from trials.spec.identity import start_config, start_id

if TYPE_CHECKING:
    from trials.space.grid import Trial


@dataclass(frozen=True)
class Start:
    """A policy that trials begin from, and its label: `config` trains it, `content` is a file's bytes."""

    id: str
    label: str
    config: TrialConfig | None = None
    content: bytes | None = None


def begins(config: TrialConfig) -> bool:
    """Return whether a trial begins from a start."""
    return config.start is not None and config.recipe.needs_data


class StartCatalog:
    """The starts of a sweep's trials, each once; `files` are those read from files."""

    def __init__(self, files: Mapping[str, Start], fingerprints: Mapping[str, str]) -> None:
        self.files = files
        self.fingerprints = fingerprints
        self.starts: dict[str, Start] = {}
        self.shared_by: Counter[str] = Counter()
        self._known: dict[tuple[int, ...], str] = {}
        self._varied: dict[str, None] = {}

    def of(self, trial: Trial) -> str | None:
        """Return the id of a trial's start; None if it has none."""
        config = trial.config
        if not begins(config):
            return None
        if isinstance(config.start, str):
            found = self.files[config.start].id
            self.starts[found] = self.files[config.start]
        else:
            # Sections are shared between trials, and their digest takes longer than all other planning.
            key = tuple(map(id, (config.start, config.policy, config.kernel, config.loss)))
            if key not in self._known:
                self._known[key] = self._trained(trial)
            found = self._known[key]
        self.shared_by[found] += 1
        return found

    def _trained(self, trial: Trial) -> str:
        found = start_id(trial.config, self.fingerprints)
        config, start = start_config(trial.config), trial.config.start
        assert isinstance(start, StartConfig)
        sections = ("policy.", "kernel.", "start.") + (("loss.",) if start.loss is None else ())
        varied = {key: value for key, value in trial.parameters.items() if key.startswith(sections)}
        self._varied |= dict.fromkeys(varied)
        epochs = f"{config.recipe.epochs} {'epoch' if config.recipe.epochs == 1 else 'epochs'}"
        values = [f"{key.rpartition('.')[2]} {value}" for key, value in varied.items() if not key.endswith(".epochs")]
        self.starts.setdefault(found, Start(found, ", ".join([config.recipe.kind, epochs, *values]), config))
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what trials begin from."""
        notes = [f"{self._trials([i])} from {start.label}" for i, start in self.starts.items() if start.config is None]
        trained = [start for start in self.starts.values() if start.config is not None]
        if len(trained) == 1:
            notes.append(
                f"an initial checkpoint is trained first ({trained[0].label}); {self._trials([trained[0].id])} from it"
            )
        elif trained:
            shared = self._trials([start.id for start in trained])
            notes.append(
                f"{len(trained)} initial checkpoints are trained first, one per {' and '.join(self._varied)}; "
                f"{shared} from them"
            )
        return tuple(notes)

    def _trials(self, starts: Iterable[str]) -> str:
        count = sum(self.shared_by[start] for start in starts)
        return "1 trial begins" if count == 1 else f"{count} trials begin"
