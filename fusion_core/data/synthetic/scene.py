"""A street seen by two cameras at once: every surface is painted with its colour and with its warmth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

RGB = tuple[float, float, float]
SHIFT = 4
CIRCLE = np.stack([np.cos(np.arange(14) * np.pi / 7), np.sin(np.arange(14) * np.pi / 7)], axis=1)


class Paint(NamedTuple):
    """A surface: colour and warmth in 0..255, strength of its texture in 0..255, light it gives off in 0..255."""

    color: RGB
    heat: float
    rough: float = 0.0
    glow: RGB = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Weather:
    """Light and air of a scene. `sun` is how far shadows fall to the right per metre of height; 0 casts none."""

    night: bool
    ambient: RGB
    sky_top: RGB
    sky_low: RGB
    haze: float
    sun: float
    glare: float
    clouds: float


@dataclass(frozen=True)
class Camera:
    """A pinhole at `eye` metres above flat ground; x right, y up, z ahead in metres, pixels out."""

    height: int
    width: int
    horizon: float
    vanishing: float
    eye: float = 1.8

    @property
    def focal(self) -> float:
        """In pixels; limited by the narrower direction, so that wide and tall pictures have the same frame."""
        return 0.95 * min(self.width, 1.4 * self.height)

    @property
    def nearest(self) -> float:
        """Depth of the ground at the lower edge of the picture, in metres."""
        return self.focal * self.eye / (self.height - self.horizon)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return the pixel positions (..., 2) of points (..., 3); points behind the camera are moved in front of it."""
        scale = self.focal / np.maximum(points[..., 2], 0.25 * self.nearest)
        pixels = np.empty((*points.shape[:-1], 2))
        pixels[..., 0] = self.vanishing + points[..., 0] * scale
        pixels[..., 1] = self.horizon + (self.eye - points[..., 1]) * scale
        return pixels

    def facing(self, x: float, y: float, z: float, outline: np.ndarray) -> np.ndarray:
        """Return the pixel positions of a flat outline (n, 2), right and up in metres, around a point."""
        scale = self.focal / max(z, 0.25 * self.nearest)
        origin = (self.vanishing + x * scale, self.horizon + (self.eye - y) * scale)
        return outline * (scale, -scale) + origin

    def on_ground(self, corners: Sequence[tuple[float, float]]) -> np.ndarray:
        """Return the pixel positions of ground points (x, z)."""
        return self.project(np.array([(x, 0.0, z) for x, z in corners]))


class Canvas:
    """Both pictures in the making: `surface` (H, W, red green blue heat), `effect` (H, W, glow RGB, rough), uint8."""

    def __init__(self, camera: Camera, weather: Weather) -> None:
        self.camera = camera
        self.weather = weather
        self.surface = np.zeros((camera.height, camera.width, 4), np.uint8)
        self.effect = np.zeros((camera.height, camera.width, 4), np.uint8)

    def fill(self, polygons: Sequence[np.ndarray] | np.ndarray, paint: Paint, z: float) -> None:
        """Paint polygons of pixel positions (n, points, 2) that lie `z` metres away; they must not overlap."""
        fixed = [_fixed(polygon) for polygon in polygons]
        if not fixed:
            return
        veil = self._veil(z)
        color = [
            value * (1 - veil) + hazy * veil for value, hazy in zip(paint.color, self.weather.sky_low, strict=True)
        ]
        cv2.fillPoly(self.surface, fixed, (*color, paint.heat), cv2.LINE_8, SHIFT)
        cv2.fillPoly(self.effect, fixed, (*paint.glow, paint.rough * (1 - veil)), cv2.LINE_8, SHIFT)

    def upright(self, x: float, z: float, outline: Sequence[tuple[float, float]], paint: Paint) -> None:
        """Paint a flat shape that faces the camera: (right, up) in metres from a point on the ground."""
        self.fill([self.camera.facing(x, 0.0, z, np.array(outline))], paint, z)

    def disc(self, x: float, y: float, z: float, radius: float, paint: Paint, stretch: float = 1.0) -> None:
        """Paint a disc that faces the camera, `radius` metres high and `stretch` times as wide."""
        self.fill([self.camera.facing(x, y, z, CIRCLE * (radius * stretch, radius))], paint, z)

    def solid(self, points: Sequence[tuple[float, float, float]], paint: Paint) -> None:
        """Paint a flat shape in space, (x, y, z) in metres."""
        shape = np.array(points)
        self.fill([self.camera.project(shape)], paint, float(shape[0, 2]))

    def ground(self, corners: Sequence[tuple[float, float]], paint: Paint) -> None:
        """Paint a shape on the ground, (x, z) in metres; the ground keeps the texture that it has."""
        points = _fixed(self.camera.on_ground(corners))
        cv2.fillPoly(self.surface, [points], (*paint.color, paint.heat), cv2.LINE_8, SHIFT)

    def shadow(self, x: float, z: float, half: float, tall: float, strength: float = 0.45) -> None:
        """Darken the ground where an object of this half width and height blocks the sun."""
        reach = self.weather.sun * tall
        if not reach:
            return
        behind = z + 0.35 * tall
        self.darken([(x - half, z), (x + half, z), (x + half + reach, behind), (x - half + reach, behind)], strength)

    def darken(self, corners: Sequence[tuple[float, float]], strength: float) -> None:
        """Take `strength` of the colour, not of the heat, inside a shape on the ground, (x, z) in metres."""
        points = self.camera.on_ground(corners)
        low = np.maximum(np.floor(points.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 1, (self.camera.width, self.camera.height))
        if (high <= low).any():
            return
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        cv2.fillPoly(mask, [_fixed(points - low)], (round(255 * strength),), cv2.LINE_8, SHIFT)
        patch = self.surface[low[1] : high[1], low[0] : high[0], :3]
        patch[...] = (patch.astype(np.uint16) * (255 - mask[..., None].astype(np.uint16)) // 255).astype(np.uint8)

    def _veil(self, z: float) -> float:
        """Share of the air's colour over an object `z` metres away."""
        return self.weather.haze * z / (z + 40.0)


def noise(rng: np.random.Generator, height: int, width: int, cell: int) -> np.ndarray:
    """Return smooth noise (H, W) float32 in -1..1 whose features are about `cell` pixels wide."""
    grid = rng.integers(0, 256, (height // cell + 2, width // cell + 2), dtype=np.uint8)
    # INTER_LINEAR_EXACT gives the same bytes on every machine
    large = cv2.resize(grid, (grid.shape[1] * cell, grid.shape[0] * cell), interpolation=cv2.INTER_LINEAR_EXACT)
    return large[:height, :width].astype(np.float32) / 127.5 - 1


def _fixed(points: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.rint(points * (1 << SHIFT)).astype(np.int32)
    return result
