"""What RAS keeps of a picture to recognise copies of it: keypoints, a perceptual hash, a thumbnail."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ras.matching.codebook import WORDS

KEYPOINT = np.dtype(
    [("word", "<u2"), ("x", "<u2"), ("y", "<u2"), ("angle", "u1"), ("scale", "u1"), ("signature", "<u8")]
)
"""One keypoint, 16 bytes. ``x``, ``y``: pixels of the reduced picture times ``PLACES``. ``angle``: 256 are a full
turn. ``scale``: ``SCALES`` times the binary logarithm of its diameter in pixels. ``word`` and ``signature``: see
``codebook``."""

PLACES = 32
SCALES = 32
ANGLES = 256
THUMBNAIL = 32
"""Pixels a side."""

_HEAD = struct.Struct("<HHHH32s")
_VERSION = 1


@dataclass(frozen=True)
class Features:
    """The features of one picture."""

    size: tuple[int, int]
    """Width and height (pixels) of the reduced picture, in which the keypoints lie."""
    hash: bytes
    """32 bytes: see ``perceptual_hash``."""
    thumbnail: np.ndarray
    """uint8 (32, 32, 3), RGB, squeezed to a square."""
    keypoints: np.ndarray
    """``KEYPOINT`` (n,), the most telling first; n is 0 where there are none."""

    def pack(self) -> bytes:
        head = _HEAD.pack(_VERSION, *self.size, len(self.keypoints), self.hash)
        return head + self.thumbnail.tobytes() + self.keypoints.tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Features:
        """The inverse of ``pack``. Raises ValueError where the bytes are not such."""
        try:
            version, width, height, count, hash = _HEAD.unpack_from(data)
        except struct.error as exc:
            raise ValueError("These are no features of a picture.") from exc
        start = _HEAD.size + THUMBNAIL * THUMBNAIL * 3
        whole = len(data) == start + count * KEYPOINT.itemsize
        if version != _VERSION or not whole or not width or not height:
            raise ValueError("These are no features of a picture.")
        thumbnail = np.frombuffer(data, np.uint8, start - _HEAD.size, _HEAD.size).reshape(THUMBNAIL, THUMBNAIL, 3)
        keypoints = np.frombuffer(data, KEYPOINT, count, start)
        if keypoints["word"].max(initial=0) >= WORDS:
            raise ValueError("These are no features of a picture.")
        return cls((width, height), hash, thumbnail, keypoints)

    @property
    def points(self) -> np.ndarray:
        """float32 (n, 2): x and y of the keypoints, pixels of the reduced picture."""
        return points_of(self.keypoints)


def points_of(keypoints: np.ndarray) -> np.ndarray:
    """``KEYPOINT`` (n,) → float32 (n, 2): x and y in pixels."""
    points: np.ndarray = np.stack([keypoints["x"], keypoints["y"]], axis=1).astype(np.float32) / PLACES
    return points
