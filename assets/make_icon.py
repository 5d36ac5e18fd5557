"""Makes the program's mark in every form that systems want: a magnifier that finds a picture.

Run from the repository root: ``python assets/make_icon.py``. Small sizes are drawn for themselves: at 16 pixels
a landscape is mud, so there the lens holds one hill and no sun. Linux and the window take ``icons/*.png``, Windows
``icon.ico``, macOS ``icon.icns``, where a mark has a margin around it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sample_art.canvas import ramp, to_image

HERE = Path(__file__).resolve().parent
SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""Of the .ico; Windows takes 20 and 40 on screens of 125 % and 250 %."""
THEME_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
"""Of the files in ``icons``: the folders of the icon theme hicolor."""
BUNDLE_SIZES = (16, 32, 64, 128, 256, 512, 1024)
"""Of the .icns."""
OVERSAMPLE = 8
LARGEST_DRAWN = 2048
"""Pixels a side; large icons are drawn with less oversampling."""


def tile(size: int) -> Image.Image:
    """The rounded square in a diagonal gradient from violet to teal."""
    across = (np.arange(size)[None, :] + np.arange(size)[:, None]) / (2 * size)
    image = to_image(ramp(["#6a5cff", "#4d6bf5", "#12b5b0"], across)).convert("RGBA")
    mask = Image.new("L", (size, size), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size - 1, size - 1), size * 0.225, fill=255)
    image.putalpha(mask)
    return image


def landscape(size: int, simple: bool) -> Image.Image:
    """What the lens shows: a sky, a sun and two hills."""
    image = to_image(np.repeat(ramp(["#ffd98a", "#ff9f7a"], np.linspace(0, 1, size))[:, None], size, axis=1))
    draw = ImageDraw.Draw(image)
    if not simple:
        draw.ellipse((size * 0.56, size * 0.20, size * 0.78, size * 0.42), fill="#fffdf2")
        draw.polygon([(size * 0.42, size), (size * 0.76, size * 0.44), (size * 1.2, size)], fill="#7a5bd6")
    peak = 0.36 if simple else 0.38
    draw.polygon([(-size * 0.2, size), (size * (0.42 if simple else 0.36), size * peak), (size, size)], fill="#34287f")
    return image


def icon(size: int) -> Image.Image:
    """The mark at ``size`` pixels."""
    k = min(size * OVERSAMPLE, max(LARGEST_DRAWN, size))
    small = size < 40
    image = tile(k)
    centre, radius = (0.435, 0.435) if small else (0.44, 0.44), 0.285 if small else 0.27
    edge = 0.105 if small else 0.075
    grip = 0.15 if small else 0.115
    draw = ImageDraw.Draw(image)

    def disc(x: float, y: float, r: float, fill: str) -> None:
        draw.ellipse(((x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k), fill=fill)

    start, end = 0.64, 0.80 if small else 0.81
    draw.line((start * k, start * k, end * k, end * k), fill="#ffffff", width=int(grip * k))
    disc(end, end, grip / 2, "#ffffff")
    disc(*centre, radius + edge / 2, "#ffffff")
    side = int((2 * radius - edge) * k)
    lens = Image.new("L", (side, side), 0)
    ImageDraw.Draw(lens).ellipse((0, 0, side - 1, side - 1), fill=255)
    at = tuple(int(c * k - side / 2) for c in centre)
    image.paste(landscape(side, size < 32), at, lens)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def with_margin(size: int) -> Image.Image:
    """The mark as macOS wants it: 824 of 1024 pixels, the rest is left free for its shadow."""
    inner = round(size * 824 / 1024 / 2) * 2
    image = Image.new("RGBA", (size, size))
    image.paste(icon(inner), ((size - inner) // 2,) * 2)
    return image


def main() -> None:
    drawn = {size: icon(size) for size in {*SIZES, *THEME_SIZES}}
    (HERE / "icons").mkdir(exist_ok=True)
    for size in THEME_SIZES:
        drawn[size].save(HERE / "icons" / f"{size}.png", optimize=True)
    largest = drawn[256]
    largest.save(HERE / "icon.png", optimize=True)
    others = [drawn[size] for size in SIZES if size != 256]
    largest.save(HERE / "icon.ico", sizes=[(size, size) for size in SIZES], append_images=others)
    bundle = [with_margin(size) for size in BUNDLE_SIZES]
    bundle[-1].save(HERE / "icon.icns", append_images=bundle[:-1])
    print("icon.ico:", *SIZES, "pixels; icons/:", *THEME_SIZES, "; icon.icns:", *BUNDLE_SIZES)


if __name__ == "__main__":
    main()
