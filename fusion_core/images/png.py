"""Images as PNG."""

from __future__ import annotations

import numpy as np


def png(image: np.ndarray) -> bytes:
    """Encode uint8 (H, W) or (H, W, 3) in RGB order."""
    import cv2

    ok, encoded = cv2.imencode(".png", image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not ok:
        raise ValueError(
            f"an image of shape {image.shape} and type {image.dtype} must encode as PNG, but OpenCV refused"
        )
    return encoded.tobytes()
