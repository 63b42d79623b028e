from __future__ import annotations

import math

import numpy as np
import optuna
import pytest
from scipy.stats.qmc import Sobol

from fusion_core.errors import ConfigError
from trials.ranking.objective import Objective
from trials.ranking.outcome import FAILED, Outcome, over_seeds
from trials.ranking.pareto import beaten_by, ranked
from trials.search.proposals import Proposals
from trials.search.sampler import Note, Sampling
from trials.space.dimension import Dimension
from trials.space.space import Space
from trials.spec.search import Choices, Range, SearchConfig
from trials.spec.sweep import RankBy

PLANE = Space(
    (Dimension.of("loss.max_ratio", Range(low=0, high=1)), Dimension.of("loss.grad_ratio", Range(low=0, high=1))),
    "supervised",
)
SIX = Space(
    (
        Dimension.of("loss.max_ratio", Choices(choices=(4, 10, 16))),
        Dimension.of("loss.max_mode", Choices(choices=("l1", "l2"))),
    ),
    "supervised",
)
KINDS = ["random", "sobol", "tpe", "cmaes", "nsga2"]
GOAL = Objective(RankBy(metric="VIF"), ("VIF", "MSE"), (), ())


def sampling(kind: str, space: Space = PLANE, objectives: tuple[str, ...] = ("VIF",), **knobs: object) -> Sampling:
    return Sampling(space, SearchConfig(kind=kind, trials=50, **knobs), objectives)  # type: ignore[arg-type]


def bowl(parameters: dict[str, object]) -> float:
    return (
        -((float(str(parameters["loss.max_ratio"])) - 0.3) ** 2)
        - (float(str(parameters["loss.grad_ratio"])) - 0.7) ** 2
    )


@pytest.mark.parametrize("kind", ["tpe", "cmaes", "nsga2"])
def test_samplers_that_learn_come_nearer_to_the_best_than_chance(kind):
    def mean_of_last(one: str) -> float:
        found = []
        for seed in range(3):
            asked = sampling(one, seed=seed)
            for _ in range(50):
                number, parameters = asked.ask()
                asked.tell(number, Outcome((bowl(parameters),)))
                found.append(bowl(parameters))
        return sum(sum(found[50 * i + 35 : 50 * i + 50]) for i in range(3)) / 45

    assert mean_of_last(kind) > 0.7 * mean_of_last("random")


@pytest.mark.slow
def test_gp_comes_nearer_to_the_best_than_chance():
    asked = sampling("gp")
    values = []
    for _ in range(18):
        number, parameters = asked.ask()
        values.append(bowl(parameters))
        asked.tell(number, Outcome((values[-1],)))
    assert max(values) > -0.001


def test_sobol_gives_the_points_of_scipy():
    asked = sampling("sobol", seed=5)
    points = Sobol(2, scramble=True, rng=5).random(8)
    found = [list(asked.ask()[1].values()) for _ in range(8)]
    assert found == [[float(f"{value:.4g}") for value in point] for point in points]


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_gives_other_settings_and_the_same_seed_the_same(kind):
    first, same, other = (sampling(kind, seed=seed) for seed in (1, 1, 2))
    assert first.ask()[1] == same.ask()[1] != other.ask()[1]


def test_a_metric_of_which_less_is_better_is_minimised():
    asked = sampling("tpe", objectives=("MSE", "VIF"))
    assert [way.name for way in asked.study.directions] == ["MINIMIZE", "MAXIMIZE"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_trial_of_the_study_stays_running_after_a_value_that_is_no_number(value):
    asked = sampling("tpe")
    asked.tell(asked.ask()[0], Outcome((value,)))
    asked.tell(asked.ask()[0], FAILED)
    assert [trial.state.name for trial in asked.study.trials] == ["FAIL", "FAIL"]


def test_what_was_stopped_early_is_told_with_how_far_it_came():
    asked = sampling("tpe")
    asked.tell(asked.ask()[0], Outcome(steps={1: 0.5, 2: math.nan}))
    (trial,) = asked.study.trials
    assert (trial.state.name, trial.intermediate_values) == ("PRUNED", {1: 0.5})


def test_constraints_reach_the_study_and_what_has_no_number_breaks_them():
    asked = sampling("tpe")
    asked.tell(asked.ask()[0], Outcome((1.0,), {"Nabf <= 0.005": -0.001, "MSE <= 0.1": math.inf}))
    constraints = asked.study.trials[0].constraints
    assert constraints["Nabf <= 0.005"] == -0.001
    assert constraints["MSE <= 0.1"] > 1e5


def test_what_is_known_counts_as_if_it_had_been_asked_for():
    asked, told = sampling("tpe", startup=4), sampling("tpe", startup=4)
    known = []
    for _ in range(10):
        number, parameters = asked.ask()
        asked.tell(number, Outcome((bowl(parameters),)))
        trial = asked.study.trials[number]
        known.append(told.known(parameters, Outcome((bowl(parameters),)), Note(number + 1, trial.params)))
    told.add(known)
    assert told.ask()[1] == asked.ask()[1]


def test_of_six_settings_each_is_proposed_once():
    proposals = Proposals(sampling("tpe", SIX))
    found = []
    while (proposal := proposals.next()) is not None:
        proposals.sampling.tell(proposal[0], Outcome((float(str(proposal[1]["loss.max_ratio"])),)))
        found.append(tuple(proposal[1].values()))
    assert sorted(found) == sorted((a, b) for a in (4, 10, 16) for b in ("l1", "l2"))
    assert proposals.exhausted


def test_refused_settings_are_said_once_and_passed_over():
    said: list[str] = []
    proposals = Proposals(
        sampling("random", SIX), lambda one: "no l2" if one["loss.max_mode"] == "l2" else None, said.append
    )
    found = []
    while (proposal := proposals.next()) is not None:
        found.append(proposal[1]["loss.max_mode"])
    assert found == ["l1"] * 3
    assert set(said) <= {
        f"search: the sampler proposed an invalid configuration; sampling again: no l2{end}"
        for end in ("", "; further refusals are not reported")
    }
    assert said


def test_a_space_of_which_all_is_refused_ends_with_an_error():
    proposals = Proposals(sampling("random"), lambda one: "never")
    with pytest.raises(ConfigError, match="all that were sampled are refused, such as: never"):
        proposals.next()


def test_a_setting_of_several_seeds_is_their_mean_and_fails_with_any_of_them():
    one, other = Outcome((1.0, 4.0), {"a": 1.0}), Outcome((3.0, 8.0), {"a": 3.0})
    assert over_seeds([one, other]) == Outcome((2.0, 6.0), {"a": 2.0})
    assert over_seeds([one, FAILED]) == FAILED
    assert over_seeds([Outcome(steps={1: 1.0, 2: 4.0}), Outcome(steps={1: 3.0})]) == Outcome(steps={1: 2.0})


def test_what_breaks_a_constraint_ranks_after_what_keeps_to_it():
    settings = [
        ("far", Outcome((9.0, 0.0), {"a": 2.0})),
        ("near", Outcome((8.0, 0.0), {"a": 0.1})),
        ("kept", Outcome((1.0, 0.5), {"a": 0.0})),
        ("failed", FAILED),
    ]
    assert ranked(settings, GOAL) == ["kept", "near", "far"]


def test_the_front_comes_first_whichever_way_a_metric_points():
    settings = [("beaten", Outcome((1.0, 0.4))), ("sharp", Outcome((2.0, 0.3))), ("faithful", Outcome((1.5, 0.1)))]
    assert ranked(settings, GOAL) == ["sharp", "faithful", "beaten"]


def test_how_many_beat_a_setting_agrees_with_optuna_s_front():
    gains = np.random.default_rng(0).random((40, 3))
    study = optuna.create_study(directions=["maximize"] * 3)
    study.add_trials([optuna.trial.create_trial(values=list(one)) for one in gains])
    assert {trial.number for trial in study.best_trials} == set(np.flatnonzero(beaten_by(gains) == 0).tolist())
