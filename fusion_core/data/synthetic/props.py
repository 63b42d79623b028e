"""What stands in the street. Sizes in metres; `x` right and `z` ahead of the camera."""

from __future__ import annotations

import numpy as np

from fusion_core.data.synthetic.scene import RGB, Canvas, Paint

CAR_COLORS: tuple[RGB, ...] = (
    (225, 226, 224),
    (158, 162, 168),
    (62, 66, 74),
    (30, 31, 36),
    (150, 34, 30),
    (38, 70, 138),
    (196, 180, 144),
    (36, 88, 62),
)
CLOTHES: tuple[RGB, ...] = (
    (196, 48, 40),
    (42, 72, 150),
    (230, 226, 216),
    (44, 44, 50),
    (214, 168, 52),
    (70, 112, 74),
    (120, 96, 130),
)
WALLS: tuple[RGB, ...] = (
    (176, 148, 122),
    (150, 92, 74),
    (198, 192, 180),
    (136, 142, 148),
    (186, 166, 132),
    (112, 106, 104),
)


def shaded(color: RGB, factor: float) -> RGB:
    """Return the colour times a factor, within 0..255."""
    red, green, blue = (min(255.0, value * factor) for value in color)
    return red, green, blue


def pick(rng: np.random.Generator, colors: tuple[RGB, ...]) -> RGB:
    return colors[int(rng.integers(len(colors)))]


def box(left: float, low: float, right: float, high: float) -> list[tuple[float, float]]:
    return [(left, low), (right, low), (right, high), (left, high)]


def person(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A walker: bright in infrared, and at night little more than a shape in visible light."""
    tall = rng.uniform(1.6, 1.88)
    stride = rng.uniform(0.08, 0.34)
    coat, trousers = pick(rng, CLOTHES), shaded(pick(rng, CLOTHES), 0.55)
    skin = shaded((224, 178, 148), rng.uniform(0.5, 1.0))
    warm = rng.uniform(196, 226)
    hip, shoulder, width = 0.5 * tall, 0.83 * tall, rng.uniform(0.2, 0.26)
    canvas.shadow(x, z, 0.22, tall)
    for foot in (-stride, stride):
        thigh = 0.07 if foot > 0 else -0.07
        leg = [(foot - 0.08, 0.0), (foot + 0.1, 0.0), (thigh + 0.09, hip), (thigh - 0.09, hip)]
        canvas.upright(x, z, leg, Paint(trousers, warm - 28, 20))
    arm = 0.5 * stride
    for side in (-1, 1):
        sleeve = [(side * width, shoulder), (side * (width + 0.08), shoulder - 0.04)]
        sleeve += [(side * (width + 0.08) + arm, hip - 0.05), (side * (width - 0.02) + arm, hip - 0.05)]
        canvas.upright(x, z, sleeve, Paint(shaded(coat, 0.8), warm - 16, 20))
    torso = [(-0.17, hip - 0.06), (0.17, hip - 0.06), (width, shoulder), (0.08, shoulder + 0.05)]
    torso += [(-0.08, shoulder + 0.05), (-width, shoulder)]
    canvas.upright(x, z, torso, Paint(coat, warm, 30))
    canvas.disc(x, 0.925 * tall, z, 0.075 * tall, Paint(skin, 250), 0.8)
    canvas.disc(x, 0.965 * tall, z, 0.045 * tall, Paint((46, 34, 28), warm - 10), 1.2)


def car(canvas: Canvas, rng: np.random.Generator, x: float, z: float, oncoming: bool, running: bool) -> None:
    """A car from behind or in front, its near flank in perspective; tyres, engine and exhaust are hot if it runs."""
    night = canvas.weather.night
    color = pick(rng, CAR_COLORS)
    high, wide, far = rng.uniform(1.4, 1.75), rng.uniform(0.84, 0.94), z + rng.uniform(3.6, 4.6)
    cold = 48.0 if night else 112.0
    body = cold + (rng.uniform(20, 46) if running else rng.uniform(-14, 16))
    tyre = Paint((24, 24, 26), 176 if running else cold)
    glass = Paint(shaded((66, 80, 94), rng.uniform(0.6, 1.2)), cold - 26)
    canvas.shadow(x, z, wide, high)
    canvas.darken([(x - wide, z - 0.2), (x + wide, z - 0.2), (x + wide, far), (x - wide, far)], 0.65)
    if running:
        spill = [(x - 0.45, z - 0.25), (x + 0.45, z - 0.25), (x + 0.5, far), (x - 0.5, far)]
        canvas.ground(spill, Paint((26, 26, 28), cold + 50))
    _flank(canvas, x, z, far, wide, high, Paint(shaded(color, 0.66), body - 8), glass, tyre)
    for side in (-1, 1):
        canvas.upright(x, z, box(side * 0.68 - 0.14, 0.0, side * 0.68 + 0.14, 0.36), tyre)
    lower = [(-wide, 0.24), (wide, 0.24), (wide, 0.78), (0.95 * wide, 0.9), (-0.95 * wide, 0.9), (-wide, 0.78)]
    canvas.upright(x, z, lower, Paint(color, body, 6))
    cabin = [(-0.88 * wide, 0.9), (0.88 * wide, 0.9), (0.68 * wide, high), (-0.68 * wide, high)]
    canvas.upright(x, z, cabin, Paint(shaded(color, 1.08), body + 4, 6))
    pane = [(-0.76 * wide, 0.93), (0.76 * wide, 0.93), (0.6 * wide, high - 0.09), (-0.6 * wide, high - 0.09)]
    canvas.upright(x, z, pane, glass)
    canvas.upright(x, z, box(-wide, 0.24, wide, 0.4), Paint((40, 40, 44), body - 10))
    canvas.upright(x, z, box(-0.26, 0.44, 0.26, 0.56), Paint((222, 222, 214), cold - 10))
    if oncoming and running:
        canvas.upright(x, z, box(-0.42, 0.58, 0.42, 0.74), Paint((30, 30, 32), 236))
    elif running:
        canvas.upright(x, z, box(0.3, 0.2, 0.52, 0.34), Paint((60, 60, 62), 250))
    _lights(canvas, x, z, wide, oncoming, running, cold)


def _flank(
    canvas: Canvas, x: float, z: float, far: float, wide: float, high: float, side: Paint, glass: Paint, tyre: Paint
) -> None:
    """Paint the side of a car that can be seen: the one towards the middle of the picture."""
    inward = -1 if x > 0 else 1
    edge, roof, deep = x + inward * wide, x + inward * 0.68 * wide, far - z
    canvas.solid([(edge, 0.28, z), (edge, 0.28, far), (edge, 0.82, far), (edge, 0.88, z)], side)
    top = high - 0.04
    canvas.solid([(edge, 0.88, z), (edge, 0.84, z + 0.8 * deep), (roof, top, z + 0.6 * deep), (roof, high, z)], side)
    low, front = high - 0.1, z + 0.3
    pane = [(edge, 0.95, front), (edge, 0.92, z + 0.7 * deep), (roof, low, z + 0.55 * deep), (roof, low, front)]
    canvas.solid(pane, glass)
    for start in (z + 0.12 * deep, z + 0.72 * deep):
        wheel = [(0.0, 0.0), (0.0, 0.55), (0.56, 0.5), (0.56, 0.05)]
        canvas.solid([(edge, up, start + along) for up, along in wheel], tyre)


def _lights(canvas: Canvas, x: float, z: float, wide: float, oncoming: bool, running: bool, cold: float) -> None:
    lit = running and (canvas.weather.night or oncoming)
    color: RGB = (250, 246, 226) if oncoming else (196, 30, 26)
    glow: RGB = (0.0, 0.0, 0.0)
    if lit:
        glow = ((255, 246, 214) if oncoming else (235, 40, 28)) if canvas.weather.night else shaded(color, 0.35)
    for side in (-1, 1):
        spot = box(side * 0.78 * wide - 0.13, 0.64, side * 0.78 * wide + 0.13, 0.8)
        canvas.upright(x, z, spot, Paint(color, cold + (70 if running and oncoming else 24), 0, glow))


def tree(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """Trunk and a crown of leaf clumps, lighter to the top; its warmth is that of the air."""
    night = canvas.weather.night
    trunk, tall = rng.uniform(1.4, 2.6), rng.uniform(4.0, 8.5)
    wide = rng.uniform(0.35, 0.55) * (tall - trunk)
    green = pick(rng, ((74, 108, 44), (58, 96, 52), (96, 118, 48), (120, 104, 50)))
    air = rng.uniform(58, 74) if night else rng.uniform(96, 124)
    canvas.shadow(x, z, 0.5 * wide, 0.7 * tall)
    bole = [(-0.17, 0.0), (0.17, 0.0), (0.1, trunk + 0.6), (-0.1, trunk + 0.6)]
    canvas.upright(x, z, bole, Paint((74, 58, 46), air + 14, 90))
    middle, half = (trunk + tall) / 2, (tall - trunk) / 2
    clumps = [(rng.uniform(-0.75, 0.75), rng.uniform(-0.8, 0.8)) for _ in range(18 if z < 25 else 9)]
    for right, up in sorted(clumps, key=lambda clump: clump[1]):
        size = half * rng.uniform(0.26, 0.46) * (1.15 - 0.4 * abs(up))
        leaf = Paint(shaded(green, 0.72 + 0.34 * up + rng.uniform(-0.12, 0.12)), air + 10 * right, 190)
        canvas.disc(x + right * wide * (1.1 - 0.45 * abs(up)), middle + up * half, z, size, leaf, 1.15)


def bush(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    air = 64.0 if canvas.weather.night else 104.0
    for _ in range(6):
        leaf = Paint(shaded((76, 104, 50), rng.uniform(0.6, 1.1)), air + rng.uniform(-8, 8), 200)
        canvas.disc(x + rng.uniform(-0.8, 0.8), rng.uniform(0.3, 0.75), z, rng.uniform(0.35, 0.6), leaf, 1.2)


def lamp(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> tuple[float, float, float]:
    """A street lamp whose arm reaches over the road; returns where its light comes from, in metres."""
    night = canvas.weather.night
    tall, reach = rng.uniform(5.0, 6.5), -np.sign(x) * rng.uniform(1.0, 1.8)
    iron = Paint((84, 88, 92), 44 if night else 118)
    canvas.shadow(x, z, 0.07, tall, 0.35)
    canvas.upright(x, z, box(-0.07, 0.0, 0.07, tall), iron)
    canvas.upright(x, z, [(0.0, tall), (reach, tall + 0.18), (reach, tall + 0.3), (0.0, tall + 0.12)], iron)
    glow: RGB = (255, 226, 168) if night else (0.0, 0.0, 0.0)
    head = Paint((236, 232, 214), 150 if night else 96, 0, glow)
    canvas.upright(x, z, box(reach - 0.36, tall + 0.1, reach + 0.36, tall + 0.32), head)
    return x + float(reach), tall, z


def sign(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A traffic sign: painted in colour, a blank cold plate in infrared."""
    high = rng.uniform(2.1, 2.7)
    plate = 34.0 if canvas.weather.night else 66.0
    rim, face = (((196, 30, 34), (236, 236, 232)), ((32, 70, 160), (36, 84, 186)), ((214, 168, 30), (228, 186, 40)))[
        int(rng.integers(3))
    ]
    canvas.shadow(x, z, 0.06, high, 0.35)
    canvas.upright(x, z, box(-0.04, 0.0, 0.04, high), Paint((120, 122, 124), plate + 40))
    canvas.disc(x, high, z, 0.42, Paint(rim, plate))
    canvas.disc(x, high, z, 0.3, Paint(face, plate))
    canvas.upright(x, z, box(-0.18, high - 0.05, 0.18, high + 0.05), Paint((30, 30, 34), plate))


def building(canvas: Canvas, rng: np.random.Generator, x: float, near: float, far: float) -> None:
    """A house beside the road, from `near` to `far`: the wall along the road and the wall that faces the camera."""
    night, sun = canvas.weather.night, canvas.weather.sun
    high, deep = rng.uniform(5.0, 17.0), np.sign(x) * rng.uniform(7.0, 16.0)
    wall = pick(rng, WALLS)
    warm = rng.uniform(66, 96) if night else rng.uniform(104, 150)
    # with the sun on the left, the walls on the right side of the street are lit
    facing_sun = sun * x > 0
    along = Paint(shaded(wall, 1.08 if facing_sun else 0.74), warm + (22 if facing_sun and not night else 0), 64)
    front = Paint(shaded(wall, 0.88), warm - 6, 64)
    style = (rng.uniform(2.4, 3.4), rng.uniform(2.0, 3.6), rng.uniform(0.25, 0.42), rng.uniform(0.1, 0.55))
    _wall(canvas, rng, (x, near), (x, far), high, along, style)
    _wall(canvas, rng, (x, near), (x + deep, near), high, front, style)


def _wall(
    canvas: Canvas,
    rng: np.random.Generator,
    start: tuple[float, float],
    end: tuple[float, float],
    high: float,
    paint: Paint,
    style: tuple[float, float, float, float],
) -> None:
    """Paint a wall from one ground point (x, z) to another, with windows: (floor, bay, half pane, share lit)."""
    floor, bay, pane, lit = style
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    middle = (start[1] + end[1]) / 2

    def quads(left: np.ndarray, right: np.ndarray, low: np.ndarray, top: np.ndarray) -> np.ndarray:
        share = np.stack([left, right, right, left], axis=-1)[..., None] / length
        corners = np.array((start[0], 0.0, start[1])) + share * (end[0] - start[0], 0.0, end[1] - start[1])
        corners[..., 1] = np.stack([low, low, top, top], axis=-1)
        return canvas.camera.project(corners)

    def band(low: float, top: float) -> np.ndarray:
        return quads(*(np.array([value]) for value in (0.0, length, low, top)))

    canvas.fill(band(0.0, high), paint, middle)
    canvas.fill(band(high - 0.35, high), paint._replace(color=shaded(paint.color, 0.7)), middle)
    columns, rows = max(1, int(length / bay)), max(1, int((high - 0.6) / floor))
    center, base = np.meshgrid((np.arange(columns) + 0.5) * length / columns, np.arange(rows) * floor + 0.95)
    center, base = center.ravel(), base.ravel()
    windows = quads(center - pane * bay, center + pane * bay, base, base + 0.55 * floor)
    bright = rng.random(len(windows)) < (lit if canvas.weather.night else 0.0)
    dark = Paint((44, 56, 70) if canvas.weather.night else (74, 92, 112), paint.heat - 34)
    canvas.fill(windows[~bright], dark, middle)
    canvas.fill(windows[bright], Paint((250, 220, 160), paint.heat + 14, 0, (226, 184, 112)), middle)
