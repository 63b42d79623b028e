"""Runs a sweep from its spec to its exports. A second run does what is missing."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from fusion_core.atomic_files import remove_abandoned, write_whole
from fusion_core.errors import ConfigError, FusionError, printable
from trials.console.display import Display
from trials.executors import ray_cluster
from trials.executors.inline import run_inline
from trials.executors.interrupt import Stop, Stopped
from trials.executors.ray_cluster import Cluster
from trials.plan.make_plan import make_plan
from trials.plan.plan import Plan
from trials.plan.starts import Start
from trials.storage.connection import ResultsError
from trials.storage.exports import export
from trials.storage.layout import RunFolder
from trials.storage.lock import RunLock
from trials.storage.provenance import provenance
from trials.storage.results import Results
from trials.sweep.best_settings import best_settings, best_untrained
from trials.sweep.options import Options, Outcome
from trials.sweep.standings import BOARD
from trials.sweep.start_training import StartTraining
from trials.sweep.sweep import Sweep
from trials.worker.messages import Rules
from trials.worker.resources import WorkerResources
from trials.worker.worker import Worker

if TYPE_CHECKING:
    from trials.spec.sweep import SweepSpec


UNWATCHED = (
    "limits.trial_seconds is not enforced with --executor inline: a hanging trial cannot end its own process. "
    "Use --executor ray for that"
)
MODEL = ("policy.", "kernel.")
"""Sections of a trial that decide what its model costs."""
MOST_FOR_STARTS = 2 << 30
"""Memory reserved for starts; Ray spills the rest to the disk."""


def bytes_of(start: Start) -> int:
    """Return the size of a start: its file, or the weights of one that is trained first."""
    if start.config is None:
        return len(start.content or b"")
    import torch

    from fusion_core.models.policy import UNetPolicy

    with torch.device("meta"):
        weights = UNetPolicy(start.config.policy).state_dict().values()
    return sum(one.numel() * one.element_size() for one in weights)


def run(spec: SweepSpec, options: Options, display: Display | None = None, stop: Stop | None = None) -> Outcome:
    """Run what the table of `options.out/spec.name` lacks. Raises FusionError for what the user can fix.

    `stop` handles signals already; by default one is made for this call. Raises Stopped if there is no table yet.
    """
    if stop is None:
        with Stop() as stop:
            return run(spec, options, display, stop)
    folder = RunFolder((options.out / spec.name).absolute())
    display = display or Display(spec.name, folder.path, spec.rank_by.metric)
    executor = choose_executor(options, display)
    if options.device == "cuda" and options.address is None:
        from fusion_core.workspace import choose_device

        choose_device(options.device)  # raises before anything is written
    if options.address is not None:
        ray_cluster.check(options.address)
    with stop.interruptible():
        plan = make_plan(spec)
    stopped = False
    with RunLock(folder.path), Results.open(folder.table) as results:
        remove_abandoned(folder.path)
        write_whole(folder.sweep_file, _text_with_overrides(spec).encode("utf-8", "backslashreplace"))
        rules = Rules(
            folder.states,
            spec.rank_by,
            spec.keep_states,
            spec.keep_best,
            spec.keep_samples,
            spec.limits.attempts,
            spec.limits.trial_seconds,
            measure_model=sweeps_model(spec),
            stop_early=spec.stop_early,
        )
        sweep = Sweep(folder, plan, results, rules, display)
        sweep.prepare(retry_failed=options.retry_failed)
        try:
            if sweep.queue:
                _execute(executor, spec, options, sweep, stop)
            else:
                _show_notes(sweep)
                with _Recorded(spec, options, sweep, []):
                    pass
        except Stopped:
            stopped = True
        except BaseException:
            with suppress(FusionError, OSError):  # report the original error
                _close(sweep, stop)
            raise
        _close(sweep, stop)
        failures, untrained = sweep.failures(), best_untrained(results, plan)
        top = best_settings(results, plan, sweep.search, BOARD)
        found = sweep.search.summary() if sweep.search is not None else []
    return Outcome(
        folder.path,
        spec.rank_by.metric,
        top,
        failures,
        display.tally,
        stopped,
        untrained,
        found,
        bool(plan.objective.constraints),
    )


def sweeps_model(spec: SweepSpec) -> bool:
    """Return whether the model itself is swept, so that its size and speed must be measured."""
    return any(axis.startswith(MODEL) for axis in (*spec.grid, *spec.space))


def _close(sweep: Sweep, stop: Stop) -> None:
    """Leave the table and the exports ready for the next run."""
    with suppress(ResultsError):  # a table that refuses is corrected when it is opened next
        sweep.requeue_running()
    with suppress(OSError):  # not empty: unfinished trials resume from these states
        sweep.rules.states.rmdir()
    with suppress(Stopped), stop.wrapping_up():
        export(sweep.run.path)


def _text_with_overrides(spec: SweepSpec) -> str:
    """Return the file's text, and the --set overrides as comments."""
    return spec.text + "".join(f"\n# run with --set {printable(override)}" for override in spec.overrides)


def choose_executor(options: Options, display: Display) -> str:
    """Return `ray` or `inline`, as requested or as installed."""
    if options.executor == "inline" and (options.address or (options.workers or 1) > 1):
        raise ConfigError(
            "--executor inline runs one trial at a time in this process: leave out --workers and --address"
        )
    if options.executor != "inline" and importlib.util.find_spec("ray") is None:
        if options.executor == "ray" or options.address:
            raise ConfigError('Ray is not installed: pip install "ray[default,tune]", or use --executor inline')
        display.note(
            'Ray is not installed: trials run one at a time in this process (pip install "ray[default,tune]" for more)'
        )
        return "inline"
    return options.executor or "ray"


def _execute(executor: str, spec: SweepSpec, options: Options, sweep: Sweep, stop: Stop) -> None:
    if executor == "inline":
        _show_notes(sweep)
        if spec.limits.trial_seconds is not None:
            sweep.display.note(UNWATCHED)
        with _Recorded(spec, options, sweep, ["cpu" if options.device == "cpu" else options.device]), sweep.display:
            starts = StartTraining(sweep)
            resources = WorkerResources(sweep.plan.pairs, sweep.rules, options.device, starts=starts.content)
            run_inline(starts, sweep, Worker(resources), stop)
        return
    size = sum(pairs.nbytes for pairs in sweep.plan.sets.values())
    needed = {task.start for task in sweep.tasks} | (set(sweep.plan.starts) if sweep.search is not None else set())
    of_starts = sum(bytes_of(start) for start in sweep.plan.starts.values() if start.id in needed)
    size += min(of_starts, MOST_FOR_STARTS)
    with ray_cluster.connected(options.address, options.workers, size, stop) as cluster:
        display = sweep.display
        _show_dashboard(display, cluster)
        _show_notes(sweep)
        stop.check()
        measure = partial(cluster.capacity, spec.resources, options.workers, options.device, sweep.to_run)
        capacity = measure()
        if not capacity.gpu and sweep.plan.data is not None:
            workers = "worker" if capacity.workers == 1 else "workers"
            display.note(f"no CUDA device: {capacity.workers} single-threaded CPU {workers}")
        display.tally.workers = capacity.workers
        from trials.executors.ray_tune import run_ray

        with _Recorded(spec, options, sweep, cluster.devices(capacity)), display:
            run_ray(StartTraining(sweep), sweep, stop, capacity, measure if options.address else None)


def _show_notes(sweep: Sweep) -> None:
    for note in (*sweep.plan.notes, *sweep.notes()):
        sweep.display.note(note)


def _show_dashboard(display: Display, cluster: Cluster) -> None:
    if cluster.dashboard is None:
        display.note("the Ray dashboard could not be started (is ray[default] installed?): the sweep runs without it")
        return
    token = " (asks for the token in ~/.ray/auth_token)" if cluster.ours else ""
    display.note(f"Ray dashboard: http://{cluster.dashboard}{token}")


class _Recorded:
    """Writes the provenance of the rows on entry, and the duration on exit, also on an exception."""

    def __init__(self, spec: SweepSpec, options: Options, sweep: Sweep, devices: Sequence[str]) -> None:
        plan: Plan = sweep.plan
        self.results = sweep.results
        self.record = provenance(spec, options.command, devices, plan.fingerprints, plan.notes)
        self.record["cohort"] = plan.cohort

    def __enter__(self) -> None:
        self.clock = time.monotonic()
        self.number = self.results.begin_run(time.time(), self.record)

    def __exit__(self, *_: object) -> None:
        self.results.end_run(self.number, time.time(), time.monotonic() - self.clock)
