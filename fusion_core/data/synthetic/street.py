"""Composes a street: weather, sky, ground, and what stands there, from far to near."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from fusion_core.data.synthetic import props
from fusion_core.data.synthetic.scene import RGB, Camera, Canvas, Paint, Weather, noise


def draw_weather(rng: np.random.Generator) -> Weather:
    """Draw day (one in eight of them in fog), dusk or night."""
    kind = rng.random()
    if kind < 0.42:
        blue = rng.uniform(0.0, 0.14)
        return Weather(True, (0.1, 0.11 + 0.3 * blue, 0.13 + blue), (6, 8, 16), (24, 24, 34), 0.1, 0.0, 0.0, 0.2)
    sun = float(rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.6))
    clouds, glare = rng.uniform(0.1, 0.9), rng.uniform(0.0, 0.9) * (rng.random() < 0.35)
    if kind < 0.56:
        return Weather(False, (0.68, 0.6, 0.6), (92, 104, 150), (226, 176, 136), 0.35, 0.0, 0.0, clouds)
    if kind < 0.63:
        return Weather(False, (0.8, 0.82, 0.84), (190, 194, 198), (204, 207, 210), 1.0, 0.0, 0.0, 0.1)
    return Weather(False, (1.0, 0.97, 0.92), (98, 146, 206), (206, 218, 228), rng.uniform(0.2, 0.5), sun, glare, clouds)


def draw_street(rng: np.random.Generator, height: int, width: int) -> tuple[Canvas, list[tuple[float, float, float]]]:
    """Return the painted canvas and where the lamps' light comes from, in metres."""
    camera = Camera(height, width, height * rng.uniform(0.4, 0.54), width * rng.uniform(0.3, 0.7))
    canvas = Canvas(camera, draw_weather(rng))
    half = rng.uniform(3.0, 5.6)
    middle = rng.uniform(-0.5, 0.5) * half
    _sky(canvas, rng)
    _skyline(canvas, rng)
    _ground(canvas, rng, middle, half)
    lamps: list[tuple[float, float, float]] = []
    things = [
        *_buildings(rng, camera, middle, half),
        *_roadside(rng, camera, middle, half, lamps),
        *_traffic(rng, camera, middle, half),
    ]
    for _, paint in sorted(things, key=lambda thing: -thing[0]):
        paint(canvas, rng)
    return canvas, lamps


Thing = tuple[float, Callable[[Canvas, np.random.Generator], object]]


def _at(thing: Callable[..., object], x: float, z: float, **more: object) -> Thing:
    def paint(canvas: Canvas, rng: np.random.Generator) -> object:
        return thing(canvas, rng, x, z, **more)

    return z, paint


def _sky(canvas: Canvas, rng: np.random.Generator) -> None:
    weather, rows = canvas.weather, int(canvas.camera.horizon) + 1
    ramp = (np.arange(rows, dtype=np.float32) / rows)[:, None, None]
    top, low = (np.array(color, np.float32) for color in (weather.sky_top, weather.sky_low))
    color = np.broadcast_to(top + (low - top) * ramp, (rows, canvas.camera.width, 3))
    cell = max(4, canvas.camera.width // 7)
    wisps = noise(rng, rows, canvas.camera.width, cell) + 0.6 * noise(rng, rows, canvas.camera.width, cell // 3 + 1)
    cloud = np.clip((wisps + 2 * weather.clouds - 0.9) * 0.8, 0, 1)[..., None] * (0.25 + 0.75 * ramp)
    white = np.array((52, 50, 56) if weather.night else (236, 236, 238), np.float32)
    canvas.surface[:rows, :, :3] = (color + (white - color) * cloud * 0.8).astype(np.uint8)
    cold = (8 if weather.night else 20) + 26 * ramp[..., 0] + 46 * cloud[..., 0]
    canvas.surface[:rows, :, 3] = cold.astype(np.uint8)


def _skyline(canvas: Canvas, rng: np.random.Generator) -> None:
    camera = canvas.camera
    count = int(rng.integers(10, 22))
    for distance, color, heat in ((140.0, (96, 112, 120), 78.0), (90.0, (70, 88, 66), 92.0)):
        columns = np.linspace(0, camera.width, count)
        rise = rng.uniform(0.02, 0.11, count) * camera.height
        if rng.random() < 0.5:
            columns, rise = np.repeat(columns, 2)[1:-1], np.repeat(rise[:-1], 2)
        ridge = np.stack([columns, camera.horizon - rise], axis=1)
        feet = np.array([(camera.width, camera.horizon + 2), (0, camera.horizon + 2)])
        warm = heat - (30 if canvas.weather.night else 0)
        canvas.fill([np.concatenate([ridge, feet])], Paint(color, warm, 70), distance)


def _ground(canvas: Canvas, rng: np.random.Generator, middle: float, half: float) -> None:
    camera, night = canvas.camera, canvas.weather.night
    near, far = 0.5 * camera.nearest, 400.0
    first = int(camera.horizon) + 1
    depth = np.arange(camera.height - first, dtype=np.float32) / max(1, camera.height - first)
    cool = -46.0 if night else 0.0
    verge: RGB = ((96, 108, 62), (124, 120, 106))[int(rng.random() < 0.5)]
    canvas.surface[first:] = (*verge, 100 + cool)
    walk = half + rng.uniform(1.6, 2.8)
    asphalt = rng.uniform(82, 112)

    def strip(left: float, right: float, paint: Paint, start: float = near, end: float = far) -> None:
        canvas.ground(
            [(middle + left, start), (middle + right, start), (middle + right, end), (middle + left, end)], paint
        )

    strip(-walk, walk, Paint((158, 152, 144), 118 + cool))
    strip(-half - 0.16, half + 0.16, Paint((186, 182, 174), 126 + cool))
    strip(-half, half, Paint((asphalt, asphalt, asphalt + 4), 138 + cool))
    for track in (-0.68, -0.32, 0.32, 0.68):
        strip(track * half - 0.22, track * half + 0.22, Paint((0.9 * asphalt,) * 3, 146 + cool))
    for _ in range(int(rng.integers(0, 4))):
        left, start = rng.uniform(-0.8, 0.5) * half, rng.uniform(1.0, 5.0) * camera.nearest
        strip(left, left + rng.uniform(0.6, 1.8), Paint((0.72 * asphalt,) * 3, 130 + cool), start, start * 1.3)
    white = Paint((226, 224, 214), 131 + cool)
    phase = rng.uniform(0, 6)
    for start in np.arange(camera.nearest * 0.5 - phase, 90, 6.0):
        if start + 2.6 > near:
            strip(-0.08, 0.08, white, max(near, start), start + 2.6)
    for edge in (-1, 1):
        strip(edge * (half - 0.3) - 0.06, edge * (half - 0.3) + 0.06, white)
    if rng.random() < 0.35:
        start = rng.uniform(1.6, 3.2) * camera.nearest
        for left in np.arange(-half + 0.4, half - 0.6, 1.0):
            strip(left, left + 0.5, white, start, start + 2.6)
    canvas.effect[first:, :, 3] = (26 + 66 * depth)[:, None].astype(np.uint8)


def _buildings(rng: np.random.Generator, camera: Camera, middle: float, half: float) -> list[Thing]:
    things: list[Thing] = []
    for side in (-1, 1):
        if rng.random() < 0.2:
            continue
        z = camera.nearest * rng.uniform(1.0, 2.6)
        while z < 75:
            length = rng.uniform(9, 24)
            if rng.random() < 0.8:
                x = middle + side * (half + rng.uniform(3.2, 6.0))
                # by its far end: objects in front of the wall are nearer to the road
                things.append((z + length, partial(_building, x, z, z + length)))
            z += length + rng.uniform(0.0, 9.0)
    return things


def _building(x: float, near: float, far: float, canvas: Canvas, rng: np.random.Generator) -> None:
    props.building(canvas, rng, x, near, far)


def _roadside(
    rng: np.random.Generator, camera: Camera, middle: float, half: float, lamps: list[tuple[float, float, float]]
) -> list[Thing]:
    """Trees, bushes, lamps, signs, parked cars and walkers to both sides; a painted lamp adds itself to `lamps`."""
    things: list[Thing] = []
    spacing, leafy = rng.uniform(9, 17), rng.uniform(0.1, 0.9)
    for side in (-1, 1):
        for z in np.arange(camera.nearest * rng.uniform(1.2, 2.4), 80, spacing):
            x, depth = middle + side * (half + rng.uniform(0.9, 1.5)), float(z + rng.uniform(-1, 1))
            if rng.random() < leafy:
                things.append(_at(props.tree, x + side * 0.9, depth))
            if rng.random() < 0.4 * leafy:
                things.append(_at(props.bush, x + side * 1.2, depth + 2))
            if rng.random() < 0.55:
                things.append((depth + 4, partial(_lamp, lamps, middle + side * (half + 0.5), depth + 4)))
            if rng.random() < 0.16:
                things.append(_at(props.sign, middle + side * (half + 0.6), depth + 1))
        if rng.random() < 0.5:
            for z in np.arange(camera.nearest * rng.uniform(1.3, 2.2), 60, 6.2):
                if rng.random() < 0.6:
                    spot = middle + side * (half - 1.05)
                    things.append(_at(props.car, spot, float(z), oncoming=side < 0, running=False))
        for _ in range(int(rng.integers(0, 4))):
            z = camera.nearest * rng.uniform(1.25, 5.0)
            things.append(_at(props.person, middle + side * (half + rng.uniform(0.4, 1.6)), z))
    return things


def _lamp(
    lamps: list[tuple[float, float, float]], x: float, z: float, canvas: Canvas, rng: np.random.Generator
) -> None:
    lamps.append(props.lamp(canvas, rng, x, z))


def _traffic(rng: np.random.Generator, camera: Camera, middle: float, half: float) -> list[Thing]:
    things: list[Thing] = []
    for oncoming in (False, True):
        lane = middle + (-0.42 if oncoming else 0.42) * half
        z = camera.nearest * rng.uniform(1.4, 4.0)
        for _ in range(int(rng.integers(0, 4))):
            things.append(_at(props.car, lane + rng.uniform(-0.3, 0.3), z, oncoming=oncoming, running=True))
            z += rng.uniform(7, 22)
    for _ in range(int(rng.integers(0, 3))):
        z = camera.nearest * rng.uniform(1.4, 4.5)
        things.append(_at(props.person, middle + rng.uniform(-0.9, 0.9) * half, z))
    return things
