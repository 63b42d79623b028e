"""What a ranking goes by, against tables made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.comparison.comparison import compare
from analysis.comparison.numbers import numbers_of
from analysis.findings.findings import Findings
from analysis.findings.standings import Standings
from analysis.report.figures.curves import noise
from analysis.report.packing import unpack
from analysis.runs.open_run import open_run
from analysis.runs.run import Run
from analysis.scores.confirmed import confirmed
from analysis.scores.metrics import ALL
from analysis.scores.model import Scores
from analysis.scores.score import score
from analysis.text.answer import answer
from analysis.text.answer_search import own_seeds_sentence
from analysis.text.comparison import notes
from analysis.text.run_facts import counts
from tests.analysis.make import Made, make_run
from tests.analysis.searches import KEY, at, searched

FRESH = (1, 2)
AT = "Reward", ALL, 1


def opened(folder: Path, trials: Sequence[Made], **search: Any) -> tuple[Run, Scores]:
    run = open_run(make_run(folder, trials, record=searched(**search)))
    return run, score(run)


def picked_and_again(values: dict[int, tuple[float, tuple[float, ...]]], **others: float) -> list[Made]:
    """Return the trials of settings by their weight: the search's value, and what the fresh seeds gave."""
    trials = [Made({KEY: weight}, [at(own, **others)]) for weight, (own, _) in values.items()]
    return trials + [
        Made({KEY: weight}, [at(value)], seed=seed)
        for weight, (_, again) in values.items() for seed, value in zip(FRESH, again, strict=False)
    ]  # fmt: skip


# The search's first, 1, falls behind its second once both are run again; 3 was not run again.
CURSED = {1: (0.9, (0.6, 0.68)), 2: (0.8, (0.75, 0.77)), 3: (0.7, ())}


def test_confirmed_settings_rank_by_fresh_seeds_alone_and_before_all_others(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))
    table = Standings(run, scores).ranking(*AT)
    assert [row[KEY] for row in table["parameters"][:3]] == [2, 1, 3]
    np.testing.assert_allclose(table["value"][:3], [0.76, 0.64, 0.7])
    np.testing.assert_allclose(table["picked"][:3], [0.8, 0.9, 0.7])
    assert list(table["standing"][:3]) == [0, 0, 1] and list(table["rank"][:3]) == [1, 2, 3]


def test_what_the_search_says_is_of_its_own_seeds(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))
    np.testing.assert_allclose(scores.trials.mean[0, 0, 0], [0.9, 0.8, 0.7])
    assert scores.trials.seeds.max() == 1 and len(run.trials) == 3
    assert counts(run) == "7 trials (4 of them confirming): 7 finished"


def test_the_answer_says_what_the_best_lost_from_picking_to_confirming(tmp_path: Path) -> None:
    first, second, *_ = answer(Findings(*opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))))
    assert first.startswith(
        "Best configuration: max_ratio 2 (trial 2, confirmed by trials 6, 7). Reward 0.76 at epoch 1"
    )
    assert second == (
        "It is ranked by fresh seeds, as are 2 of 3 configurations; it was selected at 0.8 and lost 0.04 from "
        "selection to "
        "confirmation (the 2 on average lost 0.15). The first of the search itself (trial 1, selected at 0.9) comes "
        "2nd "
        "with 0.64."
    )


def test_where_lower_is_better_a_lower_value_is_gained(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [{"a": {"MSE": 0.5}}]), Made({KEY: 1}, [{"a": {"MSE": 0.4}}], seed=1)]
    record = searched(confirm=(1, (1,)))
    record["resolved"]["rank_by"]["metric"] = "MSE"
    run = open_run(make_run(tmp_path, trials, record=record))
    assert "selected at 0.5 and gained 0.1 from selection to confirmation." in answer(Findings.of(run))[1]


def test_the_interval_of_a_confirmed_best_has_the_noise_of_its_seeds(tmp_path: Path) -> None:
    run, scores = opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))
    found = Standings(run, scores).judgement(*AT)
    assert (found.best, found.seeds, found.settings) == (1, 2, 2)
    assert found.low < 0.76 < found.high
    assert found.tied.tolist() == [True, True, False] and np.isnan(found.worse[2])


def test_confirming_that_goes_on_is_said_and_used_as_far_as_it_goes(tmp_path: Path) -> None:
    trials = picked_and_again({1: (0.9, (0.6,)), 2: (0.8, ()), 3: (0.7, ())})
    trials.append(Made({KEY: 1}, [], seed=2, status="failed", error="out of memory"))
    trials += [Made({KEY: 2}, [], seed=seed, status=status) for seed, status in ((1, "running"), (2, "waiting"))]
    said = answer(Findings(*opened(tmp_path, trials, confirm=(2, FRESH))))
    assert "max_ratio 1 (trial 1, confirmed by trials 4, 5). Reward 0.6" in said[0]
    assert said[1].endswith(
        "Confirming is not complete: 1 of 4 trials (seeds 1 and 2) have a number at epoch 1 "
        "(1 failed, 1 running, 1 waiting)."
    )


def test_before_confirming_began_the_best_is_called_flattered(tmp_path: Path) -> None:
    said = answer(Findings(*opened(tmp_path, picked_and_again({1: (0.9, ()), 2: (0.8, ())}), confirm=(8, FRESH))))
    assert said[1] == (
        "Nothing is confirmed yet: the value above is optimistic (selection bias). "
        "The best 2 are to be run again with seeds 1 and 2 when the search ends."
    )


def test_a_seed_that_the_search_uses_too_confirms_nothing(tmp_path: Path) -> None:
    run, _ = opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH), seeds=(0, 1, 2))
    assert run.confirming is None


def test_a_run_without_a_search_is_read_as_it_was(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, picked_and_again(CURSED)))
    scores = score(run)
    assert run.confirming is None and confirmed(run, scores) is None and Standings(run, scores).is_plain
    np.testing.assert_allclose(scores.trials.mean[0, 0, 0], [2.18 / 3, 2.32 / 3, 0.7])


def test_the_noise_floor_of_a_search_with_one_seed_is_that_of_its_confirming_trials(tmp_path: Path) -> None:
    part = noise(Findings(*opened(tmp_path, picked_and_again(CURSED), confirm=(2, FRESH))))
    assert part is not None
    deviation = np.sqrt((np.var([0.6, 0.68], ddof=1) + np.var([0.75, 0.77], ddof=1)) / 2)
    assert unpack(part["std"]).ravel() == pytest.approx([deviation])


def constrained(folder: Path, values: dict[int, tuple[float, float]], **search: Any) -> tuple[Run, Scores]:
    trials = [Made({KEY: weight}, [at(reward, Nabf=nabf)]) for weight, (reward, nabf) in values.items()]
    return opened(folder, trials, where=["Nabf <= 0.005"], **search)


def test_the_best_is_the_best_of_those_that_keep_to_a_constraint(tmp_path: Path) -> None:
    run, scores = constrained(tmp_path, {1: (0.9, 0.02), 2: (0.7, 0.005), 3: (0.6, 0.001)})
    said = answer(Findings(run, scores))
    assert said[0].startswith("Best configuration: max_ratio 2 (trial 2).")
    assert said[1] == "2 of 3 configurations keep to Nabf <= 0.005, and the best is of those."
    table = Standings(run, scores).ranking(*AT)
    assert [row[KEY] for row in table["parameters"][:3]] == [2, 3, 1]
    assert Standings(run, scores).mark(int(table["standing"][2])) == "breaks Nabf <= 0.005"


@pytest.mark.parametrize("search", [{}, {"confirm": (1, FRESH)}])
def test_where_nobody_keeps_to_it_the_nearest_miss_leads_and_nothing_is_called_best(
    tmp_path: Path, search: dict[str, Any]
) -> None:
    said = answer(Findings(*constrained(tmp_path, {1: (0.9, 0.02), 2: (0.7, 0.006), 3: (0.5, 0.03)}, **search)))
    assert said[0] == "No configuration keeps to Nabf <= 0.005: the nearest is max_ratio 2, with 0.006 (trial 2)."
    assert len(said) == 2 and said[1].startswith("max_ratio decides most")
    assert not [one for one in said if "best" in one or "confirm" in one]


def test_of_several_constraints_the_nearest_miss_has_a_number_for_each(tmp_path: Path) -> None:
    trials = [Made({KEY: weight}, [at(0.5, Nabf=nabf, VIF=vif)])
              for weight, nabf, vif in ((1, 0.02, 0.1), (2, 0.006, 0.8), (3, 0.001, None))]  # fmt: skip
    said = answer(Findings(*opened(tmp_path, trials, where=["Nabf <= 0.005", "VIF >= 0.9"])))
    assert said[0] == (
        "No configuration keeps to Nabf <= 0.005 and VIF >= 0.9: the nearest is max_ratio 2, with Nabf 0.006 and VIF "
        "0.8 "
        "(trial 2)."
    )


def test_a_constraint_holds_of_the_mean_over_the_data_sets(tmp_path: Path) -> None:
    trials = [Made({KEY: 1}, [{"a": {"Reward": 0.5, "Nabf": 0.009}, "b": {"Reward": 0.5, "Nabf": 0.001}}])]
    run, scores = opened(tmp_path, trials, where=["Nabf <= 0.005"])
    assert Standings(run, scores).keeps(1).tolist() == [True]


def test_a_constraint_of_what_was_not_measured_is_said_to_be_unknown(tmp_path: Path) -> None:
    said = answer(Findings(*opened(tmp_path, [Made({KEY: 1}, [at(0.5)])], where=["Nabf <= 0.005"])))
    assert said[1] == "Whether Nabf <= 0.005 holds is not known: it was not measured."


def test_an_untrained_fusion_stands_with_the_first_whose_worst_it_beats(tmp_path: Path) -> None:
    copies = {"visible": at(0.7), "average": at(0.1)}
    record = searched(confirm=(2, FRESH))
    run = open_run(make_run(tmp_path, picked_and_again(CURSED), record=record, baselines=copies))
    table = Standings(run, score(run)).ranking(*AT)
    names = [row["baseline"] or row["parameters"][KEY] for row in table.to_dict("records")]
    assert names[:5] == [2, "copy of the visible image", 1, 3, "average of both"]


def test_the_front_of_several_objectives_is_said_with_the_best_of_each(tmp_path: Path) -> None:
    values = {1: (0.9, 0.1), 2: (0.5, 0.5), 3: (0.1, 0.9), 4: (0.4, 0.4)}
    trials = [Made({KEY: weight}, [at(0.5 + weight / 100, VIF=a, Qabf=b)]) for weight, (a, b) in values.items()]
    said = answer(Findings(*opened(tmp_path, trials, objectives=["VIF", "Qabf"])))
    assert (
        "3 of 4 configurations are on the Pareto front of VIF and Qabf; best of each: VIF 0.9 (trial 1), Qabf 0.9 "
        "(trial 3)."
    ) in said


def test_a_comparison_takes_the_confirmed_best_and_says_so(tmp_path: Path) -> None:
    search, _ = opened(tmp_path / "search", picked_and_again(CURSED), confirm=(2, FRESH))
    grid = open_run(make_run(tmp_path / "grid", [Made({KEY: 1}, [at(0.7)])]))
    comparison = compare([search, grid])
    np.testing.assert_allclose(numbers_of(comparison).best["value"].ravel(), [0.76, 0.7])
    assert any("its best is of 2 configurations that fresh seeds confirm" in note for note in notes(comparison))


def test_where_others_confirm_the_figures_say_that_they_are_of_the_searchs_own_seeds(tmp_path: Path) -> None:
    run, scores = opened(tmp_path / "confirmed", picked_and_again(CURSED), confirm=(2, FRESH))
    assert own_seeds_sentence(Findings(run, scores)) == (
        "Of the search's own seed 0; the best above is of the seeds that confirm."
    )
    trials = picked_and_again(CURSED, Nabf=0.02)
    broken = opened(tmp_path / "broken", trials, confirm=(2, FRESH), where=["Nabf <= 0.005"])
    assert own_seeds_sentence(Findings(*broken)) == "Of the search's own seed 0."
    plain = make_run(tmp_path / "plain", [Made({KEY: 1}, [at(0.5)])])
    assert own_seeds_sentence(Findings.of(open_run(plain))) == ""
