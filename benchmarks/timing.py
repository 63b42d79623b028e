"""Time things in turns within one process, so that a noisy machine is noisy for all of them alike."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch


def in_turns(actions: dict[str, Callable[[], object]], repeats: int, device: str = "cpu") -> dict[str, float]:
    """Return the median seconds of each action; one untimed round goes first."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(repeats + 1):
        for name, action in actions.items():
            _settle(device)
            start = time.perf_counter()
            action()
            _settle(device)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: sorted(values)[len(values) // 2] for name, values in seconds.items()}


def _settle(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def machine(device: str = "cpu") -> str:
    """Name the device, and the versions that decide its speed."""
    name = torch.cuda.get_device_name() if device.startswith("cuda") else f"{platform.machine()} CPU, one thread"
    return f"{name}, torch {version('torch')}, Python {platform.python_version()}"


def report(**figures: Any) -> None:
    """Print the figures as one JSON line."""
    rounded = {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in figures.items()}
    print(json.dumps(rounded))
