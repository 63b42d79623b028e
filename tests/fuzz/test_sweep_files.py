"""Any sweep file gives a sweep or one error. The long version: `python -m benchmarks.fuzz --count 20000`."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion_core.errors import ConfigError
from tests.fuzz.judge import check_message, read_sweep
from tests.fuzz.sweep_inputs import SweepInput, sweep_input
from trials.document.problems import MOST
from trials.sweepfile.load import load

SWEEPS = sorted((Path(__file__).parents[2] / "sweeps").glob("*.yaml"))
derandomised = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@derandomised
@given(st.binary(max_size=300))
def test_random_bytes_give_a_sweep_or_one_error(tmp_path: Path, content: bytes) -> None:
    read_sweep(SweepInput(content), tmp_path / "sweep.yaml")


@derandomised
@given(st.text(alphabet=st.sampled_from("ab: \n-[]{}&*!|>'\"%@`,?#~<0.e\t\\"), max_size=80))
def test_random_yaml_gives_a_sweep_or_one_error(tmp_path: Path, text: str) -> None:
    read_sweep(SweepInput(text.encode()), tmp_path / "sweep.yaml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_subnormal=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "name", "train", "a"]), inner),
    max_leaves=5,
)
PATHS = (
    "name", "trial", "trial.recipe", "trial.recipe.kind", "trial.recipe.epochs", "trial.data", "trial.data.train",
    "trial.data.test", "trial.data.root", "trial.data.limit", "trial.data.resize", "trial.data.synthetic.size",
    "trial.data.optional", "trial.loss", "trial.loss.terms", "trial.loss.ssim_shared", "trial.loss.ssim_window_size",
    "grid", "grid.loss.max_ratio", "grid.recipe.kind", "grid.loss.ssim_ratio", "grid.loss.ssim_window_size", "seeds",
    "grid.loss.terms.a", "rank_by", "rank_by.metric", "rank_by.dataset_weights", "rank_by.epoch", "resources.gpu",
    "limits.trial_seconds", "limits.attempts", "search", "search.kind", "search.trials", "search.objectives",
    "search.where", "space", "space.loss.max_ratio", "space.loss.max_ratio.low", "space.loss.max_ratio.step",
    "space.recipe.kind", "space.loss.terms.a.choices", "stop_early", "stop_early.grace_epochs", "confirm.seeds",
    "start_from",
)  # fmt: skip


@derandomised
@given(st.dictionaries(st.sampled_from(PATHS), VALUES, max_size=4), st.sampled_from(SWEEPS))
def test_any_value_anywhere_gives_a_sweep_or_one_error(values: dict[str, object], sweep: Path) -> None:
    overrides = [f"{path}={json.dumps(value).replace('NaN', '.nan')}" for path, value in values.items()]
    try:
        load(sweep, overrides)
    except ConfigError as error:
        check_message(error, MOST + 1)


@pytest.mark.parametrize("block", range(4))
def test_bent_sweep_files_give_a_sweep_or_one_error(tmp_path: Path, block: int) -> None:
    read = 0
    for index in range(100):
        read += read_sweep(sweep_input(Random(f"{block}/{index}")), tmp_path / "sweep.yaml")
    assert 0 < read < 100  # or the inputs would show nothing
