"""Searches made by hand: settings drawn from ranges, some stopped early, the best run again with fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.analysis.make import Made, Values, make_run, seen

KEY = "loss.max_ratio"
AXES = ("loss.max_ratio", "loss.grad_ratio", "loss.ssim_shared", "loss.consist_ratio")
METRICS = ("Reward", "VIF", "Qabf", "SSIM", "Nabf")
SETS = {"roadscene": 8, "msrs": 6}


def searched(
    *,
    seeds: Sequence[int] = (0,),
    confirm: tuple[int, Sequence[int]] | None = None,
    where: Sequence[str] = (),
    objectives: Sequence[str] = (),
    rule: str = "none",
    kind: str = "random",
) -> dict[str, Any]:
    """Return the record of a search; `confirm` is how many settings with which fresh seeds."""
    again = None if confirm is None else {"top": confirm[0], "seeds": list(confirm[1])}
    return {
        "resolved": {
            "rank_by": {"metric": "Reward", "epoch": None}, "seeds": list(seeds), "confirm": again,
            "search": {"kind": kind, "trials": 60, "where": list(where), "objectives": list(objectives)},
            "stop_early": {"kind": rule, "grace_epochs": 1, "reduction": 3},
        }
    }  # fmt: skip


def at(value: float, **others: float) -> Values:
    """Return an epoch on one data set: the reward, and other metrics by name."""
    return {"a": {"Reward": value, **others}}


def drawn(count: int, seed: int = 0) -> list[dict[str, float]]:
    """Return settings drawn evenly on logarithmic scales, of four significant digits."""
    rng = np.random.default_rng(seed)
    values = 2.0 ** rng.uniform(0, 6, (count, len(AXES)))
    return [{key: float(f"{x:.4g}") for key, x in zip(AXES, row, strict=True)} for row in values]


def values_of(parameters: Mapping[str, Any], epoch: int, seed: int) -> Values:
    """Return values per image: a smooth response to the logarithms of the weights, and what the seed adds to it."""
    a, b, c, d = (np.log2(float(parameters.get(key) or 1.0)) / 6 for key in AXES)
    own = np.random.default_rng([seed, epoch, *(int(1000 * x) for x in (a, b, c, d))])
    luck = own.normal(0, 0.004)
    level = 0.5 - 0.1 * (a - 0.6) ** 2 - 0.05 * (b - 0.3) ** 2 + 0.02 * c + 0.01 * epoch
    each = {"Reward": level, "VIF": level + 0.1 * d, "Qabf": level - 0.1 * d, "SSIM": 0.9 - 0.1 * c,
            "Nabf": 0.004 + 0.004 * b}  # fmt: skip
    images = {name: np.random.default_rng(k).normal(0, 0.03, n) for k, (name, n) in enumerate(SETS.items())}
    return seen({
        name: {
            metric: list((x + luck + hard + own.normal(0, 0.003, len(hard))) * (1 if metric != "Nabf" else 0.1))
            for metric, x in each.items()
        }
        for name, hard in images.items()
    })  # fmt: skip


def search_run(
    folder: Path,
    *,
    count: int = 60,
    epochs: int = 4,
    stopped: int = 0,
    confirm: tuple[int, Sequence[int]] | None = None,
    conditional: bool = False,
    **record: Any,
) -> Path:
    """Write the table of a random search. The `stopped` settings that are worst at epoch 1 have that epoch only;
    `conditional`: every third setting lacks the last weight."""
    settings: list[dict[str, Any]] = drawn(count)
    if conditional:
        settings = [{**one, **({AXES[-1]: None} if i % 3 == 0 else {})} for i, one in enumerate(settings)]
        settings = [{k: v for k, v in one.items() if v is not None} for one in settings]

    def mean(parameters: Mapping[str, Any], epoch: int, seed: int) -> float:
        sets = values_of(parameters, epoch, seed).values()
        return float(np.mean([float(one["Reward"] or 0) for one in sets]))

    worst = set(np.argsort([mean(one, 1, 0) for one in settings], kind="stable")[:stopped].tolist())
    trials = [
        Made(one, [values_of(one, e, 0) for e in range(1, 2 if i in worst else epochs + 1)],
             status="stopped" if i in worst else "finished")
        for i, one in enumerate(settings)
    ]  # fmt: skip
    if confirm is not None:
        left = [one for i, one in enumerate(settings) if i not in worst]
        best = sorted(left, key=lambda one: -mean(one, epochs, 0))[: confirm[0]]
        trials += [
            Made(one, [values_of(one, e, seed) for e in range(1, epochs + 1)], seed=seed)
            for one in best for seed in confirm[1]
        ]  # fmt: skip
    copies = {name: {one: dict.fromkeys(METRICS, level) for one in SETS}
              for name, level in (("visible", 0.5), ("infrared", 0.48), ("average", 0.44))}  # fmt: skip
    rule = record.pop("rule", "asha" if stopped else "none")
    return make_run(
        folder, trials, n=SETS, baselines=copies, record=searched(confirm=confirm, rule=rule, **record)
    )  # fmt: skip
