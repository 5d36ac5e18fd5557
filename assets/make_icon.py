"""Makes the program's mark, ``assets/icon.png`` and ``assets/icon.ico``: a magnifier that finds a picture.

Run from the repository root: ``python assets/make_icon.py``. Small sizes are drawn for themselves: at 16 pixels
a landscape is mud, so there the lens holds one hill and no sun.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sample_art.canvas import ramp, to_image

HERE = Path(__file__).resolve().parent
SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
OVERSAMPLE = 8


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
    k = size * OVERSAMPLE
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


def main() -> None:
    drawn = [icon(size) for size in SIZES]
    drawn[-1].save(HERE / "icon.png", optimize=True)
    drawn[-1].save(HERE / "icon.ico", sizes=[(size, size) for size in SIZES], append_images=drawn[:-1])
    print("icon.png, icon.ico:", ", ".join(str(size) for size in SIZES), "pixels")


if __name__ == "__main__":
    main()
