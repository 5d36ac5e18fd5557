"""What a picture is seen in when somebody takes it from there: drawn chat windows and photos of a screen."""

from __future__ import annotations

import math
from functools import lru_cache
from random import Random
from typing import Any, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

_WORDS = """
    when you finally find that one picture from last year and nobody believes me at all today so here it is the same
    again with another text look I told them yes no why how did this get posted twice already server people channel
    update version thanks lol what really sure tomorrow game map build screenshot new old first time ever wow nice
"""
_NAMES = ["Robin", "mapmaker", "kestrel", "Juniper", "o_tter", "Maelstrom", "quill", "ThatOneGuy", "vex", "Saoirse"]
_LONGEST_SIDE = 1600


@lru_cache(maxsize=None)
def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Pillow's own font; it is unpacked once for each size."""
    return ImageFont.load_default(size)


def sentence(rng: Random, count: int) -> str:
    return " ".join(rng.choices(_WORDS.split(), k=count))


class _Theme:
    """The colours of a drawn program: dark or light."""

    def __init__(self, rng: Random) -> None:
        dark = rng.random() < 0.65
        shade = rng.randint(24, 54) if dark else rng.randint(240, 255)
        self.back = (
            shade,
            shade + (1 if dark else -1) * rng.randint(0, 1),
            shade + (rng.randint(0, 4) if dark else -1),
        )
        self.panel = tuple(value + (-8 if dark else -10) for value in self.back)
        self.line = tuple(value + (16 if dark else -26) for value in self.back)
        self.ink = (219, 222, 225) if dark else (40, 42, 48)
        self.faint = (140, 146, 154) if dark else (120, 126, 134)
        self.accent = rng.choice([(88, 101, 242), (35, 165, 90), (218, 55, 60), (29, 155, 240), (240, 140, 30)])


def _small(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(picture, size, Image.Resampling.BILINEAR)


def _avatar(draw: ImageDraw.ImageDraw, rng: Random, box: tuple[int, int, int, int]) -> None:
    colour = tuple(rng.randint(60, 240) for _ in range(3))
    draw.ellipse(box, fill=colour)
    size = max(6, (box[3] - box[1]) // 2)
    draw.text(
        ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
        rng.choice("RKJMQVS"),
        fill="white",
        font=font(size),
        anchor="mm",
    )


def _list_of_names(
    draw: ImageDraw.ImageDraw, rng: Random, theme: _Theme, box: tuple[int, int, int, int], unit: int
) -> None:
    """A side panel: channels, chats or members, one below the other."""
    draw.rectangle(box, fill=theme.panel)
    round_pictures = rng.random() < 0.5
    for y in range(box[1] + unit, box[3] - unit, unit * 2):
        x = box[0] + unit // 2
        if round_pictures:
            _avatar(draw, rng, (x, y - unit // 4, x + unit * 5 // 4, y + unit))
            x += unit * 7 // 4
        most = int((box[2] - x) / (0.55 * unit))
        if most >= 3:
            draw.text((x, y), sentence(rng, 3)[:most], fill=theme.faint, font=font(unit * 7 // 8))


def _messages(
    canvas: Image.Image,
    rng: Random,
    theme: _Theme,
    box: tuple[int, int, int, int],
    unit: int,
    others: Sequence[Image.Image],
) -> None:
    """Messages from the top of the box to its end: who, when, lines of text, now and then a small picture."""
    draw = ImageDraw.Draw(canvas)
    left, y, right, bottom = box
    text_left = left + unit * 3
    most = max(4, int((right - text_left) / (0.5 * unit)))
    while y < bottom - 2 * unit:
        _avatar(draw, rng, (left + unit // 2, y, left + unit * 5 // 2, y + unit * 2))
        draw.text((text_left, y), rng.choice(_NAMES), fill=theme.accent, font=font(unit))
        when = f"{rng.randint(1, 12)}:{rng.randint(0, 59):02} {rng.choice('AP')}M"
        draw.text((text_left + unit * 7, y + unit // 6), when, fill=theme.faint, font=font(max(6, unit * 3 // 4)))
        y += unit * 5 // 4
        for _ in range(rng.randint(1, 3)):
            if y < bottom - unit:
                draw.text((text_left, y), sentence(rng, rng.randint(2, 14))[:most], fill=theme.ink, font=font(unit))
                y += unit * 5 // 4
        if others and rng.random() < 0.3 and y < bottom - 5 * unit and right - text_left > 8 * unit:
            height = min(bottom - y - unit, rng.randint(4, 8) * unit)
            width = min(right - text_left, round(height * rng.uniform(0.8, 1.7)))
            canvas.paste(_small(rng.choice(others), (width, height)), (text_left, y))
            y += height + unit // 2
        y += unit // 2


def _window_size(rng: Random, picture: tuple[int, int], share: float) -> tuple[int, int]:
    """The size of a window of which the picture takes ``share`` of the area, somewhat towards the usual shapes."""
    grow = math.sqrt(1 / share)
    wish = rng.choice([16 / 9, 16 / 10, 4 / 3, 1.0, 9 / 16]) / (picture[0] / picture[1])
    lean = min(max(math.sqrt(wish) ** 0.6, 1.06 / grow), grow / 1.06)  # the picture still fits into both sides
    return round(picture[0] * grow * lean), round(picture[1] * grow / lean)


def shown_in_chat(image: Image.Image, rng: Random, others: Sequence[Image.Image], share: float) -> Image.Image:
    """A screenshot of a chat or a page with the picture in it, which takes ``share`` of the screenshot's area.

    The picture is shown at 85 to 100 % of its pixels; the screenshot's longest side is at most 1,600.
    """
    theme = _Theme(rng)
    scale = rng.uniform(0.85, 1)
    shown = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    size = _window_size(rng, shown, share)
    scale *= min(1.0, _LONGEST_SIDE / max(size))
    shown = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    size = tuple(round(side * min(1.0, _LONGEST_SIDE / max(size))) for side in size)
    unit = max(7, round(math.sqrt(size[0] * size[1]) / rng.randint(42, 62)))  # the height of a letter
    canvas = Image.new("RGB", size, theme.back)
    draw = ImageDraw.Draw(canvas)
    spare_x, spare_y = size[0] - shown[0], size[1] - shown[1]
    left = min(spare_x, round(spare_x * rng.uniform(0.35, 0.9)))
    top = min(spare_y, round(spare_y * rng.uniform(0.25, 0.85)))
    panel = max(0, left - unit * 4)
    if panel < unit * 4 or rng.random() < 0.2:
        panel = 0
    header = unit * 5 // 2 if top > unit * 5 else 0
    text_left = left - unit * 3
    above = (text_left, header + unit // 2, size[0] - unit, top - unit // 3)
    _messages(canvas, rng, theme, above, unit, others)
    draw.rectangle((text_left, top - unit // 3, size[0], top + shown[1] + unit // 2), fill=theme.back)
    foot = size[1] - (unit * 3 if spare_y - top > unit * 7 else 0)
    _messages(canvas, rng, theme, (text_left, top + shown[1] + unit // 2, size[0] - unit, foot), unit, others)
    if foot < size[1]:
        draw.rectangle((0, foot, size[0], size[1]), fill=theme.back)
        field = (text_left + unit // 2, foot + unit // 4, size[0] - unit, size[1] - unit // 2)
        draw.rounded_rectangle(field, unit // 2, fill=theme.line)
        draw.text((field[0] + unit, field[1] + unit // 2), "Write a message", fill=theme.faint, font=font(unit))
    if panel:
        _list_of_names(draw, rng, theme, (0, 0, panel, size[1]), unit)
    if size[0] - left - shown[0] > unit * 10 and rng.random() < 0.6:
        _list_of_names(draw, rng, theme, (left + shown[0] + unit, header, size[0], size[1]), unit)
    if header:
        draw.rectangle((panel, 0, size[0], header), fill=theme.back)
        draw.line((panel, header, size[0], header), fill=theme.line, width=max(1, unit // 10))
        draw.text((panel + unit, unit * 3 // 4), "# " + sentence(rng, 2), fill=theme.ink, font=font(unit * 5 // 4))
    canvas.paste(image.resize(shown, Image.Resampling.BICUBIC), (left, top))
    return canvas


def _perspective(corners: np.ndarray, size: tuple[int, int]) -> tuple[Any, ...]:
    """The 8 numbers by which Pillow finds, for a place in the photo, its place in a picture of ``size``.

    ``corners`` (4, 2) are where the picture's corners (from the upper left, clockwise) lie in the photo.
    """
    width, height = size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)]):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(values, float)))


def _tilted(rng: Random, ratio: float, tilt: float) -> np.ndarray:
    """(4, 2): the corners of a screen of this aspect as a camera sees them that is ``tilt`` radians off its axis."""
    corners = np.array([[-ratio, -1, 0], [ratio, -1, 0], [ratio, 1, 0], [-ratio, 1, 0]]) / math.hypot(ratio, 1)
    a, b, c = (rng.choice([-1, 1]) * tilt * rng.uniform(0.5, 1) for _ in range(3))
    c *= 0.4
    turn_x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    turn_y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    turn_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    seen = corners @ turn_x.T @ turn_y.T @ turn_z.T
    return seen[:, :2] / (seen[:, 2:] + 2.8)  # the camera stands 1.4 diagonals of the screen away from it


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def _camera(pixels: np.ndarray, rng: Random) -> Image.Image:
    """What light, the screen's grid and a phone's camera do: (height, width, 3) float32 levels → the photo."""
    height, width = pixels.shape[:2]
    x, y = np.arange(width, dtype=np.float32) / width, np.arange(height, dtype=np.float32)[:, None] / height
    angle = rng.uniform(0, 2 * math.pi)
    light = rng.uniform(0.75, 0.95) + rng.uniform(0.1, 0.3) * (
        math.cos(angle) * (x - 0.5) + math.sin(angle) * (y - 0.5)
    )
    glare = rng.uniform(0, 45) * np.exp(-(((x - rng.random()) / 0.3) ** 2)) * np.exp(-(((y - rng.random()) / 0.3) ** 2))
    waves = [rng.uniform(15, 60) * rng.choice([-1, 1]), rng.uniform(15, 60)]
    phase_x, phase_y = waves[0] * 2 * math.pi * (x + 0.04 * x * x), waves[1] * 2 * math.pi * y
    moire = np.cos(phase_x) * np.cos(phase_y) - np.sin(phase_x) * np.sin(phase_y)
    noise = np.random.RandomState(rng.getrandbits(32)).randint(0, 256, (2, height, width), np.uint8)
    grain = (noise[0].astype(np.float32) - noise[1]) * rng.uniform(0.03, 0.07)
    depth = rng.uniform(2, 7)
    for channel in range(3):
        level = pixels[..., channel]
        level *= light * rng.uniform(0.92, 1.06)
        level += glare + grain
        level += (depth * rng.uniform(0.6, 1)) * moire
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def photographed(
    screen: Image.Image, rng: Random, *, share: float, tilt: float, longest: int, blur: float = 0.0015
) -> Image.Image:
    """A hand-held photo of a screen that takes ``share`` of the photo's area; its longest side is ``longest``.

    ``share`` may be more than 1: then the photo's edge cuts the screen. ``blur`` is a share of the longest side.
    """
    ratio = screen.width / screen.height
    size = (longest, round(longest * 3 / 4)) if ratio > 1 else (round(longest * 3 / 4), longest)
    if share > 0.6:  # people hold the phone so that the picture fills the photo
        size = (longest, max(8, round(longest / ratio))) if ratio > 1 else (max(8, round(longest * ratio)), longest)
    corners = _tilted(rng, ratio, tilt)
    corners *= math.sqrt(share * size[0] * size[1] / _area(corners))
    middle = (corners.max(axis=0) + corners.min(axis=0)) / 2
    spare = np.abs(np.array(size) - np.ptp(corners, axis=0)) / 2
    corners += np.array(size) / 2 - middle + spare * [rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6)]
    near, far = (tuple(rng.randint(10, high) for _ in range(3)) for high in (60, 170))
    room = Image.new("L", (3, 3))
    room.putdata([rng.randint(0, 255) for _ in range(9)])
    mask = room.resize(size, Image.Resampling.BICUBIC)
    photo = Image.composite(Image.new("RGB", size, far), Image.new("RGB", size, near), mask)
    outer = corners + (corners - corners.mean(axis=0)) * rng.uniform(0.03, 0.08)
    ImageDraw.Draw(photo).polygon([tuple(corner) for corner in outer], fill=(rng.randint(8, 40),) * 3)
    seen = screen.transform(
        size, Image.Transform.PERSPECTIVE, _perspective(corners, screen.size), Image.Resampling.BILINEAR
    )
    edge = Image.new("L", size)
    ImageDraw.Draw(edge).polygon([tuple(corner) for corner in corners], fill=255)
    photo.paste(seen, mask=edge)
    photo = photo.filter(ImageFilter.GaussianBlur(longest * blur * rng.uniform(0.7, 1.2)))
    return _camera(np.asarray(photo, np.float32).copy(), rng)
