"""Small pictures to show beside results."""

from __future__ import annotations

import io

from PIL import Image

from ras.images.shrunk import Shrunk


def make_preview(picture: Image.Image | Shrunk, side: int = 256) -> bytes:
    """A JPEG of the picture, its longer side at most ``side`` pixels; never enlarged. A few KB, about a millisecond."""
    buffer = io.BytesIO()
    preview_pixels(picture, side).convert("RGB").save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def preview_pixels(picture: Image.Image | Shrunk, side: int = 256) -> Image.Image:
    """What ``make_preview`` writes, which makes the same file of it as of the picture."""
    scale = side / max(picture.size)
    if scale < 1:
        smaller = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        return picture.resize(smaller, Image.Resampling.HAMMING, reducing_gap=2.0)
    return picture.image if isinstance(picture, Shrunk) else picture
