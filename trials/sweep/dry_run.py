"""What a sweep will take: trials, time and disk, without writing anything."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import TrialError
from fusion_core.metrics.facts import FACTS
from trials.console.text import duration
from trials.executors.ray_cluster import cores
from trials.plan.make_plan import make_plan
from trials.plan.plan import Plan
from trials.storage.layout import RunFolder
from trials.storage.results import PlannedTrial, Results
from trials.storage.states import resumable

if TYPE_CHECKING:
    from fusion_core.recipes.base import Recipe
    from fusion_core.reports import EpochReport
    from trials.spec.sweep import SweepSpec
    from trials.sweep.options import Options


SECONDS = "SELECT trial, avg(value) FROM training WHERE name = 'seconds' GROUP BY trial"
ROW_BYTES = 200
PROBE_PAIRS = 2


@dataclass(frozen=True)
class Cost:
    """Seconds that one epoch takes one worker, and bytes of one checkpoint; `measured` says how they were measured.

    `start_seconds` is what an epoch of a start takes.
    """

    epoch_seconds: float
    checkpoint_bytes: int
    measured: str
    start_seconds: float = 0.0


@dataclass
class Done:
    """What the table holds of a sweep: trials by status, epochs left, mean seconds of an epoch."""

    finished: int = 0
    failed: int = 0
    to_run: int = 0
    epochs_left: int = 0
    epoch_seconds: float | None = None
    tried: int = 0

    @property
    def total(self) -> int:
        return self.finished + self.failed + self.to_run

    @classmethod
    def of(cls, plan: Plan, run: RunFolder, retry_failed: bool, keep_stopped: bool = False) -> Done:
        rows, seconds, trials = {}, {}, plan.trials
        done = cls()
        if plan.search is not None:
            done.to_run = plan.search.settings * len(plan.search.spec.seeds) + plan.search.confirming
        if run.table.is_file():
            with Results.read(run.table) as results:
                rows = results.trials()
                seconds = dict(results.query(SECONDS))
                search = plan.begin(results, run, lambda text: None)
                if search is not None:
                    trials = search.known()
                    ended = {i for i, row in rows.items() if row.status in ("finished", "stopped", "failed")}
                    own = ([one.id for one in setting.trials.values()] for setting in search.settings)
                    done.tried = sum(ended.issuperset(ids) for ids in own)
        if plan.search is not None:
            done.to_run = max(done.to_run - len(trials), 0)
            done.epochs_left = done.to_run * plan.first.recipe.epochs
        for trial in trials:
            row = rows.get(trial.id)
            if row is not None and row.status == "failed" and not retry_failed:
                done.failed += 1
            elif row is not None and (row.done >= trial.epochs or (row.status == "stopped" and keep_stopped)):
                done.finished += 1
            else:
                done.to_run += 1
                done.epochs_left += trial.epochs - (resumable(row, run.states).done if row else 0)
        timed = [seconds[trial.id] for trial in trials if trial.id in seconds]
        done.epoch_seconds = sum(timed) / len(timed) if timed else None
        return done


def describe(spec: SweepSpec, options: Options) -> list[str]:
    """Return what `--dry-run` prints. Raises FusionError for a sweep that could not start."""
    run = RunFolder(options.out / spec.name)
    plan = make_plan(spec)
    stops = spec.stop_early.kind != "none"
    done = Done.of(plan, run, options.retry_failed, stops)
    least, most = min(t.epochs for t in plan.probed), max(t.epochs for t in plan.probed)
    epochs = f"{least} to {most} epochs" if least < most else f"{most} epoch{'s' if most > 1 else ''}"
    failed = f"{done.failed} failed (--retry-failed retries them), " if done.failed else ""
    lines = [
        f"{spec.name}: {done.total} trials of {epochs}; "
        f"{done.finished} done already in {run.path}, {failed}{done.to_run} to run",
        *plan.notes,
        *(plan.search.notes(done.tried) if plan.search is not None else ()),
    ]
    if not done.to_run:
        return lines
    lacking = _lacking(plan, run)
    try:
        cost = probe(plan, options.device)
    except TrialError as problem:
        return [*lines, f"time: unknown, because a trial fails on {PROBE_PAIRS} pairs: {problem}"]
    if done.epoch_seconds is not None:
        cost = replace(cost, epoch_seconds=done.epoch_seconds, measured="from the epochs in the table")
    inline = options.executor == "inline"
    workers = min(options.workers or (1 if inline else _workers(spec, options.device)), done.to_run)
    total = cost.epoch_seconds * done.epochs_left / workers
    total += cost.start_seconds * max(lacking, default=0) * math.ceil(len(lacking) / workers)
    return [
        *lines,
        f"time: about {duration(total)} on {workers} {'worker' if workers == 1 else 'workers'} "
        f"({duration(cost.epoch_seconds)} an epoch, "
        f"{cost.measured}){', less trials that are stopped early' if stops else ''}",
        f"disk: about {_size(_bytes(spec, plan, done.total, cost.checkpoint_bytes, workers, len(lacking)))}",
    ]


def probe(plan: Plan, device: str) -> Cost:
    """Train the first trial of each kind of recipe for two epochs on a few pairs, and scale up to all pairs.

    An epoch takes the mean over the epochs of all trials. A start that has to be trained is tried the same way. Raises
    TrialError if a trial fails.
    """
    epochs: Counter[str] = Counter()
    first: dict[str, PlannedTrial] = {}
    for trial in plan.probed:
        kind = str(trial.parameters.get("recipe.kind", plan.first.recipe.kind))
        first.setdefault(kind, trial)
        epochs[kind] += trial.epochs
    costs = {kind: _cost(plan, trial, device) for kind, trial in first.items()}
    measured = costs[plan.first.recipe.kind].measured
    return Cost(
        sum(costs[kind].epoch_seconds * count for kind, count in epochs.items()) / epochs.total(),
        max(cost.checkpoint_bytes for cost in costs.values()),
        measured if len(costs) == 1 else f"{measured} with each of {', '.join(costs)}",
        max(cost.start_seconds for cost in costs.values()),
    )


def _cost(plan: Plan, trial: PlannedTrial, device: str) -> Cost:
    from fusion_core.models.checkpoints import from_bytes
    from fusion_core.recipes.catalog import build_recipe

    config = TrialConfig.model_validate_json(trial.config)
    if plan.data is None or not config.recipe.needs_data:
        recipe = build_recipe(config, None)
        report = recipe.train_epoch()
        return Cost(report.seconds, len(recipe.checkpoint()), "from one epoch just trained")
    from fusion_core.workspace import Workspace, choose_device, configure_process

    name = choose_device(device)
    configure_process(name)
    data = plan.data
    pairs = _batch(config) if name != "cpu" else PROBE_PAIRS
    train, test = _first(data.train, pairs), {name: _first(one, 1) for name, one in data.test.items()}
    begun = plan.starts.get(trial.start or "")
    content, start_seconds = begun.content if begun is not None else None, 0.0
    if begun is not None and begun.config is not None:
        content, report = _train_two_epochs(build_recipe(begun.config, Workspace(train, {}, name)))
        start_seconds = report.training.get("training_seconds", report.seconds) / len(train) * len(data.train)
    start = None if content is None else from_bytes(content, "the start", name)
    checkpoint, report = _train_two_epochs(build_recipe(_with_one_update(config), Workspace(train, test, name), start))
    drawn = (getattr(config.recipe, "updates", None) or 0) * _batch(config) or len(data.train)
    training = report.training.get("training_seconds", report.seconds) / len(train) * drawn
    evaluation = report.training.get("evaluation_seconds", 0.0) / len(test) * sum(map(len, data.test.values()))
    measured = f"by {len(train)} pairs just trained"
    return Cost(training + evaluation, len(checkpoint), measured, start_seconds)


def _train_two_epochs(recipe: Recipe) -> tuple[bytes, EpochReport]:
    """Train two epochs; return the checkpoint and the report of the second."""
    recipe.epoch = recipe.train_epoch().epoch
    report = recipe.train_epoch()
    return recipe.checkpoint(), report


def _with_one_update(config: TrialConfig) -> TrialConfig:
    """Return the trial with one batch per epoch, if it sets their number."""
    if getattr(config.recipe, "updates", None) is None:
        return config
    return config.model_copy(update={"recipe": config.recipe.model_copy(update={"updates": 1})})


def _batch(config: TrialConfig) -> int:
    return int(getattr(config.recipe, "batch_size", PROBE_PAIRS))


def _first(pairs: PairSet, limit: int) -> PairSet:
    return replace(
        pairs, stems=pairs.stems[:limit], visible=pairs.visible[:limit], infrared=pairs.infrared[:limit], fingerprint=""
    )


def _workers(spec: SweepSpec, device: str) -> int:
    if device != "cpu":
        import torch

        if gpus := torch.cuda.device_count():
            return max(1, int(gpus / spec.resources.gpu))
    return max(1, int(cores() / spec.resources.cpu))


def _lacking(plan: Plan, run: RunFolder) -> list[int]:
    """Return the epochs of every start that has to be trained first."""
    return [
        start.config.recipe.epochs
        for start in plan.starts.values()
        if start.config is not None and not run.start(start.id).is_file()
    ]


def _bytes(spec: SweepSpec, plan: Plan, trials: int, checkpoint: int, workers: int, starts: int) -> int:
    """Checkpoints of the best, starts, two states (weights and two moments) per worker, rows of table and exports."""
    sets = [4] if plan.data is None else [len(pairs) for pairs in plan.data.test.values()]
    epoch = sum(len(FACTS) * (ROW_BYTES + 4 * images) for images in sets)
    rows = epoch * trials * sum(trial.epochs for trial in plan.probed) // len(plan.probed)
    states = 3 * checkpoint * (trials if spec.keep_states else 2 * workers)
    return rows + (spec.keep_best + starts) * checkpoint + states


def _size(size: int) -> str:
    for unit, one in (("GB", 10**9), ("MB", 10**6)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return f"{max(size // 1000, 1)} KB"
