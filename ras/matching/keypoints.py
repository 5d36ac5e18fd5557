"""Keypoints of a picture by OpenCV's SIFT: all are found first, then the most telling of every region are kept."""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any

import numpy as np

from ras.library import load_library

log = logging.getLogger(__name__)

GRID = 5
"""Keypoints are chosen in turns from the fields of a grid of so many by so many."""

CONTRAST = 0.015
"""SIFT's contrastThreshold: lower than usual, for faint copies."""

LEAST_SIDE = 8
"""Pixels: in a smaller picture there are no keypoints."""

_FIRST_DIAMETER = 3.2
"""Pixels: of keypoints at the start of SIFT's pyramid, whose blur is 1.6."""

# Descriptors of 4 × 4 squares with 8 directions, mirrored left to right.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1, :, [0, 7, 6, 5, 4, 3, 2, 1]].reshape(-1)

_local = threading.local()


@functools.lru_cache(maxsize=None)
def load_opencv() -> Any:
    """The module cv2. Raises ImportError where it cannot be had."""
    cv2: Any = load_library("cv2")
    if not hasattr(cv2, "SIFT_create"):
        raise ImportError("This OpenCV has no SIFT.")
    cv2.setNumThreads(1)  # RAS has threads of its own; OpenCV's would fight with them
    return cv2


def find_keypoints(luma: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (h, w) → float32 (n, 4): x, y, diameter (pixels), angle (degrees); and RootSIFT, float32 (n, 128).

    At most ``most``, the most telling first. Descriptors are square roots of SIFT's shares (Arandjelović and Zisserman,
    "Three things everyone should know to improve object retrieval", 2012), of length 1. None where OpenCV fails.
    """
    cv2 = load_opencv()
    nothing = np.zeros((0, 4), np.float32), np.zeros((0, 128), np.float32)
    if min(luma.shape) < LEAST_SIDE:
        return nothing
    try:
        found = _sift().detect(luma, None)
        if not found:
            return nothing
        chosen = [found[number] for number in _telling(found, luma.shape, most)]
        chosen, descriptors = _sift().compute(luma, chosen)
    except cv2.error as exc:  # for lack of memory, say: one picture without keypoints, and the others go on
        log.warning("OpenCV cannot look for keypoints in a picture of %d × %d: %s", luma.shape[1], luma.shape[0], exc)
        return nothing
    if descriptors is None:
        return nothing
    places = np.array([(*point.pt, point.size, point.angle) for point in chosen], np.float32)
    return places, _rooted(descriptors)


def described_at(luma: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What is there, whether or not SIFT would find a keypoint: uint8 (h, w), float32 (n, 4) → RootSIFT (n, 128).

    The picture has at least ``LEAST_SIDE`` pixels a side, diameters are of 3 pixels or more: they are described in the
    picture's own size, which takes a quarter of the time of SIFT's enlarged one. Zeros where OpenCV fails.
    """
    cv2 = load_opencv()
    if not len(places):
        return np.zeros((0, 128), np.float32)
    # Levels of SIFT's pyramid: three to an octave, and below the first what it starts from.
    levels = np.round(3 * np.log2(np.maximum(places[:, 2], 1) / _FIRST_DIAMETER)).astype(int)
    octaves, layers = np.maximum((levels - 1) // 3, 0), np.where(levels < 1, 0, (levels - 1) % 3 + 1)
    octaves = np.minimum(octaves, int(np.log2(min(luma.shape))) - 3)  # the pyramid must not end before
    points = [
        cv2.KeyPoint(x, y, diameter, angle, 1.0, octave | layer << 8, number)
        for number, ((x, y, diameter, angle), octave, layer) in enumerate(
            zip(places.tolist(), octaves.tolist(), layers.tolist())
        )
    ]
    described: np.ndarray = np.zeros((len(places), 128), np.float32)
    try:
        points, descriptors = _sift().compute(luma, points)
    except cv2.error as exc:
        log.warning("OpenCV cannot describe a picture of %d × %d: %s", luma.shape[1], luma.shape[0], exc)
        return described
    described[[point.class_id for point in points]] = _rooted(descriptors)
    return described


def _sift() -> Any:
    """The calling thread's own."""
    if not hasattr(_local, "sift"):
        _local.sift = load_opencv().SIFT_create(nfeatures=0, contrastThreshold=CONTRAST)
    return _local.sift


def _rooted(descriptors: np.ndarray) -> np.ndarray:
    shares = descriptors / (np.abs(descriptors).sum(axis=1, keepdims=True) + 1e-9)
    rooted: np.ndarray = np.sqrt(shares).astype(np.float32)
    return rooted


def mirrored(descriptors: np.ndarray) -> np.ndarray:
    """What the descriptors of the mirrored picture are."""
    turned: np.ndarray = descriptors[:, _MIRRORED]
    return turned


def _telling(found: Any, shape: tuple[int, ...], most: int) -> np.ndarray:
    """Which keypoints to keep: strong and large ones, in turns from all over the picture; the best first."""
    facts = np.array([(*point.pt, point.response * point.size) for point in found], np.float32)
    height, width = shape[:2]
    columns = np.minimum((facts[:, 0] * GRID / width).astype(int), GRID - 1)
    rows = np.minimum((facts[:, 1] * GRID / height).astype(int), GRID - 1)
    fields = rows * GRID + columns
    order = np.lexsort((-facts[:, 2], fields))
    first = np.searchsorted(fields[order], np.arange(GRID * GRID))
    turn = np.arange(len(order)) - first[fields[order]]  # a field's best has turn 0
    ranked = order[np.lexsort((-facts[order, 2], turn))]
    return ranked[:most]
