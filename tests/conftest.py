"""Small real-looking pairs, so that no test needs files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from fusion_core.config import SyntheticConfig
from fusion_core.data.dataset import PairSet
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.workspace import Workspace, configure_process

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    configure_process("cpu")


@pytest.fixture(scope="session")
def train_pairs() -> PairSet:
    return synthetic_pairs("train", SyntheticConfig(train=8, size=(64, 80)), None)


@pytest.fixture(scope="session")
def test_pairs() -> PairSet:
    return synthetic_pairs("test", SyntheticConfig(test=3, size=(64, 80)), None)


@pytest.fixture
def workspace(train_pairs: PairSet, test_pairs: PairSet) -> Workspace:
    return Workspace(train_pairs, {"synthetic": test_pairs})


@pytest.fixture
def random_batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Visible, infrared and fused in [-1, 1]."""
    rng = np.random.default_rng(3)
    shapes = ((2, 3, 64, 72), (2, 1, 64, 72), (2, 3, 64, 72))
    return tuple(torch.from_numpy(rng.random(shape, dtype=np.float32) * 2 - 1) for shape in shapes)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The one browser of all tests: a second one cannot start beside it."""
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on PATH to draw the page with")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install -e '.[dev]')"
    )
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
