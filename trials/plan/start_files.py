"""Initial checkpoints that are files: read them, or take the best of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion_core.config import TrialConfig
from fusion_core.errors import CheckpointError, ConfigError, FusionError, shown
from trials.plan.starts import Start, begins
from trials.ranking.leaderboard import best
from trials.spec.sweep import BEST
from trials.storage.connection import reading
from trials.storage.layout import RunFolder, trial_name
from trials.storage.results import Results

if TYPE_CHECKING:
    from fusion_core.models.checkpoints import Checkpoint


def read_files(configs: Sequence[TrialConfig]) -> dict[str, Start]:
    """Return the starts that are files, by what `trial.start` says.

    Raises ConfigError with every reason why one is missing or does not fit a trial.
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
            problems += [f"trial.start: {starts[written].label}: {text}" for text in _misfits(checkpoint, own)]
    if problems:
        raise ConfigError(*problems)
    return starts


def _misfits(checkpoint: Checkpoint, configs: Iterable[TrialConfig]) -> list[str]:
    from fusion_core.models.checkpoints import misfits

    distinct = {(config.policy, config.kernel, config.recipe): config for config in configs}
    return list(dict.fromkeys(text for config in distinct.values() for text in misfits(checkpoint, config)))


def _read(written: str) -> tuple[Start, Checkpoint]:
    """Read a checkpoint. Raises FusionError or OSError if it is missing or not a checkpoint."""
    from fusion_core.models.checkpoints import load_checkpoint

    path, label = Path(written), shown(Path(written))
    if written.endswith(BEST):
        path, label = _best_of(Path(written.removesuffix(BEST)))
    checkpoint = load_checkpoint(path)
    return Start(checkpoint.digest, label, content=path.read_bytes()), checkpoint


def _best_of(run: Path) -> tuple[Path, str]:
    """Return the checkpoint of a run's best trial, by the run's own ranking, and what to call it."""
    from trials.spec.sweep import RankBy

    folder = RunFolder(run)
    table = folder.table
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
    path = folder.checkpoint(trial_name(top[0].number, top[0].id))
    if not path.is_file():
        raise CheckpointError(
            f"{shown(path)}: the checkpoint of the best trial must be there, but is not: keep_best was 0, or it was "
            "removed. Run that sweep with keep_best: 1 in another folder (--out), or name another checkpoint."
        )
    return path, f"{shown(path)}, the best of {run.name} ({rank_by.metric} {top[0].score:.4f})"
