"""Whether a rendition shows its original, whole and as large as was asked for."""

from __future__ import annotations

import threading
from typing import Optional, Tuple

from PIL.Image import Resampling

from ras.errors import DecodeError
from ras.images import Shrunk, decode_shrunk, sniff_format, upright_size
from ras.settings import Settings

Box = Tuple[int, Optional[int]]
"""The width and height in which a rendition was asked to fit; any height if None."""

_VIEW = 64
"""Both are compared in so many pixels squared, RGB on white."""
_FIELD = 8
"""… and in fields of so many of these squared."""
# Of 435 pictures of up to 640 pixels (larger ones differ less), shrunk to 40 % by a smooth filter and saved as JPEG of
# quality 80, 1 in 300 differs by more than one of these allows; of others, only true duplicates differ by less.
_MEAN = 8.0
"""Levels of 255 by which they may differ in the mean."""
_FIELD_MEAN = 24.0
"""… and in the worst field: a black ground in place of a clear one is more."""
_CORRELATION = 0.95
_FLAT = 4.0
"""Levels: what varies less has only noise to correlate."""

_one_at_a_time = threading.Lock()
"""An original that is decoded can take a thousand times its file."""


def unfit(rendition: bytes, box: Box, smallest: int, most: int) -> str | None:
    """Why a rendition cannot be used, by what it says itself; None where it can.

    It has a longer side of at least ``smallest`` pixels and fewer than ``most`` bytes, and fits into the box.
    """
    size = upright_size(rendition)
    if size is None:
        return "it cannot be read"
    width, height = size
    if width > box[0] or (box[1] is not None and height > box[1]) or max(size) < smallest:
        return f"it has {width} × {height} pixels"
    return None if len(rendition) < most else "it is no smaller than the original"


def difference(original: bytes, rendition: bytes, box: Box, settings: Settings) -> str | None:
    """In what a rendition is not the original, shrunk into the box; None where it is.

    Raises DecodeError where the original cannot be decoded: then there is nothing to compare.
    """
    if sniff_format(original) != sniff_format(rendition):
        return "it is another kind of file"
    with _one_at_a_time:
        whole = _decoded(original, settings)
    try:
        small = _decoded(rendition, settings)
    except DecodeError as exc:
        return f"it cannot be decoded ({exc})"
    scale = min(1.0, box[0] / whole.width, 1.0 if box[1] is None else box[1] / whole.height)
    if abs(small.width - scale * whole.width) > 1.5 or abs(small.height - scale * whole.height) > 1.5:
        return f"it has {small.width} × {small.height} pixels, the original {whole.width} × {whole.height}"
    return None if _shows_the_same(whole, small) else "it shows something else"


def _decoded(data: bytes, settings: Settings) -> Shrunk:
    return decode_shrunk(data, at_least=2 * _VIEW, extra_formats=settings.extra_formats, max_pixels=settings.max_pixels)


def _shows_the_same(one: Shrunk, other: Shrunk) -> bool:
    import numpy as np

    # A smooth filter: fine patterns become grey in both, not another pattern in each.
    views = [np.asarray(picture.resize((_VIEW, _VIEW), Resampling.BILINEAR), np.float32) for picture in (one, other)]
    apart = np.abs(views[0] - views[1])
    fields = apart.reshape(_VIEW // _FIELD, _FIELD, _VIEW // _FIELD, _FIELD, 3).mean(axis=(1, 3, 4))
    if apart.mean() > _MEAN or fields.max() > _FIELD_MEAN:
        return False
    if min(view.std() for view in views) < _FLAT:
        return True
    return bool(np.corrcoef(views[0].ravel(), views[1].ravel())[0, 1] >= _CORRELATION)
