"""The supervised recipe: the same trial gives the same numbers, resumes, fails loudly, and learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from fusion_core.config import LossConfig, PolicyConfig, SupervisedConfig, TrialConfig
from fusion_core.data.dataset import PairSet
from fusion_core.errors import CheckpointError, TrialError
from fusion_core.metrics.facts import FACTS
from fusion_core.models import checkpoints
from fusion_core.models.checkpoints import load_checkpoint
from fusion_core.models.policy import build_policy
from fusion_core.recipes.catalog import build_recipe
from fusion_core.recipes.supervised import SupervisedRecipe
from fusion_core.reports import EpochReport
from fusion_core.workspace import Workspace


def config(**recipe: object) -> TrialConfig:
    settings = {"epochs": 2, "batch_size": 4, "accumulate": 1, "learning_rate": 1e-3} | recipe
    return TrialConfig(
        policy=PolicyConfig(base_channels=2),
        loss=LossConfig(ssim_window_size=11),
        recipe=SupervisedConfig(**settings),
    )


def numbers(report: EpochReport) -> dict[str, object]:
    timed = {"pairs_per_second", "training_seconds", "evaluation_seconds", "memory_bytes"}
    training = {name: value for name, value in report.training.items() if name not in timed}
    return training | {f"{d}/{m}": s.mean for d, metrics in report.metrics.items() for m, s in metrics.items()}


@pytest.mark.parametrize(("channels", "parameters"), [(64, 17_262_466), (12, 608_426), (4, 68_026)])
def test_the_policy_has_the_references_number_of_parameters(channels: int, parameters: int) -> None:
    policy = build_policy(PolicyConfig(base_channels=channels), seed=0)
    assert sum(p.numel() for p in policy.parameters()) == parameters


def test_a_policy_takes_images_of_any_size() -> None:
    mu, logvar = build_policy(PolicyConfig(base_channels=2), seed=0)(torch.rand(1, 2, 37, 51))
    assert mu.shape == logvar.shape == (1, 1, 37, 51)
    assert 0 < mu.min() <= mu.max() < 1


def test_the_same_trial_gives_the_same_numbers_in_a_fresh_or_a_used_workspace(
    workspace: Workspace, train_pairs: PairSet, test_pairs: PairSet
) -> None:
    other = config().model_copy(update={"seed": 1})
    list(build_recipe(other, workspace).epochs())
    used = [numbers(r) for r in build_recipe(config(), workspace).epochs()]
    fresh = [numbers(r) for r in build_recipe(config(), Workspace(train_pairs, {"synthetic": test_pairs})).epochs()]
    assert used == fresh
    assert numbers(next(build_recipe(other, workspace).epochs())) != used[0]


def test_a_resumed_trial_goes_on_as_if_never_stopped(workspace: Workspace, tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    whole = build_recipe(config(), workspace)
    epochs = whole.epochs()
    next(epochs)
    whole.save_state(state)
    resumed = build_recipe(config(), workspace)
    resumed.load_state(state)
    assert numbers(next(resumed.epochs())) == numbers(next(epochs))


def test_a_state_of_another_trial_or_cut_short_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    recipe = build_recipe(config(), workspace)
    list(recipe.epochs())
    recipe.save_state(state)
    other = build_recipe(config().model_copy(update={"seed": 5}), workspace)
    with pytest.raises(CheckpointError, match="of another one"):
        other.load_state(state)
    tensors, metadata = checkpoints.load_state(state)
    for name, text in (("policy.leave.bias", "state_dict"), ("micro_batch", "micro_batch")):
        known = {key: value for key, value in metadata.items() if key not in (name, "format")}
        checkpoints.save_state(state, {key: value for key, value in tensors.items() if key != name}, known)
        with pytest.raises(CheckpointError, match=f"must hold all of a trial, but .*{text}"):
            recipe.load_state(state)
    recipe.save_state(state)
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="whole safetensors"):
        recipe.load_state(state)


def test_training_lowers_the_loss_and_reports_every_term_and_metric(workspace: Workspace) -> None:
    first, *_, last = build_recipe(config(epochs=6), workspace).epochs()
    assert last.training["loss_total"] < first.training["loss_total"]
    assert set(last.metrics["synthetic"]) == set(FACTS)
    assert last.metrics["synthetic"]["VIF"].n == 3
    assert {f"loss_{n}" for n in ("ssim_visible", "ssim_infrared", "max", "consist", "color", "grad")} <= set(
        last.training
    )


@pytest.mark.parametrize(("accumulate", "batches"), [(2, 2), (4, 2), (1, 1)])
def test_a_step_descends_the_mean_gradient_of_its_batches(workspace: Workspace, accumulate: int, batches: int) -> None:
    recipe, whole = (build_recipe(config(accumulate=n), workspace) for n in (accumulate, 1))
    assert isinstance(recipe, SupervisedRecipe)
    assert isinstance(whole, SupervisedRecipe)
    for one in (recipe, whole):
        one.policy.eval()  # without batch statistics, the loss of a batch is the mean of its pairs'
    rows = np.arange(8)[: 4 * batches]
    _, norm = recipe.stepper.step(np.array_split(rows, batches), recipe.loss_of)
    whole.stepper.micro_batch = 8
    _, expected = whole.stepper.step([rows], whole.loss_of)
    assert norm.item() == pytest.approx(expected.item(), rel=1e-4)


def test_weights_that_leave_the_finite_at_the_last_step_fail_the_trial(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = build_recipe(config(), workspace)
    assert isinstance(recipe, SupervisedRecipe)
    step = recipe.stepper.step

    def poisoned(*arguments: object) -> object:
        result = step(*arguments)  # type: ignore[arg-type]
        with torch.no_grad():
            recipe.policy.leave.bias.fill_(float("inf"))
        return result

    monkeypatch.setattr(recipe.stepper, "step", poisoned)
    recipe.recipe = recipe.recipe.model_copy(update={"batch_size": 8})
    with pytest.raises(TrialError, match=r"weights must stay finite.*epoch 1"):
        next(recipe.epochs())


def test_a_loss_that_leaves_the_finite_fails_the_trial_with_its_name(workspace: Workspace) -> None:
    recipe = build_recipe(config(), workspace)
    assert isinstance(recipe, SupervisedRecipe)
    with torch.no_grad():
        recipe.policy.leave.bias.fill_(float("nan"))
    with pytest.raises(TrialError, match=r"loss_total must stay finite, but is nan at epoch 1, batch 1"):
        next(recipe.epochs())


def test_a_checkpoint_fuses_as_the_trained_policy_does(workspace: Workspace, tmp_path: Path) -> None:
    recipe = build_recipe(config(epochs=1), workspace)
    list(recipe.epochs())
    path = tmp_path / "policy.safetensors"
    path.write_bytes(recipe.checkpoint())
    checkpoint = load_checkpoint(path)
    sample = recipe.samples(1)[0]
    fused, _ = checkpoint.fuse(workspace.test["synthetic"].batch(slice(0, 1)))
    difference = fused.pixels[0].round().permute(1, 2, 0).numpy() - sample.images["fused"]
    assert np.abs(difference).max() <= 1
    assert checkpoint.config["policy"] == {"base_channels": 2}


def test_a_checkpoint_of_another_architecture_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    from safetensors.torch import save

    path = tmp_path / "other.safetensors"
    path.write_bytes(save({"weight": torch.zeros(3)}, {"format": "someone-elses"}))
    with pytest.raises(CheckpointError, match="someone-elses"):
        load_checkpoint(path)


def test_baselines_are_three_fusions_that_learned_nothing(workspace: Workspace) -> None:
    baselines = workspace.baselines()["synthetic"]
    assert set(baselines) == {"visible", "infrared", "average"}
    assert baselines["visible"]["Nabf"].mean == 0
    assert baselines["average"]["MSE"].mean < baselines["visible"]["MSE"].mean


def test_out_of_memory_halves_what_is_trained_at_once_keeps_the_batch_and_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = build_recipe(config(), workspace)
    assert isinstance(recipe, SupervisedRecipe)
    loss_of = recipe.loss_of
    loss_of(np.arange(4))
    seen: list[int] = []

    def small_gpu(rows: np.ndarray) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        seen.append(len(rows))
        if len(rows) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return loss_of(rows)

    monkeypatch.setattr(recipe, "loss_of", small_gpu)
    report = next(recipe.epochs())
    assert seen == [4, 4, 2, 2, 2, 2]  # what is kept of the sources goes first
    assert {int(slot["step"]) for slot in recipe.stepper.optimizer.state_dict()["state"].values()} == {2}
    assert "dropped" in report.notes[0]
    assert "training goes on with 2 at once" in report.notes[1]


def test_a_split_batch_has_the_gradient_of_the_whole_one(workspace: Workspace) -> None:
    gradients = []
    for micro_batch in (4, 1):
        recipe = build_recipe(config(), workspace)
        assert isinstance(recipe, SupervisedRecipe)
        recipe.policy.eval()  # without batch statistics, a batch's loss is the mean of its pairs'
        recipe.stepper.micro_batch = micro_batch
        recipe.stepper._backward(np.arange(4), recipe.loss_of, batches=1)
        gradients.append(torch.cat([p.grad.flatten() for p in recipe.policy.parameters() if p.grad is not None]))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-7)


def test_a_pair_that_does_not_fit_fails_the_trial_with_a_remedy(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = build_recipe(config(), workspace)

    def no_memory(rows: np.ndarray) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(recipe, "loss_of", no_memory)
    with pytest.raises(TrialError, match=r"must fit into GPU memory.*data.resize"):
        next(recipe.epochs())


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_training_runs_in_every_precision_a_cpu_has(workspace: Workspace, precision: str) -> None:
    report = next(build_recipe(config(precision=precision), workspace).epochs())
    assert np.isfinite(report.training["loss_total"])
    assert np.isfinite(report.metrics["synthetic"]["VIF"].mean)


def test_fp16_on_a_cpu_fails_with_a_remedy(workspace: Workspace) -> None:
    with pytest.raises(TrialError, match="Use auto"):
        build_recipe(config(precision="fp16"), workspace)


def test_a_sampled_map_of_an_image_does_not_depend_on_its_batch(workspace: Workspace) -> None:
    recipe = build_recipe(config(), workspace)
    assert isinstance(recipe, SupervisedRecipe)
    recipe.policy.eval()
    sources = workspace.test["synthetic"]
    with torch.no_grad():
        _, together = recipe.fuse(sources.batch(slice(0, 3)), seed=5)
        _, alone = recipe.fuse(sources.batch(slice(1, 2)), seed=5)
        _, mean = recipe.fuse(sources.batch(slice(1, 2)))
    torch.testing.assert_close(together[1:2], alone)
    assert not torch.allclose(alone, mean)
