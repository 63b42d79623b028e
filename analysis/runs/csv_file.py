"""A CSV file as text with its line numbers, so that problems can name their line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fusion_core.errors import did_you_mean, printable

_SEPARATORS = ",;\t"
_MISSING = ("", "nan", "none", "null", "na", "n/a")


@dataclass(frozen=True)
class CsvText:
    """The cells of a file by column, stripped; `lines` are the lines on which the rows end. `comma` is decimal."""

    path: Path
    names: tuple[str, ...]
    lines: tuple[int, ...]
    cells: dict[str, list[str]]
    comma: bool

    def __contains__(self, name: str) -> bool:
        return name in self.cells

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str) -> list[str]:
        """Return the cells of a column as they stand."""
        return self.cells[name]

    def refuse_empty(self, name: str, problems: list[str]) -> None:
        for line, text in zip(self.lines, self.cells[name], strict=True):
            if text.casefold() in _MISSING:
                problems.append(f"{self.path}:{line}: {name} must be given; fill the cell, or remove the row")

    def refuse_duplicates(self, names: Sequence[str], problems: list[str]) -> None:
        first: dict[tuple[str, ...], int] = {}
        for line, key in zip(self.lines, zip(*(self.cells[name] for name in names), strict=True), strict=True):
            if key in first:
                what = ", ".join(f"{name} {printable(text)}" for name, text in zip(names, key, strict=True))
                problems.append(
                    f"{self.path}:{line}: {what} must be there once, but line {first[key]} has it too; remove one"
                )
            first.setdefault(key, line)

    def numbers(self, name: str, problems: list[str] | None = None) -> np.ndarray:
        """Return floats, NaN where a cell is empty or NaN; a word is a problem."""
        texts = pd.Series(self.cells[name], dtype=str)
        if self.comma:
            texts = texts.str.replace(",", ".", regex=False)
        missing = texts.str.casefold().isin(_MISSING)
        values: np.ndarray = pd.to_numeric(texts.mask(missing), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        if problems is not None:
            for i in np.flatnonzero(np.isnan(values) & ~missing.to_numpy()):
                shown = printable(self.cells[name][i][:60])
                problems.append(f"{self.path}:{self.lines[i]}: {name} must be a number, but got '{shown}'")
        result: np.ndarray = values
        return result

    def whole_numbers(self, name: str, problems: list[str] | None = None) -> np.ndarray | None:
        """Return integers, or None if a cell is anything else, which is a problem if `problems` is given."""
        values = self.numbers(name)
        whole = np.isfinite(values) & (values == np.floor(values)) & (values >= 0) & (values < 2**53)
        if whole.all():
            return values.astype(np.int64)
        if problems is not None:
            for i in np.flatnonzero(~whole):
                if (text := self.cells[name][i]).casefold() not in _MISSING:
                    shown = printable(text[:60])
                    problems.append(
                        f"{self.path}:{self.lines[i]}: {name} must be a whole number, 0 or more, but got '{shown}'"
                    )
        return None

    def weights(self, name: str, problems: list[str] | None) -> list[Hashable]:
        """Return numbers where all filled cells are numbers, else words; None if empty. `problems`: must be numbers.

        A number written 10 or 10.0 is 10.
        """
        values = self.numbers(name, problems)
        filled = [text.casefold() not in _MISSING for text in self.cells[name]]
        if problems is not None:
            self.refuse_empty(name, problems)
            for i in np.flatnonzero(np.isinf(values)):
                problems.append(f"{self.path}:{self.lines[i]}: {name} must be finite, but got {self.cells[name][i]}")
        if not all(np.isfinite(value) for value, there in zip(values, filled, strict=True) if there):
            return [text if there else None for text, there in zip(self.cells[name], filled, strict=True)]
        return [
            (int(value) if value.is_integer() and abs(value) < 2**53 else value) if there else None
            for value, there in zip(values.tolist(), filled, strict=True)
        ]


def read_csv(path: Path, needed: Sequence[str], problems: list[str]) -> CsvText | None:
    """Read a file with a header, separated by commas, semicolons or tabs; None (and a problem) if that fails.

    A byte order mark, either end of line, blanks around cells and empty lines are allowed.
    """
    if not path.is_file():
        problems.append(
            f"{path}: this file must be there; a run folder of the reference holds params.csv and metrics.csv"
        )
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            separator = max(_SEPARATORS, key=lambda one: (header.count(one), -_SEPARATORS.index(one)))
            file.seek(0)
            rows = list(_rows(csv.reader(file, delimiter=separator)))
    except UnicodeDecodeError as problem:
        problems.append(f"{path}: must be text in UTF-8, but byte {problem.start} is not; save it again as CSV UTF-8")
        return None
    except (csv.Error, OSError) as problem:
        problems.append(f"{path}: must be a CSV file that can be read, but: {problem}")
        return None
    if not rows:
        problems.append(f"{path}: must have a line of column names, but the file is empty; write it again")
        return None
    return _table(path, rows, needed, problems, comma=separator == ";")


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield reader.line_num, cells  # type: ignore[attr-defined]


def _table(
    path: Path, rows: list[tuple[int, list[str]]], needed: Sequence[str], problems: list[str], *, comma: bool
) -> CsvText | None:
    line, names = rows[0]
    before = len(problems)
    for name in needed:
        if name not in names:
            close = did_you_mean(name, filter(None, names))
            problems.append(f"{path}:{line}: there must be a column {name!r}; name it in the first line.{close}")
    for name, count in Counter(names).items():
        if count > 1 and name:
            problems.append(f"{path}:{line}: column {printable(name)!r} must be there once, but is {count} times")
    if len(problems) > before:
        return None
    for line, row in rows[1:]:
        if len(row) != len(names):
            problems.append(
                f"{path}:{line}: must have {len(names)} cells, as the first line has, but has {len(row)}; "
                "the line may be cut off"
            )
    good = [(line, row) for line, row in rows[1:] if len(row) == len(names)]
    columns = list(zip(*(row for _, row in good), strict=True)) if good else [()] * len(names)
    # A column without a name is the index that pandas writes by default.
    cells = {name: list(column) for name, column in zip(names, columns, strict=True) if name}
    for name in needed:
        cells[name] = [_plain(text) for text in cells[name]]
    return CsvText(path, tuple(cells), tuple(line for line, _ in good), cells, comma)


def _plain(text: str) -> str:
    """Return 1.0 as 1: programs write the same key differently."""
    head, _, tail = text.partition(".")
    return head if head.isdecimal() and tail and not tail.strip("0") else text
