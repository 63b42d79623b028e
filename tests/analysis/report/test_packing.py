"""Numbers that travel inside a page: what is unpacked is what was packed, to the stated precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analysis.report.packing import pack, unpack

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)


@given(arrays.arrays(np.float32, arrays.array_shapes(max_dims=4, max_side=6), elements=FLOATS), st.integers(8, 23))
def test_every_number_comes_back_to_half_of_its_last_bit(values: np.ndarray, bits: int) -> None:
    found = unpack(pack(values, bits=bits))
    assert found.shape == values.shape
    assert np.all(np.abs(found - values) <= np.abs(values) * 2.0 ** -(bits + 1))


def test_all_bits_give_back_the_very_same_numbers() -> None:
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert np.array_equal(unpack(pack(values, bits=23)), values)


def test_what_is_not_finite_is_missing() -> None:
    assert np.isnan(unpack(pack([np.nan, np.inf, -np.inf]))).all()


def test_whole_numbers_of_a_page_stay_whole() -> None:
    values = np.arange(-1, 10_001)
    assert np.array_equal(unpack(pack(values, bits=16)), values)


def test_equal_numbers_stay_equal_and_the_order_is_kept() -> None:
    values = np.sort(np.random.default_rng(1).normal(size=1000)).repeat(2)
    found = unpack(pack(values))
    assert np.all(np.diff(found) >= 0)
    assert np.array_equal(found[::2], found[1::2])


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), ()])
def test_arrays_without_a_number_and_single_numbers_pass(shape: tuple[int, ...]) -> None:
    assert unpack(pack(np.zeros(shape))).shape == shape


def test_a_table_of_metrics_takes_about_three_letters_per_number() -> None:
    values = np.random.default_rng(2).normal(0.6, 0.05, 100_000)
    assert len(pack(values, bits=16)["packed"]) < 3.2 * values.size
