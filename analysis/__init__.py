"""Reads rows and draws: no torch, no Ray."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.api import OpenedRun, open_run

__all__ = ["OpenedRun", "open_run"]


def __getattr__(name: str) -> Any:
    """Import names on first use, so that `import analysis` costs nothing."""
    if name in __all__:
        return getattr(import_module("analysis.api"), name)
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")
