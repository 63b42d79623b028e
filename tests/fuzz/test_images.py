"""Any bytes called an image give pixels or one error. The long version: `python -m benchmarks.fuzz --count 20000`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.image_inputs import WHOLE, image_input
from tests.fuzz.judge import read_picture_file

derandomised = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@derandomised
@given(st.binary(max_size=300))
def test_any_bytes_give_pixels_or_one_error(tmp_path: Path, content: bytes) -> None:
    read_picture_file(content, tmp_path / "x.png")


@derandomised
@given(st.sampled_from(WHOLE), st.data())
def test_a_whole_file_with_a_few_bytes_changed_gives_pixels_or_one_error(
    tmp_path: Path, whole: bytes, data: st.DataObject
) -> None:
    bent = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=6)):
        bent[at] = data.draw(st.integers(0, 255))
    read_picture_file(bytes(bent), tmp_path / "x.png")


@pytest.mark.parametrize("block", range(4))
def test_bent_files_give_pixels_or_one_error(tmp_path: Path, block: int) -> None:
    read = 0
    for index in range(150):
        read += read_picture_file(image_input(Random(f"{block}/{index}")), tmp_path / "x.png")
    assert 0 < read < 150  # or the inputs would show nothing


def test_most_whole_files_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    called = [[read_picture_file(whole, tmp_path / name) for whole in WHOLE] for name in ("x.png", "x.tif")]
    assert called[0] == called[1]
    assert len(WHOLE) / 2 < sum(called[0]) < len(WHOLE)
