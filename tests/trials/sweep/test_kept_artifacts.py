"""The same trials keep their files whatever the order, the workers and the interruptions."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_core.config import TrialConfig
from fusion_core.recipes.arithmetic import ArithmeticRecipe
from fusion_core.reports import SampleImages
from tests.trials.helpers import write_sweep
from trials.console.display import Display
from trials.plan.make_plan import make_plan
from trials.ranking.leaderboard import RankedTrial, best
from trials.ranking.standouts import Standouts
from trials.spec.defaults import default_trial
from trials.spec.sweep import SweepSpec
from trials.storage.artifacts import ArtifactWriter
from trials.storage.layout import RunFolder, trial_name
from trials.storage.results import Results
from trials.sweep import driver
from trials.sweep.options import Options
from trials.sweep.sweep import Sweep
from trials.sweepfile.load import load
from trials.worker.messages import Rules
from trials.worker.resources import WorkerResources
from trials.worker.worker import Worker

SWEEP = """\
name: tiny
trial:
  recipe: {kind: arithmetic, epochs: 2}
grid:
  loss.max_ratio: [4, 10, 16]
  loss.grad_ratio: [2, 40, 90]
  loss.ssim_shared: [10, 1]
keep_best: 2
keep_samples: 1
"""
DEFAULT = 10  # max_ratio 10, grad_ratio 40, ssim_shared 1


def row(number: int, **swept: Any) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """A row of the table as `default_trial` takes it; `loss_max_ratio` is the swept `loss.max_ratio`."""
    parameters = {key.replace("_", ".", 1): value for key, value in swept.items()}
    loss = {key.removeprefix("loss."): value for key, value in parameters.items() if key.startswith("loss.")}
    return number, parameters, TrialConfig.model_validate({"loss": loss}).model_dump(mode="json")


def test_the_default_is_the_trial_with_most_values_at_their_fields_own_default() -> None:
    trials = [
        row(1, loss_max_ratio=4, loss_grad_ratio=40),
        row(2, loss_max_ratio=10, loss_grad_ratio=40),
        row(3, loss_max_ratio=10, loss_grad_ratio=2),
    ]
    assert default_trial(trials) == 2


def test_of_equally_near_trials_the_default_is_the_first_by_number() -> None:
    trials = [row(7, loss_max_ratio=10, loss_grad_ratio=2), row(3, loss_max_ratio=4, loss_grad_ratio=40)]
    assert default_trial(trials) == default_trial(trials[::-1]) == 3
    assert default_trial([]) is None


def test_the_default_recipe_is_the_supervised_one():
    trials = [(n, {"recipe.kind": kind}, {"recipe": {"kind": kind}}) for n, kind in enumerate(("grpo", "supervised"))]
    assert default_trial(trials) == 1


def test_a_shared_ssim_weight_is_at_its_default_at_one() -> None:
    assert default_trial([row(1, loss_ssim_shared=10), row(2, loss_ssim_shared=1)]) == 2


def test_fields_of_other_sections_and_terms_of_ones_own_have_defaults_too() -> None:
    config = TrialConfig.model_validate
    key = "recipe.learning_rate"
    rates = [
        (number, {key: rate}, config({"recipe": {"kind": "supervised", "learning_rate": rate}}).model_dump(mode="json"))
        for number, rate in ((1, 1e-3), (2, 1e-4))
    ]
    assert default_trial(rates) == 2
    weights = [
        (number, {"loss.terms.brightness": weight}, {"loss": {"terms": {"brightness": weight}}})
        for number, weight in ((1, 4.0), (2, 0.0))
    ]
    assert default_trial(weights) == 2


scores = st.lists(st.one_of(st.just(math.nan), st.integers(0, 5).map(float)), min_size=1, max_size=12)


@given(scores, st.randoms(use_true_random=False), st.sampled_from(["VIF", "MSE"]), st.integers(0, 3))
def test_the_order_of_finishing_does_not_change_what_is_kept(
    values: list[float], order: random.Random, metric: str, keep_best: int
) -> None:
    trials = [RankedTrial(number, f"t{number}", {}, 0, 1, value) for number, value in enumerate(values)]
    shuffled = order.sample(trials, len(trials))
    kept = []
    for some in (trials, shuffled):
        standouts = Standouts(metric, keep_best)
        for trial in some:
            standouts.add(trial)
        kept.append((standouts.with_checkpoint, standouts.with_samples))
    assert kept[0] == kept[1]
    way = 1 if metric == "VIF" else -1
    known = sorted((t for t in trials if not math.isnan(t.score)), key=lambda t: (-way * t.score, t.number))
    assert kept[0][0] == {trial_name(t.number, t.id) for t in known[:keep_best]}
    if known and keep_best:
        worst = min(known, key=lambda t: (way * t.score, t.number))
        assert kept[0][1] == kept[0][0] | {trial_name(worst.number, worst.id)}


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[TrialConfig]:
    """Make trials of arithmetic give an image, and record of which trials one was asked for."""
    asked: list[TrialConfig] = []

    def samples(self: ArithmeticRecipe, limit: int) -> list[SampleImages]:
        asked.append(self.config)
        return [SampleImages("arithmetic", f"scene{i}", {"fused": np.zeros((2, 2), np.uint8)}) for i in range(limit)]

    monkeypatch.setattr(ArithmeticRecipe, "samples", samples)
    return asked


def spec_of(folder: Path, *overrides: str) -> SweepSpec:
    return load(write_sweep(folder, SWEEP), overrides)


def expected(spec: SweepSpec, run: Path) -> tuple[set[str], set[str]]:
    """Checkpoints and samples that must be there at the end, straight from the table."""
    with Results.read(run / "results.sqlite") as results:
        ranked = [trial_name(trial.number, trial.id) for trial in best(results, spec.rank_by)]
        ((trial,),) = results.query("SELECT id FROM trials WHERE number = ?", (DEFAULT,))
    checkpoints = set(ranked[: spec.keep_best])
    return checkpoints, checkpoints | {ranked[-1], trial_name(DEFAULT, trial)}


def found(run: Path) -> tuple[set[str], set[str]]:
    return {path.stem for path in (run / "checkpoints").iterdir()}, {path.name for path in (run / "samples").iterdir()}


def test_the_best_the_worst_and_the_default_keep_samples_and_only_the_best_a_checkpoint(
    tmp_path: Path, sampled: list[TrialConfig]
) -> None:
    spec = spec_of(tmp_path)
    run = driver.run(spec, Options(out=tmp_path, executor="inline")).run
    assert found(run) == expected(spec, run)
    assert len(found(run)[0]) == 2 and len(found(run)[1]) == 4
    assert all([path.name for path in folder.iterdir()] == ["arithmetic_scene0_fused.png"]
               for folder in (run / "samples").iterdir())  # fmt: skip
    assert len(sampled) < 18, "samples are made of trials that stand out, not of all"


@pytest.mark.parametrize(("override", "kept"), [("keep_samples=0", False), ("keep_best=0", False), ("seeds=[0]", True)])
def test_samples_are_made_only_where_the_sweep_wants_some(
    tmp_path: Path, sampled: list[TrialConfig], override: str, kept: bool
) -> None:
    run = driver.run(spec_of(tmp_path, override), Options(out=tmp_path, executor="inline")).run
    assert bool(sampled) == (run / "samples").exists() == kept


@pytest.mark.parametrize("chance", range(6))
def test_any_number_of_workers_and_kills_end_with_the_same_files(
    tmp_path: Path, sampled: list[TrialConfig], chance: int
) -> None:
    dice = random.Random(chance)
    spec = spec_of(tmp_path, "rank_by={epoch: 1}") if chance % 2 else spec_of(tmp_path)
    while not interleaved(spec, tmp_path, dice, workers=1 + chance % 3, steps=dice.randint(3, 30)):
        pass
    assert found(tmp_path) == expected(spec, tmp_path)


def interleaved(spec: SweepSpec, run: Path, dice: random.Random, workers: int, steps: int) -> bool:
    """Let workers take turns at random and drop everything after some steps; return whether the sweep is over."""
    with Results.open(run / "results.sqlite") as results:
        rules = Rules(run / "states", spec.rank_by, keep_best=spec.keep_best, keep_samples=spec.keep_samples)
        sweep = Sweep(RunFolder(run), make_plan(spec), results, rules, Display("t", run, spec.rank_by.metric))
        sweep.prepare(retry_failed=False)
        crew = [Worker(WorkerResources(sweep.plan.pairs, rules, "cpu")) for _ in range(workers)]
        for _ in range(steps):
            worker = dice.choice(crew)
            if worker.trial is None and (job := sweep.next_job()) is not None:
                worker.start(sweep.tasks[job[0]], job[1])
            if worker.trial is not None:
                report = worker.step()
                if dice.random() < 0.1 and report.artifacts is not None:
                    trial = sweep.tasks[sweep.running[report.trial]]
                    sweep.standings.writer.write(
                        trial_name(trial.number, trial.id), report.artifacts, checkpoint=True, samples=True
                    )
                    return False  # killed between the files and the table
                sweep.take(report)
        return sweep.over


def test_what_a_half_done_trial_would_push_out_stays_until_it_has_finished(
    tmp_path: Path, sampled: list[TrialConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(tmp_path, "rank_by={epoch: 1}", "keep_best=1")
    train = ArithmeticRecipe.train_epoch
    with Results.read(driver.run(spec, Options(out=tmp_path, executor="inline")).run / "results.sqlite") as results:
        ranking = [trial.number for trial in best(results, spec.rank_by)]
        configs = dict(results.query("SELECT number, config FROM trials"))
    extremes = [TrialConfig.model_validate_json(configs[number]) for number in (ranking[0], ranking[-1])]

    def breaks_late(self: ArithmeticRecipe) -> Any:
        if self.config in extremes and self.epoch == 1:
            raise ZeroDivisionError
        return train(self)

    monkeypatch.setattr(ArithmeticRecipe, "train_epoch", breaks_late)
    other = tmp_path / "other"
    other.mkdir()
    dice = random.Random(3)
    while not interleaved(spec, other, dice, workers=2, steps=7):
        pass
    checkpoints, samples = found(other)
    assert {int(name.split("_")[0]) for name in checkpoints} == {ranking[1]}
    assert {int(name.split("_")[0]) for name in samples} == {ranking[1], ranking[-2], DEFAULT}


def test_the_index_of_lists_names_each_trial_once_whatever_is_written_again(tmp_path: Path) -> None:
    def index() -> list[str]:
        return (tmp_path / "worst" / "lists.csv").read_text().splitlines()[1:]

    for number, trial, file in ((10, "c", "x.txt"), (9, "b", "y.txt"), (9, "b", "y.txt"), (1, "a", "x.txt")):
        ArtifactWriter(RunFolder(tmp_path)).write_lists(number, trial, {file: "0.5 stem\n"})
    assert index() == ["1,a,x.txt", "9,b,y.txt", "10,c,x.txt"]
    ArtifactWriter(RunFolder(tmp_path)).write_lists(9, "b", {})
    ArtifactWriter(RunFolder(tmp_path)).write_lists(9, "b", {"z.txt": "0.4 stem\n"})  # begun anew, from other weights
    assert index() == ["1,a,x.txt", "9,b,z.txt", "10,c,x.txt"]
    assert {path.name for path in (tmp_path / "worst").iterdir()} == {"x.txt", "y.txt", "z.txt", "lists.csv"}
