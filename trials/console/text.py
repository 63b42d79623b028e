"""Numbers, durations, paths and parameters as console text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.text import Text

from fusion_core.errors import printable


def plain(text: str, style: str = "") -> Text:
    """Return text without an effect of Rich markup or terminal control characters in it."""
    return Text("\n".join(map(printable, text.split("\n"))), style=style)


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """Format swept values as one line, by the last part of their names."""
    return (
        ", ".join(f"{key.rpartition('.')[2]} {value_text(value)}" for key, value in parameters.items())
        or "nothing is swept"
    )


def trial_numbers(numbers: Sequence[int]) -> str:
    """Format trial numbers, consecutive ones as `61-63`."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and list(numbers) == list(range(first, last + 1)):
        return f"{first}-{last}"
    return ", ".join(map(str, numbers))


def value_text(value: Any) -> str:
    """Format a swept value for people: a third as 0.3333."""
    return f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else str(value)


def short_path(path: Path) -> Path:
    """Return the path relative to the working directory if that is shorter."""
    with suppress(ValueError):
        return path.absolute().relative_to(Path.cwd())
    return path


def duration(seconds: float) -> str:
    """Format a duration: `8 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
