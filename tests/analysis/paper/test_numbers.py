"""Digits: the best and the second never read alike, and a column has one number of decimals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.paper.numbers import brief, decimals_of, direction, exponent_of, interval, label, times, write
from analysis.paper.tables.table import Printed, marked

VALUES = st.lists(st.floats(1e-3, 1e5), min_size=2, max_size=8).map(np.array)


@pytest.mark.parametrize(
    ("values", "decimals"), [([0.9374, 0.622], 4), ([6.596, 5.309], 3), ([62.06, 61.0], 2), ([1234.5], 0), ([0.0], 1)]
)
def test_a_column_has_four_significant_digits_of_its_largest_value(values: list[float], decimals: int) -> None:
    assert decimals_of(np.array(values)) == decimals


def test_more_digits_are_written_where_the_best_and_the_second_would_read_alike() -> None:
    values = np.array([0.44509, 0.445085, 0.3])
    assert decimals_of(values) == 4
    assert decimals_of(values, higher=True) == 6


def test_the_second_is_sought_on_the_better_side() -> None:
    values = np.array([0.1, 0.10001, 0.9, 0.5])
    assert decimals_of(values, higher=True) == 4
    assert decimals_of(values, higher=False) == 5


def test_given_decimals_are_kept_until_they_hide_a_difference() -> None:
    assert decimals_of(np.array([0.61, 0.7]), True, given=2) == 2
    assert decimals_of(np.array([0.701, 0.7]), True, given=2) == 3


@given(VALUES)
def test_the_best_is_alone_or_reads_as_its_equals(values: np.ndarray) -> None:
    printed = Printed.of("VIF", values)
    cells = printed.cells(values)
    best = cells[int(values.argmax())]
    assert best.rank == (1 if len({cell.text for cell in cells}) > 1 else 0)
    assert all(cell.rank == best.rank for cell in cells if cell.text == best.text)
    assert len({len(cell.text.partition(".")[2]) for cell in cells}) == 1


def test_tiny_values_share_a_power_of_ten_in_the_title() -> None:
    values = np.array([1.6e-7, 4.4e-7])
    printed = Printed.of("Nabf", values)
    assert printed.column.title == "Nabf ↓ ×10⁻⁷"
    assert [(cell.text, cell.rank) for cell in printed.cells(values)] == [("1.600", 1), ("4.400", 2)]


def test_nothing_is_marked_where_all_read_alike() -> None:
    assert [cell.rank for cell in marked(["1.0", "1.0"], np.ones(2), True)] == [0, 0]


def test_what_is_missing_is_a_dash_and_never_the_best() -> None:
    cells = Printed.of("MSE", np.array([math.nan, 0.2, 0.1])).cells(np.array([math.nan, 0.2, 0.1]))
    assert [(cell.text, cell.rank) for cell in cells] == [("–", 0), ("0.2000", 2), ("0.1000", 1)]


def test_numbers_are_written_with_a_true_minus_and_no_minus_zero() -> None:
    assert write(-0.5, 2) == "−0.50"
    assert write(-0.001, 2) == "0.00"
    assert write(math.nan, 2) == "–"
    assert interval(-0.1, 0.2, 1) == "[−0.1, 0.2]"
    assert interval(math.nan, 0.2, 1) == "–"
    assert brief(4.976e-7) == "4.976e−7"


def test_arrows_point_to_the_better_side() -> None:
    assert (direction("VIF"), direction("MSE"), label("Nabf")) == ("↑", "↓", "Nabf ↓")


@pytest.mark.parametrize(("value", "exponent"), [(0.5, 0), (5e-7, -7), (2e6, 6), (0.0, 0)])
def test_only_unhandy_values_get_a_power_of_ten(value: float, exponent: int) -> None:
    assert exponent_of(np.array([value, math.nan])) == exponent
    assert times(exponent) == ("" if exponent == 0 else f"×10{'⁻⁷' if exponent < 0 else '⁶'}")
