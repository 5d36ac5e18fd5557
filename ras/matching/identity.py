"""Is it the same picture as a whole, at most saved again or resized? Any part that differs says no."""

from __future__ import annotations

import numpy as np
from PIL import Image

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
_BLOCK_WORST = 26.0
_BLOCK_ABOVE = 9.0
"""Levels by which a block of so many pixels of the previews may differ, and by how many it may differ more than nearly
all others do. Of 174 real pictures all that were saved again as a JPEG of quality 75 to 90 stay below; none did where
two words of 14 pixels were replaced by others, 2 % where a word of 10 pixels was, a third where a single digit was."""


_COLOUR_BLOCK = 8
_COLOUR_WORST = 12.0
"""Levels by which the colour of a block of so many pixels may differ."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def is_identical(query: QueryFeatures, features: Features, preview: np.ndarray) -> bool:
    """``preview``: uint8 (h, w, 3), of the picture that ``features`` are of."""
    width, height = query.image.size
    aspect = (width * features.size[1]) / (height * features.size[0])
    if abs(aspect - 1) > _ASPECT + 1 / min(*query.image.size, *features.size):
        return False
    off = np.abs(thumbnail(query.image).astype(np.int16) - features.thumbnail).mean(axis=2)
    if off.mean() > _THUMBNAIL_MEAN or np.percentile(off, 99) > _THUMBNAIL_WORST:
        return False
    off = block_differences(query.preview, preview)
    if off.max() > _BLOCK_WORST or off.max() - np.percentile(off, 95) > _BLOCK_ABOVE:
        return False
    return float(colour_differences(query.preview, preview).max()) <= _COLOUR_WORST


def block_differences(own: np.ndarray, preview: np.ndarray) -> np.ndarray:
    """By how many levels of brightness the blocks of two previews, uint8 (h, w, 3), differ: float (rows, columns).

    Of previews, since what saving one as a JPEG does to a picture is then in both; without colours, which JPEG keeps at
    half the size, so that thin coloured lines come out changed.
    """
    return _means(np.abs(_difference(own, preview) @ _LUMA), _BLOCK)


def colour_differences(own: np.ndarray, preview: np.ndarray) -> np.ndarray:
    """By how many levels the colours of larger blocks differ, whatever their brightness: float (rows, columns)."""
    off = _difference(own, preview)
    off -= (off @ _LUMA)[:, :, None]
    blocks: np.ndarray = np.abs(np.stack([_means(off[:, :, band], _COLOUR_BLOCK) for band in range(3)])).max(axis=0)
    return blocks


def _difference(own: np.ndarray, preview: np.ndarray) -> np.ndarray:
    """float32 (h, w, 3), of the preview's size."""
    if own.shape != preview.shape:
        own = np.asarray(Image.fromarray(own).resize(preview.shape[1::-1], Image.Resampling.HAMMING))
    off: np.ndarray = own.astype(np.float32) - preview
    return off


def _means(values: np.ndarray, side: int) -> np.ndarray:
    """(h, w) → the means of blocks of ``side`` pixels; what is left at the right and at the bottom goes."""
    rows, columns = values.shape
    high, wide = min(side, rows), min(side, columns)
    cut = values[: rows // high * high, : columns // wide * wide]
    blocks: np.ndarray = cut.reshape(rows // high, high, columns // wide, wide).mean(axis=(1, 3))
    return blocks
