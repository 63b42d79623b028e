"""Which columns of the reference's `params.csv` are swept weights, which are fixed, and their names here."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from analysis.runs.csv_file import CsvText
from fusion_core.config import LossConfig

_NOT_WEIGHTS = ("exp_id", "seed", "epochs", "status", "id")
_WORDS = ("max_mode", "consist_mode")
_SHARED, _BOTH = "ssim_shared", ("ssim_ratio", "ssim_ir_ratio")
Columns = dict[str, list[Hashable]]


def weights_of(csv: CsvText, problems: list[str], notes: list[str]) -> tuple[Columns, dict[str, Hashable]]:
    """Return the columns that vary, a value per trial, and the value of each that does not, by dotted key."""
    columns = {name: _values(csv, name, problems) for name in csv.names if name not in _NOT_WEIGHTS}
    columns = _one_ssim(columns, csv, problems)
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    fixed = {name: values[0] for name, values in columns.items() if name not in varying and values}
    varying = _without_labels(varying, len(csv), notes)
    return (
        {dotted(name): values for name, values in varying.items()},
        {dotted(name): value for name, value in fixed.items() if value is not None},
    )


def dotted(name: str) -> str:
    """Return `loss.max_ratio` for `max_ratio`, and other names as they are."""
    return f"loss.{name}" if name in LossConfig.model_fields else name


def _values(csv: CsvText, name: str, problems: list[str]) -> list[Hashable]:
    # Our exports leave ssim_shared empty if the two weights were given separately.
    must_be_number = name in LossConfig.model_fields and name not in (*_WORDS, "terms", _SHARED)
    return csv.weights(name, problems if must_be_number else None)


def _one_ssim(columns: Columns, csv: CsvText, problems: list[str]) -> Columns:
    """Put one column in the place of both SSIM weights where they are equal throughout; else leave them as two."""
    if not all(name in columns for name in _BOTH):
        return columns
    first, second = (columns[name] for name in _BOTH)
    shared = columns.get(_SHARED, [None] * len(first))
    if len(set(shared)) > 1 and len({*first, *second}) == 1:
        first = second = shared  # the script's initial values, before ssim_shared set them
    for line, row in zip(csv.lines, zip(shared, first, second, strict=True), strict=True):
        if row[0] is not None and len(set(row)) > 1:
            problems.append(
                f"{csv.path}:{line}: {_SHARED} must be what {' and '.join(_BOTH)} are, but is {row[0]} beside "
                f"{row[1]} and {row[2]}; leave the column {_SHARED} out, or make them agree"
            )
    if first != second:
        return {name: values for name, values in columns.items() if name != _SHARED}
    place = next(name for name in columns if name in (_SHARED, *_BOTH))
    return {
        _SHARED if name == place else name: first if name == place else values
        for name, values in columns.items()
        if name == place or name not in (_SHARED, *_BOTH)
    }


def _without_labels(columns: Mapping[str, list[Hashable]], rows: int, notes: list[str]) -> Columns:
    """Leave out words that are unique per row: a label or a path, not a weight."""
    labels = [
        name
        for name, values in columns.items()
        if name not in _WORDS and rows > 2 and len(set(values)) == rows and all(isinstance(x, str) for x in values)
    ]
    if not labels or len(labels) == len(columns):
        return dict(columns)
    notes.append(f"Taken for a label of each trial, not for a weight: {', '.join(labels)}.")
    return {name: values for name, values in columns.items() if name not in labels}
