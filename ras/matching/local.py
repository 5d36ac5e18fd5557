"""Extracting the features of pictures that are indexed, with OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ras.matching import codebook
from ras.matching.extractor import FeatureExtractor
from ras.matching.features import ANGLES, KEYPOINT, PLACES, SCALES, THUMBNAIL, Features
from ras.matching.hashing import perceptual_hash
from ras.matching.keypoints import find_keypoints, load_opencv

if TYPE_CHECKING:
    from ras.encoders.base import Picture

SIDE = 512
"""Longest side of a reduced picture (pixels): of larger ones queries find less, and cost more."""

LONGEST = 1024
"""Of narrow pictures, which would lose too much otherwise."""

KEPT = 200
"""Keypoints of a picture that is indexed."""


def reduced(picture: Picture) -> Image.Image:
    """RGB, at most ``SIDE`` pixels wide and high, narrow ones up to ``LONGEST``; never enlarged."""
    width, height = picture.size
    narrow = max(width, height) / min(width, height)
    scale = min(1.0, min(LONGEST, SIDE * max(1.0, narrow / 2) ** 0.5) / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return picture.resize(size, Image.Resampling.HAMMING, reducing_gap=3.0)


class LocalExtractor(FeatureExtractor):
    """Keypoints by SIFT, a hash, a thumbnail. Raises ImportError where OpenCV cannot be had."""

    id = "local-1"
    is_local = True
    decode_side = SIDE

    def __init__(self) -> None:
        load_opencv()

    def reduced(self, picture: Picture) -> Image.Image:
        return reduced(picture)

    def extract(self, image: Image.Image) -> bytes:
        book = codebook.load_codebook()
        luma = image.convert("L")
        places, descriptors = find_keypoints(np.asarray(luma), KEPT)
        values = codebook.reduced(descriptors, book)
        keypoints = packed_keypoints(places, codebook.words(values, book)[:, 0], codebook.signatures(values, book))
        return Features(image.size, perceptual_hash(luma), thumbnail(image), keypoints).pack()


def thumbnail(image: Image.Image) -> np.ndarray:
    """RGB → uint8 (32, 32, 3), squeezed to a square."""
    return np.asarray(image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.HAMMING, reducing_gap=3.0))


def packed_keypoints(places: np.ndarray, words: np.ndarray, signatures: np.ndarray) -> np.ndarray:
    keypoints = np.zeros(len(places), KEYPOINT)
    keypoints["word"], keypoints["signature"] = words, signatures
    for name, axis in (("x", 0), ("y", 1)):
        keypoints[name] = np.clip(np.round(places[:, axis] * PLACES), 0, 65535)
    keypoints["angle"] = np.round(places[:, 3] * (ANGLES / 360)).astype(np.int64) % ANGLES
    keypoints["scale"] = np.clip(np.round(np.log2(np.maximum(places[:, 2], 1)) * SCALES), 0, 255)
    return keypoints
