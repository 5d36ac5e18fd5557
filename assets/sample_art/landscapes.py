"""Landscapes, skies and cities: noise, height fields and silhouettes."""

from __future__ import annotations

import math
from typing import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from sample_art.canvas import (
    Canvas,
    add_stars,
    blend,
    grain,
    mix,
    noise,
    picture,
    plane,
    ramp,
    rgb,
    skyline,
    smooth,
    to_image,
)

W, H = 760, 480


def sky(width: int, height: int, colours: Sequence[str], horizon: float) -> np.ndarray:
    _, y = plane(width, height)
    return ramp(colours, np.clip(y / (height * horizon), 0, 1))


def sun(pixels: np.ndarray, x: float, y: float, radius: float, colour: str, glow: str, reach: float) -> np.ndarray:
    xx, yy = plane(pixels.shape[1], pixels.shape[0])
    distance = np.hypot(xx - x, yy - y)
    pixels = blend(pixels, glow, 0.75 * np.exp(-np.maximum(distance - radius, 0) / reach))
    return blend(pixels, colour, radius - distance + 0.5)


def pines(rng: np.random.Generator, outline: np.ndarray, tallest: float, count: int) -> np.ndarray:
    """Add the silhouettes of conifers to an outline (y of the ground for each column, downwards)."""
    x = np.arange(outline.size)
    grown = outline.copy()
    for centre in rng.uniform(0, outline.size, count):
        tall = tallest * rng.uniform(0.45, 1)
        lean = np.abs(x - centre)
        ragged = 0.72 + 0.28 * (1 - (lean * 9 / tall) % 1)
        profile = tall * (1 - lean / (tall * 0.16)) * ragged
        ground = outline[min(int(centre), outline.size - 1)]
        grown = np.where(profile > 0, np.minimum(grown, ground + 4 - profile), grown)
    return grown


def ranges(
    pixels: np.ndarray,
    rng: np.random.Generator,
    far: str,
    near: str,
    haze: str,
    layers: int,
    top: float,
    bottom: float,
    forest: float,
) -> np.ndarray:
    """Lay ranges of hills over a sky, each nearer one darker, mist between them, conifers on the near ones."""
    height, width = pixels.shape[:2]
    _, y = plane(width, height)
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = height * (top + (bottom - top) * depth)
        rise = height * (0.30 - 0.16 * depth)
        outline = base - rise * (skyline(rng, width, 2.5 + 2 * depth, 8, 0.47) - 0.5)
        if forest and depth > 0.45:
            outline = pines(rng, outline, height * forest * depth**2, int(60 + 80 * depth))
        body = ramp(
            [mix(far, near, depth), mix(mix(far, near, depth), haze, 0.75 * (1 - depth))],
            np.clip((y - outline) / (height * 0.22), 0, 1),
        )
        pixels = blend(pixels, body, y - outline + 0.5)
    return pixels


def height_field(
    width: int,
    height: int,
    backdrop: np.ndarray,
    surface: Callable[[np.ndarray, np.ndarray], np.ndarray],
    shade: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    eye: float,
    horizon: float,
    near: float = 1.0,
    far: float = 60.0,
    rows: int = 1400,
) -> np.ndarray:
    """Look across ``surface(x, z)`` from height ``eye``: in each column, the nearest row that covers a pixel shows.

    ``shade(x, z, height, slope_x, slope_z)`` gives the colour of every point (rows × width × 3).
    """
    z = (near * (far / near) ** np.linspace(0, 1, rows))[:, None]
    x = (np.arange(width)[None, :] / width - 0.5) * 1.25 * z
    z = np.broadcast_to(z, x.shape)
    level = surface(x, z)
    step = 0.004 * z
    colours = shade(x, z, level, (surface(x + step, z) - level) / step, (surface(x, z + step) - level) / step)
    screen = height * horizon + (eye - level) / z * width / 1.25
    cover = np.minimum.accumulate(screen, axis=0)
    out = backdrop.copy()
    for column in range(width):
        first = np.searchsorted(-cover[:, column], -np.arange(height), side="left")
        seen = first < rows
        out[seen, column] = colours[first[seen], column]
    return out


def waves(
    rng: np.random.Generator, x: np.ndarray, z: np.ndarray, count: int, longest: float, steep: float
) -> np.ndarray:
    """A sum of running waves with rounded troughs and sharper crests."""
    total = np.zeros_like(x)
    for k in range(count):
        length = longest * 0.74**k
        angle = rng.normal(0, 0.75) + math.pi / 2
        phase = (x * math.cos(angle) + z * math.sin(angle)) * 2 * math.pi / length + rng.uniform(0, 6.28)
        total += (np.exp(np.sin(phase)) - 1.27) * length * steep
    return total


def half(pixels: np.ndarray) -> Image.Image:
    image = to_image(pixels)
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)


@picture
def mountain_dawn(rng: np.random.Generator) -> Image.Image:
    pixels = sky(W, H, ["#3b4a8c", "#9a7fc0", "#f2a7a0", "#ffd9a8"], 0.62)
    streaks = noise(rng, W, H, (3, 14), 4)
    pixels = blend(pixels, "#ffe3d0", np.clip(streaks - 0.55, 0, 1) * 1.3)
    pixels = sun(pixels, 520, 205, 26, "#fff6dd", "#ffd7a0", 70)
    pixels = ranges(pixels, rng, "#b98fb8", "#1d1b3a", "#ffc6a8", 6, 0.50, 0.97, 0.20)
    return grain(to_image(pixels), rng, 1.2)


@picture
def blue_hour_lake(rng: np.random.Generator) -> Image.Image:
    shore = 300
    pixels = add_stars(sky(W, shore, ["#071230", "#12306b", "#3d6fae", "#b7c9de"], 1.0), rng, 320)
    milky = np.exp(-(((plane(W, shore)[0] - 250) * 0.55 - (plane(W, shore)[1] - 90)) ** 2) / 5200) * noise(
        rng, W, shore, (9, 6)
    )
    pixels = blend(pixels, "#c6d4ff", milky * 0.42)
    pixels = sun(pixels, 566, 74, 19, "#fdf6e3", "#8fb2e6", 34)
    pixels = ranges(pixels, rng, "#4a6fa5", "#050b1c", "#9fb9d8", 5, 0.66, 0.99, 0.17)
    mirror = pixels[::-1][: H - shore]
    y = np.arange(H - shore)[:, None]
    ripple = (np.sin(y * 0.9 + 6 * noise(rng, W, H - shore, (14, 40), 3)) * (0.4 + y * 0.035)).astype(int)
    lake = mirror[np.broadcast_to(y, ripple.shape), np.clip(np.arange(W)[None] + ripple, 0, W - 1)]
    lake = blend(lake * 0.82, "#0a1c3f", np.broadcast_to(y / (H - shore) * 0.55, ripple.shape))
    return to_image(np.concatenate([pixels, lake]))


@picture
def dunes(rng: np.random.Generator) -> Image.Image:
    w, h = 1440, 920
    seed = int(rng.integers(1 << 30))
    backdrop = sky(w, h, ["#2f6fa3", "#7fb3c8", "#f3d9ae", "#f7c98b"], 0.44)

    def surface(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        bend = waves(np.random.default_rng(seed), x * 0.5, z * 0.5, 4, 7.0, 0.06)
        crest = 1 - np.abs(np.sin(x * 0.30 + z * 0.16 + bend * 1.6))
        second = 1 - np.abs(np.sin(-x * 0.21 + z * 0.33 + bend * 1.1 + 1.7))
        return (0.75 * crest**1.4 + 0.55 * second**1.5) * np.clip((z - 1.5) / 7, 0.08, 1.6) * 1.5

    def shade(x: np.ndarray, z: np.ndarray, level: np.ndarray, sx: np.ndarray, sz: np.ndarray) -> np.ndarray:
        ripples = np.sin((x * 1.2 + z * 4 + level * 9) * 9) * np.exp(-z / 6) * 0.05
        light = np.clip(0.5 + 0.62 * (-sx * 0.9 + sz * 0.35) + ripples, 0, 1)
        sand = ramp(["#43221f", "#8a4630", "#d98c4d", "#f6c988", "#ffe9c2"], light)
        return blend(sand, "#f0cfa2", 1 - np.exp(-z / 55))

    return half(height_field(w, h, backdrop, surface, shade, 2.0, 0.40, 1.2, 70, 2200))


@picture
def sea_sunset(rng: np.random.Generator) -> Image.Image:
    w, h, line = 1520, 900, 0.47
    pixels = sky(w, h, ["#2a1a4f", "#7b3a7a", "#e0605e", "#ff9d5c", "#ffd98a"], line)
    clouds = noise(rng, w, h, (3, 12), 6)
    y = plane(w, h)[1] / h
    under = ramp(["#4d2a66", "#c9486a", "#ff8a5c", "#ffd7a0"], np.clip(y / line * 0.9 + (clouds - 0.5) * 0.5, 0, 1))
    pixels = blend(pixels, under, np.clip((clouds - 0.5) * 3.2, 0, 0.9))
    pixels = sun(pixels, 830, h * line - 46, 62, "#fff3c4", "#ffb45e", 150)
    seed = int(rng.integers(1 << 30))

    def surface(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return waves(np.random.default_rng(seed), x, z, 11, 6.5, 0.012)

    def shade(x: np.ndarray, z: np.ndarray, level: np.ndarray, sx: np.ndarray, sz: np.ndarray) -> np.ndarray:
        facing = np.clip(0.42 + sz * 1.5, 0, 1)
        water = ramp(
            ["#150f33", "#33235c", "#8a3f70", "#e8735f", "#ffb36b"], facing * (0.62 + 0.38 * np.clip(z / 40, 0, 1))
        )
        path = np.exp(-(((x - 0.047 * z + sx * 2.2) / (0.08 * z + 0.16)) ** 2)) * np.clip(0.35 + sz * 3.2, 0, 1)
        return blend(water, "#fff0bd", path * 1.1)

    return half(height_field(w, h, pixels, surface, shade, 1.5, line, 1.4, 260, 1000))


@picture
def alpine(rng: np.random.Generator) -> Image.Image:
    w, h = 1440, 920
    relief = noise(rng, 512, 512, (5, 5), 8)
    ridged = 1 - np.abs(2 * noise(rng, 512, 512, (4, 4), 8) - 1)
    ground = 0.35 * relief + 0.65 * ridged**1.6
    speckle = noise(rng, 512, 512, (60, 60), 3)

    def sample(texture: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        u, v = np.clip((x / 62 + 0.5) * 510, 0, 510), np.clip(z / 62 * 510, 0, 510)
        i, j = v.astype(int), u.astype(int)
        a, b = v - i, u - j
        top = texture[i, j] * (1 - b) + texture[i, j + 1] * b
        return top * (1 - a) + (texture[i + 1, j] * (1 - b) + texture[i + 1, j + 1] * b) * a

    def surface(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        valley = np.clip((np.abs(x + 0.6) - 0.8) / 7, 0, 1) * 0.75 + np.clip((z - 15) / 28, 0, 1) * 0.95
        return np.maximum(sample(ground, x, z) ** 1.25 * 12.5 * np.clip(valley, 0.02, 1.05), 0.32)

    def shade(x: np.ndarray, z: np.ndarray, level: np.ndarray, sx: np.ndarray, sz: np.ndarray) -> np.ndarray:
        light = np.clip(0.56 - 0.30 * sx + 0.12 * sz, 0.12, 1)
        mottled = sample(speckle, x, z)
        steep = np.hypot(sx, sz)
        rock = ramp(["#232b40", "#6b6f7e", "#b7ab9d"], light)
        snow = ramp(["#5d7bb0", "#cfdcf0", "#fffaf0"], light * 1.1)
        grass = ramp(["#16301f", "#3d6b35", "#9bb258"], light * (0.6 + 0.55 * mottled))
        pixels = blend(rock, grass, (3.1 + 1.6 * mottled - level) * 1.4 - np.clip(steep - 1.3, 0, 1))
        pixels = blend(pixels, snow, (level - 4.6 + 1.8 * mottled - steep * 0.9) * 1.6)
        lake = ramp(
            ["#17546b", "#5fb3c4", "#bfe3e6"],
            np.clip(z / 21 + 0.25 * (mottled - 0.5) + 0.03 * np.sin(z * 23 + x * 2), 0, 1),
        )
        pixels = np.where((level <= 0.321)[..., None], lake, pixels)
        return blend(pixels, "#bcd3ea", 1 - np.exp(-z / 62))

    backdrop = sky(w, h, ["#2768b3", "#6ba6dc", "#d9e8f2"], 0.5)
    clouds = noise(rng, w, h, (4, 7), 6)
    backdrop = blend(backdrop, "#ffffff", np.clip((clouds - 0.56) * 2.6, 0, 0.92))
    return half(height_field(w, h, backdrop, surface, shade, 2.5, 0.46, 2.2, 60))


@picture
def nebula(rng: np.random.Generator) -> Image.Image:
    w, h = 720, 720
    warp_x, warp_y = (noise(rng, w, h, (3, 3), 5) - 0.5 for _ in range(2))
    source = noise(rng, w, h, (3, 3), 8)
    x, y = plane(w, h)

    def warped(texture: np.ndarray, force: float) -> np.ndarray:
        return texture[
            np.clip(y + warp_y * force, 0, h - 1).astype(int), np.clip(x + warp_x * force, 0, w - 1).astype(int)
        ]

    gas, dust = warped(source, 420), warped(noise(rng, w, h, (4, 4), 7), 300)
    core = np.exp(-((x - 400) ** 2 + (y - 330) ** 2) / 70000)
    pixels = ramp(
        ["#05040f", "#0d1033", "#3a1b6e", "#b23a8f", "#ff8f6b", "#fff1c9"],
        np.clip(gas * 0.62 + core * 0.55 - 0.18, 0, 1),
    )
    pixels += ramp(
        ["#000000", "#00243a", "#2a9fb5"], np.clip(warped(noise(rng, w, h, (3, 4), 6), 260) * 1.3 - 0.55, 0, 1)
    )
    pixels *= (1 - 0.86 * np.clip((dust - 0.52) * 3, 0, 1))[..., None]
    pixels = add_stars(pixels, rng, 900)
    for _ in range(9):
        sx, sy, size = rng.uniform(40, w - 40), rng.uniform(40, h - 40), rng.uniform(14, 40)
        cross = np.exp(-np.abs(x - sx) / size - np.abs(y - sy) * 1.3) + np.exp(
            -np.abs(y - sy) / size - np.abs(x - sx) * 1.3
        )
        pixels += (cross + 0.9 * np.exp(-np.hypot(x - sx, y - sy) / (size * 0.16)))[..., None] * rgb("#dfe8ff") * 0.8
    return to_image(pixels)


@picture
def aurora(rng: np.random.Generator) -> Image.Image:
    pixels = add_stars(sky(W, H, ["#030716", "#08193a", "#123a55"], 0.85), rng, 420)
    _, y = plane(W, H)
    for band in range(4):
        foot = 150 + 40 * band + 80 * (skyline(rng, W, 2, 3) - 0.5)
        rays = 0.35 + 0.65 * skyline(rng, W, 34, 4) * skyline(rng, W, 3, 2)
        above = foot - y
        light = np.where(above > 0, np.exp(-above / (36 + 60 * rays)), np.exp(above / 9)) * rays * (0.95 - 0.15 * band)
        pixels += (
            light[..., None] * ramp(["#3dffa2", "#2fe0b0", "#5a6cff", "#c04cff"], np.clip(above / 190, 0, 1)) * 0.72
        )
    pixels = ranges(pixels, rng, "#0d2c44", "#01040b", "#174a52", 3, 0.84, 1.02, 0.30)
    return to_image(pixels)


@picture
def misty_forest(rng: np.random.Generator) -> Image.Image:
    w, h = 520, 700
    pixels = sky(w, h, ["#cfdcd4", "#e6ebdf", "#f2efdf"], 0.7)
    pixels = sun(pixels, 170, 130, 30, "#fffdf0", "#fff6d6", 90)
    _, y = plane(w, h)
    for layer in range(7):
        depth = layer / 6
        outline = h * (0.34 + 0.54 * depth) - 50 * (skyline(rng, w, 2, 5) - 0.5)
        outline = pines(rng, outline, 56 + 190 * depth, int(70 - 34 * depth))
        colour = mix("#b9cbbf", "#0f2a24", depth**0.9)
        body = ramp(
            [colour, mix(colour, "#e9eee2", 0.85 * (1 - depth))], np.clip((y - outline) / (90 + 150 * depth), 0, 1)
        )
        pixels = blend(pixels, body, y - outline + 0.5)
    return grain(to_image(pixels), rng, 1.5)


@picture
def synthwave(rng: np.random.Generator) -> Image.Image:
    w, h, line = 800, 500, 300
    pixels = add_stars(sky(w, h, ["#0b0221", "#2a0a52", "#8a1c7c", "#ff5f8f"], 0.6), rng, 200)
    x, y = plane(w, h)
    disc = 118 - np.hypot(x - 400, y - 214)
    bars = np.where(y > 190, np.sin(np.maximum(y - 190, 0) ** 1.12 * 0.36) + 1.15 - (y - 190) / 78, 1)
    pixels = blend(pixels, "#ff3d94", 0.5 * np.exp(-np.maximum(-disc, 0) / 46))
    pixels = blend(
        pixels,
        ramp(["#fff36b", "#ff9a4a", "#ff2f88"], np.clip((y - 96) / 220, 0, 1)),
        np.clip(disc, 0, 1) * np.clip(bars * 3, 0, 1),
    )
    valley = np.clip(np.abs(np.arange(w) - 400) / 380, 0, 1) ** 1.3
    for tall, colour in ((130, "#2a0f55"), (80, "#150733")):
        outline = line - valley * tall * (0.35 + skyline(rng, w, 8, 6))
        pixels = blend(pixels, colour, y - outline + 0.5)
    depth = np.maximum(y - line, 0.01)
    floor = ramp(["#5a1080", "#1a0538", "#0b0221"], np.clip(depth / 200, 0, 1))
    across = np.abs(((x - 400) / depth * 1.15 + 0.5) % 1 - 0.5) * depth / 1.15
    along = np.abs((130 / depth + 0.5) % 1 - 0.5) * depth**2 / 130
    lines = np.maximum(np.exp(-across / 1.1), np.exp(-along / 1.1)) * np.clip(depth / 24, 0.25, 1)
    return to_image(np.where((y >= line)[..., None], blend(floor, "#ff4fd8", lines), pixels))


@picture
def city_night(rng: np.random.Generator) -> Image.Image:
    shore = 370
    canvas = Canvas(W, shore, ["#060a1f", "#132252", "#3a3a7c", "#a3557f"])
    canvas.soft(26, lambda c: c.dot(560, 110, 60, "#f6e7c866"))
    canvas.dot(560, 110, 30, "#f9efd8")
    for row, (colour, top, lit) in enumerate((("#252a5c", 150, 0.18), ("#161a40", 205, 0.34), ("#0a0d26", 262, 0.42))):
        x = -20.0
        while x < W:
            wide, tall = rng.uniform(34, 76), (shore - top) * rng.uniform(0.45, 1.25)
            y = shore - tall
            canvas.rect(x, y, wide, tall + 9, colour)
            if rng.random() < 0.3:
                canvas.line([(x + wide / 2, y), (x + wide / 2, y - 26)], colour, 2)
                canvas.dot(x + wide / 2, y - 27, 1.6, "#ff5a5a")
            elif rng.random() < 0.4:
                canvas.poly([(x, y + 1), (x + wide * 0.7, y - 22), (x + wide, y + 1)], colour)
            glass = ["#ffd98a", "#ffc15e", "#fff1c4", "#8fd0ff"][int(rng.integers(4))]
            for wy in np.arange(y + 8, shore - 6, 11):
                for wx in np.arange(x + 6, x + wide - 8, 9 + row):
                    if rng.random() < lit:
                        canvas.rect(wx, wy, 4.6, 6, mix(colour, glass, rng.uniform(0.45, 1)))
            x += wide + rng.uniform(-8, 10)
    city = np.asarray(canvas.done(), np.float32)
    depth = H - shore
    y = np.arange(depth)[:, None]
    shift = (np.sin(y * 0.8 + 9 * noise(rng, W, depth, (10, 30), 2)) * (1 + y * 0.07)).astype(int)
    water = city[::-1][:depth][np.broadcast_to(y, shift.shape), np.clip(np.arange(W)[None] + shift, 0, W - 1)]
    water = np.asarray(to_image(water).filter(ImageFilter.BoxBlur(1)), np.float32)
    return to_image(
        np.concatenate([city, blend(water * 0.75, "#070b22", np.broadcast_to(y / depth * 0.6, shift.shape))])
    )


def sphere(
    w: int, h: int, cx: float, cy: float, radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Unit normals on the visible half of a sphere, and its soft-edged mask."""
    x, y = plane(w, h)
    nx, ny = (x - cx) / radius, (y - cy) / radius
    return nx, ny, np.sqrt(np.clip(1 - nx**2 - ny**2, 0, 1)), np.clip(radius - np.hypot(x - cx, y - cy) + 0.5, 0, 1)


@picture
def ringed_planet(rng: np.random.Generator) -> Image.Image:
    w, h = 760, 560
    pixels = add_stars(sky(w, h, ["#0a0718", "#1a1038", "#0a0a20"], 1.0), rng, 380)
    x, y = plane(w, h)
    nx, ny, nz, mask = sphere(w, h, 380, 280, 150)
    tilt = math.radians(-16)
    across, up = nx * math.cos(tilt) + ny * math.sin(tilt), -nx * math.sin(tilt) + ny * math.cos(tilt)
    swirl = noise(rng, w, h, (4, 5), 6) - 0.5
    bands = skyline(rng, 600, 10, 4)[np.clip((up + 0.05 * swirl * (1 + across) + 1) * 299, 0, 599).astype(int)]
    light = np.clip(-0.62 * nx - 0.35 * ny + 0.70 * nz, 0.02, 1)
    globe = ramp(["#7a3b2e", "#d98e5c", "#f4d3a1", "#fbeed6", "#c9835a"], bands) * (light**0.8)[..., None]
    rx, ry = (
        (x - 380) * math.cos(tilt) + (y - 280) * math.sin(tilt),
        -(x - 380) * math.sin(tilt) + (y - 280) * math.cos(tilt),
    )
    distance = np.hypot(rx, ry / 0.24)
    profile = skyline(rng, 500, 30, 4)
    inside = np.clip((distance - 190) / 3, 0, 1) * np.clip((345 - distance) / 3, 0, 1) * (np.abs(distance - 287) > 5)
    rings = inside * (0.30 + 0.70 * profile[np.clip((distance - 190) * 3, 0, 499).astype(int)])
    behind = np.clip(ry / 4, -1, 0) * -1
    shadow = np.clip(1 - np.exp(-(np.maximum(np.abs(ry * 0.9 - rx * 0.5 + 65) - 82, 0)) / 6), 0.12, 1) * (rx > 0) + (
        rx <= 0
    )
    colour = (
        ramp(["#8c6a58", "#e8cda8", "#fff4dd"], profile[np.clip((distance - 190) * 3, 0, 499).astype(int)])
        * shadow[..., None]
    )
    pixels = blend(pixels, colour, rings * behind)
    pixels = blend(pixels, globe, mask)
    pixels = blend(pixels, colour, rings * (1 - behind))
    mx, my, mz, moon = sphere(w, h, 148, 108, 21)
    craters = 0.75 + 0.25 * noise(rng, w, h, (60, 44), 3)
    return to_image(
        blend(pixels, rgb("#cfd6e6") * (np.clip(-0.62 * mx - 0.35 * my + 0.7 * mz, 0.02, 1) * craters)[..., None], moon)
    )


@picture
def blue_marble(rng: np.random.Generator) -> Image.Image:
    w, h = 640, 640
    pixels = add_stars(np.full((h, w, 3), 5, np.float32), rng, 420)
    nx, ny, nz, mask = sphere(w, h, 320, 320, 232)
    u, v = np.arctan2(nx, nz + 1e-3) / math.pi + 0.5, np.arcsin(np.clip(ny, -1, 1)) / math.pi + 0.5

    def wrap(texture: np.ndarray) -> np.ndarray:
        return texture[(v * 899).astype(int), (u * 1799).astype(int)]

    land, cloud = wrap(noise(rng, 1800, 900, (9, 5), 8)), wrap(noise(rng, 1800, 900, (8, 9), 8))
    ground = ramp(
        ["#06224f", "#0d4a8a", "#2d8fb0", "#d9c58a", "#5d8f46", "#2f6a38", "#8a7a55", "#f2f2f2"],
        land,
        [0, 0.4, 0.5, 0.515, 0.55, 0.7, 0.85, 1],
    )
    ground = blend(ground, "#f4f8fc", (np.abs(ny) + 0.14 * (land - 0.5) - 0.88) * 14)
    ground = blend(ground, "#ffffff", np.clip((cloud - 0.52) * 3.2, 0, 0.95))
    light = np.clip(-0.60 * nx - 0.38 * ny + 0.70 * nz, 0, 1)
    pixels = blend(
        pixels,
        ground * (0.04 + 0.96 * light[..., None] ** 0.75) + rgb("#3f8fff") * ((1 - nz) ** 3 * light)[..., None] * 0.9,
        mask,
    )
    x, y = plane(w, h)
    outside = np.maximum(np.hypot(x - 320, y - 320) - 232, 0)
    rim = np.exp(-outside / 11) * (outside > 0) * np.clip(0.45 - (x - 320) / 520 - (y - 320) / 820, 0, 1)
    return to_image(pixels + rgb("#5aa6ff") * rim[..., None])


@picture
def reef(rng: np.random.Generator) -> Image.Image:
    w, h = 720, 500
    pixels = sky(w, h, ["#9be8e4", "#2fa9c4", "#0f5f94", "#062a55"], 1.0)
    x, y = plane(w, h)
    angle = np.arctan2(x - 250, y + 150)
    rays = skyline(rng, 2000, 26, 4)[np.clip((angle + 1.6) * 620, 0, 1999).astype(int)]
    pixels += (np.clip(rays - 0.45, 0, 1) * np.exp(-y / 260) * 150)[..., None]
    for layer in range(3):
        outline = h * (0.80 + 0.07 * layer) - 70 * (skyline(rng, w, 4 + 2 * layer, 5) - 0.4)
        pixels = blend(pixels, ["#1b6f93", "#0e4470", "#072447"][layer], y - outline + 0.5)
    canvas = Canvas.over(to_image(pixels))
    for _ in range(26):
        px, stem, colour = (
            rng.uniform(0, w),
            rng.uniform(40, 120),
            ["#ff6f7d", "#ffb05c", "#f27fb2", "#8b5cf6", "#2dd4bf"][int(rng.integers(5))],
        )
        foot = rng.uniform(455, 520)
        for twig in range(7):
            bend = (twig - 3) * stem * 0.13
            canvas.curve(
                [
                    (px, foot),
                    (px + bend * 0.4, foot - stem * 0.5),
                    (px + bend * 1.2, foot - stem * (1 - 0.05 * abs(twig - 3))),
                ],
                mix(colour, "#0b3a66", 0.25),
                5,
            )
            canvas.dot(px + bend * 1.2, foot - stem * (1 - 0.05 * abs(twig - 3)), 5, colour)
    for _ in range(13):
        fx, fy, size, way = rng.uniform(60, 660), rng.uniform(70, 360), rng.uniform(9, 26), int(rng.choice([-1, 1]))
        body = ["#ffd166", "#ff7a59", "#f8f3e6", "#ffe08a"][int(rng.integers(4))]
        canvas.poly(
            [
                (fx - way * size * 0.8, fy),
                (fx - way * size * 1.7, fy - size * 0.6),
                (fx - way * size * 1.7, fy + size * 0.6),
            ],
            mix(body, "#c2410c", 0.35),
        )
        canvas.oval(fx, fy, size, size * 0.52, body)
        canvas.oval(fx - way * size * 0.1, fy, size * 0.13, size * 0.5, mix(body, "#7c2d12", 0.5))
        canvas.dot(fx + way * size * 0.58, fy - size * 0.1, size * 0.11, "#10243f")
    for _ in range(40):
        bx, by, r = rng.normal(560, 24), rng.uniform(20, 430), rng.uniform(1.5, 6)
        canvas.dot(bx, by, r, "#ffffff30", "#ffffff", 0.8)
    return canvas.done()


@picture
def lighthouse(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(W, 520, ["#20305f", "#5b5a9b", "#e58a8a", "#ffd3a1"])
    canvas.soft(12, lambda c: c.poly([(207, 142), (760, 20), (760, 190)], "#fff3c45e"))
    canvas.soft(12, lambda c: c.poly([(193, 142), (0, 112), (0, 176)], "#fff3c44a"))
    for cx, cy, size in ((560, 120, 1.1), (380, 70, 0.8), (660, 210, 0.7)):
        for dx, dy, r in ((-40, 8, 18), (-14, -4, 26), (18, 0, 22), (44, 9, 16)):
            canvas.oval(cx + dx * size, cy + dy * size, r * size * 1.4, r * size * 0.75, "#ffe7d6")
    canvas.gradient([(0, 350), (W, 350), (W, 520), (0, 520)], ["#e58f86", "#5b6fa8", "#22406f"])
    for _ in range(70):
        x, y = rng.uniform(0, W), 350 + 165 * rng.random() ** 1.5
        canvas.rect(x, y, rng.uniform(10, 60) * (y - 320) / 90, 2, "#ffe9d25a", 1)
    canvas.poly(
        smooth([(0, 400), (70, 372), (150, 345), (240, 342), (300, 372), (350, 404), (372, 430), (0, 430)]), "#3a3157"
    )
    canvas.poly(smooth([(0, 412), (90, 384), (170, 356), (235, 352), (280, 380), (318, 430), (0, 430)]), "#554775")
    canvas.gradient([(172, 348), (182, 168), (218, 168), (228, 348)], ["#fff8ee", "#f0dcd2"])
    for k in range(4):
        top, low = 186 + k * 44, 208 + k * 44
        inset = [182 - (v - 168) * 10 / 180 for v in (top, low)]
        canvas.poly([(inset[0], top), (400 - inset[0], top), (400 - inset[1], low), (inset[1], low)], "#e2504c")
    canvas.poly([(203, 168), (218, 168), (228, 348), (207, 348)], "#2a1f4530")
    canvas.rect(174, 160, 52, 8, "#2d2748", 2)
    canvas.rect(185, 128, 30, 32, "#fff2b3", 2)
    for x in (185, 199, 213):
        canvas.rect(x, 128, 2.5, 32, "#2d2748")
    canvas.poly([(179, 128), (200, 106), (221, 128)], "#e2504c")
    canvas.dot(200, 104, 4, "#2d2748")
    canvas.rect(192, 322, 16, 26, "#3a2c50", 7)
    canvas.poly([(246, 352), (246, 322), (268, 306), (290, 322), (290, 362)], "#f6e6d3")
    canvas.poly([(240, 324), (268, 302), (296, 324)], "#8f3d52")
    canvas.rect(262, 330, 12, 12, "#ffd76e", 1)
    for x, y, s, sail in ((520, 384, 1.0, "#fff6e9"), (640, 366, 0.55, "#ffd9c2"), (430, 440, 1.5, "#ffe08a")):
        canvas.poly([(x - 34 * s, y), (x + 38 * s, y), (x + 24 * s, y + 15 * s), (x - 24 * s, y + 15 * s)], "#7a2f45")
        canvas.line([(x, y), (x, y - 70 * s)], "#4b2a3c", 2.4 * s)
        canvas.poly([(x + 3 * s, y - 66 * s), (x + 33 * s, y - 8 * s), (x + 3 * s, y - 8 * s)], sail)
        canvas.poly(
            [(x - 3 * s, y - 58 * s), (x - 26 * s, y - 8 * s), (x - 3 * s, y - 8 * s)], mix(sail, "#e58a8a", 0.35)
        )
    for x, y in ((340, 210), (372, 190), (420, 222), (312, 240)):
        canvas.curve([(x - 11, y - 4), (x - 5, y - 6), (x, y), (x + 5, y - 6), (x + 11, y - 4)], "#34305c", 2)
    return canvas.done()


@picture
def winter_cabin(rng: np.random.Generator) -> Image.Image:
    w, h = 680, 510
    canvas = Canvas(w, h, ["#14224d", "#2f4b86", "#8aa6cf"])
    for _ in range(120):
        canvas.dot(rng.uniform(0, w), rng.uniform(0, 260), rng.uniform(0.4, 1.5), "#ffffffcc")
    canvas.soft(18, lambda c: c.dot(540, 90, 44, "#fdf3d666"))
    canvas.dot(540, 90, 30, "#fdf3d6")
    for base, colour, size in ((300, "#4a6ca6", 70), (340, "#2f4f86", 105), (380, "#1d3566", 140)):
        canvas.poly(
            [(0, h), (0, base), *smooth([(x, base + rng.uniform(-18, 14)) for x in range(0, w + 80, 80)]), (w, h)],
            mix(colour, "#dbe7f5", 0.55),
        )
        for x in np.arange(-10, w + 30, size * 0.36):
            px, tall = x + rng.uniform(-9, 9), size * rng.uniform(0.7, 1.1)
            if base == 380 and 190 < px < 500:
                continue
            for tier in range(4):
                top, spread = base + 14 - tall + tier * tall * 0.2, tall * (0.11 + 0.06 * tier)
                canvas.poly([(px, top), (px + spread, top + tall * 0.34), (px - spread, top + tall * 0.34)], colour)
                canvas.poly(
                    [
                        (px, top),
                        (px + spread * 0.5, top + tall * 0.16),
                        (px - spread * 0.15, top + tall * 0.12),
                        (px - spread * 0.5, top + tall * 0.17),
                    ],
                    "#eef4fb",
                )
    canvas.poly([(0, h), *smooth([(0, 400), (160, 384), (340, 396), (520, 380), (680, 402)]), (w, h)], "#e9f1fa")
    canvas.soft(30, lambda c: c.oval(350, 420, 190, 40, "#ffc87099"))
    canvas.poly([(250, 300), (440, 300), (440, 404), (250, 404)], "#7a4630")
    for y in range(304, 404, 13):
        canvas.line([(250, y), (440, y)], "#5c3222", 2)
    canvas.poly([(395, 250), (395, 196), (420, 196), (420, 262)], "#8d8592")
    canvas.poly([(224, 312), (345, 216), (466, 312)], "#5c3222")
    canvas.poly(
        smooth(
            [
                (216, 316),
                (280, 262),
                (345, 204),
                (410, 258),
                (474, 316),
                (440, 306),
                (410, 312),
                (345, 246),
                (290, 296),
                (262, 306),
            ],
            closed=True,
        ),
        "#f6fafe",
    )
    canvas.rect(390, 190, 35, 10, "#f6fafe", 5)
    for x in (272, 372):
        canvas.rect(x, 328, 46, 40, "#3f2117", 3)
        canvas.rect(x + 4, 332, 38, 32, "#ffd36e", 2)
        canvas.line([(x + 23, 332), (x + 23, 364)], "#3f2117", 3)
        canvas.line([(x + 4, 348), (x + 42, 348)], "#3f2117", 3)
    canvas.rect(328, 340, 34, 64, "#3f2117", 4)
    canvas.dot(355, 374, 2.6, "#ffd36e")
    canvas.dot(345, 276, 15, "#ffd36e", "#3f2117", 4)
    canvas.soft(7, lambda c: [c.oval(408 + k * 13, 178 - k * 24, 11 + k * 5, 9 + k * 4, "#f0f4faaa") for k in range(6)])
    canvas.poly([(330, 404), (360, 404), (430, h), (250, h)], "#cddcee")
    canvas.dot(545, 396, 26, "#ffffff")
    canvas.dot(545, 358, 18, "#ffffff")
    canvas.poly([(545, 357), (567, 362), (545, 364)], "#f28c38")
    for x, y in ((539, 352), (551, 352), (545, 386), (545, 398)):
        canvas.dot(x, y, 2.2, "#2a3350")
    canvas.rect(527, 368, 36, 7, "#d94a4a", 3)
    for _ in range(170):
        canvas.dot(rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.8, 2.6), "#ffffffd0")
    return canvas.done()


@picture
def autumn_tree(rng: np.random.Generator) -> Image.Image:
    w, h = 600, 600
    canvas = Canvas(w, h, ["#f8d9a0", "#fbe9c8", "#fff6e2"])
    canvas.soft(22, lambda c: c.dot(430, 150, 76, "#ffe08acc"))
    canvas.dot(430, 150, 52, "#fff3c9")
    canvas.poly([(0, h), *smooth([(0, 440), (150, 404), (330, 430), (480, 398), (600, 424)]), (w, h)], "#d9a05b")
    canvas.poly([(0, h), *smooth([(0, 500), (140, 482), (300, 470), (460, 488), (600, 470)]), (w, h)], "#a8693a")
    tips = []

    def branch(x: float, y: float, angle: float, length: float, width: float) -> None:
        ex, ey = x + length * math.cos(angle), y + length * math.sin(angle)
        canvas.line([(x, y), (ex, ey)], "#4a2a20", width)
        if length < 42:
            tips.append((ex, ey))
        if length < 15:
            return
        for turn in rng.normal([-0.62, -0.02, 0.60], 0.12):
            branch(ex, ey, angle + turn, length * rng.uniform(0.62, 0.76), width * 0.62)

    branch(296, 490, -math.pi / 2 - 0.03, 132, 25)
    for _ in range(9):
        for x, y in tips:
            shade = np.clip((y - 110) / 300 + rng.normal(0, 0.22), 0, 1)
            leaf = "#{:02x}{:02x}{:02x}".format(*ramp(["#ffd166", "#f9a03f", "#e4572e", "#8f2d1f"], shade).astype(int))
            canvas.oval(
                x + rng.normal(0, 13),
                y + rng.normal(0, 12),
                rng.uniform(3, 6),
                rng.uniform(2, 3.6),
                leaf,
                turn=rng.uniform(0, 180),
            )
    for _ in range(150):
        x = rng.normal(290, 130)
        canvas.oval(
            x,
            rng.uniform(482, 560),
            5,
            2.4,
            ["#d1492a", "#f0803c", "#f9b64a"][int(rng.integers(3))],
            turn=rng.uniform(-40, 40),
        )
    for x, y in ((110, 170), (138, 156), (166, 178)):
        canvas.curve([(x - 9, y - 3), (x - 4, y - 5), (x, y), (x + 4, y - 5), (x + 9, y - 3)], "#4a2a20", 1.8)
    return canvas.done()
