"""Pixels of every kind → RGB, 8 bit, on white, and which way is up."""

from __future__ import annotations

import logging

from PIL import Image

log = logging.getLogger(__name__)

_BAND = 4_000_000
"""Pixels that are converted at a time: of a large picture there is never another copy in another mode."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what makes the picture upright."""


def to_rgb(image: Image.Image) -> Image.Image:
    """Upright and RGB, without metadata; the given picture may be changed."""
    image.load()
    way = way_upright(image)
    rgb = in_rgb(image)
    return rgb.transpose(way) if way is not None else rgb


def way_upright(image: Image.Image) -> Image.Transpose | None:
    """What makes the picture upright; None where it is."""
    return _UPRIGHT.get(_orientation(image))


def in_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """RGB without metadata, with 1/``factor`` of the pixels on each side, each the mean of those that it replaces.

    What is transparent lies on white. The given picture may be changed.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        image.info = {}
        return image.reduce(factor) if factor > 1 else image
    width, height = image.size
    rows = max(1, _BAND // (width * factor)) * factor
    if rows >= height:
        return _reduced(image, factor)
    rgb = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(height, top + rows)))
        rgb.paste(_reduced(band, factor), (0, top // factor))
    return rgb


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _to_8_bit(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = _on_white(image)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    image.info = {}
    return image.reduce(factor) if factor > 1 else image


def _orientation(image: Image.Image) -> int:
    if "exif" not in image.info:
        return 1
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception as exc:  # noqa: BLE001  broken metadata does not spoil a picture; Pillow raises anything here too
        log.debug("The orientation of a picture cannot be read: %r", exc)
        return 1


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Greys of 16 bit (``I;16``, in older Pillow ``I``) or more → ``L``, scaled where Pillow would clip."""
    import numpy as np

    levels = np.asarray(image)
    if levels.dtype != np.uint16:
        levels = levels.clip(0, 65535).astype(np.uint16)
    return Image.fromarray((levels >> 8).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    alpha = image.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white
