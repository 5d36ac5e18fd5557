"""Shapes drawn with Pillow, smooth at every scale: rounded boxes, icons, previews. No Tk here."""

from __future__ import annotations

import logging
from functools import lru_cache
from io import BytesIO
from typing import Sequence

from PIL import Image, ImageDraw, ImageFilter

from ras.gui.region_outline import draw_outline
from ras.records import Point

log = logging.getLogger(__name__)

_LARGEST_PREVIEW = 2048
"""Pixels of the longer side: one that says it has more was not made by RAS."""
_FINER = 4
"""Shapes are drawn this many times larger and scaled down, since Pillow's lines have no anti-aliasing."""


@lru_cache(maxsize=64)
def rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    """A white box with round corners on black (mode L)."""
    radius = max(0, min(radius, width // 2, height // 2))
    mask = Image.new("L", (width, height), 255)
    if radius == 0:
        return mask
    circle = Image.new("L", (2 * radius * _FINER,) * 2, 0)
    ImageDraw.Draw(circle).ellipse((0, 0, circle.width - 1, circle.height - 1), fill=255)
    circle = circle.resize((2 * radius, 2 * radius), Image.Resampling.BOX)
    right, bottom = width - radius, height - radius
    for x, y, left, top in (
        (0, 0, 0, 0),
        (right, 0, radius, 0),
        (0, bottom, 0, radius),
        (right, bottom, radius, radius),
    ):
        mask.paste(circle.crop((left, top, left + radius, top + radius)), (x, y))
    return mask


def rounded_box(
    size: tuple[int, int],
    radius: int,
    fill: str | None,
    outline: str | None = None,
    line: int = 0,
    behind: str | None = None,
) -> Image.Image:
    """A box with round corners: opaque on ``behind`` (mode RGB), else with transparent corners (mode RGBA)."""
    width, height = size
    mask = rounded_mask(width, height, radius)
    edge = outline if line else None
    face = Image.new("RGB", size, edge or fill or behind or "black")
    hole = (width - 2 * line, height - 2 * line)
    inner_mask = rounded_mask(*hole, max(0, radius - line)) if edge else None
    if inner_mask is not None and (fill or behind):
        face.paste(Image.new("RGB", hole, fill or behind), (line, line), inner_mask)
    if behind:
        box = Image.new("RGB", size, behind)
        box.paste(face, (0, 0), mask)
        return box
    if fill is None:
        mask = mask.copy() if edge else Image.new("L", size, 0)
        if inner_mask is not None:
            mask.paste(0, (line, line), inner_mask)
    # The colour goes on under the transparent edge: a mix with black there would show as a dark rim.
    face.putalpha(mask)
    return face


def dashed_box(size: tuple[int, int], radius: int, fill: str, outline: str, line: int, behind: str) -> Image.Image:
    """A rounded box with a dashed outline, as drop zones have it."""
    width, height = size
    box = rounded_box(size, radius, fill, outline, line, behind)
    plain = rounded_box(size, radius, fill, behind=behind)
    dash = max(4, line * 5)
    gaps = Image.new("L", size, 0)
    draw = ImageDraw.Draw(gaps)
    for x in range(radius, width - radius, 2 * dash):
        draw.rectangle((x, 0, min(x + dash, width - radius), line), fill=255)
        draw.rectangle((x, height - line - 1, min(x + dash, width - radius), height), fill=255)
    for y in range(radius, height - radius, 2 * dash):
        draw.rectangle((0, y, line, min(y + dash, height - radius)), fill=255)
        draw.rectangle((width - line - 1, y, width, min(y + dash, height - radius)), fill=255)
    box.paste(plain, (0, 0), gaps)
    return box


def icon(name: str, side: int, colour: str) -> Image.Image:
    """A line icon (RGBA, ``side`` × ``side``): picture, folder, close, check, down, right, filter, list,
    search, warning, info.
    """
    n = side * _FINER
    image = Image.new("RGBA", (n, n), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    pen = max(_FINER, round(n * 0.085))

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * n, y * n) for x, y in points]

    def stroke(*points: tuple[float, float]) -> None:
        draw.line(at(*points), fill=colour, width=pen, joint="curve")
        for x, y in (at(*points)[0], at(*points)[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=colour)

    def box(x0: float, y0: float, x1: float, y1: float, radius: float) -> None:
        draw.rounded_rectangle(at((x0, y0), (x1, y1)), radius * n, outline=colour, width=pen)

    def dot(x: float, y: float, radius: float) -> None:
        draw.ellipse(at((x - radius, y - radius), (x + radius, y + radius)), fill=colour)

    if name == "picture":
        box(0.08, 0.14, 0.92, 0.86, 0.12)
        dot(0.32, 0.38, 0.085)
        stroke((0.14, 0.76), (0.40, 0.54), (0.53, 0.66), (0.70, 0.46), (0.87, 0.64))
    elif name == "folder":
        stroke((0.10, 0.24), (0.38, 0.24), (0.47, 0.36), (0.90, 0.36), (0.90, 0.80), (0.10, 0.80), (0.10, 0.24))
    elif name == "close":
        stroke((0.26, 0.26), (0.74, 0.74))
        stroke((0.74, 0.26), (0.26, 0.74))
    elif name == "check":
        stroke((0.20, 0.54), (0.42, 0.74), (0.80, 0.30))
    elif name == "down":
        stroke((0.24, 0.40), (0.50, 0.64), (0.76, 0.40))
    elif name == "right":
        stroke((0.40, 0.24), (0.64, 0.50), (0.40, 0.76))
    elif name == "filter":
        stroke((0.12, 0.26), (0.88, 0.26))
        stroke((0.27, 0.50), (0.73, 0.50))
        stroke((0.41, 0.74), (0.59, 0.74))
    elif name == "list":
        for y in (0.24, 0.50, 0.76):
            dot(0.16, y, 0.06)
            stroke((0.34, y), (0.88, y))
    elif name == "search":
        draw.ellipse(at((0.14, 0.14), (0.66, 0.66)), outline=colour, width=pen)
        stroke((0.62, 0.62), (0.86, 0.86))
    elif name == "warning":
        stroke((0.50, 0.14), (0.92, 0.84), (0.08, 0.84), (0.50, 0.14))
        stroke((0.50, 0.42), (0.50, 0.60))
        dot(0.50, 0.72, 0.05)
    elif name == "info":
        draw.ellipse(at((0.10, 0.10), (0.90, 0.90)), outline=colour, width=pen)
        stroke((0.50, 0.48), (0.50, 0.70))
        dot(0.50, 0.31, 0.055)
    else:
        raise ValueError(f"There is no icon “{name}”.")
    return image.resize((side, side), Image.Resampling.LANCZOS)


def open_preview(data: bytes) -> Image.Image:
    """The preview that a result carries (made by RAS, at most 256 pixels a side), as RGB; grey where it is damaged."""
    # Within this process, since many are drawn at once: RAS made it, from pixels.
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=("JPEG", "PNG"))
        if max(image.size) > _LARGEST_PREVIEW:
            raise ValueError(f"it has {image.width} × {image.height} pixels")
        return image.convert("RGB")
    except Exception as exc:  # noqa: BLE001  Pillow promises OSError and raises whatever its parsers run into
        log.warning("A preview is damaged: %r", exc)
        return Image.new("RGB", (192, 144), (128, 128, 128))


def place_in(picture: tuple[int, int], size: tuple[int, int], *, fill: bool = False) -> tuple[int, int, int, int]:
    """(left, top, width, height) of a picture in a frame of ``size``, as ``framed`` has it: it may reach beyond."""
    scale = min(size[0] / picture[0], size[1] / picture[1])
    cover = max(size[0] / picture[0], size[1] / picture[1])
    if fill or cover / scale < 1.12:
        scale = cover
    width, height = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    return (size[0] - width) // 2, (size[1] - height) // 2, width, height


def framed(
    picture: Image.Image,
    size: tuple[int, int],
    radius: int,
    backdrop: str,
    behind: str,
    *,
    fill: bool = False,
    region: Sequence[Point] = (),
    line: int = 3,
) -> Image.Image:
    """The picture as large as it fits ``size``, centred on ``backdrop``, all with round corners on ``behind``.

    A picture of nearly the frame's shape fills it, so that no thin bars stay at its sides; with ``fill``, any does.
    ``region`` of it (corners in shares of its sides) is outlined, by a line of ``line`` pixels.
    """
    width, height = size
    left, top, wide, high = place_in(picture.size, size, fill=fill)
    fitted = picture.resize(
        (wide, high), Image.Resampling.BILINEAR if wide > picture.width else Image.Resampling.HAMMING
    )
    face = Image.new("RGB", size, backdrop)
    face.paste(fitted, (left, top))
    if region:
        draw_outline(face, region, (left, top, fitted.width, fitted.height), line)
    frame = Image.new("RGB", size, behind)
    frame.paste(face, (0, 0), rounded_mask(width, height, radius))
    return frame


def veiled(picture: Image.Image) -> Image.Image:
    """The picture blurred beyond recognition, for a spoiler that was not revealed: a few patches of its colours.

    Its longer side is reduced to 5 pixels, so that nothing more is left of it however large it is shown; and it is dark
    enough for white words on it (4.5 : 1 on white, WCAG AA).
    """
    longest = max(picture.size)
    cells = (max(1, round(5 * picture.width / longest)), max(1, round(5 * picture.height / longest)))
    small = picture.resize(cells, Image.Resampling.BOX)
    blurred = small.resize(picture.size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(longest / 32))
    return Image.eval(blurred, lambda value: round(value * 0.44))


def pill(size: tuple[int, int], colour: str, opacity: float) -> Image.Image:
    """A box that is round at both ends (RGBA)."""
    box = Image.new("RGB", size, colour)
    box.putalpha(Image.eval(rounded_mask(*size, size[1] // 2), lambda value: round(value * opacity)))
    return box
