"""Does the query have the details that a picture should have there? The picture's keypoints are described anew in it.

Two windows of one program share their frames, menus and labels, and so most keypoints and blocks of brightness; words,
numbers and ticks in them differ. Signatures of keypoints tell these apart, since they are of twice the preview's size,
and of every region: those that SIFT does not find again in the query, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ras.matching import codebook
from ras.matching.alignment import Overlay, warped, zoom_of
from ras.matching.colours import colour_changes
from ras.matching.features import ANGLES, SCALES, Features
from ras.matching.keypoints import LEAST_SIDE, described_at, load_opencv
from ras.matching.local import LONGEST
from ras.records import Change

SMALLEST = 3.0
"""Pixels of both pictures: details that are smaller come out of every copy in another way."""
FEWEST = 8
LEAST = 4
OTHERS_OF_FEW = 0.34
"""Details from which on they are enough; without so many nothing is said; share of other details between the two."""

OFF = 18.0
"""Bits of a signature from which on a detail is another one."""
BLURRED = 3.0
OFF_AT_MOST = 24.0
"""A copy in which even the best quarter is off by more bits than ``BLURRED`` is faint: half of what is above is added
to ``OFF``."""

OTHERS = 0.06
"""Share of other details up to which a picture is the same."""
OTHERS_OF_FAINT = 0.3
_DIFFERS = 0.5
_BLOCKS = 0.01
"""The same where hardly a block differs, as in what is blurred: correlation below which one does, share of such."""
OTHERS_OF_RECOLOURED = 0.4
"""And where the colours are others: an edge between two of them may turn around, and with it a detail."""

TEXT = 0.27
"""Share of the height, at the top and at the bottom, that a text over a picture may take."""
OTHERS_BETWEEN = 0.03
LEAST_BETWEEN = 0.3
OTHERS_UNDER_TEXT = 0.35
"""Share of other details between such texts; share of all details that are there; share of other details in all."""

BAND = 0.4
BLOCKS_IN_BAND = 0.75
BLOCKS_BESIDE = 0.01
OTHERS_BESIDE = 0.03
"""Share of the height of a band anywhere that something may cover; share of its blocks that differ then at least, since
all is hidden, where windows have the same labels beside other words; share of blocks and of details beside it that
differ at most."""
_FEWEST_BLOCKS = 4
_COVERED = 0.4
"""Blocks without which a band is none, and the correlation below which they differ."""


@dataclass(frozen=True)
class Details:
    """The keypoints of a picture that lie on a query, as they are there."""

    heights: np.ndarray
    """float (n,): where they are in the picture, 0 to 1 from its top."""
    reach: np.ndarray
    """float (n,): twice their diameters, as shares of its height."""
    bits: np.ndarray
    """uint8 (n,): by how many bits of 64 their signatures are off."""


def is_contradicted(luma: np.ndarray, matrix: np.ndarray, features: Features, overlay: Overlay) -> bool:
    """Whether details say that the query shows something else than the picture that it lies on so.

    ``luma``: uint8 (h, w), the reduced query. ``matrix``: float64 (3, 3), its pixels to those of the reduced picture.
    ``overlay``: it, laid on the preview so.
    """
    details = redescribed(luma, matrix, features)
    if len(details.bits) < FEWEST:
        return len(details.bits) >= LEAST and float((details.bits >= OFF).mean()) > OTHERS_OF_FEW
    faint = (float(np.percentile(details.bits, 25)) - BLURRED) / 2
    other = details.bits >= min(OFF_AT_MOST, OFF + max(0.0, faint))
    share = float(other.mean())
    if share <= OTHERS:
        return False
    if share <= OTHERS_OF_FAINT and len(overlay.compared) and (overlay.compared < _DIFFERS).mean() <= _BLOCKS:
        return False
    if share <= OTHERS_OF_RECOLOURED and Change.RECOLOURED in colour_changes(overlay):
        return False
    if share <= OTHERS_UNDER_TEXT and _has_texts(details, other):
        return False
    return not _has_band(details, other, overlay)


def _has_texts(details: Details, other: np.ndarray) -> bool:
    """Whether all that differs may be under texts at the top and at the bottom."""
    between = (details.heights > TEXT) & (details.heights < 1 - TEXT)
    enough = between.sum() >= FEWEST and between.mean() >= LEAST_BETWEEN
    return bool(enough and other[between].mean() <= OTHERS_BETWEEN)


def _has_band(details: Details, other: np.ndarray, overlay: Overlay) -> bool:
    """Whether all that differs may be under a band across the picture."""
    band = covered_band(overlay.correlations)
    if band is None:
        return False
    beside = (details.heights + details.reach < band[0]) | (details.heights - details.reach > band[1])
    return bool(beside.sum() >= FEWEST and other[beside].mean() <= OTHERS_BESIDE)


def redescribed(luma: np.ndarray, matrix: np.ndarray, features: Features) -> Details:
    """Describe anew what lies on the query, window and all, and is large enough in both."""
    keypoints, points = features.keypoints, features.points
    if min(features.size) < LEAST_SIDE or max(features.size) > LONGEST:  # damaged: nothing of that size is kept
        return Details(np.zeros(0), np.zeros(0), np.zeros(0, np.uint8))
    diameters = np.exp2(keypoints["scale"].astype(np.float32) / SCALES)
    pixels, inside = warped(luma, matrix, features.size)
    shown = _shares(inside, points, 4 * diameters) >= 0.9
    chosen = np.flatnonzero(shown & (diameters >= SMALLEST * max(1.0, zoom_of(matrix, luma.shape))))
    angles = keypoints["angle"][chosen] * np.float32(360 / ANGLES)
    places = np.concatenate([points[chosen], diameters[chosen, None], angles[:, None]], axis=1)
    book = codebook.load_codebook()
    signatures = codebook.signatures(codebook.reduced(described_at(pixels, places), book), book)
    high = features.size[1]
    bits = codebook.ones(signatures ^ keypoints["signature"][chosen])
    return Details(points[chosen, 1] / high, 2 * diameters[chosen] / high, bits)


def _shares(inside: np.ndarray, points: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """bool (h, w); float (n, 2), (n,) → which share of the square around each point is inside, float (n,)."""
    sums = load_opencv().integral(inside.astype(np.uint8))
    limits = np.array([inside.shape[1], inside.shape[0]])
    low = np.clip(np.round(points - reach[:, None]), 0, limits).astype(int)
    high = np.clip(np.round(points + reach[:, None]) + 1, 0, limits).astype(int)
    (left, top), (right, bottom) = low.T, high.T
    covered = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    shares: np.ndarray = covered / np.maximum((high - low).prod(axis=1), 1)
    return shares


def covered_band(correlations: np.ndarray) -> tuple[float, float] | None:
    """Top and bottom (0 to 1) of a band across the picture in which nearly all blocks differ, and none beside it."""
    rows = len(correlations)
    compared = np.isfinite(correlations)
    all_blocks, differing = (
        np.concatenate([[0], blocks.sum(axis=1).cumsum()])
        for blocks in (compared, compared & (np.where(compared, correlations, 1) < _COVERED))
    )
    for top in range(rows):
        for bottom in range(top + 1, min(rows, top + max(1, round(BAND * rows))) + 1):
            within, hidden = all_blocks[bottom] - all_blocks[top], differing[bottom] - differing[top]
            beside = all_blocks[-1] - within
            if within < _FEWEST_BLOCKS or 2 * beside < within:
                continue
            if hidden >= BLOCKS_IN_BAND * within and differing[-1] - hidden <= BLOCKS_BESIDE * beside:
                return top / rows, bottom / rows
    return None
