"""A reward sweep made by hand: weights on a simplex, a start, the copies, values per image, what training logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from tests.analysis.make import Made, make_run, seen

METRICS = ("Reward", "VIF", "Qabf", "SSIM", "MI", "MSE", "Nabf")
REWARDED = ("VIF", "Qabf", "SSIM", "MI")
SETS = {"roadscene": 12, "msrs": 8}
START = "start:1a2b3c4d"
# What a full weight adds to each metric, in the order of METRICS; MSE and Nabf are better when lower.
GAINS = {
    "VIF": (0.03, 0.06, 0.0, 0.01, 0.1, 0.002, 0.01), "Qabf": (0.04, 0.0, 0.05, 0.0, -0.1, 0.001, 0.02),
    "SSIM": (0.02, 0.01, 0.0, 0.03, -0.05, -0.004, -0.01), "MI": (-0.02, 0.0, -0.02, -0.03, 0.6, 0.006, 0.03),
}  # fmt: skip
BASE = {"Reward": 0.92, "VIF": 0.78, "Qabf": 0.51, "SSIM": 0.94, "MI": 2.1, "MSE": 0.031, "Nabf": 0.08}
COPIES = {
    "visible": (0.95, 1.0, 0.35, 1.05, 3.0, 0.06, 0.0), "infrared": (0.9, 1.0, 0.3, 1.04, 2.9, 0.06, 0.0),
    "average": (0.74, 0.6, 0.3, 0.98, 1.6, 0.03, 0.01),
}  # fmt: skip


def simplex(step: float, names: Sequence[str] = REWARDED) -> list[dict[str, float]]:
    """Return every combination of weights that are multiples of `step` and sum to 1."""
    parts = round(1 / step)
    every = product(range(parts + 1), repeat=len(names))
    return [{f"reward.weights.{m}": round(k * step, 6) for m, k in zip(names, some, strict=True)}
            for some in every if sum(some) == parts]  # fmt: skip


def scored(
    weights: Mapping[str, float], epoch: int, seed: int = 0, more: float = 0.0
) -> dict[str, dict[str, list[float]]]:
    """Return values per image [data set][metric]; hard images are hard for every setting. `more`: of every metric."""
    own = np.random.default_rng([seed, epoch, *(int(1000 * w) for w in weights.values())])
    found: dict[str, dict[str, list[float]]] = {}
    for place, (name, images) in enumerate(SETS.items()):
        hard = np.random.default_rng(place).normal(0, 0.03, images)
        found[name] = {}
        for m, metric in enumerate(METRICS):
            gain = sum(w * GAINS[key.rsplit(".", 1)[-1]][m] for key, w in weights.items())
            size = BASE[metric] * 0.01
            found[name][metric] = list(
                BASE[metric] * (1 + more) + gain * epoch / 2 + (hard + own.normal(0, 0.1, images)) * size
            )
    return found


def logged(weights: Mapping[str, float], epochs: int) -> list[dict[str, float]]:
    """Return what a reward recipe logs per epoch."""
    rows = []
    for e in range(1, epochs + 1):
        reward = 0.60 + 0.03 * e + 0.1 * sum(k * w for k, w in enumerate(weights.values(), 1)) / 10
        rows.append({
            "reward_train": reward, "reward_train_sum": reward + 0.3, "reward_train_min": reward - 0.02,
            "reward_start": 0.6, "reward_visible": 0.62, "reward_infrared": 0.58, "reward_average": 0.64,
            "reward_sample": reward - 0.03, "reward_mean": reward - 0.025, "reward_best": reward + 0.02,
            **{f"term_{name}": 0.3 + 0.02 * e * w for name, w in zip(REWARDED, weights.values(), strict=False)},
            "entropy": 1.2 - 0.1 * e, "kl": 0.01 * e, "ratio_deviation": 0.05, "clip_fraction": 0.1 + 0.01 * e,
            "advantage_size": 0.8, "reward_calls": 512.0 * e, "samples_drawn": 512.0 * e, "loss_fusion": 1.0 + 0.1 * e,
            "loss_fusion_start": 1.0, "gradient_norm": 0.4, "map_at_0": 0.02 * e, "map_at_1": 0.01,
            "training_seconds": 3.0,
        })  # fmt: skip
    return rows


def reward_run(
    folder: Path,
    settings: Sequence[Mapping[str, Any]] | None = None,
    *,
    starts: Sequence[str] = (START,),
    epochs: int = 2,
    seeds: Sequence[int] = (0,),
    kind: str = "grpo",
    start_has_images: bool = True,
    **table: Any,
) -> Path:
    """Write the table of a reward sweep; settings without `recipe.kind` are of `kind`, supervised ones log a loss."""
    settings = simplex(0.25) if settings is None else settings
    trials, training = [], {}
    for parameters in settings:
        weights = {key: float(value) for key, value in parameters.items() if key.startswith("reward.weights.")}
        for seed in seeds:
            own = parameters.get("recipe.kind", kind)
            more = 0.01 * len(set(parameters.values()) & {"grpo", "ppo", "min"})
            more += 0.0005 * sum(float(v) for k, v in parameters.items() if k.startswith(("loss.", "recipe.samples")))
            learnt = weights if own != "supervised" else {}
            values = [seen(scored(learnt, e, seed, more)) for e in range(1, epochs + 1)]
            config = {} if "recipe.kind" in parameters else {"recipe": {"kind": own}}
            if own != "supervised":
                training[len(trials)] = logged(weights, epochs)
            else:
                training[len(trials)] = [{"loss_total": 2.0 / e, "loss_max": 1.0 / e} for e in range(1, epochs + 1)]
            trials.append(Made(parameters, values, seed=seed, config=config))
    fusions: dict[str, Any] = {
        name: {one: dict(zip(METRICS, values, strict=True)) for one in SETS} for name, values in COPIES.items()
    }
    for k, name in enumerate(starts):
        at_start = scored({"reward.weights.VIF": 0.02 * k}, 1)
        means = {one: {m: float(np.mean(x)) for m, x in some.items()} for one, some in at_start.items()}
        fusions[name] = seen(at_start) if start_has_images else means
    return make_run(
        folder, trials, baselines=fusions, n=SETS, training=training,
        **{"rank_by": {"metric": "Reward", "epoch": epochs}, **table},
    )  # fmt: skip
