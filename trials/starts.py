"""Where trials begin: policies that are trained first, checkpoints of files, and the best of other runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion_core.config import StartConfig, TrialConfig
from fusion_core.data.listing import shown
from fusion_core.errors import CheckpointError, ConfigError, FusionError
from trials.connection import reading
from trials.data_rules import BEST
from trials.identity import start_config, start_id
from trials.keep import Keeper
from trials.ranking import best
from trials.results import FILE, Results

if TYPE_CHECKING:
    from fusion_core.checkpoints import Checkpoint
    from trials.space import Trial

FOLDER = "starts"


@dataclass(frozen=True)
class Start:
    """A policy that trials begin from, and what to call it: `config` is what trains it, `content` a file's bytes."""

    id: str
    said: str
    config: TrialConfig | None = None
    content: bytes | None = None


def fusion_of(start: str) -> str:
    """Return what the table calls the fusion by a start."""
    return f"start:{start[:8]}"


def start_file(run: Path, start: str) -> Path:
    """Return where a run keeps a start that it trained."""
    return run / FOLDER / f"{start}.safetensors"


def bytes_of(start: Start) -> int:
    """Return how large a start is: its file, or the weights of one that is trained first."""
    if start.config is None:
        return len(start.content or b"")
    import torch

    from fusion_core.policy import UNetPolicy

    with torch.device("meta"):
        weights = UNetPolicy(start.config.policy).state_dict().values()
    return sum(one.numel() * one.element_size() for one in weights)


def begins(config: TrialConfig) -> bool:
    """Return whether a trial begins from a start."""
    return config.start is not None and config.recipe.needs_data


def read_files(configs: Sequence[TrialConfig]) -> dict[str, Start]:
    """Return the starts that are files, by what `trial.start` says.

    Raises ConfigError with every reason why one is not there, or cannot be where a trial begins.
    """
    begun: dict[str, list[TrialConfig]] = {}
    for config in configs:
        if begins(config) and isinstance(config.start, str):
            begun.setdefault(config.start, []).append(config)
    starts, problems = {}, []
    for written, own in begun.items():
        try:
            starts[written], checkpoint = _read(written)
        except FusionError as problem:
            problems.append(f"trial.start: {problem}")
        except OSError as problem:
            problems.append(f"trial.start: {shown(Path(written))}: this must be readable, but got: {problem}")
        else:
            problems += [f"trial.start: {starts[written].said}: {text}" for text in _misfits(checkpoint, own)]
    if problems:
        raise ConfigError(*problems)
    return starts


def _misfits(checkpoint: Checkpoint, configs: Iterable[TrialConfig]) -> list[str]:
    from fusion_core.checkpoints import misfits

    distinct = {(config.policy, config.kernel, config.recipe): config for config in configs}
    return list(dict.fromkeys(text for config in distinct.values() for text in misfits(checkpoint, config)))


def _read(written: str) -> tuple[Start, Checkpoint]:
    """Read a checkpoint. Raises FusionError or OSError where it is not there or is none."""
    from fusion_core.checkpoints import load_checkpoint

    path, said = Path(written), shown(Path(written))
    if written.endswith(BEST):
        path, said = _best_of(Path(written.removesuffix(BEST)))
    checkpoint = load_checkpoint(path)
    return Start(checkpoint.digest, said, content=path.read_bytes()), checkpoint


def _best_of(run: Path) -> tuple[Path, str]:
    """Return the checkpoint of a run's best trial, by the run's own ranking, and what to call it."""
    from trials.spec import RankBy

    table = run / FILE
    with Results.read(table) as results:
        records = results.query("SELECT record FROM provenance ORDER BY id DESC LIMIT 1")
        with reading(table):
            record: dict[str, Any] = json.loads(records[0][0]) if records else {}
            rank_by = RankBy.model_validate(record.get("resolved", {}).get("rank_by", {}))
            top = best(results, rank_by, record.get("cohort"), limit=1)
    if not top:
        raise ConfigError(
            f"{shown(run)}: a run must have a ranked trial to begin from its best, but no trial has a {rank_by.metric} "
            "at the epoch it is ranked at. Run that sweep first."
        )
    path = Keeper(run).checkpoint(top[0].number, top[0].id)
    if not path.is_file():
        raise CheckpointError(
            f"{shown(path)}: the checkpoint of the best trial must be there, but is not: keep_best was 0, or it was "
            "removed. Run that sweep with keep_best: 1 in another folder (--out), or name another checkpoint."
        )
    return path, f"{shown(path)}, the best of {run.name} ({rank_by.metric} {top[0].score:.4f})"


class StartCatalog:
    """The starts of a sweep's trials, each once; `files` are those that are there."""

    def __init__(self, files: Mapping[str, Start], fingerprints: Mapping[str, str]) -> None:
        self.files = files
        self.fingerprints = fingerprints
        self.starts: dict[str, Start] = {}
        self.shared_by: Counter[str] = Counter()
        self._known: dict[tuple[int, ...], str] = {}
        self._varied: dict[str, None] = {}

    def of(self, trial: Trial) -> str | None:
        """Return the id of what a trial begins from; None where it begins from nothing."""
        config = trial.config
        if not begins(config):
            return None
        if isinstance(config.start, str):
            found = self.files[config.start].id
            self.starts[found] = self.files[config.start]
        else:
            # Sections are shared between trials, and their digest takes longer than all else of planning.
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
        notes = [f"{self._trials([i])} from {start.said}" for i, start in self.starts.items() if start.config is None]
        trained = [start for start in self.starts.values() if start.config is not None]
        if len(trained) == 1:
            notes.append(f"a start is trained first ({trained[0].said}); {self._trials([trained[0].id])} from it")
        elif trained:
            shared = self._trials([start.id for start in trained])
            notes.append(
                f"{len(trained)} starts are trained first, one per {' and '.join(self._varied)}; {shared} from them"
            )
        return tuple(notes)

    def _trials(self, starts: Iterable[str]) -> str:
        count = sum(self.shared_by[start] for start in starts)
        return "1 trial begins" if count == 1 else f"{count} trials begin"
