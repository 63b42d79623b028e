"""The record of one run of the program: command, versions, commit, devices."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trials.spec.identity import NUMERICS, cohort

if TYPE_CHECKING:
    from trials.spec.sweep import SweepSpec


PROGRAM = Path(__file__).resolve().parents[2]
PACKAGES = (
    "fusion-sweep", "torch", "accelerate", "numpy", "opencv-python", "ray", "optuna", "pandas", "pydantic",
    "safetensors",
)  # fmt: skip


def provenance(
    spec: SweepSpec,
    command: str,
    devices: Sequence[str],
    fingerprints: Mapping[str, str],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what a reader needs to repeat the run, as JSON values; no host name, no user, no environment."""
    return {
        "sweep": spec.name,
        "command": command,
        "spec": spec.text,
        "overrides": list(spec.overrides),
        "resolved": spec.model_dump(mode="json", exclude={"text", "path", "overrides", "notes"}),
        "numerics": NUMERICS,
        "cohort": cohort(fingerprints),
        "fingerprints": dict(fingerprints),
        "devices": list(devices),
        "notes": list(notes),
        "packages": _versions(),
        "commit": program_commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }


def program_commit(folder: Path = PROGRAM) -> dict[str, Any] | None:
    """Return `{"commit": hex, "dirty": bool}` of the program, or None if it does not lie in its own git checkout."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "HEAD")
    if top is None or commit is None or Path(top).resolve() != folder:
        return None
    return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions
