"""The embedded data set: street scenes by day and night from a seed, with no file needed.

Visible has texture, colour, shadows, lamps, glare and noise; infrared shares its geometry but not its contrast: people,
engines and tyres are hot, the sky is cold, paint and shadows are hardly visible. So metrics trade off as on real pairs.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from fusion_core.config import SyntheticConfig
from fusion_core.data.dataset import PairSet
from fusion_core.data.stack import check_memory
from fusion_core.data.synthetic.scene import Canvas, noise
from fusion_core.data.synthetic.street import draw_street
from fusion_core.errors import DataError

SMALLEST = 16
OVERSAMPLING = 2
SPLITS = {"train": 0, "test": 1}


def synthetic_pairs(split: Literal["train", "test"], config: SyntheticConfig, limit: int | None = None) -> PairSet:
    """Return the first `limit` scenes of a split; a scene depends only on seed, split, index and size."""
    height, width = config.size
    if min(height, width) < SMALLEST:
        raise DataError(f"data.synthetic.size must be at least {SMALLEST}x{SMALLEST}, but got {height}x{width}")
    count = min(getattr(config, split), limit or getattr(config, split))
    check_memory("synthetic", count, 4 * height * width)
    visible = np.empty((count, 3, height, width), np.uint8)
    infrared = np.empty((count, 1, height, width), np.uint8)
    for index in range(count):
        color, heat = synthetic_pair(np.random.default_rng((config.seed, SPLITS[split], index)), height, width)
        visible[index], infrared[index, 0] = color.transpose(2, 0, 1), heat
    return PairSet("synthetic", split, tuple(f"scene_{index:04}" for index in range(count)), visible, infrared)


def synthetic_pair(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one scene: visible (H, W, 3) RGB and infrared (H, W), uint8."""
    canvas, lamps = draw_street(rng, height * OVERSAMPLING, width * OVERSAMPLING)
    surface, effect = _smaller(canvas.surface), _smaller(canvas.effect)
    return _visible(rng, canvas, lamps, surface, effect), _infrared(rng, canvas, surface, effect)


def _visible(
    rng: np.random.Generator,
    canvas: Canvas,
    lamps: list[tuple[float, float, float]],
    surface: np.ndarray,
    effect: np.ndarray,
) -> np.ndarray:
    height, width = surface.shape[:2]
    weather = canvas.weather
    grain = 0.6 * noise(rng, height, width, 2) + 0.5 * noise(rng, height, width, 5)
    grain += 0.3 * noise(rng, height, width, max(8, width // 12))
    texture = 1 + grain * effect[..., 3].astype(np.float32) * np.float32(0.45 / 255)
    light = np.broadcast_to(np.array(weather.ambient, np.float32), (height, width, 3))
    if weather.night:
        light = light + _lamplight(canvas, lamps, height, width)[..., None] * np.array((1.0, 0.86, 0.62), np.float32)
    image = surface[..., :3].astype(np.float32) * light * texture[..., None]
    glow = np.ascontiguousarray(effect[..., :3])
    if glow.any():
        image += glow.astype(np.float32) + np.float32(0.7) * _halo(glow)
    if weather.glare:
        image += _glare(rng, height, width)[..., None] * np.float32(230 * weather.glare)
    strength = rng.uniform(3.5, 7.0) if weather.night else rng.uniform(1.0, 2.5)
    image += rng.standard_normal((height, width, 3), np.float32) * np.float32(strength)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _infrared(rng: np.random.Generator, canvas: Canvas, surface: np.ndarray, effect: np.ndarray) -> np.ndarray:
    height, width = surface.shape[:2]
    heat = cv2.GaussianBlur(np.ascontiguousarray(surface[..., 3]), (0, 0), max(0.5, width / 320)).astype(np.float32)
    leaves = noise(rng, height, width, 3) * effect[..., 3].astype(np.float32)
    heat += leaves * np.float32(0.1) + 7 * noise(rng, height, width, max(4, width // 4))
    # a long-wave camera stretches its range to the scene: some show the background, some little but the hot
    if rng.random() < (0.6 if canvas.weather.night else 0.3):
        heat = np.maximum(heat - np.float32(rng.uniform(10, 35)), 0)
        heat = heat * (np.float32(rng.uniform(0.2, 0.4)) + heat * np.float32(0.8 / 255))
    else:
        heat = heat * np.float32(rng.uniform(0.9, 1.1)) + np.float32(rng.uniform(-5, 18))
    columns = rng.standard_normal((1, width), np.float32) * np.float32(rng.uniform(0.3, 1.0))
    heat += columns + rng.standard_normal((height, width), np.float32) * np.float32(rng.uniform(1.0, 2.4))
    return np.clip(np.rint(heat), 0, 255).astype(np.uint8)


def _lamplight(canvas: Canvas, lamps: list[tuple[float, float, float]], height: int, width: int) -> np.ndarray:
    """Light of lamps on objects near them, and of the camera's own headlights on the road ahead, as a factor."""
    camera = canvas.camera
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    light = np.zeros((height, width), np.float32)
    pools = [(x, 0.0, z, 3.4, 1.0, 0.95) for x, _, z in lamps] + [(x, y, z, 1.6, 1.6, 0.8) for x, y, z in lamps]
    pools.append((0.0, 0.0, 1.6 * camera.nearest, 2.6, 0.7, 0.7))
    for x, y, z, wide, tall, strength in pools:
        column, row = camera.project(np.array((x, y, z))) / OVERSAMPLING
        scale = camera.focal / z / OVERSAMPLING
        across, down = (columns - np.float32(column)) / (wide * scale), (rows - np.float32(row)) / (tall * scale)
        falloff = 1 + across * across + down * down
        light += np.float32(strength) / (falloff * falloff)
    return light


def _halo(glow: np.ndarray) -> np.ndarray:
    """Spread light over its surroundings, near by and far; the far part at a quarter of the size, for speed."""
    height, width = glow.shape[:2]
    sigma = max(0.6, width / 60)
    quarter = cv2.resize(glow, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    far = cv2.resize(
        cv2.GaussianBlur(quarter, (0, 0), 0.75 * sigma), (width, height), interpolation=cv2.INTER_LINEAR_EXACT
    )
    return cv2.GaussianBlur(glow, (0, 0), sigma).astype(np.float32) + far


def _glare(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    column, row = rng.uniform(0.1, 0.9) * width, rng.uniform(0.0, 0.3) * height
    across = (np.arange(width, dtype=np.float32) - np.float32(column))[None, :] / np.float32(0.3 * width)
    down = (np.arange(height, dtype=np.float32) - np.float32(row))[:, None] / np.float32(0.3 * width)
    return 1 / (1 + across * across + down * down)


def _smaller(image: np.ndarray) -> np.ndarray:
    """Return the image at half its size, the mean of four pixels, in integers so that every machine agrees."""
    wide = image.astype(np.uint16)
    return ((wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2] + 2) >> 2).astype(np.uint8)
