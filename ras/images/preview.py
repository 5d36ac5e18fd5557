"""Small pictures to show beside results."""

from __future__ import annotations

import io

from PIL import Image


def make_preview(image: Image.Image, side: int = 256) -> bytes:
    """A JPEG of the picture, its longer side at most ``side`` pixels; never enlarged. A few KB, about a millisecond."""
    scale = side / max(image.size)
    if scale < 1:
        smaller = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(smaller, Image.Resampling.HAMMING, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
