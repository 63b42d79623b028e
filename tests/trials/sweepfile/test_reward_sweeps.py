from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from fusion_core.config.recipes import LEGACY
from fusion_core.errors import ConfigError
from trials.space.grid import Trial, expand
from trials.space.size import count_epochs, count_trials
from trials.spec.identity import trial_id
from trials.spec.sweep import SweepSpec
from trials.sweepfile.load import load

GRPO = "name: a\ntrial: {recipe: {kind: grpo}, start: {recipe: {kind: supervised, epochs: 2}}}\n"
SIMPLEX = f"{GRPO}simplex:\n  reward.weights: {{of: [VIF, Qabf, SSIM, MI], steps: 4}}\n"


def loaded(folder: Path, text: str, *overrides: str) -> SweepSpec:
    path = folder / "sweep.yaml"
    path.write_text(text)
    return load(path, overrides)


def problems(folder: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, *overrides)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def weights(trial: Trial) -> tuple[float, ...]:
    return tuple(trial.config.reward.weights.values())


def test_a_simplex_of_four_metrics_in_quarters_has_35_points_that_sum_to_one(tmp_path):
    spec = loaded(tmp_path, SIMPLEX)
    trials = expand(spec)
    assert count_trials(spec) == len(trials) == len({trial_id(trial.config, {}) for trial in trials}) == 35
    assert count_epochs(spec) == 35 * 4
    wanted = {shares for shares in product((0, 0.25, 0.5, 0.75, 1), repeat=4) if sum(shares) == 1}
    assert {weights(trial) for trial in trials} == wanted
    assert {tuple(trial.parameters.values()) for trial in trials} == wanted
    assert next(iter(trials[0].parameters.items())) == ("reward.weights.VIF", 1.0)


def test_a_simplex_is_multiplied_with_axes_and_seeds_and_varies_faster_than_axes(tmp_path):
    axes = "simplex: {reward.weights: {of: [MI, VIF], steps: 2}}\ngrid: {recipe.samples: [2, 4]}\n"
    text = f"{GRPO}{axes}seeds: [0, 1]\n"
    spec = loaded(tmp_path, text)
    swept = [(*trial.parameters.values(), trial.config.seed) for trial in expand(spec)]
    assert count_trials(spec) == len(swept) == 12
    assert swept[:3] == [(2, 1, 0, 0), (2, 1, 0, 1), (2, 0.5, 0.5, 0)] and swept[-1] == (4, 0, 1, 1)


def test_metrics_that_a_simplex_does_not_name_have_no_weight(tmp_path):
    spec = loaded(tmp_path, f"{GRPO}simplex: {{reward.weights: {{of: [MI, EN], steps: 1}}}}\n")
    assert [trial.config.reward.active for trial in expand(spec)] == [{"MI": 1}, {"EN": 1}]


def test_a_simplex_can_be_set_on_the_command_line(tmp_path):
    assert count_trials(loaded(tmp_path, SIMPLEX, "simplex.reward.weights.steps=2")) == 10
    assert count_trials(loaded(tmp_path, SIMPLEX, "simplex.reward.weights.of=[VIF, MI]")) == 5


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "reward.weights: {of: [VIF, Quabf], steps: 2}",
            ["of[1] must be a metric, but got 'Quabf'. Did you mean 'Qabf'"],
        ),
        ("reward.weights: {of: [VIF, MI, VIF], steps: 2}", ["must name each metric once, but 'VIF' is repeated"]),
        ("reward.weights: {of: [VIF, MI], steps: 0}", ["simplex.reward.weights.steps must be at least 1, but got 0"]),
        ("reward.weights: {of: [VIF, MI], steps: 2.5}", ["steps must be a whole number, but got 2.5"]),
        ("reward.weights: {of: [VIF, MI]}", ["simplex.reward.weights.steps must be given"]),
        (
            "reward.weights: {of: [VIF, MI], step: 2}",
            ["weights.steps must be given", "simplex.reward.weights has no key 'step'. Did you mean 'steps'?"],
        ),
        ("reward.weights: {of: [], steps: 2}", ["simplex.reward.weights.of must be a list of at least 1 value,"]),
        (
            "reward.weights: {of: VIF, steps: 2}",
            ["simplex.reward.weights.of must be a list, but got 'VIF'. Write [VIF]."],
        ),
        ("reward.weights: 3", ["simplex.reward.weights must be a section of keys, but got 3"]),
        ("loss.terms: {of: [VIF], steps: 2}", ["simplex must name reward.weights alone, but got 'loss.terms'"]),
        (
            "reward.weights: {of: [VIF, MI], steps: 100000}",
            ["a sweep may have 100,000 trials, but this one has 100,001"],
        ),
        ("reward.weights: {of: [VI, MI], steps: 0}", ["steps must be at least 1", "'VI'"]),
    ],
)
def test_a_simplex_that_is_none_is_refused_with_every_problem(tmp_path, line, says):
    found = problems(tmp_path, f"{GRPO}simplex:\n  {line}\n")
    assert len(found) == len(says)
    for problem, text in zip(found, says, strict=True):
        assert problem.startswith(("sweep.yaml:4: ", "sweep.yaml:3: ")) and text in problem


def test_weights_are_given_by_a_simplex_or_by_axes_or_by_the_trial(tmp_path):
    text = SIMPLEX.replace("start:", "reward: {weights: {VIF: 1}}, start:")
    first, second = problems(tmp_path, text + "grid:\n  reward.weights.EN: [0, 1]\n")
    assert first.startswith("sweep.yaml:2: trial.reward.weights does nothing beside simplex.reward.weights")
    assert second.startswith("sweep.yaml:6: grid.reward.weights.EN and simplex.reward.weights both give weights.")


def test_combinations_that_repeat_a_ratio_are_left_out_with_one_note(tmp_path):
    axes = "".join(f"  reward.weights.{name}: [0, 1, 2]\n" for name in ("VIF", "Qabf", "SSIM"))
    spec = loaded(tmp_path, f"{GRPO}grid:\n{axes}seeds: [0, 1]\n")
    trials = expand(spec)
    # Of 27: nothing at all; 2 axes' ends, 3 pairs and the triple twice over; and (0, 2, 2), (2, 2, 2), ... the same.
    distinct = {tuple(w / sum(values) for w in values) for values in product((0, 1, 2), repeat=3) if any(values)}
    assert (
        count_trials(spec) == len(trials) == 2 * len(distinct) == len({trial_id(trial.config, {}) for trial in trials})
    )
    left = len(distinct)
    assert spec.notes == (
        f"{27 - left} of 27 combinations of reward.weights are left out: {26 - left} repeat another's ratio, and "
        "only ratios decide what is learned; 1 has no weight above 0",
    )


def test_combinations_of_one_ratio_are_all_run_where_the_size_of_a_reward_counts(tmp_path):
    axes = "grid:\n  reward.weights.VIF: [1, 2]\n  reward.weights.Qabf: [1, 2]\n  reward.weights.SSIM: [1, 2]\n"
    spec = loaded(tmp_path, GRPO.replace("kind: grpo", "kind: ppo, advantage: center") + axes)
    assert count_trials(spec) == 8 == len({trial_id(trial.config, {}) for trial in expand(spec)})
    assert spec.notes == ()


def test_an_axis_of_one_weight_leaves_the_others_as_the_trial_has_them(tmp_path):
    spec = loaded(tmp_path, f"{GRPO}grid: {{reward.weights.VIF: [0, 1, 2], reward.weights.MI: [1]}}\n")
    assert [trial.config.reward.active for trial in expand(spec)] == [
        {"Qabf": 1.5, "SSIM": 1, "MI": 1}, {"VIF": 1, "Qabf": 1.5, "SSIM": 1, "MI": 1},
        {"VIF": 2, "Qabf": 1.5, "SSIM": 1, "MI": 1},
    ]  # fmt: skip
    assert spec.notes == ()


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("reward.weights.VIFF: [1]", "must end in a metric, but got 'VIFF'. Did you mean 'VIF'?"),
        ("reward.weights: [1]", "grid.reward.weights must name one field of that section"),
        ("reward.weights.VIF: [-1]", "grid.reward.weights.VIF[0] must be at least 0, but got -1"),
        ("reward.aggregate: [min, max]", "grid.reward.aggregate[1] must be one of sum, min, softmin, harmonic"),
        ("recipe.lora.rank: [0]", "grid.recipe.lora.rank[0] must be at least 1, but got 0"),
        ("recipe.sigma: [.1]", "grid.recipe.sigma must be a field of recipe of kind grpo, but is not one"),
        ("data.worst.percent: [1.5]", "grid.data.worst.percent[0] must be at most 1, but got 1.5"),
        ("data.worst: [1]", "grid.data.worst must name one field of that section. Known: data.worst.percent"),
        ("data.worst.min: [9000]", "worst.min must be at most worst.max (5000), but got 9000"),
        ("start.recipe.epochs: [0]", "grid.start.recipe.epochs[0] must be at least 1, but got 0"),
    ],
)
def test_a_wrong_axis_of_a_reward_sweep_is_said_with_its_line(tmp_path, axis, message):
    (found,) = problems(tmp_path, f"{GRPO}grid:\n  {axis}\n")
    assert found.startswith("sweep.yaml:4: ") and message in found


def test_weights_that_are_all_zero_are_no_sweep(tmp_path):
    axes = "{reward.weights.VIF: [0], reward.weights.Qabf: [0], reward.weights.SSIM: [0]}"
    (found,) = problems(tmp_path, f"{GRPO}grid: {axes}\n")
    assert "reward.weights must hold one above 0, but no combination does" in found


@pytest.mark.parametrize("kind", ["ppo", "grpo"])
def test_a_recipe_that_learns_from_a_reward_needs_a_start(tmp_path, kind):
    (found,) = problems(tmp_path, f"name: a\ntrial:\n  recipe:\n    kind: {kind}\n")
    assert found == (
        f"sweep.yaml:4: recipe {kind} learns from a reward, so trial.start must say where it begins, but is not given. "
        "Write start: {recipe: {kind: supervised, epochs: 2}} under trial."
    )


def test_a_swept_kind_that_learns_from_a_reward_needs_a_start_and_an_axis_of_it_is_one(tmp_path):
    text = "name: a\ngrid:\n  recipe.kind: [supervised, ppo]\n"
    (found,) = problems(tmp_path, text)
    assert found.startswith("sweep.yaml:3: recipe ppo learns from a reward")
    epochs = [t.config.start.recipe.epochs for t in expand(loaded(tmp_path, text + "  start.recipe.epochs: [1, 2]\n"))]
    assert epochs == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("trial:\n  reward: {aggregate: min}\n", ["3"]),
        ("trial:\n  data:\n    worst: {mix: 1}\n  reward: {}\n", ["4", "5"]),
        ("grid:\n  reward.weights.VIF: [1, 2]\n  data.worst.mix: [0, 1]\n", ["3", "4"]),
        ("simplex:\n  reward.weights: {of: [VIF, MI], steps: 2}\n", ["3"]),
    ],
)
def test_a_reward_that_nothing_learns_from_is_refused(tmp_path, text, places):
    found = problems(tmp_path, f"name: a\n{text}")
    assert [problem.split(":")[1] for problem in found] == places
    assert all("does nothing with recipe supervised, which learns from no reward" in problem for problem in found)


def test_a_start_that_nothing_begins_from_is_refused(tmp_path):
    (found,) = problems(tmp_path, "name: a\ntrial:\n  recipe: {kind: arithmetic}\n  start: runs/a:best\n")
    assert found.startswith("sweep.yaml:4: trial.start does nothing with recipe arithmetic")


def test_axes_of_a_start_that_is_a_file_are_refused(tmp_path):
    text = "name: a\ntrial:\n  start: a.safetensors\ngrid:\n  start.recipe.epochs: [1, 2]\n"
    (found,) = problems(tmp_path, text)
    assert found.startswith(
        "sweep.yaml:5: grid.start.recipe.epochs varies how a start is trained, but sweep.yaml:3 names"
    )


@pytest.mark.parametrize("start", ["3", "[a]", "''", '"a\\0b"', "':best'"])
def test_a_start_is_a_path_a_run_or_a_recipe(tmp_path, start):
    (found,) = problems(tmp_path, f"name: a\ntrial: {{start: {start}}}\n")
    assert "trial.start must be the path of a checkpoint, RUN:best, or {recipe: {kind: supervised, epochs: N}}" in found


def test_the_path_of_a_start_becomes_absolute_and_best_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for written, wanted in (("runs/a:best", "runs/a:best"), ("b.safetensors", "b.safetensors")):
        assert loaded(tmp_path, f"name: a\ntrial: {{start: {written}}}\n").trial.start == f"{tmp_path}/{wanted}"


def test_problems_inside_a_start_have_their_lines(tmp_path):
    text = (
        "name: a\ntrial:\n  start:\n    recipe: {kind: supervised, epoch: 2}\n    loss: {max_ration: 1}\n    seed: -1\n"
    )
    found = problems(tmp_path, text)
    assert [problem.split(":")[1] for problem in found] == ["4", "5", "6"]
    assert "Did you mean 'epochs'?" in found[0] and "Did you mean 'max_ratio'?" in found[1]


def test_the_kinds_of_a_sweep_share_the_fields_that_both_have(tmp_path):
    text = (
        "name: a\ntrial: {recipe: {samples: 6, epochs: 3}, start: {}}\ngrid: {recipe.kind: [ppo, grpo, supervised]}\n"
    )
    (found,) = problems(tmp_path, text)
    assert "in the combination recipe.kind='supervised': trial.recipe must have no key 'samples'" in found
    spec = loaded(tmp_path, text.replace(", supervised", ""))
    assert [(t.config.recipe.kind, t.config.recipe.epochs) for t in expand(spec)] == [("ppo", 3), ("grpo", 3)]
    assert {getattr(t.config.recipe, "samples", 0) for t in expand(spec)} == {6} and count_epochs(spec) == 6


@pytest.mark.parametrize("own", ["", ", variant: legacy", ", variant: coarse"])
def test_each_variant_of_ppo_has_its_own_defaults_and_what_is_written_holds_for_both(tmp_path, own):
    trial = f"trial: {{recipe: {{kind: ppo, sigma: 0.1{own}}}, start: {{}}}}"
    text = f"name: a\n{trial}\ngrid: {{recipe.variant: [coarse, legacy]}}\n"
    coarse, legacy = (trial.config.recipe for trial in expand(loaded(tmp_path, text)))
    assert (coarse.samples, coarse.grid) == (8, 4)
    assert {key: getattr(legacy, key) for key in LEGACY} == LEGACY
    assert coarse.sigma == legacy.sigma == 0.1


def test_wrong_names_of_metrics_have_their_own_lines_and_come_with_all_other_problems(tmp_path):
    reward = "  reward:\n    aggregate: mean\n    weights:\n      VIFF: 1\n      MI: -1\n      Qabbf: 2\n"
    found = problems(tmp_path, f"name: a\ntrial:\n  recipe: {{kind: grpo}}\n  start: {{}}\n{reward}")
    assert [problem.split(":")[1] for problem in found] == ["6", "8", "9", "10"]
    assert "Did you mean 'VIF'?" in found[1] and "Did you mean 'Qabf'?" in found[3]


def test_targets_of_lora_that_are_no_modules_are_refused_at_their_line(tmp_path):
    recipe = "  recipe:\n    kind: grpo\n    train: lora\n    lora:\n      targets: [leave, up.3]\n"
    text = f"name: a\ntrial:\n  start: {{}}\n{recipe}"
    (found,) = problems(tmp_path, text)
    assert found.startswith("sweep.yaml:8: trial.recipe.lora.targets")
    assert "must name modules of the policy, but got 'up.3'. Did you mean 'ups.3'?" in found


@pytest.mark.parametrize(
    ("reward", "message"),
    [
        ("{weights: {LPIPS: 1, NIQE: 2}, expensive: best}", "to tell the best sample by, but got only LPIPS, NIQE"),
        ("{weights: {LPIPS: 1, VIF: 1}, expensive: best, normalise: group}", "best must not be with normalise: group"),
        ("{weights: {LPIPS: 0, VIF: 1}, expensive: best, normalise: group}", None),
        ("{weights: {LPIPS: 1, VIF: 1}, expensive: best, normalise: fixed}", None),
    ],
)
def test_costly_metrics_of_the_best_need_another_to_tell_it_and_a_scale_of_their_own(tmp_path, reward, message):
    text = GRPO.replace("{recipe", f"{{reward: {reward}, recipe", 1)
    assert [message in found for found in problems(tmp_path, text)] == [True] if message else loaded(tmp_path, text)


def test_a_corner_of_a_simplex_where_the_best_cannot_be_told_is_refused_before_anything_starts(tmp_path):
    text = GRPO.replace("{recipe", "{reward: {expensive: best}, recipe", 1)
    weights = "simplex:\n  reward.weights: {of: [VIF, NIQE], steps: 4}\n"
    (found,) = problems(tmp_path, text + weights)
    assert found.startswith("sweep.yaml:4: in the combination reward.weights.VIF=0.0, reward.weights.NIQE=1.0: ")
    assert "got only NIQE" in found
    (found,) = problems(tmp_path, f"{GRPO}{weights}grid:\n  reward.expensive: [all, best]\n")
    assert found.startswith("sweep.yaml:6: in the combination reward.expensive='best', ")
    assert count_trials(loaded(tmp_path, GRPO + weights)) == 5


@pytest.mark.parametrize(
    ("reward", "axes"),
    [
        ("weights: {NIQE: 1}", ""),
        ("aggregate: min", "grid: {reward.weights.NIQE: [0, 1]}\n"),
        ("aggregate: min", "simplex: {reward.weights: {of: [NIQE, VIF], steps: 2}}\n"),
    ],
)
def test_images_smaller_than_the_blocks_of_a_rewarded_niqe_are_refused_at_the_line_of_their_size(
    tmp_path, reward, axes
):
    text = f"name: a\ntrial:\n  start: {{}}\n  recipe: {{kind: grpo}}\n  reward: {{{reward}}}\n"
    (found,) = problems(tmp_path, f"{text}  data: {{resize: [95, 200]}}\n{axes}")
    assert found.startswith("sweep.yaml:6: trial.data.resize must be at least [96, 96] where NIQE is rewarded, but got")
    assert loaded(tmp_path, f"{text}  data: {{resize: [96, 200]}}\n{axes}")
    unweighted = text.replace("NIQE: 1", "NIQE: 0, VIF: 1") + "  data: {resize: [95, 200]}\n"
    assert loaded(tmp_path, unweighted)


def test_a_learned_deviation_begins_where_it_is_held(tmp_path):
    text = "name: a\ntrial:\n  start: {}\n  recipe: {kind: ppo, learn_sigma: true}\n"
    (found,) = problems(tmp_path, text.replace("true", "true, sigma: 0.5"))
    assert "recipe.sigma must be from 0.02 to 0.3 with learn_sigma, but got 0.5" in found
    (found,) = problems(tmp_path, f"{text}grid:\n  recipe.sigma: [0.1, 0.01]\n")
    assert found.startswith("sweep.yaml:6: in the combination recipe.sigma=0.01: recipe.sigma must be from 0.02")
    assert loaded(tmp_path, text.replace("true", "false, sigma: 0.5")).trial.recipe.sigma == 0.5


@pytest.mark.parametrize("worst", ["", "data: {worst: {percent: 0.1}}, "])
def test_worst_pairs_can_be_swept_whether_the_trial_names_them_or_not(tmp_path, worst):
    text = GRPO.replace("recipe: {kind: grpo}", f"{worst}recipe: {{kind: grpo}}")
    trials = expand(loaded(tmp_path, f"{text}grid: {{data.worst.mix: [0, 1]}}\n"))
    found: list[Any] = [trial.config.data.worst for trial in trials]
    assert [one.mix for one in found] == [0, 1] and {one.percent for one in found} == {0.1 if worst else 0.3}
