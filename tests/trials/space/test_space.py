import math
import warnings

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trials.space.dimension import KIND, Dimension
from trials.space.from_spec import is_whole, kinds_with, refuses, takes_numbers
from trials.space.space import Space
from trials.spec.search import Choices, Range

SHARES = st.floats(0, 1, exclude_max=True, allow_subnormal=False)


def ranged(low, high, *, whole=False, kinds=None, name="x", **given):
    return Dimension.of(name, Range(low=low, high=high, **given), whole=whole, kinds=kinds)


def chosen(*values, name="x", kinds=None):
    return Dimension.of(name, Choices(choices=values), kinds=kinds)


@st.composite
def dimensions(draw, name="x"):
    """Ranges and choices as the rules of a sweep file let them through."""
    low = draw(st.integers(-50, 50))
    wide = draw(st.integers(1, 60))
    match draw(st.sampled_from(["float", "log", "step", "whole", "whole log", "whole step", "numbers", "words"])):
        case "float":
            scale = 10.0 ** draw(st.integers(-6, 6))
            return ranged(low * scale, (low + wide) * scale, name=name)
        case "log":
            return ranged(10.0 ** -(wide / 10), 10.0 ** abs(low), log=True, name=name)
        case "step":
            step = draw(st.sampled_from([0.1, 0.25, 0.005, 3.0]))
            return ranged(low, float(f"{low + wide * step:.10g}"), step=step, name=name)
        case "whole":
            return ranged(low, low + wide, whole=True, name=name)
        case "whole log":
            return ranged(1 + abs(low), 1 + abs(low) + wide, log=True, whole=True, name=name)
        case "whole step":
            step = draw(st.integers(1, 5))
            return ranged(low, low + wide * step, step=step, whole=True, name=name)
        case "numbers":
            return chosen(*draw(st.lists(st.integers(-9, 9), min_size=1, max_size=6, unique=True)), name=name)
        case _:
            return chosen(*draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)), name=name)


@given(dimensions(), SHARES)
def test_every_value_of_a_dimension_is_held_and_goes_to_the_sampler_and_back(one, share):
    value = one.at(share)
    assert one.holds(value)
    drawn = one.drawn(value)
    assert one.distribution._contains(one.distribution.to_internal_repr(drawn))
    assert one.value(drawn) == value and type(one.value(drawn)) is type(value)


@given(dimensions(), st.integers(0, 2**31))
def test_whatever_optuna_draws_is_a_value_that_goes_back_into_its_distribution(one, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna warns where it changes a range
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        trial = study.ask({"x": one.distribution})
    value = one.value(trial.params["x"])
    assert one.holds(value)
    assert one.distribution._contains(one.distribution.to_internal_repr(one.drawn(value)))
    assert one.value(one.drawn(value)) == value


@given(dimensions())
def test_the_values_of_a_countable_dimension_are_as_many_as_its_size(one):
    if one.size is None:
        assert one.values is None and one.step is None and not one.whole
        return
    values = list(one.all)
    assert len(values) == one.size == len(set(values))
    assert all(one.holds(value) for value in values)
    assert values[0] == one.ends[0] and values[-1] == one.ends[-1]
    if not one.log:
        assert [one.at((index + 0.5) / one.size) for index in range(one.size)] == values


def test_the_distributions_are_those_of_optuna():
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    assert ranged(0.5, 2).distribution == FloatDistribution(0.5, 2)
    assert ranged(0.5, 2, log=True).distribution == FloatDistribution(0.5, 2, log=True)
    assert ranged(0, 1, step=0.25).distribution == FloatDistribution(0, 1, step=0.25)
    assert ranged(1, 9, whole=True).distribution == IntDistribution(1, 9)
    assert ranged(1, 9, whole=True, step=2).distribution == IntDistribution(1, 9, step=2)
    assert ranged(1, 9, whole=True, log=True).distribution == IntDistribution(1, 9, log=True)
    assert chosen(4, 1, 2.5).distribution == IntDistribution(0, 2)
    assert chosen("b", "a", True).distribution == CategoricalDistribution(("b", "a", True))


def test_numbers_to_choose_from_are_in_order_and_words_as_they_stand():
    assert chosen(4, 1, 2.5).values == (1, 2.5, 4) and not chosen(4, 1).words
    assert chosen("b", "a").values == ("b", "a") and chosen("b", "a").words
    assert chosen(False, True).words


def test_a_drawn_number_has_four_digits_from_where_the_ends_of_its_range_differ():
    assert ranged(1, 64).value(12.3456789) == 12.35
    assert ranged(1e-6, 1e-2, log=True).value(1.23456e-5) == 1.235e-5
    assert ranged(1, 1.01).value(1.00123456) == 1.00123
    assert ranged(1000, 1001).value(1000.123456) == 1000.123
    assert len({ranged(1, 1 + 1e-9).at(index / 100) for index in range(100)}) == 100


def test_a_rounded_number_stays_within_its_range():
    assert ranged(1.00004, 9).value(1.00004) == 1.00004
    assert ranged(0, 9.99996).value(9.99996) == 9.99996


def test_a_stepped_number_is_what_a_person_would_write():
    assert list(ranged(0, 0.5, step=0.1).all) == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert list(ranged(1, 1.0003, step=0.0001).all) == [1, 1.0001, 1.0002, 1.0003]


def test_whole_numbers_are_ints_and_evenly_shared_out():
    one = ranged(2, 5, whole=True)
    assert [one.at(share) for share in (0, 0.24, 0.26, 0.5, 0.76, 0.999)] == [2, 2, 3, 4, 5, 5]
    assert type(one.at(0.5)) is int and type(one.value(3.0)) is int


def test_a_logarithmic_range_has_its_geometric_mean_in_the_middle():
    assert ranged(1, 100, log=True).at(0.5) == pytest.approx(10, rel=1e-3)
    assert ranged(1, 64, log=True, whole=True).at(0) == 1
    assert ranged(1, 64, log=True, whole=True).at(0.9999) == 64


@pytest.mark.parametrize(
    ("one", "inside", "outside"),
    [
        (ranged(1, 2), [1, 1.5, 2.0], [0.999, 2.001, "1", True, None, math.nan]),
        (ranged(1, 9, whole=True, step=2), [1, 3, 9.0], [2, 3.5, 11, False]),
        (ranged(0, 0.3, step=0.1), [0, 0.1, 0.1 + 0.1, 0.3], [0.05, 0.4]),
        (chosen(1, 2.5), [1, 1.0, 2.5], [2, True, "1"]),
        (chosen(False, True), [False, True], [0, 1, "true"]),
        (chosen("a", "b"), ["a", "b"], ["c", 1, None]),
    ],
)
def test_a_dimension_holds_its_own_values_alone(one, inside, outside):
    assert all(one.holds(value) for value in inside)
    assert not any(one.holds(value) for value in outside)


TWO_KINDS = Space(
    (
        ranged(0, 1, name="recipe.sigma", kinds=("ppo",)),
        chosen("ppo", "grpo", name=KIND),
        chosen(1, 2, 3, name="recipe.samples"),
        chosen("lora", "heads", name="recipe.train", kinds=("grpo",)),
    ),
    "ppo",
)


def test_a_trial_has_the_dimensions_of_its_kind_alone():
    assert [one.name for one in TWO_KINDS.active({KIND: "ppo"})] == ["recipe.sigma", KIND, "recipe.samples"]
    assert [one.name for one in TWO_KINDS.active({KIND: "grpo"})] == [KIND, "recipe.samples", "recipe.train"]
    assert TWO_KINDS.conditional == ["recipe.sigma", "recipe.train"]
    assert TWO_KINDS.names_in_order == ["recipe.samples"]
    assert TWO_KINDS.at([0.5, 0.9, 0.9, 0.1]) == {KIND: "grpo", "recipe.samples": 3, "recipe.train": "lora"}
    assert TWO_KINDS.at([0.5, 0.1, 0.9, 0.1]) == {"recipe.sigma": 0.5, KIND: "ppo", "recipe.samples": 3}


def test_dimensions_of_the_only_kind_are_not_conditional():
    space = Space((ranged(0, 1, name="recipe.sigma", kinds=("ppo",)),), "ppo")
    assert space.conditional == [] and space.names_in_order == ["recipe.sigma"]
    assert [one.name for one in space.active({})] == ["recipe.sigma"]


def test_the_size_of_a_space_counts_what_each_kind_has():
    assert TWO_KINDS.size is None
    stepped = Space(
        (
            chosen("ppo", "grpo", "supervised", name=KIND),
            ranged(0, 1, step=0.25, name="a", kinds=("ppo",)),
            chosen("u", "v", name="b"),
        ),
        "ppo",
    )
    assert stepped.size == 5 * 2 + 2 + 2
    every = list(stepped.all())
    assert len(every) == 14 == len({repr(one) for one in every})
    assert all(stepped.part_of(one) == one for one in every)
    assert list(every[0]) == [KIND, "a", "b"] and list(every[-1]) == [KIND, "b"]


def test_the_examples_of_a_space_are_each_kind_s_middle_and_what_is_one_step_away():
    found = TWO_KINDS.examples()
    assert found[0] == {"recipe.sigma": 0.5, KIND: "ppo", "recipe.samples": 2}
    assert {"recipe.sigma": 0.0, KIND: "ppo", "recipe.samples": 2} in found
    assert {KIND: "grpo", "recipe.samples": 2, "recipe.train": "lora"} in found
    assert {KIND: "grpo", "recipe.samples": 3, "recipe.train": "heads"} in found
    assert len(found) == 5 + 4 == len({repr(one) for one in found})


def test_what_lies_outside_a_space_is_named():
    inside = {KIND: "ppo", "recipe.sigma": 0.25, "recipe.samples": 1, "seed": 3}
    assert TWO_KINDS.part_of(inside) == {"recipe.sigma": 0.25, KIND: "ppo", "recipe.samples": 1}
    assert TWO_KINDS.part_of({**inside, "recipe.sigma": 2}) == "recipe.sigma"
    assert TWO_KINDS.part_of({KIND: "ppo", "recipe.samples": 1}) == "recipe.sigma"
    assert TWO_KINDS.part_of({**inside, KIND: "supervised"}) == KIND
    assert TWO_KINDS.part_of({KIND: "grpo", "recipe.samples": 1, "recipe.train": "all"}) == "recipe.train"


@given(st.lists(SHARES, min_size=4, max_size=4))
def test_any_point_of_the_cube_is_a_setting_of_the_space(shares):
    setting = TWO_KINDS.at(shares)
    assert TWO_KINDS.part_of(setting) == setting
    assert TWO_KINDS.distributions(setting).keys() == TWO_KINDS.drawn(setting).keys() == setting.keys()


@given(st.integers(0, 2**31), dimensions("a"), dimensions("b"))
def test_what_a_study_is_suggested_is_a_setting_and_is_suggested_again_when_it_is_enqueued(seed, first, second):
    space = Space((*TWO_KINDS.dimensions, first, second), "ppo")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    setting = space.suggested(study.ask())
    assert space.part_of(setting) == setting
    study.enqueue_trial(space.drawn(setting))
    assert space.suggested(study.ask()) == setting


def test_a_field_says_which_numbers_it_takes():
    assert is_whole("loss.ssim_window_size") and is_whole("recipe.batch_size") and is_whole("policy.base_channels")
    assert not is_whole("loss.max_ratio") and not is_whole("loss.terms.mine") and not is_whole("loss.max_mode")
    assert takes_numbers("recipe.samples") and takes_numbers("recipe.clip") and takes_numbers("loss.terms.mine")
    assert not any(map(takes_numbers, ("loss.max_mode", "recipe.learn_sigma", KIND, "recipe.lora.targets")))
    assert refuses("loss.max_ratio", -1) and refuses("loss.ssim_window_size", 2) and not refuses("loss.max_ratio", 0)


def test_the_kinds_of_a_dimension_are_those_that_have_its_field():
    both, given = ("ppo", "grpo"), Range(low=0, high=1)
    assert kinds_with("recipe.sigma", given, both) == ("ppo",)
    assert kinds_with("recipe.learning_rate", given, both) is None
    assert kinds_with("recipe.learning_rate", Range(low=0, high=1, when=("grpo",)), both) == ("grpo",)
    assert kinds_with("reward.weights.VIF", given, ("supervised", "grpo")) == ("grpo",)
    assert kinds_with("data.worst.mix", given, ("supervised", "grpo")) == ("grpo",)
    assert kinds_with("loss.max_ratio", given, ("supervised", "grpo")) is None
    assert kinds_with(KIND, Choices(choices=both), both) is None
