"""The paper folder of a sweep of rewards."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.paper import Choice, write_paper
from tests.analysis.rewarded import reward_run, simplex


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = reward_run(tmp_path_factory.mktemp("run"), simplex(0.5, ("VIF", "Qabf", "SSIM")))
    write_paper(run, choice=Choice(dataset="roadscene"))
    return run / "paper"


def test_the_lift_the_effects_and_the_reward_over_training_are_drawn(folder: Path) -> None:
    assert all((folder / f"{name}.pdf").exists() for name in ("lift", "weight_effects", "reward"))


def test_captions_call_weights_of_a_reward_so_and_say_that_they_depend_on_each_other(folder: Path) -> None:
    captions = (folder / "captions.md").read_text()
    assert "for each value of each reward weight" in captions
    assert "w\\_VIF, w\\_Qabf and w\\_SSIM sum to 1 in every configuration" in captions
    assert "Before the reward: start " in captions


def test_the_table_of_the_lift_holds_the_start_and_the_best_of_every_metric(folder: Path) -> None:
    table = pd.read_csv(folder / "table_lift.csv")
    assert set(table["kind"]) == {"untrained", "start", "reward-trained"}
    assert set(table["dataset"]) == {"roadscene"}
    assert "against start" in (folder / "table_lift.md").read_text()


def test_the_start_stands_among_the_trained_in_the_comparison(folder: Path) -> None:
    assert "ours, start" in pd.read_csv(folder / "table_comparison.csv")["method"].tolist()
