"""Fractals, attractors, geometric art, plants and repeating patterns."""

from __future__ import annotations

import colorsys
import math
from typing import Sequence

import numpy as np
from PIL import Image

from sample_art.canvas import Canvas, grain, mix, noise, picture, plane, ramp, regular, rgb, to_image


def escape(width: int, height: int, centre: complex, span: float, limit: int, seed: complex | None) -> np.ndarray:
    """Smooth escape time, 0 where a point never leaves. ``seed`` is Julia's constant; None: Mandelbrot."""
    x, y = plane(width, height)
    c = (centre + ((x - width / 2) + 1j * (y - height / 2)) * (span / width)).ravel().astype(np.complex128)
    z = np.zeros_like(c) if seed is None else c.copy()
    k = c if seed is None else np.full_like(c, seed)
    out = np.zeros(c.size)
    live = np.arange(c.size)
    for n in range(1, limit):
        z = z * z + k
        size = z.real**2 + z.imag**2
        gone = size > 1e4
        if gone.any():
            out[live[gone]] = n + 1 - np.log2(np.log2(size[gone]) / 2)
            keep = ~gone
            z, k, live = z[keep], k[keep], live[keep]
            if live.size == 0:
                break
    return out.reshape(height, width)


def fractal(depth: np.ndarray, colours: Sequence[str], turns: float, inside: str, start: float = 0.0) -> Image.Image:
    t = np.log(np.maximum(depth, 1e-6)) * turns + start
    pixels = ramp([*colours, colours[0]], t % 1)
    pixels[depth == 0] = rgb(inside)
    image = to_image(pixels)
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)


@picture
def seahorse_valley(rng: np.random.Generator) -> Image.Image:
    depth = escape(1280, 920, -0.7463 + 0.1102j, 0.0065, 300, None)
    return fractal(depth, ["#04122b", "#0f4c75", "#62c6c2", "#fdf3c8", "#f2a541", "#8a2b2b"], 1.5, "#02060f")


@picture
def julia_gold(rng: np.random.Generator) -> Image.Image:
    depth = escape(1280, 920, 0j, 3.15, 200, -0.8 + 0.156j)
    return fractal(
        depth, ["#0b0a14", "#3d1c4f", "#a8325a", "#f58a4b", "#ffe7a8", "#f58a4b", "#53204f"], 0.62, "#0b0a14", 0.12
    )


@picture
def newton_bloom(rng: np.random.Generator) -> Image.Image:
    x, y = plane(1200, 1200)
    z = ((x - 600.5) + 1j * (y - 600.5)) / 420
    speed = np.zeros(z.shape)
    for _ in range(24):
        fourth = (z * z) ** 2
        moved = (fourth * z - 1) / (5 * fourth + 1e-9)
        z = z - moved * np.minimum(1, 4 / (np.abs(moved) + 1e-9))
        speed += np.exp(-np.abs(moved) * 6)
    root = np.round(np.angle(z) / (2 * math.pi / 5)).astype(int) % 5
    colours = np.stack([rgb(c) for c in ("#ef476f", "#f78c6b", "#ffd166", "#06d6a0", "#118ab2")])
    light = np.clip((speed - speed.min()) / np.ptp(speed), 0, 1) ** 2.6
    image = to_image(colours[root] * light[..., None] + rgb("#1b1033") * (1 - light[..., None]))
    return image.resize((600, 600), Image.Resampling.BOX)


def attractor(
    rng: np.random.Generator, size: int, coefficients: Sequence[float], colours: Sequence[str], clifford: bool
) -> Image.Image:
    """Density of a million and more hops of a strange attractor."""
    a, b, c, d = coefficients
    x, y = rng.uniform(-1, 1, 20000), rng.uniform(-1, 1, 20000)
    counts = np.zeros(size * size)
    for n in range(160):
        if clifford:
            x, y = np.sin(a * y) + c * np.cos(a * x), np.sin(b * x) + d * np.cos(b * y)
        else:
            x, y = np.sin(a * y) - np.cos(b * x), np.sin(c * x) - np.cos(d * y)
        if n > 12:
            at = ((y / 5 + 0.5) * size).astype(int) * size + ((x / 5 + 0.5) * size).astype(int)
            counts += np.bincount(at, minlength=size * size)
    density = np.log1p(counts.reshape(size, size))
    image = to_image(ramp(colours, np.clip(density / np.percentile(density, 99.8), 0, 1)))
    box = int(size * 0.08)
    return image.crop((box, box, size - box, size - box)).resize((640, 640), Image.Resampling.LANCZOS)


@picture
def silk(rng: np.random.Generator) -> Image.Image:
    return attractor(rng, 1100, (-1.4, 1.6, 1.0, 0.7), ["#0a0a14", "#27235c", "#7048c9", "#e986c0", "#fff3e0"], True)


@picture
def truchet(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 640, "#12355b")
    cell = 64
    for row in range(10):
        for column in range(10):
            x, y = column * cell, row * cell
            colour = ["#f7b538", "#f1dede", "#db7c26", "#7fc8a9"][
                int(2 + 2 * math.sin(column * 0.55) * math.cos(row * 0.6)) % 4
            ]
            corners = (
                [(x, y, 0, 90), (x + cell, y + cell, 180, 270)]
                if rng.random() < 0.5
                else [(x + cell, y, 90, 180), (x, y + cell, 270, 360)]
            )
            for cx, cy, start, end in corners:
                for radius, width in ((32, 17), (14, 3), (50, 3)):
                    canvas.arc(cx, cy, radius, start, end, colour if width > 5 else "#3f6c98", width)
    return canvas.done()


@picture
def stained_glass(rng: np.random.Generator) -> Image.Image:
    w, h = 520, 720
    x, y = plane(w * 2, h * 2)
    sites = np.stack([rng.uniform(0, w * 2, 150), rng.uniform(0, h * 2, 150)], axis=1)
    for _ in range(2):
        nearest = np.argmin(np.stack([(x[::8, ::8] - a) ** 2 + (y[::8, ::8] - b) ** 2 for a, b in sites]), axis=0)
        sites = np.array(
            [[x[::8, ::8][nearest == k].mean(), y[::8, ::8][nearest == k].mean()] for k in range(len(sites))]
        )
    first = np.full(x.shape, np.inf)
    second, owner = first.copy(), np.zeros(x.shape, int)
    for k, (a, b) in enumerate(sites):
        distance = np.hypot(x - a, y - b)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        owner[closer] = k
        first = np.minimum(first, distance)
    radial = np.hypot((sites[:, 0] - w) / w, (sites[:, 1] - h * 0.8) / h)
    tint = np.clip(radial * 0.95 + rng.normal(0, 0.06, len(sites)), 0, 1)
    colours = ramp(["#fff0a8", "#ffb238", "#e4572e", "#a4243b", "#3b2a73", "#155a8a", "#2a9d8f"], tint)
    cloudy = 0.80 + 0.35 * noise(rng, w * 2, h * 2, (9, 12), 4)
    pixels = colours[owner] * cloudy[..., None]
    lead = np.clip((second - first - 7) / 3, 0, 1)[..., None]
    pixels = pixels * lead + rgb("#17131c") * (1 - lead)
    return to_image(pixels).resize((w, h), Image.Resampling.BOX)


@picture
def flow_field(rng: np.random.Generator) -> Image.Image:
    w, h = 720, 540
    canvas = Canvas(w, h, "#f6efe2")
    angle = noise(rng, w + 200, h + 200, (2.2, 1.8), 3) * 7.5
    colours = ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51", "#264653"]
    for _ in range(620):
        x, y = rng.uniform(-60, w + 60), rng.uniform(-60, h + 60)
        colour, width, path = colours[int(rng.integers(6))], rng.choice([1.2, 2, 3.4, 6]), []
        for _ in range(int(rng.uniform(16, 52))):
            path.append((x, y))
            a = angle[int(np.clip(y + 100, 0, h + 199)), int(np.clip(x + 100, 0, w + 199))]
            x, y = x + 4.5 * math.cos(a), y + 4.5 * math.sin(a)
        canvas.line(path, colour, float(width))
    return canvas.done()


@picture
def primary_blocks(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 600, "#16161a")

    def split(x: float, y: float, w: float, h: float, depth: int) -> None:
        if depth and max(w, h) > 110 and (depth > 2 or rng.random() < 0.8):
            share = rng.uniform(0.32, 0.68)
            if w > h:
                split(x, y, w * share, h, depth - 1)
                split(x + w * share, y, w * (1 - share), h, depth - 1)
            else:
                split(x, y, w, h * share, depth - 1)
                split(x, y + h * share, w, h * (1 - share), depth - 1)
            return
        colour = ["#f4efe4", "#f4efe4", "#f4efe4", "#d62828", "#f7b801", "#1d4e9e"][int(rng.integers(6))]
        canvas.rect(x + 5, y + 5, w - 10, h - 10, colour)

    split(0, 0, 600, 600, 6)
    return canvas.done()


@picture
def op_waves(rng: np.random.Generator) -> Image.Image:
    x, y = plane(1200, 1200)
    bulge = (
        np.exp(-((x - 460) ** 2 + (y - 520) ** 2) / 90000) * 240
        - np.exp(-((x - 880) ** 2 + (y - 800) ** 2) / 40000) * 150
    )
    phase = (x + bulge * np.sin(y / 190) + 42 * np.sin(y / 120 + x / 330)) / 34
    edge = np.clip(np.sin(phase * math.pi) * 9 + 0.5, 0, 1)
    pixels = rgb("#101014") + (rgb("#f5f2ea") - rgb("#101014")) * edge[..., None]
    return to_image(pixels).resize((600, 600), Image.Resampling.BOX)


@picture
def star_tiles(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 640, "#0d3b4f")
    for row in range(-1, 6):
        for column in range(-1, 6):
            x, y = 64 + column * 128, 64 + row * 128
            canvas.poly(regular(x, y, 76, 8, 22.5), "#12576b")
            canvas.poly(regular(x, y, 70, 8, 0, 44), "#f2e3c0")
            canvas.poly(regular(x, y, 58, 8, 0, 37), "#c8553d")
            canvas.poly(regular(x, y, 40, 8, 22.5, 25), "#f2b84b")
            canvas.poly(regular(x, y, 20, 8, 0, 13), "#0d3b4f")
            canvas.dot(x, y, 5, "#f2e3c0")
            canvas.poly(regular(x + 64, y + 64, 34, 4, 45), "#f2e3c0")
            canvas.poly(regular(x + 64, y + 64, 26, 4, 45), "#1f8a8a")
            canvas.poly(regular(x + 64, y + 64, 18, 4, 0, 8), "#f2e3c0")
            for dx, dy in ((64, 0), (0, 64)):
                canvas.poly(regular(x + dx, y + dy, 15, 4), "#f2b84b")
    return canvas.done()


@picture
def low_poly_fox(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(600, 600, ["#20323f", "#35566b"], scale=3)
    left = [
        ("#f2883a", [(300, 210), (210, 225), (255, 330)]),
        ("#e06f24", [(300, 210), (255, 330), (300, 360)]),
        ("#d65f1c", [(210, 225), (130, 300), (255, 330)]),
        ("#c24d12", [(210, 225), (120, 215), (130, 300)]),
        ("#ee9650", [(120, 215), (118, 90), (210, 225)]),
        ("#3a2420", [(140, 195), (132, 118), (188, 208)]),
        ("#ffe9d6", [(130, 300), (95, 350), (190, 400)]),
        ("#fff6ec", [(130, 300), (190, 400), (255, 330)]),
        ("#f3d9c4", [(255, 330), (190, 400), (268, 440)]),
        ("#ffe9d6", [(255, 330), (268, 440), (300, 360)]),
        ("#c9601f", [(300, 360), (268, 440), (300, 452)]),
        ("#1d1716", [(268, 440), (300, 428), (300, 476)]),
    ]
    for colour, points in left:
        canvas.poly(points, colour)
        canvas.poly([(600 - x, y) for x, y in points], mix(colour, "#5a1f0a", 0.16))
    for side in (1, -1):
        eye = [(300 - side * 48, 318), (300 - side * 92, 292), (300 - side * 82, 316)]
        canvas.poly(eye, "#1d1716")
        canvas.dot(300 - side * 72, 307, 3.2, "#ffffff")
    for x, y, r in ((80, 90, 5), (520, 120, 7), (505, 470, 5), (70, 480, 8), (300, 70, 4), (545, 300, 4)):
        canvas.poly(regular(x, y, r * 2.2, 4, 0, r * 0.7), "#f7c98b")
    return canvas.done()


@picture
def sunflower_seeds(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(620, 620, "#1f1d2b", scale=3)
    for n in range(1, 760):
        angle, radius = n * 2.399963, 10.4 * math.sqrt(n)
        t = n / 760
        r, g, b = colorsys.hsv_to_rgb(0.13 - 0.16 * t if t < 0.8 else 0.95, 0.55 + 0.4 * t, 1)
        colour = f"#{int(r * 255):02x}{int(g * 255):02x}{int(b * 255):02x}"
        canvas.dot(310 + radius * math.cos(angle), 310 + radius * math.sin(angle), 1.4 + 5.4 * t**0.6, colour)
    return canvas.done()


@picture
def seigaiha(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 480, "#f4ead7")
    # From the horizon forward: each row of scales lies over the one behind it.
    for row in range(26, -3, -1):
        y = 500 - (26 - row) * 20
        for column in range(-1, 10):
            x = column * 80 + (40 if row % 2 else 0)
            tone = mix("#0b3c5d", "#4fa3a5", (26 - row) / 28)
            for k, radius in enumerate((40, 32, 24, 16, 8)):
                canvas.dot(x, y, radius, tone if k % 2 == 0 else "#f4ead7")
    return canvas.done()


@picture
def memphis(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 480, "#ffd6e0")
    for row in range(5):
        for column in range(7):
            x, y = 50 + column * 92 + (44 if row % 2 else 0), 50 + row * 96
            kind, turn = int(rng.integers(5)), rng.uniform(0, 360)
            colour = ["#3a0ca3", "#f72585", "#4cc9f0", "#ffbe0b", "#06d6a0"][int(rng.integers(5))]
            c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            if kind == 0:
                zigzag = [(-30, 0), (-18, -14), (-6, 10), (6, -14), (18, 10), (30, -4)]
                canvas.line([(x + a * c - b * s, y + a * s + b * c) for a, b in zigzag], colour, 6)
            elif kind == 1:
                canvas.poly(regular(x, y, 24, 3, turn), colour)
                canvas.poly(regular(x + 6, y + 6, 24, 3, turn), "#ffffff00", "#22223b", 2.5)
            elif kind == 2:
                canvas.dot(x, y, 20, colour)
                canvas.dot(x + 5, y + 5, 20, None, "#22223b", 2.5)
            elif kind == 3:
                for dx in (-16, 0, 16):
                    for dy in (-16, 0, 16):
                        canvas.dot(x + dx, y + dy, 3.4, colour)
            else:
                canvas.arc(x, y, 18, turn, turn + 180, colour, 12)
    return canvas.done()


@picture
def ferns(rng: np.random.Generator) -> Image.Image:
    """Barnsley's fern, three times, as a botanical plate."""
    w, h = 560, 740
    canvas = Canvas(w, h, "#f5efdf", scale=1)
    maps = np.array(
        [
            [0, 0, 0, 0.16, 0, 0],
            [0.85, 0.04, -0.04, 0.85, 0, 1.6],
            [0.2, -0.26, 0.23, 0.22, 0, 1.6],
            [-0.15, 0.28, 0.26, 0.24, 0, 0.44],
        ]
    )
    counts = np.zeros((h * 2, w * 2))
    for cx, cy, size, lean in ((540, 1330, 122, 0.0), (330, 1340, 82, -0.32), (780, 1340, 74, 0.30)):
        x, y = np.zeros(9000), np.zeros(9000)
        for n in range(90):
            m = maps[rng.choice(4, 9000, p=[0.01, 0.85, 0.07, 0.07])]
            x, y = m[:, 0] * x + m[:, 1] * y + m[:, 4], m[:, 2] * x + m[:, 3] * y + m[:, 5]
            if n > 8:
                px, py = cx + size * (x + lean * y), cy - size * y * (1 - abs(lean) * 0.25)
                keep = (px > 0) & (px < w * 2 - 1) & (py > 0) & (py < h * 2 - 1)
                np.add.at(counts, (py[keep].astype(int), px[keep].astype(int)), 1)
    ink = np.clip(np.log1p(counts) / 2.6, 0, 1)[..., None]
    tone = ramp(["#86a86b", "#3f6f46", "#173a2b"], np.clip(plane(w * 2, h * 2)[1] / (h * 2), 0, 1))
    leaf = to_image(rgb("#f5efdf") * (1 - ink) + tone * ink).resize((w, h), Image.Resampling.BOX)
    canvas = Canvas.over(leaf)
    canvas.rect(22, 22, w - 44, h - 44, None, 0, "#8a7d60", 1.5)
    canvas.text(w / 2, 702, "Filix imaginaria", 20, "#5a5038", "ms", slant=0.2)
    canvas.text(w - 40, 52, "PL. XII", 13, "#5a5038", "rs", tracking=2)
    return grain(canvas.done(), rng, 2)


@picture
def cactus_shelf(rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(640, 480, "#fbe3d3")
    canvas.dot(470, 150, 96, "#f7b89c")
    canvas.rect(0, 372, 640, 108, "#e8a48a")
    canvas.rect(0, 372, 640, 10, "#d68b70")

    def pot(x: float, width: float, tall: float, colour: str) -> None:
        canvas.poly(
            [
                (x - width / 2, 372 - tall),
                (x + width / 2, 372 - tall),
                (x + width * 0.38, 372),
                (x - width * 0.38, 372),
            ],
            colour,
        )
        canvas.poly(
            [
                (x + width * 0.2, 372 - tall),
                (x + width / 2, 372 - tall),
                (x + width * 0.38, 372),
                (x + width * 0.14, 372),
            ],
            mix(colour, "#000000", 0.12),
        )
        canvas.rect(x - width * 0.56, 372 - tall - 10, width * 1.12, 16, mix(colour, "#ffffff", 0.15), 4)

    def stem(x: float, top: float, foot: float, width: float, colour: str) -> None:
        canvas.rect(x - width / 2, top, width, foot - top, colour, width / 2)
        for k in (-0.25, 0.05, 0.3):
            canvas.line([(x + width * k, top + width * 0.4), (x + width * k, foot)], mix(colour, "#0b3d2e", 0.35), 2)
        for y in np.arange(top + 14, foot - 8, 15):
            for side in (-1, 1):
                canvas.line([(x + side * width / 2, y), (x + side * (width / 2 + 5), y - 3)], "#f9f3e6", 1.4)

    stem(128, 180, 312, 46, "#2f8f6b")
    for side, y in ((-1, 240), (1, 214)):
        canvas.curve([(128, y + 14), (128 + side * 44, y + 8), (128 + side * 50, y - 34)], "#2f8f6b", 22)
    canvas.poly(regular(128, 178, 16, 6, 0, 8), "#f15bb5")
    pot(128, 92, 64, "#c8553d")
    canvas.oval(262, 300, 48, 40, "#5aa469")
    for k in range(-3, 4):
        canvas.curve([(262 + k * 4, 262), (262 + k * 14, 300), (262 + k * 6, 338)], "#2f6f4a", 2)
    canvas.poly(regular(262, 262, 13, 7, 0, 7), "#ffd166")
    pot(262, 84, 46, "#3d5a80")
    for angle in np.linspace(-78, 78, 11):
        a = math.radians(angle - 90)
        tip = (392 + 118 * math.cos(a) * 0.8, 300 + 124 * math.sin(a))
        side = (math.cos(a + 1.57) * 9, math.sin(a + 1.57) * 9)
        canvas.blob(
            [
                (392 - side[0], 316 - side[1]),
                (392 + side[0], 316 + side[1]),
                ((392 + tip[0]) / 2 + side[0], (316 + tip[1]) / 2 + side[1]),
                tip,
                ((392 + tip[0]) / 2 - side[0], (316 + tip[1]) / 2 - side[1]),
            ],
            mix("#1f7a5c", "#8fcf8f", abs(angle) / 90),
        )
    pot(392, 78, 56, "#f2cc8f")
    for x, y, r in ((528, 296, 22), (512, 258, 20), (546, 250, 18), (530, 216, 17), (506, 222, 13)):
        canvas.oval(x, y, r * 0.8, r * 1.25, mix("#3a9d6e", "#9ad29a", (300 - y) / 140), turn=(x - 528) * 1.2)
        for _ in range(5):
            canvas.dot(x + rng.normal(0, r * 0.3), y + rng.normal(0, r * 0.4), 1.4, "#f9f3e6")
    pot(528, 76, 52, "#6d597a")
    return canvas.done()
