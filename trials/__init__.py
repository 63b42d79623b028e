"""Sweeps: what a trial is, where it runs, and where its rows go."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trials.api import Outcome, Stop, SweepSpec, load_sweep, run_sweep

__all__ = ["Outcome", "Stop", "SweepSpec", "load_sweep", "run_sweep"]


def __getattr__(name: str) -> Any:
    """Import names on first use: `import trials` needs neither torch nor Ray."""
    if name in __all__:
        return getattr(import_module("trials.api"), name)
    raise AttributeError(f"module 'trials' has no attribute {name!r}")
