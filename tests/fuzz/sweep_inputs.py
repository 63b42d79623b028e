"""Sweep files that nobody would write, from a source of randomness: the shipped ones bent in structure and in text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from trials.yaml_reader import read_yaml

SHIPPED = [path.read_text() for path in sorted((Path(__file__).parents[2] / "sweeps").glob("*.yaml"))]
TREES: list[dict[str, Any]] = [read_yaml(text, "shipped").data() for text in SHIPPED]
# YAML as it stands, written where a value was.
ODD = [
    "", "~", ".nan", "-.inf", "1e400", "-0.0", "0x10", "010", "1_000", "1:30", "yes", "true", "[]", "{}", "-1", "1.5",
    "9" * 30, "9" * 5000, "1e-400", "2026-01-01", "''", '"\\ud800"', '"\\e[31m"', '"\\0"', "../x", "a/b", ".", "..",
    "!!python/object/apply:os.system [true]", "!!binary aGk=", "!x y", "&a 1", "*a", "&a [*a]", "{<<: *a}", "[[1]]",
    "{kind: arithmetic}", "{kind: nothing}", "[1, 1]", "[0.1, .nan]", "synthetic", "[synthetic, synthetic]", "|\n  x",
    "{name: .., visible: /, infrared: /}", "\u202e", "é", "\x00", "\x1b[2J", "\t", "? [a]", "- a", "a: b", "#", "@a",
]  # fmt: skip
KEYS = ["name", "trial", "grid", "seeds", "kind", "loss", "data", "limits", "rank_by", "<<", "", "a.b", "\\e", "1", "~"]
PIECES = [
    *"ab:[]{}&*!|>'\"%@`,?#~<0.e- \n\t\\",
    "\n  ",
    ": ",
    "- ",
    "\r\n",
    "\ufeff",
    "\x85",
    "---\n",
    "&a ",
    "*a",
    "<<: ",
]
OVERRIDES = [
    "seeds",
    "grid.loss.max_ratio",
    "trial.recipe.epochs",
    "trial.data",
    "name",
    "limits.attempts",
    "trial.data.root",
]


class SweepInput(NamedTuple):
    """The bytes of a sweep file, and what is set on the command line."""

    content: bytes
    overrides: tuple[str, ...] = ()


def sweep_input(rng: Random) -> SweepInput:
    """Return one input: any bytes, bent text, or a bent tree; every fourth with overrides."""
    make: Callable[[Random], bytes] = rng.choice([any_bytes, any_yaml, bent_text, bent_text, bent_tree, bent_tree])
    count = rng.choice([0, 0, 0, 2])
    return SweepInput(make(rng), tuple(f"{rng.choice(OVERRIDES)}{rng.choice('==.')}{_odd(rng)}" for _ in range(count)))


def any_bytes(rng: Random) -> bytes:
    return bytes(rng.randrange(256) for _ in range(rng.randrange(200)))


def any_yaml(rng: Random) -> bytes:
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(120))).encode()


def bent_text(rng: Random) -> bytes:
    """Return a shipped file with pieces put in, cut out, moved, or repeated, and sometimes broken bytes."""
    text = rng.choice(SHIPPED)
    for _ in range(rng.choice([1, 1, 2, 5])):
        start, end = sorted((rng.randrange(len(text) + 1), min(len(text), rng.randrange(len(text) + 20))))
        end = min(end, start + rng.choice([0, 1, 3, 40]))
        other = rng.choice(SHIPPED)
        place = rng.randrange(len(other))
        piece = rng.choice(
            [rng.choice(PIECES), _odd(rng), other[place : place + 60], text[start:end] * rng.choice([2, 9])]
        )
        text = text[:start] + piece + text[end:]
    content = text.encode(errors="surrogatepass")
    if rng.random() < 0.1:
        at = rng.randrange(len(content) + 1)
        content = content[:at] + bytes([rng.randrange(256)]) + content[at:]
    return content


def bent_tree(rng: Random) -> bytes:
    """Return a shipped sweep with keys renamed, repeated, moved or removed, and odd values, written as flow YAML."""
    tree = rng.choice(TREES)
    odds = rng.choice([0.005, 0.02, 0.1, 0.3])
    return ("&a " * (rng.random() < 0.2) + _written(tree, rng, odds)).encode(errors="surrogatepass")


def _written(value: Any, rng: Random, odds: float) -> str:
    if rng.random() < odds / 4:
        return _odd(rng)
    if isinstance(value, dict):
        entries = [_entry(key, below, rng, odds) for key, below in value.items() if rng.random() > odds / 4]
        if entries and rng.random() < odds / 2:
            entries.append(rng.choice(entries))
        if rng.random() < odds / 2:
            entries.append(_entry(rng.choice(KEYS), rng.choice(TREES), rng, 0))  # bent again it might grow for ever
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        items = [_written(item, rng, odds) for item in value] * rng.choice([1, 1, 1, 2])
        return "[" + ", ".join(items) + "]"
    return _odd(rng) if rng.random() < odds else json.dumps(value)


def _entry(key: str, value: Any, rng: Random, odds: float) -> str:
    if rng.random() < odds / 2 and key:
        at = rng.randrange(len(key))
        key = rng.choice([rng.choice(KEYS), key[:at] + key[at + 1 :], key[:at] + "x" + key[at:], key.upper()])
    return f'"{key}": {_written(value, rng, odds)}'


def _odd(rng: Random) -> str:
    return rng.choice(ODD)
