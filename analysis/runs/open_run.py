"""Opens a run folder: ours, or one of the reference project."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd

from analysis.runs.confirmation import set_apart
from analysis.runs.reference import is_reference, read_reference
from analysis.runs.results_table import read_results
from analysis.runs.run import Run
from fusion_core.errors import FusionError
from trials.storage.layout import RunFolder
from trials.storage.results import Results


def open_run(path: Path) -> Run:
    """Read `path`/results.sqlite as one snapshot, or else the two tables of a run of the reference.

    Raises FusionError if neither can be read.
    """
    path = Path(path)
    file = RunFolder(path).table
    if not file.exists() and is_reference(path):
        return read_reference(path)
    try:
        with Results.read(file) as results:
            return set_apart(read_results(path, results.connection))
    except (sqlite3.Error, pd.errors.DatabaseError, ValueError, KeyError, TypeError) as problem:
        raise FusionError(
            f"{file}: must be the results table of a sweep, but reading it gave: {problem}; "
            "move it away and rerun the sweep"
        ) from problem
