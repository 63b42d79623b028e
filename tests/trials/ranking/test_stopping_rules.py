import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.ranking.stopping_rules import FEWEST, rungs, stops
from trials.spec.search import StopEarly

ASHA = StopEarly(kind="asha", grace_epochs=1, reduction=3)
MEDIAN = StopEarly(kind="median", grace_epochs=2)
scores = st.floats(allow_subnormal=False)
curves = st.lists(st.dictionaries(st.integers(1, 9), scores), max_size=12)


def test_asha_judges_at_a_geometric_series_of_epochs_and_never_at_the_last():
    assert list(rungs(ASHA, 27)) == [1, 3, 9]
    assert list(rungs(ASHA, 28)) == [1, 3, 9, 27]
    assert list(rungs(StopEarly(kind="asha", grace_epochs=2, reduction=2), 17)) == [2, 4, 8, 16]
    assert list(rungs(StopEarly(kind="asha", grace_epochs=4), 4)) == []


def test_the_median_rule_judges_at_every_epoch_from_grace_on_but_the_last():
    assert list(rungs(MEDIAN, 6)) == [2, 3, 4, 5]
    assert len(rungs(MEDIAN, 10**12)) == 10**12 - 2


def test_without_a_rule_no_trial_is_stopped():
    assert list(rungs(StopEarly(), 10)) == []
    assert not stops(StopEarly(), 10, {1: -9.0}, 1, [{1: 1.0}] * 20)


def test_asha_lets_the_first_go_on_whatever_it_has():
    assert not stops(ASHA, 9, {1: -5.0}, 1, [])
    assert not stops(ASHA, 9, {1: math.nan}, 1, [])


def test_asha_lets_the_best_third_of_those_that_came_go_on():
    # Eight others: the best third of nine is three, so two may be better, and a third may not.
    others = [{1: float(score)} for score in (8, 7, 6, 5, 4, 3, 2, 1)]
    assert not stops(ASHA, 9, {1: 6.5}, 1, others)
    assert stops(ASHA, 9, {1: 5.5}, 1, others)
    # Of two and of three, one goes on.
    assert stops(ASHA, 9, {1: 0.0}, 1, [{1: 1.0}])
    assert stops(ASHA, 9, {1: 0.0}, 1, [{1: 1.0}, {1: -1.0}])
    # Of six, two.
    assert not stops(ASHA, 9, {1: 1.5}, 1, [{1: float(score)} for score in (2, 1, 0, -1, -2)])


def test_asha_counts_equals_as_no_better():
    assert not stops(ASHA, 9, {1: 1.0}, 1, [{1: 1.0}] * 8)


def test_asha_judges_at_rungs_alone_and_by_those_that_came_there():
    better = [{1: 9.0, 2: 9.0}] * 8
    assert not stops(ASHA, 9, {1: 0.0, 2: 0.0}, 2, better)
    assert not stops(ASHA, 9, {1: 0.0, 2: 0.0, 3: 0.0}, 3, better)
    assert stops(ASHA, 9, {1: 0.0}, 1, better)
    assert not stops(ASHA, 9, {9: 0.0}, 9, [{9: 9.0}] * 8)


def test_the_median_rule_stops_what_is_worse_than_the_median_of_five_or_more():
    others = [{2: float(score)} for score in (1, 2, 3, 4, 5)]
    assert stops(MEDIAN, 9, {2: 2.9}, 2, others)
    assert not stops(MEDIAN, 9, {2: 3.0}, 2, others)
    assert not stops(MEDIAN, 9, {2: -9.0}, 2, others[1:])
    assert not stops(MEDIAN, 9, {1: -9.0}, 1, [{1: 1.0}] * FEWEST)
    assert stops(MEDIAN, 9, {3: 0.0}, 3, [{3: 1.0}] * FEWEST)
    # Six: the median is the mean of the two in the middle.
    assert stops(MEDIAN, 9, {2: 3.4}, 2, [*others, {2: 6.0}]) and not stops(MEDIAN, 9, {2: 3.5}, 2, [*others, {2: 6.0}])


@pytest.mark.parametrize("rule", [ASHA, StopEarly(kind="median", grace_epochs=1)])
def test_a_score_that_is_no_number_is_worse_than_any(rule):
    numbers = [{1: float(score)} for score in range(FEWEST)]
    assert stops(rule, 9, {1: math.nan}, 1, numbers)
    assert not stops(rule, 9, {1: -1e9}, 1, [{1: math.nan}] * FEWEST)


@given(st.sampled_from([ASHA, MEDIAN]), curves, st.integers(1, 9), scores, st.randoms(use_true_random=False))
def test_the_order_of_the_others_and_their_other_epochs_do_not_matter(rule, others, epoch, score, random):
    said = stops(rule, 9, {epoch: score}, epoch, others)
    shuffled = random.sample(others, len(others))
    assert stops(rule, 9, {epoch: score}, epoch, shuffled) == said
    alone = [{epoch: curve[epoch]} for curve in others if epoch in curve]
    assert stops(rule, 9, {epoch: score, 99: 0.0}, epoch, alone) == said


@given(
    st.sampled_from([ASHA, MEDIAN]),
    curves,
    st.integers(1, 9),
    st.floats(-5, 5, allow_subnormal=False),
    st.floats(0, 5, allow_subnormal=False),
)
def test_a_better_score_is_never_stopped_where_a_worse_goes_on(rule, others, epoch, score, more):
    if stops(rule, 9, {epoch: score + more}, epoch, others):
        assert stops(rule, 9, {epoch: score}, epoch, others)


@given(st.lists(st.floats(-9, 9, allow_subnormal=False), min_size=1, max_size=30, unique=True))
def test_of_all_that_come_to_a_rung_asha_lets_the_best_go_on(values):
    best = max(values)
    others = [{1: value} for value in values if value != best]
    assert not stops(ASHA, 9, {1: best}, 1, others)
    going_on = [one for one in values if not stops(ASHA, 9, {1: one}, 1, [{1: x} for x in values if x != one])]
    assert len(going_on) == max(1, len(values) // ASHA.reduction)
