"""What a query is recognised by: its keypoints as it is and mirrored, and its hashes in all eight ways to lay it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ras.images import make_preview
from ras.matching import codebook
from ras.matching.hashing import dihedral_hashes
from ras.matching.keypoints import find_keypoints, mirrored
from ras.matching.local import packed_keypoints, reduced

ASKED = 600
"""Keypoints of a query."""

WORDS_ASKED = 2
"""Words in which each keypoint of a query is looked up."""


@dataclass(frozen=True)
class Side:
    """The keypoints of a query as they are, or those of its mirror image."""

    keypoints: np.ndarray
    """``KEYPOINT`` (n,); in the mirror image, places are those of the mirrored picture."""
    words: np.ndarray
    """uint16 (n, WORDS_ASKED): the nearest words, the nearest first."""


@dataclass(frozen=True)
class QueryFeatures:
    """What a query is recognised by."""

    image: Image.Image
    """RGB, reduced."""
    luma: np.ndarray
    """uint8 (h, w)."""
    preview: np.ndarray
    """uint8 (h, w, 3): what the store would show of it."""
    sides: tuple[Side, ...]
    """As it is, mirrored; empty where OpenCV cannot be had."""
    hashes: tuple[bytes, ...]
    """In the order of ``hashing.WAYS``."""
    content_hash: str = ""
    """SHA-256 of the query's file, hexadecimal."""

    @classmethod
    def of(cls, picture: Image.Image, content_hash: str = "", local: bool = True) -> QueryFeatures:
        """``local``: whether keypoints are looked for, which takes OpenCV."""
        image = reduced(picture)
        gray = image.convert("L")
        luma = np.asarray(gray)
        sides: tuple[Side, ...] = ()
        if local:
            book = codebook.load_codebook()
            places, descriptors = find_keypoints(luma, ASKED)
            signs, shift = np.array([-1, 1, 1, -1], np.float32), np.array([image.width - 1, 0, 0, 180], np.float32)
            flipped = places * signs + shift
            sides = tuple(
                _side(where, codebook.reduced(what, book), book)
                for where, what in ((places, descriptors), (flipped, mirrored(descriptors)))
            )
        with Image.open(io.BytesIO(make_preview(picture))) as small:
            preview = np.asarray(small.convert("RGB"))
        return cls(image, luma, preview, sides, tuple(dihedral_hashes(gray)), content_hash)


def _side(places: np.ndarray, values: np.ndarray, book: codebook.Codebook) -> Side:
    words = codebook.words(values, book, WORDS_ASKED)
    return Side(packed_keypoints(places, words[:, 0], codebook.signatures(values, book)), words)
