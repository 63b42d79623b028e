"""Measures once before training: scales of the metrics, rewards of start and copies, the worst pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from torch import Tensor

from fusion_core.recipes.reward.rewarded import HELD_OUT, RewardedRecipe
from fusion_core.recipes.reward.worst import worst_list, worst_rows

# Number of training pairs used to measure the spread of each metric, for `reward.normalise: fixed`.
PAIRS_TO_SCALE = 64


@dataclass(frozen=True)
class StartStatistics:
    """Numbers to log with every epoch, scales of the metrics, rows of the worst pairs; `lists` to keep, by file name.

    A training state holds all but the lists, which are saved after the first epoch.
    """

    values: dict[str, float]
    scales: dict[str, float] | None = None
    worst: np.ndarray | None = None
    lists: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        worst = None if self.worst is None else self.worst.tolist()
        return json.dumps({"values": self.values, "scales": self.scales, "worst": worst})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises KeyError or ValueError if the text is not one of `to_json`."""
        known = json.loads(text)
        worst = known["worst"]
        return cls(known["values"], known["scales"], None if worst is None else np.array(worst))


@torch.no_grad()
def measure_start(recipe: RewardedRecipe) -> StartStatistics:
    """Measure the statistics of the start, before the first update."""
    scales = _spreads(recipe) if recipe.config.reward.normalise == "fixed" else None
    judged, scores = recipe.judged(scales)
    values = {"loss_fusion_start": judged["loss_fusion"], **_beside(recipe, scales)}
    values |= {f"scale_{name}": scale for name, scale in (scales or {}).items()}
    if recipe.config.data.worst is None:
        return StartStatistics(values, scales)
    rewards, stems = scores.double().cpu().numpy(), recipe.workspace.train_stems
    worst = worst_rows(rewards, stems, recipe.config.data.worst)
    return StartStatistics(values, scales, worst, dict([worst_list(worst, rewards, stems)]))


def _beside(recipe: RewardedRecipe, scales: Mapping[str, float] | None) -> dict[str, float]:
    """Return the rewards of start and copies: on the training pairs, and the mean over the test sets."""
    trained = recipe.beside(recipe.workspace.train, scales)
    held_out = [recipe.beside(sources, scales) for sources in recipe.workspace.test.values()]
    names = held_out[0] if held_out else ()
    return {f"reward_{name}": value for name, value in trained.items()} | {
        f"{HELD_OUT}_{name}": float(np.mean([one[name] for one in held_out])) for name in names
    }


def _spreads(recipe: RewardedRecipe) -> dict[str, float]:
    """Return the scale of each metric: how far samples of one pair differ in it."""
    train, size = recipe.workspace.train, recipe.recipe.batch_size
    terms: dict[str, list[Tensor]] = {}
    for at in range(0, min(PAIRS_TO_SCALE, len(train)), size):
        sources = train.batch(slice(at, min(at + size, PAIRS_TO_SCALE, len(train))))
        actions, _, fuse = recipe.draw(sources, recipe.random(0, at))
        drawn = [recipe.reward.terms(sources, fuse(action)) for action in actions]
        for name in recipe.reward.names:
            terms.setdefault(name, []).append(torch.stack([sample[name] for sample in drawn]))
        stems = recipe.workspace.train_stems[at : at + len(actions[0])]
        recipe.refuse_non_finite({name: parts[-1] for name, parts in terms.items()}, stems, recipe.epoch + 1)
    return recipe.reward.spread({name: torch.cat(parts, dim=1) for name, parts in terms.items()})
