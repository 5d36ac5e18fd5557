"""Sheets of queries beside the pictures that were wrongly called copies of them, to be looked at."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.quality.screens import font

_SIDE = 480


def save_pair(folder: Path, title: str, query: Image.Image, picture: Image.Image) -> None:
    """One JPEG: the query at the left, the picture of the index at the right."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Image.new("RGB", (2 * _SIDE + 30, _SIDE + 40), "#404a60")
    for left, image in ((10, query), (20 + _SIDE, picture)):
        image = image.copy()
        image.thumbnail((_SIDE, _SIDE))
        sheet.paste(image, (left, 30))
    ImageDraw.Draw(sheet).text((10, 8), title, fill="white", font=font(13))
    name = re.sub(r"[^\w.]+", "-", title)[:150]
    sheet.save(folder / f"{name}.jpg", quality=85)
