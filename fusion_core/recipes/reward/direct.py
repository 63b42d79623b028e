"""The control without sampling: steps along the gradient of the reward itself."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from fusion_core.errors import TrialError
from fusion_core.recipes.optimizer_step import Values
from fusion_core.recipes.reward.rewarded import RewardedRecipe


def ascend(recipe: RewardedRecipe, rows: np.ndarray) -> tuple[Values, list[Tensor]]:
    """Step along the gradient of the reward itself, an upper bound for sampling methods.

    Returns the numbers of the batch and the norms of its gradients. Raises TrialError for a reward without a gradient.
    """
    workspace = recipe.workspace

    def descend(part: np.ndarray) -> tuple[Tensor, Values]:
        sources = workspace.train.batch(part)
        terms = recipe.reward.terms(sources, recipe.render(sources)[0])
        if dead := [name for name, term in terms.items() if not term.requires_grad]:
            raise TrialError(
                f"control direct must have a reward with a gradient, but {', '.join(dead)} counts grey levels and "
                "has none: take it out of reward.weights"
            )
        values = {name: term.detach()[None] for name, term in terms.items()}
        recipe.refuse_non_finite(values, [workspace.train_stems[row] for row in part], recipe.epoch + 1)
        reward = recipe.reward.combine(terms, recipe.scales).mean()
        return -reward, {"reward_mean": reward.detach()}

    (values,), norm = recipe.stepper.step([rows], descend)
    count = values["reward_mean"].new_tensor(float(len(rows)))
    return values | {"reward_calls": count, "samples_drawn": count}, [norm]
