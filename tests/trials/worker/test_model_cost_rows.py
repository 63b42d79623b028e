"""What a model costs is in the table where the model is swept, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion_core.models import cost
from tests.trials.helpers import rows, write_sweep
from trials.storage.results import Results
from trials.sweep import driver
from trials.sweep.driver import sweeps_model
from trials.sweep.options import Options
from trials.sweepfile.load import load
from trials.worker import resources

SWEEP = """\
name: tiny
trial:
  recipe: {kind: supervised, epochs: 2, batch_size: 2, accumulate: 1}
  data: {synthetic: {train: 2, test: 1, size: [48, 64]}}
  policy: {base_channels: 2}
  loss: {ssim_window_size: 11}
  start: {recipe: {kind: supervised, epochs: 1, batch_size: 2}}
grid:
  policy.base_channels: [2, 3]
seeds: [0, 1]
keep_best: 0
"""
NAMES = ("inference_ms_16", "model_gflop", "model_gflop_training", "model_parameters")


def run(folder: Path, text: str = SWEEP) -> Path:
    folder.mkdir(exist_ok=True)
    return driver.run(load(write_sweep(folder, text)), Options(out=folder, executor="inline", device="cpu")).run


def cost_rows(run: Path) -> list[tuple[str, int, float]]:
    with Results.read(run / "results.sqlite") as results:
        marks = ", ".join("?" * len(NAMES))
        return results.query(f"SELECT name, epoch, value FROM training WHERE name IN ({marks}) ORDER BY trial", NAMES)


def test_the_last_epoch_of_every_trial_of_a_swept_model_has_what_it_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    own = cost.model_cost
    monkeypatch.setattr(cost, "model_cost", lambda *model: measured.append(model) or own(*model))
    found = cost_rows(run(tmp_path))
    assert [name for name, _, _ in found].count("model_parameters") == 4 and len(found) == 16
    assert {epoch for _, epoch, _ in found} == {2}
    parameters = {int(value) for name, _, value in found if name == "model_parameters"}
    counted = {own(*model).parameters for model in measured}
    assert parameters == counted and len(counted) == 2
    assert len(measured) == 2  # not again for the second seed, nor for the starts
    assert {model[2] for model in measured} == {(48, 64)}


def test_measuring_changes_no_number_of_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cost = rows(run(tmp_path / "with"))
    monkeypatch.setattr(driver, "sweeps_model", lambda spec: False)
    without = rows(run(tmp_path / "without"))
    assert [row for row in with_cost if not _named(row, (*NAMES, "memory_bytes"))] == [
        row for row in without if not _named(row, ("memory_bytes",))
    ]
    assert len(with_cost) == len(without) + 16


def test_nobody_pays_for_it_where_only_weights_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources.WorkerResources, "cost_of", None)
    text = SWEEP.replace("policy.base_channels: [2, 3]", "loss.max_ratio: [4, 10]")
    assert cost_rows(run(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("axis", "swept"),
    [
        ("policy.base_channels: [2, 4]", True),
        ("kernel.levels: [3, 4]", True),
        ("loss.max_ratio: [4]", False),
        ("recipe.learning_rate: [1.0e-4]", False),
    ],
)
def test_a_model_is_swept_where_an_axis_is_of_the_policy_or_the_kernel(tmp_path: Path, axis: str, swept: bool) -> None:
    spec = load(write_sweep(tmp_path, SWEEP.replace("policy.base_channels: [2, 3]", axis)))
    assert sweeps_model(spec) is swept


def test_a_model_is_swept_where_a_search_draws_it(tmp_path: Path) -> None:
    text = SWEEP.replace("grid:\n  policy.base_channels: [2, 3]", "space:\n  policy.base_channels: {low: 2, high: 8}")
    assert sweeps_model(load(write_sweep(tmp_path, text + "search: {kind: random, trials: 3}\n")))


def _named(row: tuple[object, ...], names: tuple[str, ...]) -> bool:
    return len(row) == 4 and row[2] in names
