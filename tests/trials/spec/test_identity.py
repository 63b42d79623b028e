import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_core.config import TrialConfig
from trials.document.fields import leaves
from trials.space.grid import with_value
from trials.spec import identity
from trials.spec.identity import NOT_DECIDING, canonical_json, cohort, start_id, trial_id
from trials.storage.provenance import program_commit, provenance
from trials.sweepfile.load import load

DATA = {"train": "aa", "test/msrs": "bb"}
WEIGHT = st.floats(0, 1e6, allow_nan=False, allow_subnormal=False)
WEIGHTS = ("max_ratio", "grad_ratio", "consist_ratio", "color_ratio", "ir_compose", "kl_weight", "fusion_weight")

# A value that differs from the default, for every field that a trial has.
OTHER: dict[str, Any] = {
    "data.train": "msrs", "data.test": ("pet",), "data.optional": ("synthetic",), "data.root": Path("/data"),
    "data.crop": "square", "data.resize": (64, 64), "data.limit.train": 3, "data.limit.test": 3,
    "data.synthetic.train": 3, "data.synthetic.test": 3, "data.synthetic.size": (64, 64), "data.synthetic.seed": 3,
    "policy.base_channels": 8, "kernel.levels": 3,
    "loss.ssim_ratio": 3, "loss.ssim_ir_ratio": 3, "loss.ssim_shared": 3, "loss.max_ratio": 3, "loss.consist_ratio": 3,
    "loss.grad_ratio": 3, "loss.color_ratio": 3, "loss.ir_compose": 3, "loss.max_mode": "l2", "loss.consist_mode": "l2",
    "loss.ssim_window_size": 11, "loss.terms": {"mine": 1}, "loss.fusion_weight": 3, "loss.kl_weight": 3,
    "recipe.epochs": 9, "recipe.learning_rate": 1e-3, "recipe.weight_decay": 0, "recipe.batch_size": 4,
    "recipe.accumulate": 1, "recipe.gradient_clip": 3, "recipe.precision": "float32",
    "evaluation.mode": "sample", "evaluation.per_image": "none", "seed": 3,
    "data.worst.percent": 0.1, "data.worst.min": 3, "data.worst.max": 50, "data.worst.mix": 1,
    "reward.weights": {"VIF": 2, "Qabf": 1.5, "SSIM": 1}, "reward.aggregate": "min", "reward.temperature": 3,
    "reward.normalise": "group", "reward.expensive": "best",
}  # fmt: skip
START = {f"start.{path}": value for path, value in OTHER.items() if path.startswith(("recipe.", "loss.", "seed"))}
OTHER |= START
SUPERVISED = [path for path in OTHER if path in leaves()]
GRPO: dict[str, Any] = {"recipe": {"kind": "grpo"}, "start": {}, "data": {"worst": {}}}


def config(path: str | None = None, data: dict[str, Any] | None = None) -> TrialConfig:
    data = data or {"recipe": {"kind": "supervised"}}
    return TrialConfig.model_validate(data if path is None else with_value(data, path.split("."), OTHER[path]))


def decides(path: str) -> bool:
    section, _, name = path.partition(".")
    return section not in ("data", "reward") and name not in NOT_DECIDING.get(section, ())


def test_an_id_is_sixteen_hex_digits_and_stays_the_same():
    assert trial_id(config(), DATA) == trial_id(config(), DATA)
    assert len(trial_id(config(), DATA)) == 16
    int(trial_id(config(), DATA), 16)


@pytest.mark.parametrize("path", [path for path in SUPERVISED if decides(path)])
def test_a_field_that_decides_numbers_changes_the_id(path):
    assert trial_id(config(path), DATA) != trial_id(config(), DATA)


@pytest.mark.parametrize("path", [path for path in SUPERVISED if not decides(path)])
def test_a_field_that_decides_no_numbers_leaves_the_id(path):
    assert trial_id(config(path), DATA) == trial_id(config(), DATA)


def test_trials_of_earlier_versions_keep_their_ids():
    loss = {"ssim_shared": 10, "max_ratio": 4, "terms": {"mine": 1}}
    recipe = {"kind": "supervised", "epochs": 2}
    known: dict[str, dict[str, Any]] = {
        "a27463973ffc7bb3": {},
        "39dab8076ed7d78b": {"loss": loss, "policy": {"base_channels": 12}, "recipe": recipe, "seed": 3},
        "0b88ffb579414b35": {"recipe": {"kind": "arithmetic", "fail_at": 1}},
    }
    assert [trial_id(TrialConfig.model_validate(data), DATA) for data in known.values()] == list(known)


LEARNING = [path for path in SUPERVISED if path.startswith(("reward.", "data.worst.", "start."))]


@pytest.mark.parametrize("path", LEARNING)
def test_reward_start_and_worst_pairs_decide_the_id_of_a_trial_that_learns_from_a_reward(path):
    same = path == "reward.temperature"
    assert (trial_id(config(path, GRPO), DATA) == trial_id(config(data=GRPO), DATA)) is same


def test_a_temperature_counts_where_it_is_used():
    softmin = GRPO | {"reward": {"aggregate": "softmin"}}
    assert trial_id(config("reward.temperature", softmin), DATA) != trial_id(config(data=softmin), DATA)


def test_weights_of_a_reward_count_by_value_and_those_of_zero_do_not():
    def of(**weights: float) -> str:
        return trial_id(config(data=GRPO | {"reward": {"weights": weights}}), DATA)

    assert of(VIF=1, Qabf=1.5, SSIM=1) == of(SSIM=1, VIF=1, MI=0, Qabf=1.5) == trial_id(config(data=GRPO), DATA)
    assert len({of(VIF=1, Qabf=1.5, SSIM=1), of(VIF=2, Qabf=3, SSIM=2), of(VIF=1, Qabf=1.5)}) == 3


def test_the_weights_of_a_checkpoint_decide_and_not_its_path():
    one, other = (config(data=GRPO | {"start": path}) for path in ("/a.safetensors", "/b.safetensors"))
    assert trial_id(one, DATA, "aa") == trial_id(other, DATA, "aa") != trial_id(one, DATA, "bb")
    assert trial_id(one, DATA) != trial_id(other, DATA)


def test_a_start_is_shared_by_trials_that_differ_in_their_reward_alone():
    one, other = (config(data=GRPO | {"reward": {"weights": {name: 1}}, "seed": 3}) for name in ("VIF", "MI"))
    assert start_id(one, DATA) == start_id(other, DATA) == start_id(config(data=GRPO), DATA)
    assert trial_id(one, DATA) != trial_id(other, DATA)


def test_the_loss_of_a_trial_decides_its_start_unless_the_start_has_its_own():
    own, fixed = ({**GRPO, "start": {"loss": loss}} for loss in (None, {"max_ratio": 4}))
    for data, same in ((own, False), (fixed, True)):
        assert (start_id(config("loss.max_ratio", data), DATA) == start_id(config(data=data), DATA)) is same


def test_a_start_is_the_same_whatever_its_trials_are_tested_on():
    trial = config(data=GRPO)
    assert (
        start_id(trial, {**DATA, "test/pet": "dd"}) == start_id(trial, DATA) != start_id(trial, DATA | {"train": "x"})
    )


def test_sleeping_and_epochs_leave_the_id_of_an_arithmetic_trial_and_failing_changes_it():
    def of(**recipe: Any) -> str:
        return trial_id(TrialConfig.model_validate({"recipe": {"kind": "arithmetic", **recipe}}), DATA)

    assert of() == of(seconds=1) == of(epochs=9) != of(fail_at=1)


def test_every_field_of_the_default_trial_is_judged_above():
    fields = {path for path, owners in leaves().items() if any(o.__name__ != "ArithmeticConfig" for o in owners)}
    own_folders = {path for path in fields if path.rpartition(".")[2] in ("name", "visible", "infrared", "kind")}
    assert fields - own_folders <= set(OTHER) | {path for path in fields if path.startswith("recipe.")}


def test_both_ways_to_say_the_ssim_weights_are_one_trial():
    shared = TrialConfig.model_validate({"loss": {"ssim_shared": 10}})
    written = TrialConfig.model_validate({"loss": {"ssim_ratio": 10, "ssim_ir_ratio": 10}})
    assert trial_id(shared, DATA) == trial_id(written, DATA)


def test_other_images_make_another_trial_and_another_cohort():
    for other in ({**DATA, "train": "cc"}, {**DATA, "test/pet": "dd"}, {"train": "aa", "test/m3fd": "bb"}):
        assert trial_id(config(), other) != trial_id(config(), DATA)
        assert cohort(other) != cohort(DATA)


def test_the_order_of_fingerprints_changes_nothing():
    backwards = dict(reversed(DATA.items()))
    assert trial_id(config(), backwards) == trial_id(config(), DATA) and cohort(backwards) == cohort(DATA)


def test_a_new_version_of_the_arithmetic_makes_new_trials_and_cohorts(monkeypatch):
    before = trial_id(config(), DATA), cohort(DATA)
    monkeypatch.setattr(identity, "NUMERICS", identity.NUMERICS + 1)
    assert trial_id(config(), DATA) != before[0] and cohort(DATA) != before[1]


def test_a_trial_read_back_from_json_keeps_its_id():
    trial = TrialConfig.model_validate({"loss": {"ssim_shared": 3, "max_ratio": 0.1, "terms": {"b": 1, "a": 2}}})
    again = TrialConfig.model_validate(json.loads(trial.model_dump_json()))
    assert trial_id(again, DATA) == trial_id(trial, DATA)


@given(st.dictionaries(st.sampled_from(WEIGHTS), WEIGHT, min_size=2), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_no_id(weights, random):
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    first, second = (TrialConfig.model_validate({"loss": dict(pairs)}) for pairs in (weights.items(), shuffled))
    assert trial_id(first, DATA) == trial_id(second, DATA)


@given(st.sampled_from(WEIGHTS), WEIGHT, WEIGHT)
def test_ids_are_equal_exactly_where_weights_are(name, first, second):
    one, other = (TrialConfig.model_validate({"loss": {name: value}}) for value in (first, second))
    assert (trial_id(one, DATA) == trial_id(other, DATA)) == (first == second)


@given(st.permutations(["loss.max_ratio: [1, 2]", "loss.grad_ratio: [3, 4.5]", "policy.base_channels: [4, 8]"]))
def test_the_order_of_axes_changes_no_id(tmp_path_factory, axes):
    from trials.space.grid import expand

    path = tmp_path_factory.getbasetemp() / "axes.yaml"
    path.write_text("name: a\ngrid:\n  " + "\n  ".join(axes) + "\n")
    ids = {trial_id(trial.config, DATA) for trial in expand(load(path))}
    path.write_text("name: a\ngrid:\n  " + "\n  ".join(sorted(axes)) + "\n")
    assert ids == {trial_id(trial.config, DATA) for trial in expand(load(path))} and len(ids) == 8


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_canonical_json_keeps_every_bit_of_a_number(value):
    assert json.loads(canonical_json(value)) == value


def test_equal_numbers_have_one_canonical_text():
    assert canonical_json([10, -0.0, 1e3]) == canonical_json([10.0, 0, 1000]) == "[10,0,1000]"
    assert canonical_json({"b": np.float64(0.5), "a": np.int64(2)}) == '{"a":2,"b":0.5}'
    assert canonical_json(True) != canonical_json(1)


def test_what_is_no_number_has_no_canonical_text():
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError):
            canonical_json({"a": value})


def test_provenance_is_json_and_repeats_the_run(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text("name: a\ntrial: {data: {root: here}}\ngrid: {loss.max_ratio: [1, 2]}\n")
    spec = load(path, ["seeds=[1]"])
    record = json.loads(json.dumps(provenance(spec, "run_sweep.py a.yaml", ["cpu"], DATA, ["a note"]), allow_nan=False))
    assert record["spec"] == path.read_text() and record["overrides"] == ["seeds=[1]"]
    assert record["cohort"] == cohort(DATA) and record["fingerprints"] == DATA and record["notes"] == ["a note"]
    assert record["resolved"]["seeds"] == [1] and record["resolved"]["grid"] == {"loss.max_ratio": [1, 2]}
    assert record["packages"]["pydantic"] and record["devices"] == ["cpu"]


def test_a_commit_is_told_with_whether_files_were_changed(tmp_path):
    def git(*arguments: str) -> None:
        identity_ = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity_, *arguments], check=True, capture_output=True)

    assert program_commit(tmp_path) is None
    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    clean = program_commit(tmp_path)
    assert clean is not None and clean["dirty"] is False and len(clean["commit"]) == 40
    (tmp_path / "file").write_text("2")
    assert program_commit(tmp_path) == {"commit": clean["commit"], "dirty": True}


def test_a_folder_inside_somebody_elses_checkout_has_no_commit(tmp_path):
    subprocess.run(["git", "-C", str(tmp_path), "init"], check=True, capture_output=True)
    inside = tmp_path / "site-packages"
    inside.mkdir()
    assert program_commit(inside) is None
