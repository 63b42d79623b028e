"""Names of the files and folders inside a run folder."""

from __future__ import annotations

from pathlib import Path

FILE = "results.sqlite"
FOLDER = "starts"


def name_of(number: int, trial: str) -> str:
    """Return what the files of a trial are called."""
    return f"{number}_{trial}"


def fusion_of(start: str) -> str:
    """Return what the table calls the fusion by a start."""
    return f"start:{start[:8]}"


def start_file(run: Path, start: str) -> Path:
    """Return where a run keeps a start that it trained."""
    return run / FOLDER / f"{start}.safetensors"
