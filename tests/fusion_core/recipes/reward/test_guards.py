"""What ends a trial that learns from a reward, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from fusion_core.config import WorstConfig
from fusion_core.errors import TrialError
from fusion_core.evaluation import BASELINES
from fusion_core.metrics.catalog import BY_SOURCE, METRICS
from fusion_core.recipes.reward import guards
from fusion_core.recipes.reward.worst import batches, worst_list, worst_rows
from fusion_core.workspace import Workspace

Build = Callable[..., Any]


def test_a_collapsed_map_names_the_source_it_copies() -> None:
    guards.refuse_collapse(0.89, 0.1, 0.9, 1)
    with pytest.raises(TrialError, match=r"91% of it is at 1 \(a copy of the infrared image\) after epoch 3"):
        guards.refuse_collapse(0.0, 0.91, 0.9, 3)


def test_shares_of_a_map_at_its_ends() -> None:
    weight_map = torch.tensor([0.0, 0.005, 0.5, 1.0]).reshape(1, 1, 2, 2)
    assert guards.ends(weight_map).flatten().tolist() == [0.5, 0.25]


def test_a_reward_that_is_no_number_names_metric_and_pair() -> None:
    terms = {"VIF": torch.ones(2, 3), "Nabf": torch.tensor([[0.1, 0.2, 0.3], [0.1, float("nan"), 0.3]])}
    with pytest.raises(TrialError, match="Nabf is not for the pair b at epoch 2"):
        guards.refuse_non_finite_reward(terms, ["a", "b", "c"], 2)


def test_a_ratio_that_explodes_ends_the_trial() -> None:
    guards.refuse_explosion(19.0, 1)
    for largest in (21.0, float("nan")):
        with pytest.raises(TrialError, match=r"lower recipe\.learning_rate"):
            guards.refuse_explosion(largest, 1)


def test_a_weighted_term_without_a_gradient_is_named() -> None:
    flows = torch.ones((), requires_grad=True) * 2
    guards.refuse_terms_without_gradient({"a": (1.0, flows), "b": (0.0, torch.ones(()))})
    with pytest.raises(TrialError, match="no gradient flows from b"):
        guards.refuse_terms_without_gradient({"a": (1.0, flows), "b": (0.5, torch.ones(()))})


def test_the_direct_control_refuses_a_reward_without_a_gradient(build: Build) -> None:
    with pytest.raises(TrialError, match="but MI counts grey levels and has none"):
        next(build("grpo", control="direct", reward={"weights": {"MI": 1.0, "VIF": 1.0}}).epochs())


def test_the_reward_of_held_out_pairs_stands_beside_that_of_the_copies_and_its_metrics_join_as_it_does(
    build: Build, workspace: Workspace
) -> None:
    weights = {"VIF": 1.0, "MI": 0.0}
    recipe = build("grpo", control="frozen", reward={"aggregate": "min", "weights": weights})
    report = next(recipe.epochs())
    sources = workspace.test["synthetic"].batch(slice(0, 3))
    with torch.no_grad():
        fused = recipe.fuse(sources)[0]
    for name in weights:
        worse = BY_SOURCE[name].each_as_both(sources, fused).amin(dim=0).mean().item()
        assert report.training[f"rewarded_{name}"] == pytest.approx(worse, rel=1e-6)
    assert report.training["reward_held_out"] == pytest.approx(report.training["rewarded_VIF"], rel=1e-6)
    assert report.training["reward_held_out_start"] == pytest.approx(report.training["reward_held_out"], rel=1e-6)
    copy = BY_SOURCE["VIF"].each_as_both(sources, BASELINES["visible"](sources)).amin(dim=0).mean().item()
    assert report.training["reward_held_out_visible"] == pytest.approx(copy, rel=1e-6)
    assert set(report.metrics["synthetic"]) == set(METRICS) == set(recipe.start_metrics()["synthetic"])


def test_rewards_standardised_within_groups_are_logged_as_they_are(build: Build) -> None:
    training = next(build("grpo", reward={"normalise": "group"}).epochs()).training
    assert training["reward_mean"] == pytest.approx(training["reward_start"], abs=0.1)
    assert training["reward_mean"] < training["reward_best"] < training["reward_mean"] + 0.2


SCORES = np.array([0.5, 0.1, 0.9, 0.1, 0.7, 0.3])
STEMS = tuple("fedcba")


def test_the_worst_pairs_are_those_of_the_lowest_reward_ties_by_name() -> None:
    assert worst_rows(SCORES, STEMS, WorstConfig(percent=0.5, min=1)).tolist() == [3, 1, 5]


def test_a_larger_share_holds_the_smaller_one_and_bounds_hold() -> None:
    shares = [worst_rows(SCORES, STEMS, WorstConfig(percent=p, min=1)).tolist() for p in (0.2, 0.5, 1.0)]
    assert all(set(a) < set(b) for a, b in pairwise(shares))
    assert len(worst_rows(SCORES, STEMS, WorstConfig(percent=0.1, min=4))) == 4
    assert len(worst_rows(SCORES, STEMS, WorstConfig(percent=1, min=1, max=2))) == 2
    assert len(worst_rows(SCORES, STEMS, WorstConfig(percent=0.1, min=100))) == 6


def test_the_list_of_the_worst_is_the_same_each_time_and_its_name_tells_its_content() -> None:
    rows = worst_rows(SCORES, STEMS, WorstConfig(percent=0.5, min=1))
    name, text = worst_list(rows, SCORES, STEMS)
    assert text == "0.100000 c\n0.100000 e\n0.300000 a\n"
    assert worst_list(rows, SCORES, STEMS) == (name, text)
    assert worst_list(rows[:2], SCORES, STEMS)[0] != name


def test_batches_take_their_share_from_the_worst_and_every_pair_once_a_pass() -> None:
    worst = np.array([2, 7])
    mixed = list(batches(np.random.default_rng(0), 20, 4, 50, worst, 0.5))
    assert all(len(set(rows.tolist())) == 4 and {2, 7} <= set(rows.tolist()) for rows in mixed)
    plain = np.concatenate(list(batches(np.random.default_rng(0), 20, 4, 5, None, 0.0)))
    assert sorted(plain.tolist()) == list(range(20))
    assert [len(rows) for rows in batches(np.random.default_rng(0), 3, 8, 2, None, 0.0)] == [3, 3]


def test_a_trial_with_worst_pairs_keeps_their_list_and_what_it_began_with(build: Build, tmp_path: Any) -> None:
    settings: dict[str, Any] = {"data": {"worst": {"percent": 0.25, "min": 2}}, "epochs": 2}
    recipe = build("grpo", reward={"aggregate": "min", "normalise": "fixed"}, **settings)
    report = next(recipe.epochs())
    recipe.epoch = 1
    ((name, text),) = recipe.lists().items()
    assert name.endswith(".txt") and len(text.splitlines()) == 2
    assert {"reward_visible", "reward_infrared", "reward_average", "reward_start", "scale_VIF"} <= set(report.training)
    recipe.save_state(tmp_path / "state")
    again = build("grpo", reward={"aggregate": "min", "normalise": "fixed"}, **settings)
    again.load_state(tmp_path / "state")
    assert (again.begin.values, again.scales) == (recipe.begin.values, recipe.scales)
    assert again.begin.worst.tolist() == recipe.begin.worst.tolist()
