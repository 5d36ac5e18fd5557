"""Does one picture, laid over the other, show the same? Their brightness is compared block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ras.matching.hashing import laid
from ras.matching.keypoints import load_opencv

BLOCK = 16
"""Pixels a side, of the preview."""

_COVERED = 0.85
"""Share of a block that both pictures must cover."""

_TEXTURE = 4.0
"""Standard deviation (levels of 255) from which on a block has something to compare."""


_SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
"""Pixels by which a block may lie elsewhere: no projection is exact, and thin lines are quickly missed."""


@dataclass(frozen=True)
class Overlay:
    """The query laid over a picture's preview."""

    pixels: np.ndarray
    """uint8 (h, w, 3): the query as it lies on the preview; outside of it, what is at its edge."""
    preview: np.ndarray
    """uint8 (h, w, 3)."""
    inside: np.ndarray
    """bool (h, w): where the query lies."""
    correlations: np.ndarray
    """float32 (rows, columns): ZNCC of each block, -1 to 1; not a number where there is nothing to compare."""

    @property
    def compared(self) -> np.ndarray:
        """float32 (n,): the correlations that there are."""
        found: np.ndarray = self.correlations[np.isfinite(self.correlations)]
        return found


def laid_over(query: np.ndarray, preview: np.ndarray, matrix: np.ndarray) -> Overlay:
    """RGB pixels (uint8) of both, and the projection float64 (3, 3) of the query's pixels to the preview's."""
    pixels, inside = warped(query, matrix, (preview.shape[1], preview.shape[0]))
    return _compared(pixels, preview, inside)


def warped(query: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The query's pixels, uint8 (h, w) or (h, w, 3), on a picture of that width and height; and where it lies, bool."""
    cv2 = load_opencv()
    # What is drawn smaller is averaged first: warping takes single pixels.
    zoom = zoom_of(matrix, query.shape)
    while zoom < 0.6 and min(query.shape[:2]) >= 16:
        small = cv2.resize(query, (query.shape[1] // 2, query.shape[0] // 2), interpolation=cv2.INTER_AREA)
        x, y = query.shape[1] / small.shape[1], query.shape[0] / small.shape[0]
        # From the centres of the smaller picture's pixels to those of the larger one's.
        matrix = matrix @ np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        query, zoom = small, 2 * zoom
    # Around the query its edge goes on: a black ground would be taken for something that is in the picture.
    how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    pixels = cv2.warpPerspective(query, matrix, size, **how)
    inside = cv2.warpPerspective(np.full(query.shape[:2], 255, np.uint8), matrix, size) > 250
    return pixels, inside


def laid_whole(query: Image.Image, preview: np.ndarray, way: tuple[int, int, int]) -> Overlay:
    """The whole query (RGB) on the whole preview, laid as ``way`` of ``hashing.WAYS`` says."""
    height, width = preview.shape[:2]
    size = (height, width) if way[0] else (width, height)
    pixels = np.asarray(query.resize(size, Image.Resampling.HAMMING, reducing_gap=3.0))
    return _compared(laid(pixels, way), preview, np.ones((height, width), bool))


def laying(way: tuple[int, int, int], query: tuple[int, int], picture: tuple[int, int]) -> np.ndarray:
    """The projection of the whole query onto the whole picture, float64 (3, 3); sizes are widths and heights."""
    transposed, left_right, top_bottom = way
    turned = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]) if transposed else np.eye(3)
    x, y = (side / own for side, own in zip(picture, query[::-1] if transposed else query))
    scaled = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    flips = np.diag([-1.0 if left_right else 1.0, -1.0 if top_bottom else 1.0, 1.0])
    flips[:2, 2] = left_right * (picture[0] - 1), top_bottom * (picture[1] - 1)
    laid: np.ndarray = flips @ scaled @ turned
    return laid


def _compared(pixels: np.ndarray, preview: np.ndarray, inside: np.ndarray) -> Overlay:
    one, other = (_smooth(_luma(picture)) for picture in (pixels, preview))
    shown, spread = _centred(other)
    covers = _blocks(inside.astype(np.float32)).mean(axis=2) >= _COVERED
    best = np.full(covers.shape, -1, np.float32)
    strongest = spread
    for down, right in _SHIFTS:
        laid, its_spread = _centred(np.roll(one, (down, right), (0, 1)))
        product = (laid * shown).mean(axis=2) / (np.maximum(its_spread, 0.5) * np.maximum(spread, 0.5))
        np.maximum(best, product, out=best)
        if not (down or right):
            strongest = np.maximum(spread, its_spread)
    return Overlay(pixels, preview, inside, np.where(covers & (strongest >= _TEXTURE), best, np.float32(np.nan)))


def _centred(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) → its blocks, each around 0: (rows, columns, pixels); and their standard deviations (rows, columns)."""
    blocks = _blocks(values)
    blocks = blocks - blocks.mean(axis=2, keepdims=True)
    return blocks, np.sqrt((blocks * blocks).mean(axis=2))


def zoom_of(matrix: np.ndarray, shape: tuple[int, ...]) -> float:
    """By how much the projection enlarges the middle of a picture, as a factor of lengths."""
    x, y = shape[1] / 2, shape[0] / 2
    points = np.array([[x, y, 1], [x + 1, y, 1], [x, y + 1, 1]]) @ matrix.T
    if points[:, 2].min() <= 0:
        return 1.0  # it has no place there
    flat = points[:, :2] / points[:, 2:]
    (a, b), (c, d) = flat[1] - flat[0], flat[2] - flat[0]
    return float(np.sqrt(abs(a * d - b * c)))


def _luma(pixels: np.ndarray) -> np.ndarray:
    luma: np.ndarray = np.ascontiguousarray(pixels, np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return luma


def _smooth(values: np.ndarray) -> np.ndarray:
    """Blurred a little: a copy's edges are never sharp in the same way."""
    for axis in (0, 1):
        before, after = (np.take(values, _shifted(values.shape[axis], step), axis) for step in (-1, 1))
        values = 0.25 * before + 0.5 * values + 0.25 * after
    return values


def _shifted(length: int, step: int) -> np.ndarray:
    return np.clip(np.arange(length) + step, 0, length - 1)


def _blocks(values: np.ndarray) -> np.ndarray:
    """(h, w) → (rows, columns, pixels of a block); what is left at the right and at the bottom goes."""
    height, width = values.shape
    high, wide = min(BLOCK, height), min(BLOCK, width)
    rows, columns = height // high, width // wide
    cut = values[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    blocks: np.ndarray = cut.transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    return blocks
