from pathlib import Path

import pytest

from fusion_core.errors import ConfigError
from trials.space.grid import expand
from trials.spec.identity import trial_id
from trials.spec.sweep import SweepSpec
from trials.sweepfile.load import load


def sweep(folder: Path, text: str) -> SweepSpec:
    path = folder / "sweep.yaml"
    path.write_text(f"name: a\n{text}")
    return load(path)


def test_the_last_axis_varies_fastest_and_seeds_faster_still(tmp_path):
    trials = expand(sweep(tmp_path, "grid: {loss.max_ratio: [2, 1], loss.grad_ratio: [5, 4]}\nseeds: [7, 3]\n"))
    assert [(t.parameters["loss.max_ratio"], t.parameters["loss.grad_ratio"], t.config.seed) for t in trials] == [
        (2, 5, 7), (2, 5, 3), (2, 4, 7), (2, 4, 3), (1, 5, 7), (1, 5, 3), (1, 4, 7), (1, 4, 3),
    ]  # fmt: skip


def test_a_trial_holds_its_parameters_and_what_all_trials_share(tmp_path):
    text = "trial: {loss: {max_ratio: 9, color_ratio: 3}, policy: {base_channels: 8}}\ngrid: {loss.max_ratio: [1]}\n"
    (trial,) = expand(sweep(tmp_path, text))
    assert trial.parameters == {"loss.max_ratio": 1}
    assert (trial.config.loss.max_ratio, trial.config.loss.color_ratio) == (1, 3)
    assert trial.config.policy.base_channels == 8


def test_a_swept_value_wins_over_the_trial_in_every_section(tmp_path):
    axes = "recipe.learning_rate: [1e-3], policy.base_channels: [4], loss.terms.mine: [2], evaluation.mode: [sample]"
    (trial,) = expand(sweep(tmp_path, f"trial: {{loss: {{terms: {{mine: 1, other: 3}}}}}}\ngrid: {{{axes}}}\n"))
    assert trial.config.recipe.model_dump()["learning_rate"] == 1e-3
    assert trial.config.policy.base_channels == 4
    assert trial.config.loss.terms == {"mine": 2, "other": 3}
    assert trial.config.evaluation.mode == "sample"


def test_a_shared_ssim_weight_sets_both(tmp_path):
    (trial,) = expand(sweep(tmp_path, "grid: {loss.ssim_shared: [10]}\n"))
    resolved = trial.config.loss.resolved()
    assert (resolved.ssim_ratio, resolved.ssim_ir_ratio) == (10, 10)


def test_the_kind_of_a_recipe_can_be_swept(tmp_path):
    trials = expand(sweep(tmp_path, "grid: {recipe.kind: [supervised, arithmetic]}\n"))
    assert [trial.config.recipe.kind for trial in trials] == ["supervised", "arithmetic"]


def test_a_combination_that_its_kind_refuses_is_found_before_the_sweep(tmp_path):
    text = "trial: {recipe: {batch_size: 4}}\ngrid: {recipe.kind: [supervised, arithmetic]}\n"
    with pytest.raises(
        ConfigError, match=r"sweep\.yaml:3: in the combination recipe\.kind='arithmetic': .* no key 'batch_size'"
    ):
        sweep(tmp_path, text)


def test_ten_thousand_trials_are_ten_thousand_ids_and_few_sections(tmp_path):
    axes = f"loss.max_ratio: {list(range(50))}, loss.grad_ratio: {list(range(20))}, policy.base_channels: [4, 8]"
    text = f"grid: {{{axes}}}\nseeds: {list(range(5))}\n"
    trials = expand(sweep(tmp_path, text))
    assert len(trials) == len({trial_id(trial.config, {}) for trial in trials}) == 10_000
    assert len({id(trial.config.loss) for trial in trials}) == 1_000
