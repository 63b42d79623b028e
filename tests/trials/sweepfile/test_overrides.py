import pytest

from fusion_core.config import SupervisedConfig
from fusion_core.errors import ConfigError
from trials.space.size import count_trials
from trials.spec.sweep import SweepSpec
from trials.sweepfile.load import load

TEXT = """\
name: small
trial:
  recipe: {kind: supervised, epochs: 4}
grid:
  loss.max_ratio: [1, 2]
rank_by: {epoch: 2}
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(TEXT)
    return file


def refused(path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides)
    return [problem.replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_overrides_reach_every_part_of_the_file(path):
    spec: SweepSpec = load(
        path,
        [
            "trial.recipe.epochs=3", "trial.recipe.learning_rate=1e-3", "trial.policy.base_channels=8",
            "grid.loss.max_ratio=[10]", "grid.loss.grad_ratio=[2, 4]", "seeds=[0,1]", "rank_by.epoch=1", "name=other",
        ],
    )  # fmt: skip
    assert spec.trial.recipe == SupervisedConfig(epochs=3, learning_rate=1e-3)
    assert spec.trial.policy.base_channels == 8
    assert spec.grid == {"loss.max_ratio": (10,), "loss.grad_ratio": (2, 4)}
    assert (spec.seeds, spec.rank_by.epoch, spec.name, count_trials(spec)) == ((0, 1), 1, "other", 4)


def test_the_text_of_a_sweep_is_the_file_and_its_overrides_stand_beside_it(path):
    spec = load(path, ["seeds=[3]"])
    assert spec.text == TEXT and spec.overrides == ("seeds=[3]",)


def test_a_recipe_may_be_overridden_though_the_file_leaves_it_to_the_default(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text("name: a\n")
    assert load(file, ["trial.recipe.epochs=1"]).trial.recipe == SupervisedConfig(epochs=1)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trial.recipe.epoch=1", "trial.recipe of kind supervised has no key 'epoch'. Did you mean 'epochs'?"),
        ("recipe.epochs=1", "a sweep file has no key 'recipe'. Did you mean 'trial.recipe'?"),
        ("grid.loss.max_ration=[1]", "but got 'loss.max_ration'. Did you mean 'loss.max_ratio'?"),
        ("grid.loss.max_ratio=10", "grid.loss.max_ratio must be a list of values, but got 10. Write [10]."),
        ("grid.loss.max_ratio=[1, 1]", "must hold each value once"),
        ("trial.recipe.epochs=three", "trial.recipe.epochs must be a whole number, but got 'three'"),
        ("trial.recipe.epochs.more=1", "'more' cannot be set inside a value, but sweep.yaml:3 has one there"),
        ("trial.recipe.epochs", "an override must be PATH=VALUE, such as trial.recipe.epochs=1"),
        ("=1", "an override must be PATH=VALUE"),
        ("trial..epochs=1", "an override must be PATH=VALUE"),
        ("seeds=[0, 1", "this must be YAML, but"),
        ("seeds=!!python/object:os.system [0]", "tags are not read"),
    ],
)
def test_a_bad_override_is_named_as_it_was_typed(path, override, message):
    found = refused(path, override)
    assert len(found) == 1
    assert found[0].startswith(f"--set {override}: ") and message in found[0]


def test_the_same_path_overridden_twice_is_refused(path):
    found = refused(path, "seeds=[1]", "seeds=[2]")
    assert found == ["--set seeds=[2]: an option may be set once, but seeds is set twice. Remove one."]


def test_problems_of_the_file_and_of_overrides_come_together(path):
    path.write_text(TEXT + "keep_best: -1\n")
    found = refused(path, "seeds=[]", "trial.recipe.epochs=0")
    places = [one.split(": ")[0] for one in found]
    assert places[0] == "sweep.yaml:7" and sorted(places[1:]) == ["--set seeds=[]", "--set trial.recipe.epochs=0"]


def test_fewer_epochs_than_the_ranking_asks_for_are_ranked_at_the_last_and_it_is_said(path):
    spec = load(path, ["trial.recipe.epochs=1"])
    assert spec.rank_by.epoch == 1
    assert spec.notes == ("rank_by.epoch is 2, but --set gives the trials 1: they are ranked at epoch 1",)


def test_setting_a_field_that_the_grid_varies_is_refused_with_the_axis_to_set(path):
    assert refused(path, "trial.loss.max_ratio=5") == [
        "--set trial.loss.max_ratio=5: trial.loss.max_ratio is an axis of the grid, so this does nothing. "
        "Write --set 'grid.loss.max_ratio=[5]'."
    ]
