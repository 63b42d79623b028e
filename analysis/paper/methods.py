"""Published rows that a user gives in a CSV: `method`, any metrics, and `dataset` where they are of several."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.runs.csv_file import CsvText, read_csv
from analysis.scores.metrics import SCORE
from fusion_core.errors import ConfigError, did_you_mean, printable
from fusion_core.metrics.facts import FACTS

_PLAIN = re.compile(r"[+-]?\d*(?:[.,](\d*))?")
_EMPTY = ("-", "–", "—")


@dataclass(frozen=True)
class Published:
    """One method; `dataset` is "" where the file has no such column; `decimals` are as the file writes them."""

    method: str
    dataset: str
    values: dict[str, float]
    decimals: dict[str, int]


def read_methods(file: Path, datasets: tuple[str, ...]) -> list[Published]:
    """Read the rows in the order of the file; an empty cell or a dash is a value that was not published.

    Raises ConfigError with every problem at once: an unknown or double column, a data set that the run does not have,
    a cell that is not a finite number, a method without a name or there twice.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: there must be a CSV of published methods here (method,VIF,Qabf,…)")
    problems: list[str] = []
    table = read_csv(file, (), problems)
    if table is None:
        raise ConfigError(*problems)
    if not len(table) and not problems:
        problems.append(f"{file}: there must be a row per method, but there is none")
    columns = _columns(table, problems)
    methods = _texts(table, columns, "method")
    sets = _datasets(table, columns, datasets, problems)
    values = {name: _values(table, title, name, problems) for name, title in columns.items() if name not in _TEXTS}
    _check_names(table, methods, sets, problems)
    if problems:
        raise ConfigError(*problems)
    rows = []
    for i, (method, dataset) in enumerate(zip(methods, sets, strict=True)):
        own = {name: float(column[i]) for name, column in values.items() if np.isfinite(column[i])}
        decimals = {name: _decimals(table.column(columns[name])[i]) for name in own}
        rows.append(Published(method, dataset, own, decimals))
    return rows


_TEXTS = ("method", "dataset")


def _columns(table: CsvText, problems: list[str]) -> dict[str, str]:
    """Return our name of each column -> its title in the file; capital letters do not matter."""
    known = (*_TEXTS, *FACTS, SCORE)
    folded = {name.casefold(): name for name in known}
    columns: dict[str, str] = {}
    for title in table.names:
        name = folded.get(title.rstrip("↑↓ ").casefold())
        if name is None:
            hint = did_you_mean(title, known)
            problems.append(f"{table.path}:1: unknown column {printable(title)!r}; remove or rename it.{hint}")
        elif name in columns:
            problems.append(f"{table.path}:1: the column {name!r} must be there once, but is there twice")
        else:
            columns[name] = title
    if "method" not in columns:
        problems.append(f"{table.path}:1: there must be a column 'method' with the names of the methods")
    if not set(columns) - set(_TEXTS):
        problems.append(f"{table.path}:1: there must be a column per metric, but there is none")
    return columns


def _texts(table: CsvText, columns: dict[str, str], name: str) -> list[str]:
    return table.column(columns[name]) if name in columns else [""] * len(table)


def _datasets(table: CsvText, columns: dict[str, str], known: tuple[str, ...], problems: list[str]) -> list[str]:
    folded = {name.casefold(): name for name in known}
    sets = []
    for line, text in zip(table.lines, _texts(table, columns, "dataset"), strict=True):
        name = folded.get(text.casefold(), "")
        if "dataset" in columns and not name:
            problems.append(
                f"{table.path}:{line}: dataset must be one that the run has, but got {printable(text)!r}."
                f"{did_you_mean(text, known)}"
            )
        sets.append(name)
    return sets


def _values(table: CsvText, title: str, name: str, problems: list[str]) -> np.ndarray:
    dashed = [text not in _EMPTY for text in table.column(title)]
    found: list[str] = []
    values = table.numbers(title, found)
    lines = [f"{table.path}:{line}:" for line, kept in zip(table.lines, dashed, strict=True) if not kept]
    problems += [problem for problem in found if not problem.startswith(tuple(lines))]
    for line, value in zip(table.lines, values, strict=True):
        if np.isinf(value):
            problems.append(f"{table.path}:{line}: {name} must be a finite number, but got {value}")
    return values


def _check_names(table: CsvText, methods: list[str], sets: list[str], problems: list[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for line, method, dataset in zip(table.lines, methods, sets, strict=True):
        if not method:
            problems.append(f"{table.path}:{line}: a method must have a name, but the cell is empty")
        elif (method, dataset) in seen:
            of = f" for {dataset}" if dataset else ""
            problems.append(f"{table.path}:{line}: {printable(method)!r} must stand there once{of}, but is there twice")
        seen.add((method, dataset))


def _decimals(text: str) -> int:
    """Return how many decimals a number was given with; four where it is written in another way (1e-7)."""
    plain = _PLAIN.fullmatch(text)
    return len(plain.group(1) or "") if plain else 4
