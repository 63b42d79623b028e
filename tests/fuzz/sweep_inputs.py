"""Sweep files that nobody would write, from a source of randomness: the shipped ones bent in structure and in text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from trials.document.yaml_reader import read_yaml

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
KEYS = [
    "name", "trial", "grid", "seeds", "kind", "loss", "data", "limits", "rank_by", "search", "space", "low", "choices",
    "step", "when", "<<", "", "a.b", "\\e", "1", "~",
]  # fmt: skip
KINDS = ["grid", "random", "sobol", "tpe", "gp", "cmaes", "nsga2"]
ENDS = [0, 1, 2, 3, 8, 64, 512, -1, 0.1, 0.5, 1e-6, 1.5, 1e9, 1e120, 10**25]
FIELDS = [
    "loss.max_ratio", "loss.ssim_shared", "loss.grad_ratio", "loss.max_mode", "loss.terms.mine", "kernel.levels",
    "recipe.learning_rate", "recipe.batch_size",
    "recipe.kind", "loss.ssim_window_size", "recipe.sigma", "recipe.lora.rank", "recipe.samples",
    "recipe.learn_sigma", "recipe.epochs", "reward.weights.VIF", "reward.weights.MI", "reward.aggregate",
    "reward.temperature", "data.worst.min", "data.worst.max", "data.crop", "start.recipe.epochs", "seed", "nothing",
]  # fmt: skip
MINDED = 8
"""So many of them, the first, are minded by any recipe."""
WORDS: list[Any] = ["l1", "l2", "ppo", "grpo", "supervised", "sum", "softmin", True, False, "x"]
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
    "search.trials",
    "search.kind",
    "search.where",
    "space.loss.max_ratio",
    "space.loss.max_ratio.low",
    "start_from",
]


class SweepInput(NamedTuple):
    """The bytes of a sweep file, and what is set on the command line."""

    content: bytes
    overrides: tuple[str, ...] = ()


def sweep_input(rng: Random) -> SweepInput:
    """Return one input: any bytes, bent text, a bent tree, or a search; every fourth with overrides."""
    make: Callable[[Random], bytes] = rng.choice(
        [any_bytes, any_yaml, bent_text, bent_text, bent_tree, bent_tree, any_search, any_search]
    )
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


def any_search(rng: Random) -> bytes:
    """Return a shipped sweep whose grid a search is put in place of, of parts that fit together now and then."""
    of_one_kind = [tree for tree in TREES if "recipe.kind" not in tree.get("grid", {})]
    tree = {key: value for key, value in rng.choice(of_one_kind).items() if key not in ("grid", "simplex", "confirm")}
    kind = rng.choice(KINDS if rng.random() < 0.1 else KINDS[1:])
    search: dict[str, Any] = {"kind": kind, "trials": 10**6 if rng.random() < 0.05 else rng.choice([1, 5, 60])}
    extra = {
        "seed": rng.choice([0, 7, -1]),
        "objectives": rng.sample(["VIF", "Qabf", "Nabf", "Reward", "X"], rng.choice([1, 2, 2])),
        "where": rng.choice(["Nabf <= 0.005", ["VIF >= 1", "Nabf <= 0.1"], ["VIF >= 1", "VIF <= 0"], "VIF > 1"]),
        "startup": rng.choice([1, 10]),
        "population": rng.choice([2, 8]),
    }
    tree["search"] = search | {key: value for key, value in extra.items() if rng.random() < 0.15}
    fields = FIELDS[:MINDED] if rng.random() < 0.7 else FIELDS
    tree["space"] = {field: _dimension(field, rng) for field in rng.sample(fields, rng.choice([1, 2, 2, 3, 5]))}
    if rng.random() < 0.2:
        tree["stop_early"] = {"kind": rng.choice(["asha", "median", "none"]), "grace_epochs": rng.choice([1, 1, 9])}
    if rng.random() < 0.2:
        tree["confirm"] = {"top": rng.choice([1, 8]), "seeds": rng.sample(range(9), 3)}
    if rng.random() < 0.1:
        tree["start_from"] = rng.choice([["runs/x"], "runs/x", ["", "x"]])
    text = json.dumps(tree) if rng.random() < 0.6 else _written(tree, rng, rng.choice([0.005, 0.05]))
    return text.encode(errors="surrogatepass")


def _dimension(field: str, rng: Random) -> Any:
    """Return a range or choices, three in four of them such as the field may have."""
    fits = rng.random() < 0.85
    words = field.endswith(("mode", "kind", "aggregate", "learn_sigma", "crop"))
    if words == fits:
        chosen = _words_of(field, rng) if fits else rng.sample(WORDS, rng.choice([1, 2, 3]))
        return rng.choice([chosen, {"choices": chosen}])
    some = ENDS[1:5] if fits else ENDS
    if rng.random() < 0.2:
        return rng.sample(some, rng.choice([1, 2, 4]))
    ends = sorted(rng.sample(some, 2))
    found: dict[str, Any] = {"low": ends[0], "high": ends[1]}
    extra = {"log": rng.random() < 0.7, "step": rng.choice([1, 0.5, 0.1, 100]), "when": rng.choice(["ppo", ["grpo"]])}
    return found | {key: value for key, value in extra.items() if rng.random() < 0.2}


def _words_of(field: str, rng: Random) -> list[Any]:
    known: dict[str, list[Any]] = {
        "mode": ["l1", "l2"], "aggregate": ["sum", "min", "softmin"], "crop": ["none", "square"],
        "kind": ["ppo", "grpo", "supervised"], "learn_sigma": [True, False],
    }  # fmt: skip
    return next(rng.sample(words, 2) for end, words in known.items() if field.endswith(end))


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
