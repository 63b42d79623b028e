"""Small real-looking pairs, so that no test needs files."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fusion_core.config import SyntheticConfig
from fusion_core.data.dataset import PairSet
from fusion_core.data.synthetic.pairs import synthetic_pairs
from fusion_core.workspace import Workspace, configure_process

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give tests that run alone to the first of several workers: what it has last is what the others take over."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("alone") is None)


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let one test marked `alone` run at a time, whatever the number of workers."""
    if request.node.get_closest_marker("alone") is None or not hasattr(request.config, "workerinput"):
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    configure_process("cpu")


@pytest.fixture(autouse=True, scope="session")
def ray_token() -> None:
    """Make the token that Ray would make, whole at once: two Rays that start together may read half of it."""
    token = Path.home() / ".ray" / "auth_token"
    if "RAY_AUTH_TOKEN_PATH" in os.environ or token.exists():
        return
    token.parent.mkdir(exist_ok=True)
    draft = token.with_name(f"auth_token.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    with suppress(FileExistsError):  # the other worker was first
        token.hardlink_to(draft)
    draft.unlink()


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
