"""Starts Ray quietly on this machine or joins a cluster, and reads its resources."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trials.executors.interrupt import Stop, Stopped
from trials.executors.ray_heartbeat import ClusterError, Heartbeat

if TYPE_CHECKING:
    from trials.spec.sweep import Resources


ROOM = 512 << 20
PACKAGES = Path(__file__).resolve().parents[2]
TOKEN = Path.home() / ".ray" / "auth_token"
ANSWER_SECONDS = 5.0
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # Tune's older way of reporting is the one that verbose=0 silences.
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


@dataclass(frozen=True)
class Capacity:
    """How many workers there are, and the resources and the device of each."""

    workers: int
    cpu: float
    gpu: float

    @property
    def device(self) -> str:
        return "cuda" if self.gpu else "cpu"

    @property
    def share(self) -> float:
        """Return the share of a device's memory that one worker may use."""
        return min(self.gpu, 1.0) if self.gpu else 1 / self.workers


class Cluster:
    """The Ray cluster that this process is connected to; `ours`: it was started here."""

    def __init__(self, dashboard: str | None, *, ours: bool) -> None:
        self.dashboard = dashboard
        self.ours = ours

    def capacity(self, resources: Resources, workers: int | None, device: str, tasks: int) -> Capacity:
        """Return a worker per GPU share or, without a GPU, per core. Raises ClusterError for lack of GPUs."""
        offered = _offered()
        cpus, gpus = offered.get("CPU", 0.0), offered.get("GPU", 0.0) if device != "cpu" else 0.0
        if device.startswith("cuda") and not gpus:
            raise ClusterError("--device cuda asks for a GPU, but Ray sees none; use --device cpu or auto")
        share = resources.gpu if gpus else 0.0
        if share > gpus:
            raise ClusterError(f"resources.gpu: {share:g} GPUs per trial must be there, but Ray sees {gpus:g}")
        by_device = _gpu_workers(gpus, share) if share else max(1, int(cpus // resources.cpu))
        count = min(workers or by_device, by_device if share else workers or by_device, max(tasks, 1))
        return Capacity(count, min(resources.cpu, cpus / count), share)

    def devices(self, capacity: Capacity) -> Sequence[str]:
        """Return the name of each worker's device, for the record."""
        if not capacity.gpu:
            return ["cpu"] * capacity.workers
        kinds = [key.partition(":")[2] for key in _offered() if key.startswith("accelerator_type:")]
        return [", ".join(kinds) or "cuda"] * capacity.workers


def _offered() -> dict[str, float]:
    """Return what the cluster has of each resource, by Ray's names."""
    import ray

    offered: Callable[[], dict[str, float]] = ray.cluster_resources
    return offered()


def cores() -> int:
    """Return the CPU cores this process may use, a container's limit considered."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return allowed


def check(address: str) -> None:
    """Raise ClusterError if nothing listens at `host:port`; Ray itself would wait forever."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or "://" in address:
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, OverflowError) as problem:
        raise ClusterError(f"--address {address}: a Ray cluster must answer there, but got: {problem}") from problem


@contextmanager
def connected(address: str | None, workers: int | None, data_bytes: int, stop: Stop) -> Iterator[Cluster]:
    """Start Ray here, or join the cluster at `address`.

    Raises ClusterError if that fails; `stop` is told when the cluster is lost.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address is None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        # Ray's default, set here to avoid its warning: its ports require the token in ~/.ray.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    elif TOKEN.exists():
        # As `ray start` does: use a token if there is one.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    logging.getLogger("ray").setLevel(logging.ERROR)
    local: dict[str, Any] = {
        "num_cpus": workers or cores(),
        "include_dashboard": True,
        "dashboard_host": "127.0.0.1",
        "object_store_memory": data_bytes + data_bytes // 4 + ROOM,
    }
    joined: dict[str, Any] = {
        "runtime_env": {
            "env_vars": {"OMP_NUM_THREADS": "1", "RAY_CHDIR_TO_TRIAL_DIR": "0"},
            "py_modules": [str(PACKAGES / "trials"), str(PACKAGES / "fusion_core")],
        }
    }
    try:
        with stop.interruptible():
            context = ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **(joined if address else local),
            )
    except Stopped:
        ray.shutdown()
        raise
    except Exception as problem:  # Ray raises a plain Exception on an overloaded machine
        where = f"no Ray cluster can be joined at {address}" if address else "Ray cannot be started here"
        raise ClusterError(
            f"{where}: {' '.join(str(problem).split())}; check `ray status`, or run without Ray: --executor inline"
        ) from problem
    stop.listen()  # Ray has replaced the SIGTERM handler
    try:
        with Heartbeat(ray.get_runtime_context().gcs_address, stop):
            yield Cluster(context.dashboard_url or None, ours=address is None)
    finally:
        ray.shutdown()


def _gpu_workers(gpus: float, share: float) -> int:
    return int(gpus // share) if share >= 1 else int(gpus) * int(1 / share + 1e-9)
