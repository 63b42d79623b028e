"""Sweeps that are empty, half done, failed, of one trial: every number behind the figures, without a complaint."""

from pathlib import Path

import numpy as np
import pytest

from analysis.findings.epochs import agreement, front_runners
from analysis.findings.importance import optuna_importance, variance_shares
from analysis.findings.tradeoffs import prices, rank_correlation, untrained_point
from analysis.runs.open_run import open_run
from analysis.scores.score import score
from analysis.scores.training_log import loss_curves, names, oddities
from tests.analysis.make import make_run
from tests.analysis.report.test_report import STATES


@pytest.mark.parametrize("state", STATES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_every_number_can_be_had_in_every_state_of_a_sweep(tmp_path: Path, state: str) -> None:
    run = open_run(make_run(tmp_path, STATES[state]))
    scores = score(run)
    shares = variance_shares(run, scores)
    assert shares.main.shape == (*scores.trials.mean.shape[:3], len(shares.parameters))
    assert shares.pair.shape == (*scores.trials.mean.shape[:3], len(shares.pairs))
    assert (agreement(scores)["regret"].dropna() >= 0).all()
    assert names(run) == {} and oddities(run, scores).empty
    assert loss_curves(run, scores, range(len(scores.settings))).empty
    for dataset in scores.datasets:
        assert len(untrained_point(scores, scores.metrics, dataset)) == len(scores.metrics)
        for epoch in scores.epochs:
            assert (prices(scores, dataset, epoch)[["gain", "loss"]].fillna(0) >= 0).all(axis=None)
            assert np.nanmax(np.abs(rank_correlation(scores, dataset, epoch)), initial=0) <= 1 + 1e-9
            for metric in scores.metrics:
                assert len(optuna_importance(run, scores, metric, dataset, epoch)) == len(shares.parameters)
                assert set(front_runners(scores, metric, dataset)["setting"]) <= set(range(len(scores.settings)))
