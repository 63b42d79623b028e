from pathlib import Path

import pytest

from fusion_core.config import FolderPair, SupervisedConfig
from fusion_core.errors import ConfigError
from trials.space.grid import expand
from trials.space.size import count_epochs, count_trials, refuse_unless_confirmed
from trials.spec.sweep import Limits, SweepSpec
from trials.sweepfile.load import load

MINIMAL = "name: small\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "sweep.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str, *overrides: str) -> SweepSpec:
    return load(write(folder, text), overrides)


def problems(folder: Path, text: str, *overrides: str) -> list[str]:
    """Return the problems of a sweep file, without the folder it lies in."""
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text), overrides)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_name_alone_is_a_sweep_of_one_default_trial(tmp_path):
    spec = loaded(tmp_path, MINIMAL)
    assert count_trials(spec) == 1 and spec.seeds == (0,) and spec.grid == {} and spec.rank_by.metric == "Reward"
    assert spec.text == MINIMAL and spec.path == tmp_path / "sweep.yaml"


def test_a_worker_has_no_time_limit_and_a_trial_three_attempts_unless_the_file_says_so(tmp_path):
    assert loaded(tmp_path, MINIMAL).limits == Limits(trial_seconds=None, attempts=3)
    assert loaded(tmp_path, "name: a\nlimits: {trial_seconds: null}\n").limits == Limits()
    assert loaded(tmp_path, "name: a\nlimits: {trial_seconds: 90, attempts: 1}\n").limits == Limits(
        trial_seconds=90, attempts=1
    )


def test_a_sweep_of_many_trials_is_refused_until_it_is_confirmed(tmp_path):
    axes = f"  loss.max_ratio: {list(range(50))}\n  loss.grad_ratio: {list(range(40))}\n"
    refuse_unless_confirmed(loaded(tmp_path, f"name: a\ngrid:\n{axes}"), confirmed=False)
    many = loaded(tmp_path, f"name: a\ngrid:\n{axes}seeds: [0, 1]\n")
    with pytest.raises(ConfigError, match=r"but this one has 4,000 trials, 16,000 epochs in total\. Add --yes to run"):
        refuse_unless_confirmed(many, confirmed=False)


def test_the_epochs_of_a_sweep_are_counted_by_kind_of_recipe(tmp_path):
    spec = loaded(tmp_path, "name: a\ngrid: {recipe.kind: [supervised, arithmetic]}\nseeds: [0, 1, 2]\n")
    assert count_epochs(spec) == 3 * 4 + 3 * 2 == sum(trial.config.recipe.epochs for trial in expand(spec))


def test_1e_4_is_a_number_in_every_spelling(tmp_path):
    for spelling in ("1e-4", "1.0e-4", "1E-4", "0.0001", ".0001", "+1e-4"):
        spec = loaded(tmp_path, f"name: a\ntrial: {{recipe: {{learning_rate: {spelling}}}}}\n")
        assert spec.trial.recipe == SupervisedConfig(learning_rate=1e-4)


def test_a_typo_in_a_key_is_named_with_its_line(tmp_path):
    text = "name: a\ntrial:\n  loss:\n    max_ration: 4\n"
    assert problems(tmp_path, text) == ["sweep.yaml:4: trial.loss has no key 'max_ration'. Did you mean 'max_ratio'?"]


def test_a_section_that_stands_outside_trial_is_told_where_it_belongs(tmp_path):
    assert problems(tmp_path, "name: a\nloss: {max_ratio: 4}\n") == [
        "sweep.yaml:2: a sweep file has no key 'loss'. Did you mean 'trial.loss'?"
    ]


def test_every_problem_of_a_file_comes_at_once_in_file_order(tmp_path):
    text = """\
name: a b
trial:
  recipe: {epochs: 1.5, learning_rat: 1e-4}
  data: {train: msr, resize: [64]}
  polcy: 3
grid:
  loss.max_ratio: [1, -1]
  loss.grad_ratio: []
seeds: [0, 0]
rank_by: {metric: reward}
recources: {gpu: 1}
"""
    found = problems(tmp_path, text)
    assert [one.split(":")[1] for one in found] == ["1", "3", "3", "4", "4", "5", "7", "8", "9", "10", "11"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("trial: {recipe: {epochs: 2.5}}", "trial.recipe.epochs must be a whole number, but got 2.5"),
        ("trial: {recipe: {epochs: 0}}", "trial.recipe.epochs must be at least 1, but got 0"),
        ("trial: {recipe: {epochs: true}}", "trial.recipe.epochs must be a whole number, but got true"),
        ("trial: {recipe: {kind: supervisd}}", "trial.recipe.kind must be one of supervised, ppo, grpo, arithmetic"),
        ("trial: {loss: {max_ratio: '10'}}", "trial.loss.max_ratio must be a number, but got '10'. Remove the quotes."),
        ("trial: {loss: {max_ratio: 1_000}}", "trial.loss.max_ratio must be a number, but got '1_000'. Write 1000."),
        ("trial: {loss: {max_ratio: .nan}}", "trial.loss.max_ratio must be a finite number, but got nan"),
        ("trial: {loss: {max_ratio: -.inf}}", "trial.loss.max_ratio must be "),
        ("trial: {loss: {max_ratio: }}", "trial.loss.max_ratio must be a number, but got nothing"),
        ("trial: {loss: {max_mode: L1}}", "must be one of l1, l2, but got 'L1'. Did you mean 'l1'?"),
        ("trial: {loss: {ssim_shared: 1, ssim_ratio: 2}}", "give either it or them, not both"),
        ("trial: {loss: 3}", "trial.loss must be a section of keys, but got 3"),
        ("trial: {data: {resize: [64]}}", "trial.data.resize must be a list of 2 values, but got 1"),
        ("trial: {data: {resize: 64}}", "trial.data.resize must be a list, but got 64. Write [64]."),
        ("trial: {data: {limit: '8'}}", "trial.data.limit must be a number of pairs, or {train: N, test: N}"),
        ("trial: {data: {train: 3}}", "trial.data.train must be the name of a data set, or {name: N"),
        (
            "trial: {data: {train: msr}}",
            "trial.data.train must be a known data set, but got 'msr'. Did you mean 'msrs'?",
        ),
        ("trial: {data: {train: {name: .., visible: a, infrared: b}}}", "the first no . or -, but got '..'"),
        ("trial: {data: {train: {name: a/b, visible: a, infrared: b}}}", "must be letters, digits, _, . and -"),
        ("trial: {data: {resize: [9000, 64]}}", "trial.data.resize[0] must be at most 8192, but got 9000"),
        ("trial: {data: {synthetic: {train: 1000000}}}", "synthetic.train must be at most 10000, but got 1000000"),
        ("trial: {policy: {base_channels: 100000000}}", "base_channels must be at most 1024, but got 100000000"),
        (
            'trial: {loss: {terms: {"a/../b": 1}}}',
            "must be the name of a term (letters, digits and _), but got 'a/../b'",
        ),
        ("trial: {data: {test: [pet, pet]}}", "trial.data.test must name each set once, but 'pet' is repeated"),
        ("trial: {data: {test: []}}", "trial.data.test must name at least one data set"),
        ("trial: {data: {optional: [pet]}}", "trial.data.optional must name sets of trial.data.test, but got 'pet'"),
        ("trial: {data: {root: ''}}", "trial.data.root must be a path, but got ''"),
        ("trial: {data: {train: {name: a, infrared: b}}}", "trial.data.train.visible must be given"),
        ("trial: {seed: 3}", "trial.seed cannot be set: seeds have a key of their own. Write seeds: [0, 1]."),
        ("seeds: 3", "seeds must be a list, but got 3. Write [3]."),
        ("seeds: []", "seeds must hold at least one seed, but got an empty list. Write [0]."),
        ("seeds: [-1]", "seeds[0] must be at least 0, but got -1"),
        ("seeds: [4294967296]", "seeds[0] must be at most 4294967295, but got 4294967296"),
        ("seeds: [1, 2, 1]", "seeds must hold each seed once, but 1 is repeated"),
        ("rank_by: {metric: vif}", "rank_by.metric must be a known metric, but got 'vif'. Did you mean 'VIF'?"),
        ("rank_by: {dataset_weights: {msrs: 1}}", "must name sets of trial.data.test, but got 'msrs'"),
        ("rank_by: {dataset_weights: {synthetic: 0}}", "must hold one above 0, but all are 0"),
        ("rank_by: {dataset_weights: {synthetic: -1}}", "rank_by.dataset_weights.synthetic must be at least 0"),
        ("rank_by: {epoch: 9}", "rank_by.epoch must be at most trial.recipe.epochs (4), but got 9. Write 4 or less"),
        ("rank_by:", "rank_by must be a section of keys, but got nothing"),
        ("resources: {gpu: 1.5}", "resources.gpu must be a share of at most 1, or a whole number of GPUs, but got 1.5"),
        ("resources: {gpu: 0}", "resources.gpu must be more than 0, but got 0"),
        ("limits: {trial_seconds: 0}", "limits.trial_seconds must be more than 0, but got 0"),
        ("limits: {trial_seconds: .inf}", "limits.trial_seconds must be a finite number, but got inf"),
        ("limits: {trial_seconds: 1h}", "limits.trial_seconds must be a number, but got '1h'"),
        ("limits: {attempts: 0}", "limits.attempts must be at least 1, but got 0"),
        ("limits: {attempts: 1.5}", "limits.attempts must be a whole number, but got 1.5"),
        ("limits: {attempt: 1}", "limits has no key 'attempt'. Did you mean 'attempts'?"),
        ("keep_states: yes", "keep_states must be true or false, but got 'yes'. Write true."),
        ("keep_best: -1", "keep_best must be at least 0, but got -1"),
    ],
)
def test_a_broken_rule_is_said_with_its_value_and_line(tmp_path, line, message):
    found = problems(tmp_path, f"name: a\n{line}\n")
    assert len(found) == 1
    assert found[0].startswith("sweep.yaml:2: ") and message in found[0]


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (
            "loss.max_ration: [1]",
            "must name a field of the trial, but got 'loss.max_ration'. Did you mean 'loss.max_ratio'?",
        ),
        ("max_ratio: [1]", "Did you mean 'loss.max_ratio'?"),
        ("trial.loss.max_ratio: [1]", "Did you mean 'loss.max_ratio'?"),
        ("loss: {max_ratio: [1]}", "grid.loss must name one field of that section. Known: loss.ssim_ratio"),
        ("loss.terms: [1]", "grid.loss.terms must name one field of that section. Known: loss.terms.NAME."),
        ("loss.max_ratio: 10", "grid.loss.max_ratio must be a list of values, but got 10. Write [10]."),
        ("loss.max_ratio: []", "grid.loss.max_ratio must be a list of values, but got an empty list"),
        ("loss.max_ratio: [1, 1.0]", "grid.loss.max_ratio must hold each value once, but 1.0 is repeated"),
        ("loss.max_ratio: [1, -1]", "grid.loss.max_ratio[1] must be at least 0, but got -1"),
        ("loss.max_ratio: [1, .nan]", "grid.loss.max_ratio[1] must be a finite number, but got nan"),
        ("loss.max_ratio: [1, '2']", "grid.loss.max_ratio[1] must be a number, but got '2'. Remove the quotes."),
        ("loss.max_ratio: [1, true]", "grid.loss.max_ratio[1] must be a number, but got true"),
        ("loss.max_ratio: [[1]]", "grid.loss.max_ratio[0] must be a number, text, true or false, but got a list"),
        ("loss.ssim_shared: [null]", "grid.loss.ssim_shared[0] must be a number, text, true or false, but got nothing"),
        ("loss.max_mode: [l1, l3]", "grid.loss.max_mode[1] must be one of l1, l2, but got 'l3'"),
        ("loss.terms.mine: [1, -1]", "grid.loss.terms.mine[1] must be at least 0, but got -1"),
        ('"loss.terms.\\e[31m": [1]', "must end in the name of a term (letters, digits and _), but got '\\x1b[31m'"),
        ("policy.base_channels: [8.5]", "grid.policy.base_channels[0] must be a whole number, but got 8.5"),
        ("recipe.kind: [superwised]", "Did you mean 'supervised'?"),
        ("recipe.fail_at: [0, 1]", "grid.recipe.fail_at must be a field of recipe of kind supervised, but is not one"),
        ("recipe.epochs: [1, 2]", "grid.recipe.epochs cannot be an axis"),
        ("evaluation.per_image: [all]", "grid.evaluation.per_image cannot be an axis"),
        ("data.resize: [64]", "grid.data.resize cannot be an axis: all trials of a sweep share their data"),
        ("seed: [0, 1]", "seeds have a key of their own. Write seeds: [0, 1]."),
    ],
)
def test_an_axis_that_is_not_one_is_said_with_its_line(tmp_path, axis, message):
    found = problems(tmp_path, f"name: a\ngrid:\n  {axis}\n")
    assert len(found) == 1
    assert found[0].startswith("sweep.yaml:3: ") and message in found[0]


def test_each_bad_value_of_an_axis_is_named_with_its_own_line(tmp_path):
    found = problems(tmp_path, "name: a\ngrid:\n  loss.max_ratio:\n    - 1\n    - -2\n    - x\n")
    assert [one.split(":")[1] for one in found] == ["5", "6"]


def test_an_axis_may_vary_what_the_trial_sets(tmp_path):
    spec = loaded(tmp_path, "name: a\ntrial: {loss: {max_ratio: 3}}\ngrid: {loss.max_ratio: [1, 2.5]}\n")
    assert spec.grid == {"loss.max_ratio": (1, 2.5)}


@pytest.mark.parametrize(
    "text",
    [
        "trial: {loss: {ssim_ratio: 2}}\ngrid: {loss.ssim_shared: [1]}\n",
        "trial: {loss: {ssim_shared: 2}}\ngrid: {loss.ssim_ir_ratio: [1]}\n",
        "trial: {}\ngrid: {loss.ssim_shared: [1], loss.ssim_ratio: [1]}\n",
    ],
)
def test_ssim_shared_beside_a_weight_that_it_sets_is_refused(tmp_path, text):
    found = problems(tmp_path, f"name: a\n{text}")
    assert len(found) == 1 and "sweep.yaml:3: loss.ssim_shared sets ssim_ratio and ssim_ir_ratio" in found[0]


@pytest.mark.timeout(10)
def test_a_grid_of_a_million_million_trials_is_refused_at_once(tmp_path):
    names = ("max_ratio", "grad_ratio", "consist_ratio", "color_ratio")
    axes = "".join(f"  loss.{name}: {list(range(1000))}\n" for name in names)
    (found,) = problems(tmp_path, f"name: a\ngrid:\n{axes}")
    assert "but this one has 1,000,000,000,000. Take values out" in found


def test_a_grid_of_more_trials_than_anybody_runs_is_refused_with_their_number(tmp_path):
    axes = "".join(f"  loss.{name}: {list(range(100))}\n" for name in ("max_ratio", "grad_ratio", "consist_ratio"))
    assert problems(tmp_path, f"name: a\ngrid:\n{axes}") == [
        "sweep.yaml:2: a sweep may have 100,000 trials, but this one has 1,000,000. "
        "Take values out of its axes, or make several sweeps of it."
    ]


def test_images_smaller_than_the_windows_are_refused_before_anything_starts(tmp_path):
    found = problems(tmp_path, "name: a\ntrial:\n  data: {resize: [32, 64]}\n  loss:\n    ssim_window_size: 33\n")
    assert "sweep.yaml:3: trial.data.resize must be at least [41, 41], which VIF needs, but got [32, 64]" in found
    assert found[1].startswith("sweep.yaml:5: trial.loss.ssim_window_size must fit into the training images")
    assert found[1].endswith("but got 33. Write 32 or less.")


def test_the_default_window_of_48_is_held_against_small_synthetic_scenes(tmp_path):
    found = problems(tmp_path, "name: a\ntrial: {data: {synthetic: {size: [44, 60]}}}\n")
    assert len(found) == 1 and "but got 48. Write 44 or less." in found[0]


def test_a_swept_window_is_held_against_the_image_size_value_by_value(tmp_path):
    text = "name: a\ntrial: {data: {resize: [44, 60]}}\ngrid: {loss.ssim_window_size: [11, 45]}\n"
    found = problems(tmp_path, text)
    assert len(found) == 1 and "grid.loss.ssim_window_size[1] must fit" in found[0]


def test_a_recipe_without_images_asks_nothing_of_their_size(tmp_path):
    assert count_trials(loaded(tmp_path, "name: a\ntrial: {recipe: {kind: arithmetic}, data: {resize: [4, 4]}}\n")) == 1


def test_paths_become_absolute_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = "{name: mine, visible: a/vi, infrared: a/ir}"
    spec = loaded(tmp_path, f"name: a\ntrial: {{data: {{root: here, train: {own}, test: [{own}]}}}}\n")
    pair = FolderPair(name="mine", visible=tmp_path / "a/vi", infrared=tmp_path / "a/ir")
    assert spec.trial.data.root == tmp_path / "here"
    assert spec.trial.data.train == pair and spec.trial.data.test == (pair,)


def test_a_data_root_argument_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, "name: a\ntrial: {data: {root: here}}\n")
    assert load(path, data_root=Path("there")).trial.data.root == tmp_path / "there"


def test_a_name_is_never_longer_than_a_folder_s(tmp_path):
    found = problems(tmp_path, f"name: {'a' * 300}\n")
    assert found == ["sweep.yaml:1: name must have at most 100 letters, but has 300. Shorten it."]


def test_a_misspelt_path_of_a_sweep_file_is_given_its_neighbour(tmp_path):
    write(tmp_path, MINIMAL)
    with pytest.raises(ConfigError, match=r"must exist, but this does not\. Did you mean 'sweep\.yaml'\?"):
        load(tmp_path / "swep.yaml")


def test_a_folder_is_not_a_sweep_file(tmp_path):
    with pytest.raises(ConfigError, match="a sweep file must be readable"):
        load(tmp_path)
