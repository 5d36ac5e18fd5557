"""Is it the same picture as a whole, at most saved again or resized? Any part that differs says no."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ras.images import make_preview
from ras.matching.features import Features
from ras.matching.local import thumbnail
from ras.matching.query import QueryFeatures

IDENTICAL_DISTANCE = 16
"""Bits between hashes up to which pictures can be identical."""

_ASPECT = 0.015
_THUMBNAIL_MEAN = 2.5
_THUMBNAIL_WORST = 10.0
"""Levels of 255 by which thumbnails may differ: in the mean, and in the 99th percentile of places."""
_BLOCK = 4
_BLOCK_WORST = 28.0
_BLOCK_ABOVE = 11.0
"""Levels by which a block of so many pixels of the previews may differ, and by how many it may differ more than nearly
all others do. Of real pictures that were saved again 99 % stay below; none did where a word was replaced by another,
but half of those where a single digit was."""


def is_identical(query: QueryFeatures, features: Features, preview: np.ndarray) -> bool:
    """``preview``: uint8 (h, w, 3), of the picture that ``features`` are of."""
    width, height = query.image.size
    aspect = (width * features.size[1]) / (height * features.size[0])
    if abs(aspect - 1) > _ASPECT + 1 / min(*query.image.size, *features.size):
        return False
    off = np.abs(thumbnail(query.image).astype(np.int16) - features.thumbnail).mean(axis=2)
    if off.mean() > _THUMBNAIL_MEAN or np.percentile(off, 99) > _THUMBNAIL_WORST:
        return False
    off = block_differences(query.image, preview)
    return bool(off.max() <= _BLOCK_WORST and off.max() - np.percentile(off, 95) <= _BLOCK_ABOVE)


def block_differences(image: Image.Image, preview: np.ndarray) -> np.ndarray:
    """By how many levels the blocks of a picture's preview differ from those of a stored one, float (rows, columns).

    The picture's own preview is made first: what saving a preview as a JPEG does to a picture is then in both.
    """
    with Image.open(io.BytesIO(make_preview(image))) as own:
        resized = (
            own if own.size == preview.shape[1::-1] else own.resize(preview.shape[1::-1], Image.Resampling.HAMMING)
        )
        off = np.abs(np.asarray(resized, np.float32) - preview).mean(axis=2)
    rows, columns = off.shape
    high, wide = min(_BLOCK, rows), min(_BLOCK, columns)
    cut = off[: rows // high * high, : columns // wide * wide]
    blocks: np.ndarray = cut.reshape(rows // high, high, columns // wide, wide).mean(axis=(1, 3))
    return blocks
