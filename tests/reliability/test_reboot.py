from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.reboot import reboots


@pytest.mark.slow
def test_every_copy_of_a_running_sweep_is_whole_and_goes_on_to_the_rows_of_an_undisturbed_one(tmp_path: Path) -> None:
    found = reboots(tmp_path, copies=40, continued=1)
    assert found["under way"] > 20 and found["continued to the same rows"] == 1
