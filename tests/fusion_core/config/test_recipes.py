"""What the configuration says of the network without having it, held against the network."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from torch import nn

from fusion_core.config import LoraConfig, PolicyConfig, PPOConfig
from fusion_core.config.recipes import CONVOLUTIONS, LEARNED_SIGMA
from fusion_core.models.lora import convolutions
from fusion_core.models.policy import build_policy
from fusion_core.recipes.reward import ppo


def test_targets_are_known_without_the_network_and_are_those_of_the_network() -> None:
    policy = build_policy(PolicyConfig(base_channels=1), 0)
    named = dict(policy.named_modules())
    assert tuple(name for name, one in named.items() if isinstance(one, nn.Conv2d)) == CONVOLUTIONS
    for name in named:
        if convolutions(policy, (name,)):
            assert LoraConfig(targets=(name,)).targets == (name,)
        else:
            with pytest.raises(ValidationError, match=f"modules of the policy, but got '{name}'"):
                LoraConfig(targets=(name,))
    with pytest.raises(ValidationError, match="at least 1 item"):
        LoraConfig(targets=())


def test_a_learned_deviation_begins_where_the_recipe_holds_it() -> None:
    assert LEARNED_SIGMA == (ppo.SMALLEST_SIGMA, ppo.LARGEST_SIGMA)
    for sigma in LEARNED_SIGMA:
        assert PPOConfig(learn_sigma=True, sigma=sigma).sigma == sigma
    for sigma in (0.019, 0.31):
        with pytest.raises(ValidationError, match=f"must be from 0.02 to 0.3 with learn_sigma, but got {sigma}"):
            PPOConfig(learn_sigma=True, sigma=sigma)
        assert PPOConfig(sigma=sigma).sigma == PPOConfig(variant="legacy", learn_sigma=True, sigma=sigma).sigma


def test_entropy_is_rewarded_where_something_can_raise_it() -> None:
    with pytest.raises(ValidationError, match="entropy must be 0 where the deviation is fixed, but got"):
        PPOConfig(entropy=0.01)
    assert PPOConfig(entropy=0.01, learn_sigma=True).entropy == PPOConfig(entropy=0.01, variant="legacy").entropy
