"""Image folders to test on, and the real pairs where a checkout has them beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Write = Callable[..., Path]


@pytest.fixture
def write() -> Write:
    """Write an image (RGB or grey) or raw bytes to a path, making its folder."""

    def write_image(path: Path, content: np.ndarray | bytes | None = None, size: tuple[int, int] = (6, 8)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            content = np.full(size, 100, np.uint8)
        if isinstance(content, bytes):
            path.write_bytes(content)
            return path
        done, data = cv2.imencode(path.suffix, content[..., ::-1] if content.ndim == 3 else content)
        assert done
        path.write_bytes(data.tobytes())
        return path

    return write_image


@pytest.fixture
def shared_data() -> Path:
    """The folder of real pairs beside the checkout; the test is skipped where there is none."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return folder
