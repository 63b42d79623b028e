"""What the reward adds to the start and to loss-trained settings: numbers by hand, and what may not be compared."""

from pathlib import Path

import numpy as np
import pytest

from analysis.comparison.reward_lift import LOSS, REWARD, START, Lift, beside, lift
from analysis.findings.findings import Findings
from analysis.report.figures.reward import lift_part
from analysis.report.packing import unpack
from analysis.report.report import write_report
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.metrics import ALL, SCORE
from analysis.scores.model import Scores
from analysis.scores.per_image import start_images
from analysis.scores.score import score
from analysis.text.answer import answer
from fusion_core.errors import ConfigError
from tests.analysis.make import Made, make_run, seen
from tests.analysis.rewarded import SETS, reward_run, simplex
from tests.analysis.rewarded import START as FIRST

WEIGHT = "reward.weights.VIF"
GRPO = {"recipe": {"kind": "grpo"}}


def opened(folder: Path, other: Path | None = None) -> tuple[Run, Scores]:
    run = beside(open_run(folder), other)
    return run, score(run)


def found_in(findings: Findings) -> Lift:
    found = lift(findings)
    assert found is not None
    return found


def by_hand(folder: Path, best: float = 0.8, start: float = 0.7, metric: str = "VIF") -> Path:
    """Write two settings that learn from a reward and a start, of four images each."""
    trials = [
        Made({WEIGHT: w}, [seen({"a": {metric: [v, v, v, v + 0.004]}})], config=GRPO)
        for w, v in ((0.0, best), (1.0, best - 0.2))
    ]
    begun = seen({"a": {metric: [start, start, start + 0.004, start]}})
    copies = {name: {"a": {metric: 0.9}} for name in ("visible", "infrared", "average")}
    return make_run(folder, trials, baselines={**copies, FIRST: begun}, rank_by={"metric": metric}, n={"a": 4})


def test_a_start_is_no_untrained_fusion_and_has_a_name_of_its_own(tmp_path: Path) -> None:
    run, scores = opened(by_hand(tmp_path / "one"))
    assert scores.start_names == ("start",)
    assert scores.starts is not None and scores.starts.mean[0, 0, 0] == pytest.approx(0.701, abs=1e-6)
    assert scores.baselines.mean.shape[-1] == 3
    assert (
        "The best baseline, copy of the visible image, has 0.9: no configuration reaches that"
        in answer(Findings(run, scores))[2]
    )
    _, several = opened(reward_run(tmp_path / "two", starts=("start:1a2b3c4d", "start:ffee0011")))
    assert several.start_names == ("start 1a2b3c4d", "start ffee0011")
    table = several.ranking("Reward", ALL, 2)
    assert {"start 1a2b3c4d", "start ffee0011"} <= set(table["baseline"])


def test_the_gain_over_the_start_is_paired_over_images_and_the_settings_above_it_are_counted(tmp_path: Path) -> None:
    table = found_in(Findings(*opened(by_hand(tmp_path)))).table
    row = table[(table["kind"] == START) & (table["dataset"] == "a")].iloc[0]
    assert row["gain"] == pytest.approx(0.1, abs=1e-6)
    assert (row["above"], row["of"], row["paired"]) == (1, 2, True)
    assert 0.09 < row["gain_low"] < 0.1 < row["gain_high"] < 0.11
    best = table[(table["kind"] == REWARD) & (table["dataset"] == "a")].iloc[0]
    assert (best["best"], best["worst"], best["trial"]) == (pytest.approx(0.801), pytest.approx(0.601), 1)


def test_a_gain_is_better_whichever_way_the_metric_points(tmp_path: Path) -> None:
    table = found_in(Findings(*opened(by_hand(tmp_path, metric="MSE")))).table
    row = table[(table["kind"] == START) & (table["dataset"] == "a")].iloc[0]
    assert row["gain"] == pytest.approx(0.1, abs=1e-6)
    assert row["above"] == 1


def test_a_start_without_values_per_image_gives_the_plain_difference(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path, start_has_images=False))
    table = found_in(Findings(run, scores)).table
    rows = table[table["kind"] == START]
    assert rows["gain"].notna().all() and rows["gain_low"].isna().all()
    said = " ".join(answer(Findings(run, scores)))
    assert "It seems so: the best reward-trained configuration" in said
    assert "(not tested: no values per image)" in said


def test_the_answer_says_what_the_reward_lifts_and_which_metrics_it_raises_and_lowers(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path))
    lifted, moved, weights = answer(Findings(run, scores))[3:6]
    assert lifted.startswith(
        "Does the reward lift the bound that the loss set? Yes: the best reward-trained configuration (trial 15) has "
        "Reward "
    )
    assert "31 of 35 configurations are better than it" in lifted
    assert "raises Reward (better), Qabf (better), MSE (worse)" in moved
    assert "lowers MI (worse)" in moved
    assert weights.startswith("Does a metric's weight raise that metric? w_VIF yes, ")


def test_a_reward_that_does_not_lift_is_said_not_to(tmp_path: Path) -> None:
    said = " ".join(answer(Findings(*opened(by_hand(tmp_path, best=0.6)))))
    assert "No: the best reward-trained configuration (trial 1)" in said
    assert "0 of 2 configurations are better than it" in said


def test_the_references_score_of_a_start_is_made_of_its_parts_image_by_image(tmp_path: Path) -> None:
    run, scores = opened(reward_run(tmp_path))
    values = start_images(run, scores.start_ids[0], SCORE, list(SETS))
    assert [len(one) for one in values] == list(SETS.values())
    mean = scores.start_means[scores.metrics.index(SCORE), 1:, 0]
    own = [scores.datasets.index(name) - 1 for name in SETS]
    assert [one.mean() for one in values] == pytest.approx(mean[own], abs=1e-6)


def test_one_sweep_of_both_kinds_has_both_groups(tmp_path: Path) -> None:
    settings = [
        {"recipe.kind": kind, "reward.aggregate": how} for kind in ("supervised", "grpo") for how in ("sum", "min")
    ]
    found = found_in(Findings(*opened(reward_run(tmp_path, settings, starts=()))))
    assert found.groups == ((LOSS, LOSS), (REWARD, REWARD))
    row = found.table[(found.table["kind"] == LOSS) & (found.table["metric"] == "Reward")].iloc[-1]
    assert row["settings"] == 2 and row["gain_low"] > 0 and row["paired"]


def test_another_run_on_the_same_images_is_drawn_beside_at_its_own_epoch(tmp_path: Path) -> None:
    losses = [{"loss.max_ratio": float(a)} for a in (4, 10)]
    other = reward_run(tmp_path / "loss", losses, kind="supervised", starts=(), epochs=3, record={"sweep": "loss_grid"})
    run, scores = opened(reward_run(tmp_path / "reward"), other)
    found = found_in(Findings(run, scores))
    assert found.groups == ((LOSS, "loss-trained (loss_grid)"), (REWARD, REWARD))
    rows = found.table[(found.table["kind"] == LOSS)]
    assert set(rows["at_epoch"]) == {3} and set(rows["run"]) == {"loss_grid"}
    part = lift_part(Findings(run, scores))
    assert part is not None
    assert [name for _, name in part["groups"]] == ["loss-trained (loss_grid)", "start", REWARD]
    assert np.isfinite(unpack(part["best"])).all()


def test_a_run_on_other_images_is_refused_with_what_to_do(tmp_path: Path) -> None:
    other = reward_run(tmp_path / "loss", [{"loss.max_ratio": 4.0}], kind="supervised", print_of="other")
    with pytest.raises(ConfigError, match=r"--beside .* must be tested on the same images as by_hand, but no data set"):
        opened(reward_run(tmp_path / "reward", simplex(0.5)), other)


def test_a_loss_sweep_alone_has_no_such_figure(tmp_path: Path) -> None:
    folder = reward_run(tmp_path, [{"loss.max_ratio": float(a)} for a in (4, 10)], kind="supervised", starts=())
    assert lift(Findings(*opened(folder))) is None
    write_report(folder)
    assert not (folder / "loss_and_reward.csv").exists()
    assert "Loss-trained and reward-trained" not in (folder / "report.html").read_text()


def test_the_report_writes_both_tables_beside_the_bounds(tmp_path: Path) -> None:
    folder = reward_run(tmp_path, simplex(0.5, ("VIF", "Qabf")))
    write_report(folder)
    names = {file.name for file in folder.iterdir()}
    assert {"bounds.csv", "weight_effect.csv", "loss_and_reward.csv"} <= names
