"""Procedural pictures of the kinds people post: photo-like scenes, memes, screenshots, map art, flat graphics."""

from __future__ import annotations

from random import Random
from typing import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from benchmarks.quality.dialogs import dialog

_LETTERS = "eeeeeettttaaaooiinnsshhrrddllcumwfgypbvk"


def _colour(rng: Random, low: int = 0, high: int = 255) -> tuple[int, int, int]:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def _words(rng: Random, count: int) -> str:
    return " ".join("".join(rng.choice(_LETTERS) for _ in range(rng.randint(2, 9))) for _ in range(count))


def _clouds(rng: Random, size: tuple[int, int], roughness: float) -> Image.Image:
    """Fractal noise as "L": octaves of random grids, each finer and weaker by ``roughness``."""
    total = np.zeros((size[1], size[0]), np.float32)
    cells, weight = 2, 1.0
    while cells < 128:
        grid = Image.frombytes(
            "L", (cells + 1, cells), rng.getrandbits(8 * cells * (cells + 1)).to_bytes(cells * (cells + 1), "big")
        )
        total += weight * np.asarray(grid.resize(size, Image.Resampling.BICUBIC), np.float32)
        cells, weight = cells * 2, weight * roughness
    low, high = float(total.min()), float(total.max())
    return Image.fromarray(((total - low) * (255 / max(high - low, 1))).astype(np.uint8))


def _outline(rng: Random, size: tuple[int, int], points: int) -> list[tuple[int, int]]:
    """A closed, wobbly outline anywhere in the picture."""
    reach = rng.uniform(0.06, 0.4) * min(size)
    x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    wide = rng.uniform(0.6, 1.8)
    turns = sorted(rng.uniform(0, 2 * np.pi) for _ in range(points))
    spans = [reach * rng.uniform(0.6, 1.2) for _ in turns]
    return [(int(x + wide * r * np.cos(a)), int(y + r * np.sin(a))) for a, r in zip(turns, spans)]


def _shape(draw: ImageDraw.ImageDraw, rng: Random, size: tuple[int, int], fill: object, kinds: str = "ebpl") -> None:
    kind = rng.choice(kinds)
    width, height = (max(4, int(rng.uniform(0.04, 0.6) * side)) for side in size)
    left, top = rng.randint(-width // 3, size[0]), rng.randint(-height // 3, size[1])
    if kind == "e":
        draw.ellipse((left, top, left + width, top + height), fill=fill)
    elif kind == "b":
        draw.rounded_rectangle((left, top, left + width, top + height), min(width, height) * rng.uniform(0, 0.4), fill)
    elif kind == "p":
        draw.polygon(_outline(rng, size, rng.randint(3, 12)), fill=fill)
    else:
        ends = [(rng.randint(0, size[0]), rng.randint(0, size[1])) for _ in range(rng.randint(2, 4))]
        draw.line(ends, fill=fill, width=max(1, int(min(size) * rng.uniform(0.005, 0.05))), joint="curve")


def _photo(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Soft light over textured things in front of each other, like a photo of a scene."""
    image = Image.composite(
        Image.new("RGB", size, _colour(rng)),
        Image.new("RGB", size, _colour(rng)),
        _clouds(rng, size, rng.uniform(0.3, 0.6)),
    )
    if rng.random() < 0.6:
        slope = Image.linear_gradient("L").rotate(rng.choice([0, 0, 0, 90, 180])).resize(size)
        image = Image.blend(
            image,
            Image.merge("RGB", [ImageChops.multiply(slope, Image.new("L", size, c)) for c in _colour(rng, 60)]),
            0.6,
        )
    for _ in range(rng.randint(3, 14)):
        mask = Image.new("L", size)
        _shape(ImageDraw.Draw(mask), rng, size, 255, "epppbl")
        mask = mask.filter(ImageFilter.GaussianBlur(min(size) * rng.choice([0.002, 0.004, 0.01, 0.03])))
        texture = _clouds(rng, size, rng.uniform(0.5, 0.95)).rotate(rng.choice([0, 0, 90, 180]))
        texture = texture.resize(size)
        dark, light = _colour(rng, 0, 120), _colour(rng, 60)
        skin = Image.composite(Image.new("RGB", size, light), Image.new("RGB", size, dark), texture)
        if rng.random() < 0.5:
            shade = ImageChops.offset(
                mask.filter(ImageFilter.GaussianBlur(min(size) * 0.05)),
                int(size[0] * rng.uniform(-0.06, 0.06)),
                int(size[1] * rng.uniform(-0.06, 0.06)),
            )
            skin = ImageChops.multiply(skin, Image.merge("RGB", [shade] * 3))
        image.paste(skin, mask=mask)
    if rng.random() < 0.15:
        image = image.convert("L").convert("RGB")
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))


def _meme(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A scene or drawing with bold text on it, or on a bar above it."""
    image = _photo(rng, size) if rng.random() < 0.6 else _graphic(rng, size)
    height = int(size[1] * rng.uniform(0.12, 0.3))
    text = _words(rng, rng.randint(3, 7))
    font = ImageFont.load_default(max(10, min(height // 2, int(1.7 * size[0] / len(text)))))
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.5:
        draw.rectangle((0, 0, size[0], height), fill="white")
        draw.text((size[0] / 2, height / 2), text, fill="black", font=font, anchor="mm")
    else:
        for y in rng.sample([height // 2, size[1] - height // 2], rng.randint(1, 2)):
            draw.text(
                (size[0] / 2, y),
                text.upper(),
                fill="white",
                font=font,
                anchor="mm",
                stroke_width=2,
                stroke_fill="black",
            )
    return image


def _graphic(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A logo or drawing: flat colours, sometimes outlined, often on white."""
    back = rng.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), _colour(rng), _colour(rng)])
    image = Image.new("RGB", size, back)
    draw = ImageDraw.Draw(image)
    palette = [_colour(rng) for _ in range(rng.randint(1, 6))]
    for _ in range(rng.randint(2, 16)):
        if rng.random() < 0.3:
            points = _outline(rng, size, rng.randint(4, 14))
            draw.polygon(points, fill=rng.choice(palette))
            draw.line([*points, points[0]], fill="black", width=max(2, min(size) // 90), joint="curve")
        else:
            _shape(draw, rng, size, rng.choice(palette))
    if rng.random() < 0.4:
        font = ImageFont.load_default(rng.randint(16, max(17, size[1] // 4)))
        draw.text(
            (rng.randint(0, size[0] // 2), rng.randint(0, size[1] * 3 // 4)),
            _words(rng, 1),
            fill=rng.choice(palette),
            font=font,
        )
    return image


def _screenshot(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Panels, lines of text, buttons and small pictures: a program, a web page or a chat."""
    dark = rng.random() < 0.5
    back = (rng.randint(15, 55),) * 3 if dark else (rng.randint(235, 255),) * 3
    ink, panel = ("#d8dade", tuple(v + 14 for v in back)) if dark else ("#22252a", tuple(v - 16 for v in back))
    image = Image.new("RGB", size, back)
    draw = ImageDraw.Draw(image)
    accent = _colour(rng)
    columns = sorted({0, size[0], *(rng.randint(size[0] // 8, size[0] - 60) for _ in range(rng.randint(0, 2)))})
    if rng.random() < 0.6:
        draw.rectangle((0, 0, size[0], size[1] // rng.randint(8, 16)), fill=rng.choice([accent, panel]))
    for left, right in zip(columns, columns[1:]):
        if rng.random() < 0.4:
            draw.rectangle((left, 0, right, size[1]), fill=panel)
        x, y = left + 8, rng.randint(6, 40)
        text_size = rng.randint(7, 18)
        while y < size[1] - 10:
            kind = rng.random()
            if kind < 0.62:
                font = ImageFont.load_default(text_size)
                most = max(1, int((right - left - 12) / (3.3 * text_size)))
                draw.text(
                    (x, y), _words(rng, rng.randint(1, most)), fill=ink if rng.random() < 0.85 else accent, font=font
                )
                y += int(text_size * rng.choice([1.3, 1.4, 2.2]))
            elif kind < 0.78:
                width, height = rng.randint(30, 160), rng.randint(14, 40)
                draw.rounded_rectangle(
                    (x, y, max(x + 8, min(x + width, right - 4)), y + height), 5, rng.choice([accent, panel]), ink
                )
                y += height + 8
            elif kind < 0.9:
                y += rng.randint(12, 90)
            else:
                width, height = min(right - left - 16, rng.randint(30, 260)), rng.randint(20, 160)
                if width > 16:
                    scene = _photo(rng, (width, height)) if rng.random() < 0.5 else _graphic(rng, (width, height))
                    image.paste(scene, (x, y))
                y += height + 8
    return image


def _map_art(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A scene in 128 × 128 blocks of few colours, dithered, enlarged: block-game map art."""
    scene = _photo(rng, (128, 128)) if rng.random() < 0.6 else _graphic(rng, (128, 128))
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for _ in range(52) for value in _colour(rng)])
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.7 else Image.Dither.NONE
    blocks = scene.quantize(palette=palette, dither=dither).convert("RGB")
    return blocks.resize((512, 512), Image.Resampling.NEAREST)


KINDS: dict[str, Callable[[Random, tuple[int, int]], Image.Image]] = {
    "photo": _photo,
    "meme": _meme,
    "screenshot": _screenshot,
    "map art": _map_art,
    "graphic": _graphic,
}


def procedural_picture(seed: str) -> Image.Image:
    """An RGB picture of 320 to 640 pixels; the same seed gives the same picture."""
    rng = Random(seed)
    longest = rng.randint(320, 640)
    aspect = rng.choice([1.0, 1.33, 1.5, 1.78, 0.75, 0.67, rng.uniform(0.5, 2.5)])
    size = (longest, round(longest / aspect)) if aspect >= 1 else (round(longest * aspect), longest)
    return rng.choice(list(KINDS.values()))(rng, size)


def benchmark_picture(seed: str) -> Image.Image:
    """As ``procedural_picture``, but for one in six, which is a dialog: many others are nearly the same."""
    rng = Random(f"{seed}/kind")
    return dialog(rng) if rng.random() < 1 / 6 else procedural_picture(seed)
