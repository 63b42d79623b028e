"""Recipe by kind. A new recipe is a file here, its config in `fusion_core.config`, and a line below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fusion_core.config import TrialConfig
from fusion_core.recipes.base import Recipe

if TYPE_CHECKING:
    from fusion_core.models.checkpoints import Checkpoint
    from fusion_core.workspace import Workspace


def build_recipe(config: TrialConfig, workspace: Workspace | None, start: Checkpoint | None = None) -> Recipe:
    """Build the recipe that `config.recipe.kind` names, with the weights of `start` where it is given.

    `workspace` may be None if the kind needs no data.
    """
    if config.recipe.kind == "arithmetic":
        from fusion_core.recipes.arithmetic import ArithmeticRecipe

        return ArithmeticRecipe(config)
    from fusion_core.recipes.reward.grpo import GRPORecipe
    from fusion_core.recipes.reward.ppo import PPORecipe
    from fusion_core.recipes.supervised import SupervisedRecipe

    if workspace is None:
        raise ValueError(f"recipe {config.recipe.kind!r} needs data")
    kinds: dict[str, Callable[..., Recipe]] = {"supervised": SupervisedRecipe, "ppo": PPORecipe, "grpo": GRPORecipe}
    return kinds[config.recipe.kind](config, workspace, start)
