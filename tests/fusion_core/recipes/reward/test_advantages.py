"""Advantages, controls and the clipped surrogate, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fusion_core.recipes.reward.advantages import clipped_surrogate, controlled, group_advantages, legacy_advantages

REWARDS = torch.tensor([[0.5, 1.0], [0.7, 1.0], [0.9, 4.0]])


def test_advantages_are_the_groups_standard_scores() -> None:
    got = group_advantages(REWARDS)
    assert got.mean(dim=0) == pytest.approx(0, abs=1e-6)
    population = np.std([0.5, 0.7, 0.9])
    assert got[:, 0].numpy() == pytest.approx(np.array([-0.2, 0, 0.2]) / (population + 1e-4), rel=1e-5)


@pytest.mark.parametrize("kind", ["std", "center", "wta"])
def test_permuting_samples_permutes_their_advantages(kind: str) -> None:
    order = [2, 0, 1]
    assert torch.allclose(group_advantages(REWARDS[order], kind), group_advantages(REWARDS, kind)[order])


def test_centred_advantages_keep_the_rewards_own_size_and_winner_takes_all_has_one_winner() -> None:
    assert group_advantages(REWARDS, "center")[:, 1].tolist() == pytest.approx([-1, -1, 2])
    assert group_advantages(REWARDS, "wta").tolist() == [[0, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize("kind", ["std", "center", "wta"])
def test_rewards_that_tie_give_no_advantage(kind: str) -> None:
    assert not group_advantages(torch.full((4, 2), 0.3) + torch.arange(4)[:, None] * 1e-6, kind).any()


def test_the_originals_advantages_have_a_mean_size_of_one_over_the_batch_even_where_rewards_nearly_tie() -> None:
    rewards = torch.tensor([[0.5, 0.500], [0.7, 0.502]])
    got = legacy_advantages(rewards)
    assert got.abs().mean() == pytest.approx(1)
    # Both groups are one standard deviation either side; the floor of 1e-3 is just reached by the second.
    assert got.tolist() == [pytest.approx([-1, -1], rel=1e-3), pytest.approx([1, 1], rel=1e-3)]


def test_shuffling_keeps_each_groups_rewards_and_breaks_their_order() -> None:
    advantages = torch.arange(40.0).reshape(8, 5)
    got = controlled(advantages, "shuffled", np.random.default_rng(0))
    assert torch.equal(got.sort(dim=0).values, advantages)
    assert not torch.equal(got, advantages)


def test_negating_turns_rewards_round_and_real_leaves_them() -> None:
    random = np.random.default_rng(0)
    assert torch.equal(controlled(REWARDS, "negated", random), -REWARDS)
    assert controlled(REWARDS, "real", random) is REWARDS


def test_the_clipped_surrogate_of_four_numbers() -> None:
    ratio = torch.tensor([1.5, 1.5, 0.5, 0.5])
    advantage = torch.tensor([1.0, -1.0, 1.0, -1.0])
    # min(1.5, 1.2), min(-1.5, -1.2), min(.5, .8), min(-.5, -.8)
    expected = -(1.2 - 1.5 + 0.5 - 0.8) / 4
    assert clipped_surrogate(ratio.log(), advantage, 0.2).item() == pytest.approx(expected, rel=1e-6)
