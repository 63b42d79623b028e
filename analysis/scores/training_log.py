"""Numbers logged in training: loss terms, gradient norm, reward, policy, speed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.runs.run import Run
from analysis.scores.model import Scores

LOSS, GRADIENT, REWARD, TERMS, OTHER, COST, SPEED = (
    "loss terms", "gradient norm", "reward", "rewarded metrics", "policy", "cost", "speed",
)  # fmt: skip
GROUPS = (LOSS, GRADIENT, REWARD, TERMS, OTHER, COST, SPEED)
# Rewards of the deterministic output, of samples, and of their references.
REWARDS = ("reward_train", "reward_sample", "reward_mean", "reward_best")
BESIDE = ("reward_start", "reward_visible", "reward_infrared", "reward_average")
LOSS_AT_START = "loss_fusion_start"
# Costs of a swept model, by their names in tables of models.
COSTS_OF_MODEL = {
    "model_parameters": "parameters", "model_gflop": "gflop", "model_gflop_training": "gflop_training",
    "inference_ms_16": "inference_ms_16",
}  # fmt: skip
_COSTS = ("reward_calls", "samples_drawn")
_SPEEDS = ("pairs_per_second", "memory_bytes", *COSTS_OF_MODEL)


def group_of(name: str) -> str:
    """Return the group of a logged number: one of GROUPS, the policy if no other fits."""
    if name in _COSTS:
        return COST
    if name.startswith(("reward_", "rewarded_", "term_")):
        return REWARD if name.startswith("reward_") else TERMS
    if name.startswith("loss_"):
        return LOSS
    if "gradient" in name:
        return GRADIENT
    return SPEED if name in _SPEEDS or name == "seconds" or name.endswith("_seconds") else OTHER


def names(run: Run) -> dict[str, tuple[str, ...]]:
    """Return the logged names by group; totals before their parts. Empty groups are left out."""
    first = ("loss_total", *REWARDS, *BESIDE)
    place = {name: i for i, name in enumerate(first)}
    logged = sorted(run.training["name"].unique(), key=lambda name: (place.get(name, len(first)), name))
    groups = {group: tuple(name for name in logged if group_of(name) == group) for group in GROUPS}
    return {group: found for group, found in groups.items() if found}


def loss_curves(run: Run, scores: Scores, settings: Iterable[int]) -> pd.DataFrame:
    """Return setting, epoch, name, value, seeds for every logged number but speed, mean over seeds, in long form.

    NaN of any seed stays NaN. A setting without a row is left out.
    """
    rows = logged(run, scores)
    rows = rows[rows["setting"].isin(list(settings)) & (rows["name"].map(group_of) != SPEED)]
    values = rows.groupby(["setting", "name", "epoch"])["value"]
    found = pd.DataFrame({"value": values.mean(skipna=False), "seeds": values.size()}).reset_index()
    return found[["setting", "epoch", "name", "value", "seeds"]]


def oddities(run: Run, scores: Scores) -> pd.DataFrame:
    """Return name, zero, not_a_number, settings per loss term or gradient norm: in how many settings it was zero
    throughout, in how many it was once not a number, and how many logged it. Only those with either."""
    rows = logged(run, scores)
    rows = rows[rows["name"].map(group_of).isin((LOSS, GRADIENT))]
    per = rows.assign(zero=rows["value"] == 0, lost=~np.isfinite(rows["value"])).groupby(["name", "setting"])
    per_setting = per.agg(zero=("zero", "all"), not_a_number=("lost", "any")).astype(int).reset_index("setting")
    table = per_setting.groupby("name").agg(
        zero=("zero", "sum"), not_a_number=("not_a_number", "sum"), settings=("setting", "size")
    )
    return table[(table["zero"] > 0) | (table["not_a_number"] > 0)].reset_index()


def logged(run: Run, scores: Scores) -> pd.DataFrame:
    """Return the training rows with the setting of each, values as floats."""
    number_of = {number: index for index, setting in enumerate(scores.settings) for number in setting.numbers}
    setting_of = dict(zip(run.trials["id"], run.trials["number"].map(number_of), strict=True))
    rows = run.training.assign(setting=run.training["trial"].map(setting_of))
    return rows.assign(value=rows["value"].astype(float))
