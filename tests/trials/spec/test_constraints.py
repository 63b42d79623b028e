import math

import pytest

from fusion_core.errors import ConfigError
from trials.spec.constraints import Constraint, exclude_one_another


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nabf <= 0.005", Constraint("Nabf", True, 0.005)),
        ("  Nabf<=5e-3 ", Constraint("Nabf", True, 0.005)),
        ("VIF >= 1", Constraint("VIF", False, 1.0)),
        ("SSIM >= -.5", Constraint("SSIM", False, -0.5)),
        ("Reward_min >= +1.5E0", Constraint("Reward_min", False, 1.5)),
        ("Nabf <= 1", Constraint("Nabf", True, 1.0)),
    ],
)
def test_a_constraint_is_read_and_shown_as_it_is_read(text, expected):
    found = Constraint.parse(text)
    assert found == expected and Constraint.parse(str(found)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "Nabf", "Nabf < 1", "Nabf == 1", "1 >= Nabf", "Nabf <= ", "Nabf <= x", "Nabf <= nan", "Nabf <= 1e",
        "Nabf <= 1e999", "Nabf <= 1 and VIF >= 1", "Nabf <= 0.1\nVIF >= 1", "Nabf <= 1.2.3",
    ],
)  # fmt: skip
def test_what_is_no_constraint_is_shown_one(text):
    with pytest.raises(
        ConfigError, match=r"^a constraint must be METRIC <= NUMBER or METRIC >= NUMBER, such as"
    ) as caught:
        Constraint.parse(text)
    assert str(caught.value).isprintable()


def test_a_constraint_must_be_of_a_metric_within_what_it_can_be():
    with pytest.raises(ConfigError, match=r"^x must name a known metric, but got 'Nafb'\. Did you mean 'Nabf'\?$"):
        Constraint.parse("Nafb <= 0.1", "x")
    for text in ("SSIM >= 2.1", "SSIM <= -3"):
        with pytest.raises(ConfigError, match=r"^x must bound SSIM by a number that it can have \(-2 to 2\), but got"):
            Constraint.parse(text, "x")


def test_excess_is_how_far_a_value_is_on_the_wrong_side():
    assert Constraint.parse("Nabf <= 0.5").excess(0.75) == 0.25
    assert Constraint.parse("Nabf <= 0.5").excess(0.25) == -0.25
    assert Constraint.parse("VIF >= 1").excess(0.75) == 0.25
    assert Constraint.parse("VIF >= 1").excess(1.0) == 0


def test_what_is_no_number_breaks_a_constraint_without_end():
    for text in ("Nabf <= 0.5", "VIF >= 1"):
        assert Constraint.parse(text).excess(math.nan) == math.inf
    assert Constraint.parse("VIF >= 1").excess(-math.inf) == math.inf
    assert Constraint.parse("VIF >= 1").excess(math.inf) == -math.inf


def test_two_constraints_exclude_one_another_where_no_value_keeps_to_both():
    def excluded(one, other):
        pair = Constraint.parse(one), Constraint.parse(other)
        assert exclude_one_another(*pair) == exclude_one_another(*reversed(pair))
        return exclude_one_another(*pair)

    assert excluded("VIF >= 2", "VIF <= 1")
    assert not excluded("VIF >= 1", "VIF <= 1")
    assert not excluded("VIF >= 2", "VIF >= 3")
    assert not excluded("VIF >= 1", "EN <= 0.5")
